//! The connection over which Discord says what happens: shards that resume where they can, over a restart too, and end with a
//! clear message where Discord does not want them.
//!
//! twilight-gateway keeps the connections: it hands over raw JSON, goes on at the address that Discord names, resumes when an
//! acknowledgement is missing, and keeps to the budget of sign-ins. What it leaves open is here: a pause when connections end one
//! after the other, and an end to silence. No compression is asked for: few events come with so few intents, and it costs memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use twilight_gateway::{Intents, ShardState, queue::InMemoryQueue};
use url::Url;

use super::{intake::Open, rest};
use crate::store::discord::Shard as Number;
use line::{Line, Word};

mod events;
mod line;
mod missed;
mod refusal;

pub use events::Events;
pub use missed::Missed;
pub use refusal::Refusal;

/// How often it is kept where a shard stands. What came since comes again after a crash, and is known by then.
const KEEP: Duration = Duration::from_secs(10);
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
    events.missed.goes_on(number, kept.live_until);
    let mut line = Line::new(settings, number, Arc::clone(&health.open), kept);
    let mut tick = interval(KEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tick.tick() => line.keep(events).await,
            () = sleep_until(line.patience()) => line.renew(),
            word = line.next() => match word {
                Word::Said(json) => {
                    line.take(json, events).await?;
                    health.set(line.last_word().filter(|_| line.state() == ShardState::Active));
                }
                Word::Ended => line.pause(stop).await,
                Word::Over(refusal) => return Err(refusal),
            },
        }
    }
    line.goodbye().await;
    // What is still being dealt with is waited for by whoever called, who then keeps where this shard stands.
    events.settle(&health.open).await;
    line.keep(events).await;
    Ok(())
}
