//! The connection over which Discord says what happens: shards that resume where they can, over a restart too, and end with a
//! clear message where Discord does not want them.
//!
//! twilight-gateway keeps the connections: it hands over raw JSON, goes on at the address that Discord names, resumes when an
//! acknowledgement is missing, and keeps to the budget of sign-ins. What it leaves open is here: a pause when connections end one
//! after the other, and an end to silence. No compression is asked for: few events come with so few intents, and it costs memory.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use twilight_gateway::{
    CloseFrame, ConfigBuilder, Intents, Message, Session, Shard, ShardId, ShardState, error::ReceiveMessageErrorType,
    queue::InMemoryQueue,
};
use twilight_model::gateway::event::GatewayEventDeserializer;
use url::Url;

use super::{
    intake::{Open, heard_until},
    rest,
};
use crate::store::discord::{Kept, Session as KeptSession, Shard as Number};

mod events;
mod refusal;

pub use events::Events;
pub use refusal::Refusal;

/// How often it is kept where a shard stands. What came since comes again after a crash, and is known by then.
const KEEP: Duration = Duration::from_secs(10);
/// Discord acknowledges a heartbeat about every 41 seconds: after this long without a word, a connection is given up.
const SILENCE: Duration = Duration::from_secs(150);
/// Connections that may end within [`RESTLESS`] before there is a pause.
const ENDS: usize = 5;
const RESTLESS: Duration = Duration::from_mins(1);
/// The pause.
const REST: Duration = Duration::from_secs(5);
/// For the other side to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// How to connect.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The token.
    pub token: String,
    /// Where the gateway is.
    pub url: String,
    /// Whether nothing may leave this machine.
    pub loopback: bool,
    /// Whether the text of messages is asked for.
    pub content: bool,
    /// How often a shard may sign in.
    pub queue: InMemoryQueue,
}

/// How a shard is doing, for whoever asks about the health of the program.
#[derive(Debug, Default)]
pub struct Health {
    /// When Discord last said something, in milliseconds since 1970; 0 while there is no session.
    last: AtomicU64,
    /// What it said and is not dealt with yet.
    open: Arc<Open>,
}

impl Health {
    /// When Discord last said something over a session that stands.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        let millis = i64::try_from(self.last.load(Ordering::Relaxed)).ok().filter(|millis| *millis > 0)?;
        Timestamp::from_millisecond(millis).ok()
    }

    /// Whether everything that came was dealt with.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.open.first().is_none()
    }

    fn set(&self, last: Option<Timestamp>) {
        let millis = last.and_then(|at| u64::try_from(at.as_millisecond()).ok()).unwrap_or_default();
        self.last.store(millis, Ordering::Relaxed);
    }
}

/// Events of these kinds come.
fn intents(content: bool) -> Intents {
    let all = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::DIRECT_MESSAGES;
    if content { all | Intents::MESSAGE_CONTENT } else { all }
}

/// Whether an address of the gateway may be connected to.
#[must_use]
pub fn may_connect(url: &str, loopback: bool) -> bool {
    Url::parse(url).is_ok_and(|url| match url.scheme() {
        "wss" => !loopback || rest::is_loopback(&url),
        "ws" => loopback && rest::is_loopback(&url),
        _ => false,
    })
}

/// Runs one shard until `stop`, or until Discord refuses it. What happens goes to `events`.
pub async fn run(
    settings: &Settings,
    number: Number,
    events: &Events,
    health: &Health,
    stop: &CancellationToken,
) -> Result<(), Refusal> {
    let kept = events.kept(number).await;
    let mut line = Line {
        settings,
        number,
        open: Arc::clone(&health.open),
        shard: connect(settings, number, kept.session.as_ref()),
        heard: kept.live_until,
        last: None,
        word: Instant::now(),
        ends: VecDeque::new(),
        close: None,
    };
    let mut tick = interval(KEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tick.tick() => line.keep(events).await,
            () = sleep_until(line.word + SILENCE) => line.renew(),
            next = line.shard.next() => match next {
                None => return Err(Refusal::of(line.close)),
                Some(Ok(message)) => {
                    line.take(message, events, stop).await?;
                    health.set(line.last.filter(|_| line.shard.state() == ShardState::Active));
                }
                Some(Err(error)) => {
                    // Its text is not logged: it holds what people wrote.
                    let unreadable = matches!(error.kind(), ReceiveMessageErrorType::Deserializing { .. });
                    tracing::warn!(shard = number.number, unreadable, "the gateway is not reached, or not understood");
                }
            },
        }
    }
    line.goodbye().await;
    // What is still being dealt with is waited for by whoever called, who then keeps where this shard stands.
    events.settle(&line.open).await;
    line.keep(events).await;
    Ok(())
}

