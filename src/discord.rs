//! Discord: the same bot in servers, threads and direct messages.
//!
//! Reading order:
//!
//! - `wire`: what Discord sends, read leniently. `text`: the text of a message.
//! - `render`: a reply → cards and buttons. `commands`: what can be asked for, as Discord is told.
//! - `rest`: the REST API within its limits. `identity`: who the bot is. `facts`: what is known about channels. `fetch`: files.
//! - `courier`: says what the outbox holds. `interact`: commands, buttons, menus, forms;
//!   `endpoint`: the same over HTTP.
//! - `gateway`: the connection over which Discord says what happens. `intake`: messages → the bot. `catch_up`: what was missed.
//!   `guilds`: servers come and go.
//! - `check`: whether everything is set up.
//!
//! The gateway is twilight's: it hands over raw JSON, as typed models lose events that have one odd field, resumes at the address
//! that Discord names, over a restart too, and treats the fatal close codes as such; serenity 0.12 does none of that. The REST
//! client is our own and thin: serenity's pulls in a TLS stack with open advisories and lets a global 429 hold nothing, and
//! twilight's sends again at once after a global 429, without end. What is needed are twenty routes with raw JSON, over the HTTP
//! client that is in the tree anyway.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::{
    task::JoinSet,
    time::{interval, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

pub mod catch_up;
pub mod check;
pub mod commands;
pub mod courier;
pub mod endpoint;
pub mod facts;
pub mod fetch;
pub mod gateway;
pub mod guilds;
pub mod identity;
pub mod intake;
pub mod interact;
pub mod render;
pub mod rest;
mod start;
pub mod text;
pub mod wire;

pub use start::{Shards, ShardsError};

use crate::{
    bot::{
        Bot,
        outbox::{Clock, Courier, Worker},
    },
    message::IdError,
    store::discord::Shard as Number,
};
use facts::Facts;
use gateway::{Health, Refusal};
use identity::Identity;
use intake::{Lanes, Taker};
use interact::Desk;
use rest::{Rest, RestError};

/// Waited for rate limits where nobody waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// For what is being dealt with when the program ends; the server allows fifteen seconds for all of it.
const DRAIN: Duration = Duration::from_secs(4);
/// How often it is looked for servers that were left long ago.
const SWEEP: Duration = Duration::from_hours(1);
/// How often it is looked whether Discord still takes the token.
const LOOK: Duration = Duration::from_secs(5);

/// How to be on Discord.
#[derive(Debug)]
pub struct Setup {
    /// The bot's token.
    pub token: SecretString,
    /// The application's id; asked from Discord when absent.
    pub application: Option<String>,
    /// A stand-in for Discord at a loopback address.
    pub api: Option<Url>,
    /// Which shards run here; all that Discord recommends when absent.
    pub shards: Option<Shards>,
    /// Calls that Discord takes from this bot in a second.
    pub calls: u32,
}

/// Why the bot is not on Discord any more.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// It could not be set up.
    #[error("{0}")]
    Setup(String),
    /// The REST API.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The gateway.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An id that cannot be one.
    #[error("Discord names an odd id: {0}")]
    Id(#[from] IdError),
}

impl DiscordError {
    /// Whether Discord does not want the bot, so that another start would change nothing.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Rest(RestError::Unauthorized) | Self::Refused(_))
    }
}

/// The bot on Discord.
pub struct Discord {
    bot: Arc<Bot>,
    rest: Arc<Rest>,
    identity: Arc<Identity>,
    facts: Arc<Facts>,
    desk: Arc<Desk>,
    clock: Clock,
    shards: Option<Shards>,
    tasks: TaskTracker,
    health: Mutex<Vec<(Number, Arc<Health>)>>,
    /// Whether another process has the connection.
    elsewhere: AtomicBool,
}

impl Discord {
    /// Ready to run; nothing is sent yet.
    pub fn new(bot: Arc<Bot>, setup: Setup, clock: Clock) -> Result<Self, DiscordError> {
        let rest =
            Arc::new(Rest::new(setup.token, setup.api.as_ref()).map_err(DiscordError::Setup)?.with_calls(setup.calls));
        let identity = Arc::new(Identity::new(setup.application));
        let facts = Arc::new(Facts::new(Arc::clone(&rest)));
        let desk = Arc::new(Desk {
            bot: Arc::clone(&bot),
            rest: Arc::clone(&rest),
            facts: Arc::clone(&facts),
            identity: Arc::clone(&identity),
            clock: Arc::clone(&clock),
        });
        let (tasks, health) = (TaskTracker::new(), Mutex::default());
        let (shards, elsewhere) = (setup.shards, AtomicBool::default());
        Ok(Self { bot, rest, identity, facts, desk, clock, shards, tasks, health, elsewhere })
    }

