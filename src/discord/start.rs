//! What is asked from Discord before anything is listened to: who the bot is, where the gateway is, and how many shards; and the
//! commands, if they are new to it.

use std::{
    str::FromStr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde::Deserialize;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use twilight_gateway::queue::InMemoryQueue;

use super::{
    Discord, DiscordError, PATIENCE, commands,
    gateway::{self, Refusal},
    identity::Known,
    rest::{Rest, RestError, Route},
    wire::loose::{Maybe, Number as Count, Text},
};
use crate::store::{
    StoreError,
    discord::{self as kept, Shard as Number},
    lock::{self, Lock, Parts},
};

/// Between looks whether another process still has the connection.
const TURN: Duration = Duration::from_secs(5);

/// Shards of one process: from the first to the last, both included, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    first: u32,
    last: u32,
    of: u32,
}

/// What is wrong with a range of shards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no range of shards: write A..B/N, such as 0..3/8 for the first four of eight")]
pub struct ShardsError(String);

impl FromStr for Shards {
    type Err = ShardsError;

    fn from_str(text: &str) -> Result<Self, ShardsError> {
        let read = || {
            let (range, of) = text.split_once('/')?;
            let (first, last) = range.split_once("..")?;
            let shards = Self { first: first.parse().ok()?, last: last.parse().ok()?, of: of.parse().ok()? };
            (shards.first <= shards.last && shards.last < shards.of).then_some(shards)
        };
        read().ok_or_else(|| ShardsError(text.to_owned()))
    }
}

impl Shards {
    fn numbers(self) -> impl Iterator<Item = Number> {
        (self.first..=self.last).map(move |number| Number { number, of: self.of })
    }
}

/// What Discord said.
pub(super) struct Start {
    pub known: Arc<Known>,
    pub gateway: gateway::Settings,
    pub shards: Vec<Number>,
}

/// Where the gateway is, as Discord answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Gateway<'a> {
    #[serde(borrow)]
    pub url: Text<'a>,
    pub shards: Count,
    pub session_start_limit: Maybe<Limit>,
}

/// How often the bot may sign in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limit {
    pub total: Count,
    pub remaining: Count,
    /// Milliseconds.
    pub reset_after: Count,
    pub max_concurrency: Count,
}

/// Asks where the gateway is.
pub(super) async fn gateway_told(rest: &Rest) -> Result<String, RestError> {
    Ok(rest.call_again(&Route::gateway(), None, PATIENCE).await?.to_string())
}

impl Discord {
    /// Asks what has to be known; `None` when the program ends first.
    pub(super) async fn begin(&self, stop: &CancellationToken) -> Result<Option<Start>, DiscordError> {
        let mut tries = Tries::new();
        let known = loop {
            match self.identity.get(&self.rest).await {
                Ok(known) => break known,
                Err(error) => {
                    if !tries.again(error, stop).await? {
                        return Ok(None);
                    }
                }
            }
        };
        if !known.content {
            tracing::warn!(
                "Discord does not let this bot read messages: it answers mentions, direct messages and commands alone; \
                 `npmfix discord check` says more"
            );
        }
        self.tell_commands(&known).await?;
        let told = loop {
            match gateway_told(&self.rest).await {
                Ok(told) => break told,
                Err(error) => {
                    if !tries.again(error, stop).await? {
                        return Ok(None);
                    }
                }
            }
        };
        let told: Gateway<'_> = serde_json::from_str(&told).unwrap_or_default();
        let url = told.url.as_str();
        if !gateway::may_connect(url, self.rest.is_loopback()) {
            return Err(Refusal::Elsewhere.into());
        }
        let limit = told.session_start_limit.get();
        let gateway = gateway::Settings {
            token: self.rest.token().to_owned(),
            url: url.to_owned(),
            loopback: self.rest.is_loopback(),
            content: known.content,
            queue: queue(limit),
        };
        let all = u32::try_from(told.shards.0).unwrap_or(1).max(1);
        let shards = self.shards.unwrap_or(Shards { first: 0, last: all - 1, of: all }).numbers().collect();
        Ok(Some(Start { known, gateway, shards }))
    }

