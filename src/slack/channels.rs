//! Who reads a channel, as far as Slack's events have told. Commands and clicks do not say it, so what events said is kept.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::message::{ChannelId, TeamId, Visibility};

/// How long what was told is believed: no event tells of every channel that is opened to others.
const KEPT: SignedDuration = SignedDuration::from_mins(10);

/// Channels that are remembered of all teams; beyond that, all are learnt anew.
const MOST: usize = 50_000;

/// What is known of channels.
#[derive(Debug, Default)]
pub struct Channels {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    teams: HashMap<TeamId, HashMap<ChannelId, (Visibility, Timestamp)>>,
    count: usize,
}

impl Channels {
    /// Takes down who reads a channel, as told `now`.
    pub fn learn(&self, team: &TeamId, channel: &ChannelId, visibility: Visibility, now: Timestamp) {
        let mut known = self.lock();
        if let Some(told) = known.teams.get_mut(team).and_then(|channels| channels.get_mut(channel)) {
            *told = (visibility, now);
            return;
        }
        if known.count >= MOST {
            *known = Known::default();
        }
        known.teams.entry(team.clone()).or_default().insert(channel.clone(), (visibility, now));
        known.count += 1;
    }

    /// Who reads a channel, if that was told lately.
    #[must_use]
    pub fn visibility(&self, team: &TeamId, channel: &ChannelId, now: Timestamp) -> Option<Visibility> {
        let (visibility, at) = self.told(team, channel)?;
        (now.duration_since(at) < KEPT).then_some(visibility)
    }

    /// What to go by where nobody can be asked: a channel that other organisations read stays one until Slack says otherwise, and
    /// of any other nothing is shown elsewhere.
    #[must_use]
    pub fn careful(&self, team: &TeamId, channel: &ChannelId) -> Visibility {
        match self.told(team, channel) {
            Some((Visibility::Shared, _)) => Visibility::Shared,
            _ => Visibility::Private,
        }
    }

    fn told(&self, team: &TeamId, channel: &ChannelId) -> Option<(Visibility, Timestamp)> {
        self.lock().teams.get(team)?.get(channel).copied()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who reads a channel, by what an event says about it. `None` when the event does not tell.
#[must_use]
pub fn told(channel: &ChannelId, kind: Option<&str>, shared: bool) -> Option<Visibility> {
    match (shared, kind, channel.as_str().chars().next()) {
        (true, ..) => Some(Visibility::Shared),
        // Who joins is told with the letter of the channel's kind.
        (_, Some("channel" | "C"), _) => Some(Visibility::Public),
        (_, Some(_), _) | (_, None, Some('D' | 'G')) => Some(Visibility::Private),
        (_, None, _) => None,
    }
}

/// Whether something holds of a channel, by Slack's answer to `conversations.info`.
pub(super) fn is_true(answer: &Value, what: &str) -> bool {
    answer.pointer(&format!("/channel/{what}")).and_then(Value::as_bool) == Some(true)
}

/// Who reads a channel, by the same.
pub(super) fn described(answer: &Value) -> Visibility {
    if is_true(answer, "is_ext_shared") || is_true(answer, "is_pending_ext_shared") {
        Visibility::Shared
    } else if is_true(answer, "is_channel") && !is_true(answer, "is_private") && !is_true(answer, "is_mpim") {
        Visibility::Public
    } else {
        Visibility::Private
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_said_holds_for_a_while_unless_another_says_otherwise() {
        let (team, other) = (TeamId::parse("slack:T1").unwrap(), TeamId::parse("slack:T2").unwrap());
        let channel = ChannelId::parse("C1").unwrap();
        let channels = Channels::default();
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        assert_eq!(channels.visibility(&team, &channel, at(0)), None);
        channels.learn(&team, &channel, Visibility::Public, at(0));
        assert_eq!(channels.visibility(&team, &channel, at(9)), Some(Visibility::Public));
        assert_eq!(channels.visibility(&team, &channel, at(10)), None);
        assert_eq!(channels.careful(&team, &channel), Visibility::Private);
        channels.learn(&team, &channel, Visibility::Shared, at(11));
        assert_eq!(channels.visibility(&team, &channel, at(20)), Some(Visibility::Shared));
        assert_eq!(channels.visibility(&other, &channel, at(20)), None);
        // Long ago, and yet nobody has said that the others left.
        assert_eq!(channels.visibility(&team, &channel, at(60)), None);
        assert_eq!(channels.careful(&team, &channel), Visibility::Shared);
    }

    #[test]
    fn a_mention_in_a_channel_does_not_tell_who_reads_it() {
        let id = |id| ChannelId::parse(id).unwrap();
        assert_eq!(told(&id("C1"), None, false), None);
        assert_eq!(told(&id("C1"), None, true), Some(Visibility::Shared));
        assert_eq!(told(&id("C1"), Some("channel"), false), Some(Visibility::Public));
        assert_eq!(told(&id("C1"), Some("group"), false), Some(Visibility::Private));
        assert_eq!(told(&id("G1"), None, false), Some(Visibility::Private));
        assert_eq!(told(&id("D1"), Some("im"), false), Some(Visibility::Private));
    }
}
