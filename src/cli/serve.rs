//! `npmfix serve`: starts whatever is set, says what that is, and stops cleanly when told to. Arguments come from the environment
//! as well, so that a container needs nothing else.
//!
//! A platform joins in two steps, in one place each: what it says things with is needed before the outbox's worker is there
//! (`Platforms::couriers`), what it hears with after it (`Platforms::join`).

use std::{
    collections::BTreeMap, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, thread, time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use jiff::Timestamp;
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::serving as words,
    bot::{
        Bot, Limits,
        outbox::{self, Clock, Courier, Worker},
    },
    discord::{Discord, Setup},
    knowledge::Knowledge,
    message::Platform,
    slack::scopes::Reach,
    store::{Store, lock},
    web::{
        self,
        health::{self, Condition, Health},
    },
};

use super::{complain, database::with_store, load};

mod arguments;
mod discord;
mod slack;

pub(super) use arguments::Arguments;

/// How long a stop waits for everything that hears; the outbox has its own limit after that.
const STOP: Duration = Duration::from_secs(15);

/// Serves until the process is told to stop.
pub(super) fn run(arguments: &Arguments, dir: Option<&PathBuf>, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let reach = if arguments.slack_minimal { Reach::Minimal } else { Reach::Full };
    let set = arguments.slack.set(reach);
    let slack = slack::Plan::of(&set).map_err(|wrong| anyhow::anyhow!(wrong.sentence()))?;
    let slack = slack.map(|plan| plan.at(arguments.slack.api()).with_connections(arguments.slack_connections));
    let plans = Plans { slack, discord: arguments.discord.setup() };
    anyhow::ensure!(!plans.is_empty(), words::nothing_to_serve());
    let address = arguments.address()?;
    // Neither waits for the other: the knowledge is read while the database opens.
    let dir = dir.cloned();
    let knowledge = thread::spawn(move || load(dir.as_ref()));
    with_store(database, async |store| {
        let knowledge = knowledge.join().unwrap_or_else(|_| Err(anyhow::anyhow!("cannot read the knowledge")))?;
        serve(arguments, plans, (address, knowledge), store).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be served.
struct Plans {
    slack: Option<slack::Plan>,
    discord: Option<Setup>,
}

impl Plans {
    fn is_empty(&self) -> bool {
        self.slack.is_none() && self.discord.is_none()
    }
}

/// The platforms that are served.
struct Platforms {
    slack: Option<slack::Ready>,
    discord: Option<Arc<Discord>>,
}

impl Platforms {
    fn couriers(&self) -> Vec<Arc<dyn Courier>> {
        let discord = self.discord.iter().map(|discord| discord.courier());
        self.slack.iter().map(slack::Ready::courier).chain(discord).collect()
    }

    fn join(self, parts: &Parts, served: &mut Served) -> anyhow::Result<()> {
        if let Some(slack) = self.slack {
            slack.join(&served.begin(Platform::Slack, parts), served)?;
        }
        if let Some(discord) = self.discord {
            discord::join(&discord, &served.begin(Platform::Discord, parts), served);
        }
        Ok(())
    }
}

/// What a platform needs to hear.
#[derive(Clone)]
struct Parts {
    bot: Arc<Bot>,
    worker: Arc<Worker>,
    clock: Clock,
    health: Health,
    stop: CancellationToken,
}

/// What the platforms give to be served.
#[derive(Default)]
struct Served {
    /// Pages.
    router: Router,
    /// What runs until the stop.
    tasks: JoinSet<Result<(), Ended>>,
    /// The platforms, each with its own stop.
    platforms: BTreeMap<Platform, CancellationToken>,
    /// What there is, a line each, for whoever started it.
    lines: Vec<String>,
}

/// Why something of a platform's ended before the stop.
enum Ended {
    /// The platform does not let the bot work: it ends alone, as only people can mend that.
    Refused(Platform, anyhow::Error),
    /// A fault: the whole program ends, and whoever supervises it starts it again.
    Failed(anyhow::Error),
}

impl Served {
    /// What a platform gets, with a stop of its own.
    fn begin(&mut self, platform: Platform, parts: &Parts) -> Parts {
        let stop = parts.stop.child_token();
        self.platforms.insert(platform, stop.clone());
        Parts { stop, ..parts.clone() }
    }

    /// Runs something of a platform's until the stop. Its errors are refusals.
    fn run(&mut self, platform: Platform, work: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.tasks.spawn(async move { work.await.map_err(|error| Ended::Refused(platform, error)) });
    }
}

async fn serve(
    arguments: &Arguments,
    plans: Plans,
    (address, knowledge): (SocketAddr, Knowledge),
    store: &Store,
) -> anyhow::Result<()> {
    let lock = lock::hold(store, "serve")?;
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone())?;
    let clock: Clock = Arc::new(Timestamp::now);
    let listener = TcpListener::bind(address).await.with_context(|| words::cannot_listen(&address.to_string()))?;
    let address = listener.local_addr().unwrap_or(address);
    let slack = match plans.slack {
        Some(plan) => Some(plan.ready(store, &clock).await?),
        None => None,
    };
    let limits = Limits { answers_per_hour: arguments.answers_per_hour, ..Limits::default() };
    let bot = Arc::new(Bot::new(knowledge, store.clone(), limits));
    let discord = plans.discord.map(|setup| Discord::new(Arc::clone(&bot), setup, Arc::clone(&clock))).transpose()?;
    let platforms = Platforms { slack, discord: discord.map(Arc::new) };
    let settings = outbox::Settings::default();
    let worker = Worker::new(Arc::clone(&bot), platforms.couriers(), settings, Arc::clone(&clock));
    let health = Health::default();
    let parts = Parts { bot: Arc::clone(&bot), worker: Arc::clone(&worker), clock, health, stop: stop.clone() };
    let mut served = Served { router: health::routes(parts.health.clone(), store.clone()), ..Served::default() };
    platforms.join(&parts, &mut served)?;
    let Served { router, mut tasks, platforms, lines } = served;
    let web_stop = stop.clone();
    tasks.spawn(async move {
        web::serve(listener, router, web::Limits::default(), web_stop).await;
        Ok(())
    });
    let wake = bot.wake();
    let saying = tokio::spawn({
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        async move {
            let outcome = worker.run(&wake, &lock).await;
            // Without anybody who says it, nothing more is to be heard.
            stop.cancel();
            outcome
        }
    });
    parts.health.set("outbox", Condition::Ready);
    for line in std::iter::once(words::listening(&address.to_string())).chain(lines) {
        complain(&line);
    }
    let mut outcome = until_stopped(&mut tasks, platforms, &parts.health, &stop).await;
    stop.cancel();
    // First nothing more is heard, then what was heard is said as far as there is time.
    let ends = async { while tasks.join_next().await.is_some() {} };
    if timeout(STOP, ends).await.is_err() {
        tasks.shutdown().await;
    }
    worker.stop();
    match saying.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if outcome.is_ok() => outcome = Err(error).context("cannot go on saying things"),
        Ok(Err(error)) => tracing::error!(%error, "the outbox ended"),
        Err(fault) => tracing::error!(%fault, "the outbox met a fault of npmfix"),
    }
    outcome
}

/// Waits for the stop, or until no platform is left. One that refuses the bot ends alone.
async fn until_stopped(
    tasks: &mut JoinSet<Result<(), Ended>>,
    mut platforms: BTreeMap<Platform, CancellationToken>,
    health: &Health,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    loop {
        let (platform, error) = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            Some(ended) = tasks.join_next() => match ended {
                Ok(Ok(())) => continue,
                Ok(Err(Ended::Refused(platform, error))) => (platform, error),
                Ok(Err(Ended::Failed(error))) => return Err(error),
                Err(fault) => return Err(fault).context("a part of the server met a fault of npmfix"),
            },
        };
        // A platform's other parts may say the same once more.
        let Some(other) = platforms.remove(&platform) else { continue };
        if platforms.is_empty() {
            return Err(error);
        }
        other.cancel();
        health.over(platform.as_str(), words::refused());
        let sentence = words::goes_on_without(words::name(platform), &format!("{error:#}"));
        tracing::error!("{sentence}");
        complain(&sentence);
    }
}

/// The signals that service managers, containers and people send.
fn stop_on_signals(stop: CancellationToken) -> anyhow::Result<()> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("cannot listen for the signal to stop")?;
    tokio::spawn(async move {
        #[cfg(unix)]
        let terminated = terminate.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = terminated => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        complain(words::stopping());
        stop.cancel();
    });
    Ok(())
}

/// Repeats something now and then until the stop.
async fn every<F: Future<Output = ()>>(pause: Duration, stop: &CancellationToken, mut work: impl FnMut() -> F) {
    while !stop.is_cancelled() {
        work().await;
        tokio::select! {
            () = sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}
