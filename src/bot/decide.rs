//! Whether to answer a finding, and with what. No I/O: what the store knows comes in, what to write goes out.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Limits,
    compose::{self, Fixes},
    say::Say,
};
use crate::{
    classifier::Diagnosis,
    message::{Address, ChannelId, MessageRef, Speaker, TeamId, Visibility},
    store::{
        channels::{ErrorPlace, Mode, Settings},
        findings::NewHeard,
        memory::Seen,
        recurrence,
        replies::{Kind, NewReply, State},
    },
};

/// What stands against listening to a message in its channel at all.
pub(super) fn listens(settings: &Settings, speaker: Speaker, address: Address) -> Option<Silence> {
    match (settings.mode, speaker, address) {
        (Mode::Off, ..) => Some(Silence::Off),
        (_, Speaker::Itself, _) => Some(Silence::Itself),
        (_, Speaker::Bot, _) if !settings.bots => Some(Silence::Bot),
        _ => None,
    }
}

/// Why nothing is said about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The channel is switched off.
    Off,
    /// npmfix said it.
    Itself,
    /// A bot said it, and the channel does not answer bots.
    Bot,
    /// The channel answers only what is addressed to it.
    Mention,
    /// The channel is muted for a time.
    Muted,
    /// Somebody said that this error is no npm problem here.
    NotNpm,
    /// There were too many answers in this hour.
    Cap,
    /// A secret and no failure.
    NoFailure,
    /// It was deleted, or its error edited away, before it was heard.
    Gone,
}

/// What the store knows about the channel and the errors of some findings; kept up to date while they are decided one after
/// the other.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub settings: HashMap<(String, String), Settings>,
    pub muted: HashSet<(String, String, String)>,
    pub answered: HashMap<(String, String), i64>,
    pub latest: HashMap<ErrorPlace, (MessageRef, Timestamp)>,
    pub seen: HashMap<ErrorPlace, Seen>,
    /// What the findings before met in each public channel: whoever decides on the next one has not read it from the store.
    pub met: HashMap<(TeamId, String), HashMap<ChannelId, Seen>>,
}

impl Known {
    /// How often an error was met so far, as far as its channel may know.
    fn seen(&self, error: &ErrorPlace) -> Option<Seen> {
        let (team, channel, fingerprint) = error;
        let met = self.met.get(&(team.clone(), fingerprint.clone())).into_iter().flatten();
        let elsewhere = met.filter(|(other, _)| *other != channel).map(|(_, seen)| *seen);
        self.seen.get(error).copied().into_iter().chain(elsewhere).reduce(Seen::and)
    }

    /// A finding was met, whatever is said about it.
    fn meets(&mut self, heard: &NewHeard, diagnosis: &Diagnosis, now: Timestamp) {
        let MessageRef { team, channel, .. } = &heard.place;
        let once = Seen { times: 1, last: now, resolved: None };
        let count = |seen: &mut Seen| *seen = Seen { resolved: None, ..seen.and(once) };
        let error = (team.clone(), channel.clone(), diagnosis.fingerprint.clone());
        self.seen.entry(error).and_modify(count).or_insert(once);
        if heard.visibility == Visibility::Public {
            let everywhere = self.met.entry((team.clone(), diagnosis.fingerprint.clone())).or_default();
            everywhere.entry(channel.clone()).and_modify(count).or_insert(once);
        }
    }
}

/// A finding that waits for its decision.
pub(super) struct Case<'a> {
    pub heard: &'a NewHeard,
    pub address: Address,
    pub diagnoses: &'a [Diagnosis],
    pub fixes: &'a Fixes,
}

/// An answer to give.
pub(super) struct Decided {
    pub reply: NewReply,
    /// What it says, where that is no full answer: full answers are put into words when they are said.
    pub say: Option<Say>,
}

/// Decides on one finding and lets `known` remember the decision.
pub(super) fn decide(case: &Case<'_>, known: &mut Known, limits: &Limits, now: Timestamp) -> Result<Decided, Silence> {
    let Some(first) = case.diagnoses.first() else { return Err(Silence::NoFailure) };
    let place = &case.heard.place;
    let shared = case.heard.visibility == Visibility::Shared;
    let channel = (place.team.to_string(), place.channel.to_string());
    let error = (place.team.clone(), place.channel.clone(), first.fingerprint.clone());
    let before = known.seen(&error).filter(|_| !shared);
    case.diagnoses.iter().for_each(|diagnosis| known.meets(case.heard, diagnosis, now));
    if case.address == Address::Overheard {
        let settings = known.settings.get(&channel);
        if settings.is_some_and(|s| s.mode == Mode::Mention) {
            return Err(Silence::Mention);
        }
        if settings.is_some_and(|s| s.muted_until.is_some_and(|until| until > now)) {
            return Err(Silence::Muted);
        }
        if known.muted.contains(&(channel.0.clone(), channel.1.clone(), first.fingerprint.clone())) {
            return Err(Silence::NotNpm);
        }
        if known.answered.get(&channel).is_some_and(|count| *count >= limits.answers_per_hour) {
            return Err(Silence::Cap);
        }
    }
    let earlier = known.latest.get(&error).filter(|_| case.address == Address::Overheard);
    let earlier = earlier.filter(|(_, at)| now.duration_since(*at) < limits.cool_down).cloned();
    let id = Uuid::now_v7().simple().to_string();
    let state = State {
        fix: case.fixes.lead.as_ref().map(|fix| fix.id).filter(|_| earlier.is_none()),
        seen: before.map_or(0, |s| s.times) + 1,
        last: before.map(|s| s.last),
        resolved: before.and_then(|s| s.resolved.or_else(|| recurrence::away(s.last, now))),
        shared,
        ..State::default()
    };
    let say = earlier.as_ref().map(|(earlier, at)| {
        let saved = case.fixes.lead.as_ref().filter(|fix| fix.saved_at > *at);
        Say::under(place, compose::pointer(earlier, *at, saved, now))
    });
    let kind = if say.is_some() { Kind::Pointer } else { Kind::Answer };
    if kind == Kind::Answer {
        known.latest.insert(error, (place.clone(), now));
    }
    *known.answered.entry(channel).or_default() += 1;
    let fingerprint = first.fingerprint.clone();
    let reply = NewReply { id, kind, place: place.clone(), fingerprint, state, at: now };
    Ok(Decided { reply, say })
}
