//! What was said while nobody listened. After a fresh session, the channels that are read as a whole are read from the time up to
//! which everything was heard; what was heard all the same is known by its id.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    intake::{Job, Open, Sorted, Taker, What, sort},
    rest::{RestError, Route},
    wire::{Guild, made, snowflake_at},
};
use crate::{message::TeamId, store::discord as kept};

/// Nobody waits longer than this for an answer.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// Discord's clock and ours may differ.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);
/// Channels that are read at the same time: what is said now goes first.
const AT_ONCE: usize = 4;
/// Pages of a hundred messages of one channel.
const PAGES: usize = 20;
/// Waited for a rate limit while others could read.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between tries.
const TROUBLE: Duration = Duration::from_secs(5);

/// From when on nothing was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    from: Timestamp,
}

impl Gap {
    /// From the time up to which everything was heard, but no further back than anybody waits.
    #[must_use]
    pub fn since(heard: Timestamp, now: Timestamp) -> Self {
        let from = heard.checked_sub(MARGIN).unwrap_or(heard);
        Self { from: from.max(now.checked_sub(LONGEST).unwrap_or(now)) }
    }
}

/// Reads what was missed.
pub struct CatchUp {
    taker: Arc<Taker>,
    stop: CancellationToken,
    hands: Semaphore,
}

/// What reading a page came to.
enum Page<'h> {
    /// Its messages, and the hand that has them.
    Read(Value, SemaphorePermit<'h>),
    /// The channel cannot be read.
    Closed,
    /// Not now: the bot ends.
    Over,
}

impl CatchUp {
    /// Has `taker` take in what is found, until `stop`.
    #[must_use]
    pub fn new(taker: Arc<Taker>, stop: CancellationToken) -> Self {
        Self { taker, stop, hands: Semaphore::new(AT_ONCE) }
    }

    /// The channels of a server that are read as a whole.
    pub async fn watched(&self, team: &TeamId) -> HashSet<String> {
        let watched = async { kept::watched(&mut *self.taker.bot.store().read().await?, team).await };
        let watched = watched.await.unwrap_or_else(|error: crate::store::StoreError| {
            tracing::warn!(%error, %team, "cannot tell which channels are watched");
            Vec::new()
        });
        watched.iter().map(|channel| channel.as_str().to_owned()).collect()
    }

    /// The watched channels and threads of a server in which something may have been missed.
    #[must_use]
    pub fn missed(guild: &Guild<'_>, watched: &HashSet<String>, gap: &Gap) -> Vec<String> {
        let from = gap.from.as_millisecond();
        let all = guild.channels.0.iter().chain(&guild.threads.0);
        let wanted = all.filter(|channel| {
            made(channel.last_message_id.as_str()) >= from
                && (watched.contains(channel.id.as_str()) || watched.contains(channel.parent_id.as_str()))
        });
        wanted.map(|channel| channel.id.as_str().to_owned()).collect()
    }

    /// Reads a channel; says whether it came to the end.
    pub async fn read(&self, guild: &str, channel: &str, gap: &Gap) -> bool {
        let mut after = snowflake_at(gap.from.as_millisecond()).to_string();
        for _ in 0..PAGES {
            let page = tokio::select! {
                page = self.page(channel, &after) => page,
                () = self.stop.cancelled() => Page::Over,
            };
            let (page, _hand) = match page {
                Page::Read(page, hand) => (page, hand),
                Page::Closed => return true,
                Page::Over => return false,
            };
            let mut messages: Vec<&Value> = page.as_array().into_iter().flatten().collect();
            let id = |message: &Value| -> u64 {
                message.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok()).unwrap_or_default()
            };
            messages.sort_by_key(|message| id(message));
            let Some(last) = messages.last().map(|message| id(message)) else { return true };
            for message in messages {
                if !self.take(guild, message).await {
                    return false;
                }
            }
            after = last.to_string();
        }
        tracing::warn!(channel, "more was missed in a channel than is read");
        true
    }

    /// A page of messages. Whoever has to wait lets others read.
    async fn page(&self, channel: &str, after: &str) -> Page<'_> {
        loop {
            let Ok(hand) = self.hands.acquire().await else { return Page::Over };
            let wait = match self.taker.rest.call_again(&Route::messages_after(channel, after), None, PATIENCE).await {
                Ok(page) => return Page::Read(page, hand),
                Err(RestError::Unauthorized) => return Page::Over,
                Err(error @ RestError::Refused { .. }) => {
                    tracing::warn!(%error, channel, "cannot read what was missed");
                    return Page::Closed;
                }
                Err(RestError::Limited(wait)) => wait,
                Err(_) => TROUBLE,
            };
            drop(hand);
            sleep(wait).await;
        }
    }

    /// Takes a message in like one that came over the gateway; those name their server.
    async fn take(&self, guild: &str, message: &Value) -> bool {
        let mut message = message.clone();
        if let Some(object) = message.as_object_mut() {
            object.insert("guild_id".to_owned(), json!(guild));
        }
        let json = json!({ "d": message }).to_string();
        if !matches!(sort(&json, &self.taker.me, What::Said), Sorted::Matters(_)) {
            return true;
        }
        let job = Job { what: What::Said, json, ticket: Arc::<Open>::default().begin(0), again: true };
        while let Err(error) = self.taker.take(&job).await {
            if error.is_unauthorized() {
                return false;
            }
            if !error.passes() {
                tracing::error!(%error, "a missed message is lost");
                return true;
            }
            tokio::select! {
                () = sleep(TROUBLE) => {}
                () = self.stop.cancelled() => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_anybody_waits_for() {
        let now: Timestamp = "2025-06-15T10:00:00Z".parse().unwrap();
        let from = |heard: &str| Gap::since(heard.parse().unwrap(), now).from.to_string();
        assert_eq!(from("2025-06-15T09:59:00Z"), "2025-06-15T09:58:55Z");
        assert_eq!(from("2025-06-14T10:00:00Z"), "2025-06-15T09:45:00Z");
    }
}