fn connect(settings: &Settings, number: Number, session: Option<&KeptSession>) -> Shard {
    let mut config = ConfigBuilder::new(settings.token.clone(), intents(settings.content))
        .proxy_url(settings.url.trim_end_matches('/').to_owned())
        .queue(settings.queue.clone());
    if let Some(session) = session.filter(|session| may_connect(&session.resume_url, settings.loopback)) {
        config = config
            .session(Session::new(session.seq, session.id.clone()))
            .resume_url(session.resume_url.trim_end_matches('/').to_owned());
    }
    let id = ShardId::new_checked(number.number, number.of).unwrap_or(ShardId::ONE);
    Shard::with_config(id, config.build())
}

/// A shard's connection, with what is known about it.
struct Line<'s> {
    settings: &'s Settings,
    number: Number,
    open: Arc<Open>,
    shard: Shard,
    /// Everything up to this time was heard.
    heard: Option<Timestamp>,
    /// When Discord last said something.
    last: Option<Timestamp>,
    /// The same, or since when a word is waited for.
    word: Instant,
    /// When connections ended.
    ends: VecDeque<Instant>,
    /// With which code the last one ended.
    close: Option<u16>,
}

impl Line<'_> {
    async fn take(&mut self, message: Message, events: &Events, stop: &CancellationToken) -> Result<(), Refusal> {
        self.word = Instant::now();
        let json = match message {
            Message::Close(frame) => {
                self.close = frame.as_ref().map(|frame| frame.code);
                tracing::info!(shard = self.number.number, code = self.close, "a connection to the gateway ended");
                // What came until now is dealt with or kept open, so that a new session need not begin further back.
                self.heard = self.last.and_then(|last| heard_until(&self.open, last)).or(self.heard);
                self.pause(stop).await;
                return Ok(());
            }
            Message::Text(json) => json,
        };
        self.last = Some(events.now());
        let Some((op, seq, kind)) = GatewayEventDeserializer::from_json(&json).map(head) else { return Ok(()) };
        let (Some(kind), Some(seq), 0) = (kind, seq, op) else { return Ok(()) };
        if kind == "READY" {
            self.open.restart();
            let next = self.shard.resume_url().unwrap_or_default();
            if !may_connect(next, self.settings.loopback) {
                return Err(Refusal::Elsewhere);
            }
        }
        let moment = events::Moment { number: self.number, seq, open: &self.open, heard: self.heard };
        events.take(&kind, json, &moment).await;
        if kind == "READY" {
            // A crash in the next seconds must not cost what comes in them. The time stays: what was missed is not read yet.
            let kept = Kept { session: self.session(), live_until: self.heard };
            events.keep(self.number, &kept).await;
        }
        Ok(())
    }

    /// Waits when connections end one after the other: each is a sign-in or a resumption, and Discord counts them.
    async fn pause(&mut self, stop: &CancellationToken) {
        let now = Instant::now();
        self.ends.push_back(now);
        while self.ends.front().is_some_and(|end| now.duration_since(*end) > RESTLESS) {
            self.ends.pop_front();
        }
        if self.ends.len() > ENDS {
            tokio::select! {
                () = sleep(REST) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Gives up a connection over which nothing comes, and goes on with its session over a new one.
    fn renew(&mut self) {
        tracing::warn!(shard = self.number.number, "nothing came from the gateway for long");
        self.word = Instant::now();
        self.shard = connect(self.settings, self.number, self.session().as_ref());
    }

    /// The session as far as it was dealt with.
    fn session(&self) -> Option<KeptSession> {
        let session = self.shard.session()?;
        let first = self.open.first().map_or(session.sequence(), |first| first.saturating_sub(1));
        let resume_url = self.shard.resume_url().unwrap_or(&self.settings.url).to_owned();
        Some(KeptSession { id: session.id().to_owned(), resume_url, seq: first.min(session.sequence()) })
    }

    async fn keep(&mut self, events: &Events) {
        if self.shard.state() == ShardState::Active
            && let Some(until) = self.last.and_then(|last| heard_until(&self.open, last))
        {
            self.heard = Some(until);
        }
        events.keep(self.number, &Kept { session: self.session(), live_until: self.heard }).await;
    }

    /// Ends the connection such that its session can be resumed.
    async fn goodbye(&mut self) {
        if !matches!(self.shard.state(), ShardState::Active | ShardState::Identifying | ShardState::Resuming) {
            return;
        }
        self.shard.close(CloseFrame::RESUME);
        let closed = async {
            while let Some(Ok(message)) = self.shard.next().await {
                if message.is_close() {
                    break;
                }
            }
        };
        // Whoever does not answer is left without a word.
        let _ = timeout(GOODBYE, closed).await;
    }
}

fn head(event: GatewayEventDeserializer<'_>) -> (u8, Option<u64>, Option<String>) {
    let (op, seq, kind) = event.into_parts();
    (op, seq, kind.map(std::borrow::Cow::into_owned))
}