    /// Waits until no other process has these parts of the bot's connection: two would take each other's session away again and
    /// again. `None` when the program ends first.
    pub(super) async fn alone(
        &self,
        mut start: Start,
        stop: &CancellationToken,
    ) -> Result<Option<(Start, Lock)>, DiscordError> {
        let mut told = false;
        loop {
            match self.hold(&start).await {
                Ok(Some(lock)) if std::mem::take(&mut told) => {
                    // What Discord said before the wait need not hold any more.
                    let before = start.shards;
                    let Some(now) = self.begin(stop).await? else { return Ok(None) };
                    start = now;
                    if start.shards == before {
                        self.elsewhere.store(false, Ordering::Relaxed);
                        return Ok(Some((start, lock)));
                    }
                    continue;
                }
                Ok(Some(lock)) => {
                    self.elsewhere.store(false, Ordering::Relaxed);
                    return Ok(Some((start, lock)));
                }
                Ok(None) => {
                    self.elsewhere.store(true, Ordering::Relaxed);
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(
                            "another process has this bot's connection to Discord: this one takes over when that ends; \
                             to share the servers between both, give each a part of them with `--shards`"
                        );
                    }
                }
                Err(error) if lock::are_unknown(&error) => {
                    tracing::warn!(
                        %error,
                        "this database cannot say whether another process has the connection to Discord: see to it that \
                         none has"
                    );
                    return Ok(Some((start, Lock::of_nothing())));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot tell whether another process has the connection to Discord");
                }
            }
            tokio::select! {
                () = sleep(TURN) => {}
                () = stop.cancelled() => return Ok(None),
            }
        }
    }

    /// Takes the right to be at the other end of the shards.
    async fn hold(&self, start: &Start) -> Result<Option<Lock>, StoreError> {
        let whole = format!("discord {}", start.known.application);
        let numbers: Vec<u32> = start.shards.iter().map(|shard| shard.number).collect();
        let of = start.shards.first().map_or(1, |shard| shard.of);
        lock::hold_connections(self.bot.store(), &Parts { whole: &whole, numbers: &numbers, of }).await
    }

    /// Tells Discord about the commands when they are not those that it was told about last.
    async fn tell_commands(&self, known: &Known) -> Result<(), DiscordError> {
        let (team, hash) = (known.team()?, commands::hash());
        let told = async { kept::commands(&mut *self.bot.store().read().await?, &team).await };
        if told.await.is_ok_and(|told| told.as_ref() == Some(&hash)) {
            return Ok(());
        }
        let route = Route::commands(&known.application);
        match self.rest.call_again(&route, Some(&commands::all()), PATIENCE).await {
            Ok(_) => {}
            Err(RestError::Unauthorized) => return Err(RestError::Unauthorized.into()),
            // The bot is of use without them, and the next start tries again.
            Err(error) => {
                tracing::error!(%error, "cannot tell Discord about the commands");
                return Ok(());
            }
        }
        let keep = async {
            let mut tx = self.bot.store().begin().await?;
            kept::told(&mut tx, &team, &hash).await?;
            tx.commit().await
        };
        if let Err(error) = keep.await {
            tracing::warn!(%error, "cannot keep which commands Discord was told about");
        }
        Ok(())
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

/// Lets shards sign in as often as Discord does. An answer without limits is taken for the smallest.
fn queue(limit: Option<&Limit>) -> InMemoryQueue {
    let number = |count: Option<Count>, otherwise: u64| count.map_or(otherwise, |count| count.0);
    let at_once = number(limit.map(|l| l.max_concurrency), 1).clamp(1, 1024);
    let remaining = number(limit.map(|l| l.remaining), 1000);
    let total = number(limit.map(|l| l.total), 1000).max(remaining).max(1);
    if remaining == 0 {
        tracing::error!("this bot has signed in too often today; Discord lets it in again when its limit is reset");
    }
    InMemoryQueue::new(
        u16::try_from(at_once).unwrap_or(1),
        u32::try_from(remaining).unwrap_or(u32::MAX),
        Duration::from_millis(number(limit.map(|l| l.reset_after), 0)),
        u32::try_from(total).unwrap_or(u32::MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_shards_includes_both_ends() {
        let shards: Shards = "2..3/8".parse().unwrap();
        let numbers: Vec<u32> = shards.numbers().map(|number| number.number).collect();
        assert_eq!(numbers, [2, 3]);
        for odd in ["", "1", "3..2/8", "0..8/8", "0..1", "a..b/c", "0..1/0", "-1..1/2"] {
            assert!(odd.parse::<Shards>().is_err(), "{odd}");
        }
    }
}
