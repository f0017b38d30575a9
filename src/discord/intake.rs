//! Events → the bot. Chatter is dropped where it arrives. The rest goes into lanes, so that the events of a channel are taken in
//! order and nothing waits for a slow one elsewhere; a full lane holds the connection back, and Discord sends again what that costs.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::{sync::mpsc, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    text::{logs, text},
    wire::{Event, Message, WRITTEN},
};
use crate::classifier::scan;

mod take;

pub use take::{TakeError, Taker};

/// Lanes: as many events are taken in at the same time. What they find is written together.
const LANES: usize = 32;
/// Events that wait in a lane.
const WAITING: usize = 256;
/// What a reference is that makes a message a reply; a forwarded message has one too.
const REPLY: u64 = 0;
/// Between tries while the database or Discord does not answer.
const TROUBLE: Duration = Duration::from_secs(1);

/// What happened in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A message came.
    Said,
    /// One was changed.
    Edited,
    /// One or many were deleted.
    Deleted,
}

/// Something that happened, with Discord's own words about it.
pub struct Job {
    /// What.
    pub what: What,
    /// The event as JSON.
    pub json: String,
    /// Given back when it was dealt with.
    pub ticket: Ticket,
    /// Whether it may have come before: then it is looked for first.
    pub again: bool,
}

/// Which events of a connection are still being dealt with, so that a restart goes on before the first of them.
#[derive(Debug, Default)]
pub struct Open {
    /// The events' places in their session, each with a number of its own.
    entries: Mutex<BTreeSet<(u64, u64)>>,
    count: AtomicU64,
}

/// One of these events. One that is dropped before it is done stays open.
#[derive(Debug)]
pub struct Ticket {
    open: Arc<Open>,
    entry: (u64, u64),
}

impl Open {
    fn entries(&self) -> MutexGuard<'_, BTreeSet<(u64, u64)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an event, or of something that hangs on it.
    #[must_use]
    pub fn begin(self: &Arc<Self>, seq: u64) -> Ticket {
        let entry = (seq, self.count.fetch_add(1, Ordering::Relaxed));
        self.entries().insert(entry);
        Ticket { open: Arc::clone(self), entry }
    }

    /// The first event that is not dealt with yet.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.entries().first().map(|(seq, _)| *seq)
    }

    /// A new connection counts anew; what came over the old one no longer matters to it.
    pub fn restart(&self) {
        self.entries().clear();
    }
}

impl Ticket {
    /// The event was dealt with.
    pub fn done(self) {
        self.open.entries().remove(&self.entry);
    }
}

/// The lanes.
pub struct Lanes(Vec<mpsc::Sender<Job>>);

impl Lanes {
    /// Starts them. They end when this is dropped and what waits was dealt with, or with `stop` after what is being dealt with.
    #[must_use]
    pub fn start(taker: &Arc<Taker>, tasks: &TaskTracker, stop: &CancellationToken) -> Self {
        let lane = |_| {
            let (sender, receiver) = mpsc::channel(WAITING);
            tasks.spawn(lane(Arc::clone(taker), receiver, stop.clone()));
            sender
        };
        Self((0..LANES).map(lane).collect())
    }

    /// Puts an event behind those of its channel.
    pub async fn put(&self, channel: &str, job: Job) {
        let mut hasher = DefaultHasher::new();
        channel.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default();
        if let Some(lane) = self.0.get(lane) {
            // The lanes end after whoever puts into them.
            let _ = lane.send(job).await;
        }
    }
}

async fn lane(taker: Arc<Taker>, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
    while let Some(job) = jobs.recv().await {
        while let Err(error) = safely(&taker, &job).await {
            // The bot ends, and whoever starts it with a valid token goes on before this event.
            if error.is_unauthorized() {
                return;
            }
            if !error.passes() {
                tracing::error!(%error, "an event is lost");
                break;
            }
            tracing::warn!(%error, "an event waits");
            tokio::select! {
                () = sleep(TROUBLE) => {}
                // It comes again: the connection goes on before it.
                () = stop.cancelled() => return,
            }
        }
        job.ticket.done();
    }
}

/// Takes an event in. One that brings the bot down is lost alone, and not with all that comes behind it.
async fn safely(taker: &Taker, job: &Job) -> Result<(), TakeError> {
    AssertUnwindSafe(taker.take(job)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("an event cannot be taken in: this is a fault of npmfix");
        Ok(())
    })
}

/// Where a message that may matter goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Sorted {
    /// Nothing in it.
    Chatter,
    /// Our own post came back, under this nonce.
    Echo {
        /// The server; empty for a direct message.
        guild: String,
        /// The channel or thread.
        channel: String,
        /// The row's key.
        key: String,
        /// Discord's id of it.
        id: String,
    },
    /// It is to be taken in, behind what came in this channel.
    Matters(String),
}

/// Looks at a new or changed message as it arrives.
#[must_use]
pub fn sort(json: &str, me: &str, what: What) -> Sorted {
    let Ok(Event { d }) = serde_json::from_str::<Event<Message<'_>>>(json) else { return Sorted::Chatter };
    let Some(message) = d.get() else { return Sorted::Chatter };
    sort_message(message, me, what)
}

/// The same for a message that was read already.
#[must_use]
pub fn sort_message(message: &Message<'_>, me: &str, what: What) -> Sorted {
    let author = message.author.get().map_or("", |author| author.id.as_str());
    let channel = message.channel_id.as_str().to_owned();
    if author == me {
        return match message.nonce.some().filter(|_| what == What::Said) {
            Some(key) => Sorted::Echo {
                guild: message.guild_id.as_str().to_owned(),
                channel,
                key: key.to_owned(),
                id: message.id.as_str().to_owned(),
            },
            None => Sorted::Chatter,
        };
    }
    if !WRITTEN.contains(&message.kind.0) || author.is_empty() {
        return Sorted::Chatter;
    }
    let matters = match what {
        // A link's preview changes a message too, and has no time.
        What::Edited => message.edited_timestamp.some().is_some(),
        _ => is_addressed(message, me) || logs(message).next().is_some() || holds_something(message),
    };
    if matters { Sorted::Matters(channel) } else { Sorted::Chatter }
}

/// Whether somebody speaks to the bot: with a mention or in a direct message. A reply mentions whom it replies to by itself, so
/// there the mention has to be written: nobody who thanks for an answer wants another one.
#[must_use]
pub fn is_addressed(message: &Message<'_>, me: &str) -> bool {
    let mentioned = || message.mentions.0.iter().any(|user| user.id.as_str() == me);
    let is_reply = message.message_reference.get().is_some_and(|reference| reference.kind.0 == REPLY);
    message.guild_id.some().is_none() || (mentioned() && (!is_reply || names(message.content.as_str(), me)))
}

/// Whether somebody's mention is written in a text.
fn names(text: &str, user: &str) -> bool {
    let rest =
        |part: &str| part.strip_prefix('!').unwrap_or(part).strip_prefix(user).is_some_and(|r| r.starts_with('>'));
    text.split("<@").skip(1).any(rest)
}

/// Whether a text has anything that is worth a closer look.
fn holds_something(message: &Message<'_>) -> bool {
    let mut found = false;
    scan::windows(text(message).as_bytes(), |_| found = true);
    found
}

/// Now, as the connection counts it: when everything that came is dealt with, up to the last word from Discord.
#[must_use]
pub fn heard_until(open: &Open, last: Timestamp) -> Option<Timestamp> {
    open.first().is_none().then_some(last)
}

#[cfg(test)]
mod tests;