    /// Says on Discord what the outbox holds.
    #[must_use]
    pub fn courier(&self) -> Arc<dyn Courier> {
        Arc::new(courier::Messenger::new(Arc::clone(&self.rest), Arc::clone(&self.identity)))
    }

    /// Where Discord may call with interactions.
    pub fn routes(&self) -> Router {
        endpoint::routes(Arc::new(endpoint::Endpoint {
            desk: Arc::clone(&self.desk),
            rest: Arc::clone(&self.rest),
            identity: Arc::clone(&self.identity),
            tasks: self.tasks.clone(),
        }))
    }

    /// Each shard, and when Discord last said something to it over a session that stands.
    #[must_use]
    pub fn health(&self) -> Vec<(Number, Option<Timestamp>)> {
        let all = self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.iter().map(|(number, health)| (*number, health.last())).collect()
    }

    /// Whether another process has the connection, so that this one waits for its end.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere.load(Ordering::Relaxed)
    }

    /// Whether everything that came was dealt with.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let all = self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.iter().all(|(_, health)| health.is_idle())
    }

    /// Listens until `stop`, or until Discord does not want the bot any more. A Discord that is not reached is waited for.
    pub async fn run(&self, worker: Arc<Worker>, stop: CancellationToken) -> Result<(), DiscordError> {
        let stop = stop.child_token();
        let Some(start) = self.begin(&stop).await? else { return Ok(()) };
        let Some(_alone) = self.alone(&start, &stop).await else { return Ok(()) };
        let taker = Arc::new(Taker {
            bot: Arc::clone(&self.bot),
            rest: Arc::clone(&self.rest),
            facts: Arc::clone(&self.facts),
            me: start.known.me.clone(),
            clock: Arc::clone(&self.clock),
        });
        let events = Arc::new(gateway::Events {
            bot: Arc::clone(&self.bot),
            team: start.known.team()?,
            me: start.known.me.clone(),
            worker,
            lanes: Lanes::start(&taker, &self.tasks, &stop),
            desk: Arc::clone(&self.desk),
            hands: gateway::Events::hands(),
            catch_up: Arc::new(catch_up::CatchUp::new(taker, stop.clone())),
            facts: Arc::clone(&self.facts),
            tasks: self.tasks.clone(),
            clock: Arc::clone(&self.clock),
            missed: gateway::Missed::default(),
        });
        let settings = Arc::new(start.gateway);
        let mut shards = JoinSet::new();
        for number in start.shards {
            let health = Arc::new(Health::default());
            self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((number, Arc::clone(&health)));
            let (settings, events, stop) = (Arc::clone(&settings), Arc::clone(&events), stop.clone());
            shards.spawn(async move { gateway::run(&settings, number, &events, &health, &stop).await });
        }
        drop(events);
        let outcome = self.watch(&mut shards, &stop).await;
        stop.cancel();
        let ends = async { while shards.join_next().await.is_some() {} };
        if timeout(DRAIN + DRAIN / 2, ends).await.is_err() {
            shards.shutdown().await;
        }
        self.tasks.close();
        if timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("stopped while something from Discord was being dealt with; it comes again");
        }
        outcome
    }

    /// Waits for an end: that of the program, of a shard, or of the token. Meanwhile it erases what was left long ago.
    async fn watch(
        &self,
        shards: &mut JoinSet<Result<(), Refusal>>,
        stop: &CancellationToken,
    ) -> Result<(), DiscordError> {
        let (mut sweep, mut look) = (interval(SWEEP), interval(LOOK));
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                ended = shards.join_next() => match ended {
                    Some(Ok(Ok(()))) => {}
                    Some(Ok(Err(refusal))) => return Err(refusal.into()),
                    Some(Err(panic)) => return Err(DiscordError::Setup(format!("a shard failed: {panic}"))),
                    None => return Ok(()),
                },
                _ = sweep.tick() => {
                    if let Err(error) = guilds::sweep(&self.bot, (self.clock)()).await {
                        tracing::warn!(%error, "cannot erase yet what was stored about servers that were left");
                    }
                }
                _ = look.tick() => {
                    if self.rest.is_unauthorized() {
                        return Err(RestError::Unauthorized.into());
                    }
                }
            }
        }
    }
}

/// Tries until something succeeds or is refused.
struct Tries(Duration);

impl Tries {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_mins(1);

    fn new() -> Self {
        Self(Self::FIRST)
    }

    /// Waits before another try, unless it would be refused too; `false` when the program ends first.
    async fn again(&mut self, error: RestError, stop: &CancellationToken) -> Result<bool, RestError> {
        if matches!(error, RestError::Unauthorized | RestError::Refused { .. }) {
            return Err(error);
        }
        tracing::warn!(%error, "waiting for Discord");
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LONGEST);
        tokio::select! {
            () = sleep(pause) => Ok(true),
            () = stop.cancelled() => Ok(false),
        }
    }
}
