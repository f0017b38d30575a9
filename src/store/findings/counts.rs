//! The counts that grow with what is found, so that nothing has to be counted when somebody asks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{About, NewOccurrence, private_at};
use crate::{
    message::{ChannelId, MessageRef, TeamId, Visibility},
    store::{
        Result,
        recurrence::State,
        rows::{day, millis, parts, query},
    },
};

/// Counts of one key: how many, first and last.
#[derive(Clone, Copy)]
struct Count {
    seen: i64,
    first: i64,
    last: i64,
}

impl Count {
    fn add(counts: Option<Self>, seen: i64, at: i64) -> Self {
        let Self { seen: before, first, last } = counts.unwrap_or(Self { seen: 0, first: at, last: at });
        Self { seen: before + seen, first: first.min(at), last: last.max(at) }
    }
}

/// What public channels tell about an error that they met: who met it first, when, and whether anybody else did at the same time.
#[derive(Clone, Copy)]
struct Public<'a> {
    by: &'a str,
    first: i64,
    state: State,
}

impl<'a> Public<'a> {
    fn add(before: Option<Self>, o: &NewOccurrence<'a>) -> Self {
        let (by, at) = (o.heard.who.as_str(), millis(o.heard.at));
        let Some(before) = before else { return Self { by, first: at, state: State::New } };
        let state = if by == before.by { before.state } else { State::Recurring };
        if at < before.first { Self { by, first: at, state } } else { Self { state, ..before } }
    }
}

/// How an error stands once a public channel meets it: the conditions under which it came back, or came again.
/// 14 days are [`crate::store::recurrence::AWAY_DAYS`].
macro_rules! unless_as_before {
    ($unseen:literal, $first:literal, $back:literal, $again:literal, $as_before:literal) => {
        concat!(
            "CASE WHEN excluded.state IS NULL THEN ",
            $unseen,
            " WHEN error.state IS NULL THEN ",
            $first,
            " WHEN error.state = 'resolved' OR excluded.last_at - error.last_at >= 1209600000 THEN ",
            $back,
            " WHEN error.state = 'new' AND (excluded.state = 'recurring' OR excluded.first_by <> error.first_by \
             OR excluded.last_at - error.public_at >= 86400000) THEN ",
            $again,
            " ELSE ",
            $as_before,
            " END"
        )
    };
}

/// The team's errors. What private channels met is there so that it has a row, but neither counted nor described here.
pub(super) async fn count_errors(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    type Row<'a> = (&'a NewOccurrence<'a>, Count, Option<Public<'a>>);
    let mut rows: BTreeMap<(&str, &str), Row<'_>> = BTreeMap::new();
    for o in occurrences {
        let key = (o.heard.place.team.as_str(), o.diagnosis.fingerprint.as_str());
        let (public, before) = (o.heard.visibility == Visibility::Public, rows.get(&key).copied());
        let count = Count::add(before.map(|(_, count, _)| count), i64::from(public), millis(o.heard.at));
        // A public one describes the error, whatever private ones there are beside it.
        let described = before.map_or(o, |(before, ..)| if public { o } else { before });
        let met = before.and_then(|(.., met)| met);
        rows.insert(key, (described, count, if public { Some(Public::add(met, o)) } else { met }));
    }
    let rows: Vec<_> = rows.into_iter().collect();
    for some in parts(&rows) {
        let mut upsert = query(
            conn,
            concat!(
                "INSERT INTO error (team, fingerprint, code, cause, host, scope, package, operation, seen, first_at, last_at, \
                 state, state_at, public_at, opened_at, first_by) \
                 VALUES {rows} ON CONFLICT (team, fingerprint) DO UPDATE SET \
                 cause = CASE WHEN excluded.seen > 0 THEN excluded.cause ELSE error.cause END, \
                 scope = CASE WHEN excluded.seen > 0 THEN excluded.scope ELSE error.scope END, \
                 package = CASE WHEN excluded.seen > 0 THEN excluded.package ELSE error.package END, \
                 operation = CASE WHEN excluded.seen > 0 THEN excluded.operation ELSE error.operation END, \
                 seen = error.seen + excluded.seen, \
                 last_at = CASE WHEN excluded.seen > 0 THEN excluded.last_at ELSE error.last_at END, state = ",
                unless_as_before!("error.state", "excluded.state", "'reopened'", "'recurring'", "error.state"),
                ", state_at = ",
                unless_as_before!(
                    "error.state_at",
                    "excluded.state_at",
                    "excluded.last_at",
                    "excluded.last_at",
                    "error.state_at"
                ),
                ", opened_at = ",
                unless_as_before!(
                    "error.opened_at",
                    "excluded.opened_at",
                    "excluded.opened_at",
                    "error.opened_at",
                    "error.opened_at"
                ),
                ", public_at = COALESCE(error.public_at, excluded.public_at), \
                 first_by = COALESCE(error.first_by, excluded.first_by)"
            ),
            some.len(),
            16,
        );
        for ((team, fingerprint), (o, count, met)) in some {
            let about = About::of(o.diagnosis);
            let public = met.is_some();
            let first = met.map(|met| met.first);
            upsert = upsert
                .bind(team)
                .bind(fingerprint)
                .bind(about.family)
                .bind(about.cause.filter(|_| public))
                .bind(about.host)
                .bind(about.scope.filter(|_| public))
                .bind(about.package.filter(|_| public))
                .bind(about.operation.filter(|_| public))
                .bind(count.seen)
                .bind(count.first)
                .bind(count.last)
                .bind(met.map(|met| met.state.as_str()))
                .bind(first)
                .bind(first)
                .bind(first)
                .bind(met.map(|met| met.by));
        }
        upsert.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) async fn count_by_channel(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    let mut rows: BTreeMap<(&str, &str, &str), (&NewOccurrence<'_>, Count)> = BTreeMap::new();
    for o in occurrences {
        let place = &o.heard.place;
        let key = (place.team.as_str(), place.channel.as_str(), o.diagnosis.fingerprint.as_str());
        let count = Count::add(rows.get(&key).map(|(_, count)| *count), 1, millis(o.heard.at));
        rows.insert(key, (o, count));
    }
    let rows: Vec<_> = rows.into_iter().collect();
    for some in parts(&rows) {
        let mut upsert = query(
            conn,
            "INSERT INTO error_channel (team, channel, fingerprint, cause, scope, package, private_at, seen, first_at, \
             last_at) VALUES {rows} ON CONFLICT (team, channel, fingerprint) DO UPDATE SET cause = excluded.cause, \
             scope = excluded.scope, package = excluded.package, seen = error_channel.seen + excluded.seen, \
             last_at = excluded.last_at, private_at = excluded.private_at",
            some.len(),
            10,
        );
        for ((team, channel, fingerprint), (o, count)) in some {
            let about = About::of(o.diagnosis);
            upsert = upsert.bind(team).bind(channel).bind(fingerprint);
            upsert = upsert.bind(about.cause).bind(about.scope).bind(about.package);
            upsert = upsert.bind(private_at(o.heard.visibility, o.heard.at));
            upsert = upsert.bind(count.seen).bind(count.first).bind(count.last);
        }
        upsert.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) async fn count_by_day(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    let mut rows = BTreeMap::new();
    for o in occurrences {
        let place = &o.heard.place;
        let fingerprint = o.diagnosis.fingerprint.as_str();
        let key = (place.team.as_str(), day(o.heard.at), place.channel.as_str(), fingerprint, o.heard.who.as_str());
        let private = private_at(o.heard.visibility, o.heard.at);
        let (before, seen) = rows.entry(key).or_insert((private, 0_i64));
        // What became private meanwhile is private.
        *before = before.or(private);
        *seen += 1;
    }
    let rows: Vec<_> = rows.into_iter().collect();
    for some in parts(&rows) {
        let mut upsert = query(
            conn,
            "INSERT INTO error_day (team, day, channel, fingerprint, who, private_at, seen) VALUES {rows} \
             ON CONFLICT (team, day, channel, fingerprint, who) DO UPDATE SET seen = error_day.seen + excluded.seen, \
             private_at = COALESCE(error_day.private_at, excluded.private_at)",
            some.len(),
            7,
        );
        for ((team, day, channel, fingerprint, who), (private, seen)) in some {
            upsert = upsert.bind(team).bind(day).bind(channel).bind(fingerprint).bind(who).bind(private).bind(seen);
        }
        upsert.execute(&mut *conn).await?;
    }
    Ok(())
}

/// What happened in a channel on a day, to be added to its counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayCounts {
    /// Failures met.
    pub seen: i64,
    /// Messages answered.
    pub answered: i64,
    /// Answers of which somebody said that they fixed it.
    pub fixed: i64,
    /// Answers of which somebody said that they did not help.
    pub unhelpful: i64,
    /// Answers that should not have been given.
    pub false_answers: i64,
    /// Secrets pasted.
    pub secrets: i64,
}

/// Where and when something happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayKey {
    /// The team.
    pub team: TeamId,
    /// The channel.
    pub channel: ChannelId,
    /// UTC days since 1970.
    pub day: i64,
}

impl DayKey {
    /// The channel of a message, on the UTC day of `at`.
    #[must_use]
    pub fn of(place: &MessageRef, at: Timestamp) -> Self {
        Self { team: place.team.clone(), channel: place.channel.clone(), day: day(at) }
    }
}

/// Adds to the counts of channels and days.
pub async fn count(conn: &mut AnyConnection, days: &BTreeMap<DayKey, (Visibility, DayCounts)>) -> Result<()> {
    let rows: Vec<_> = days.iter().collect();
    for some in parts(&rows) {
        let mut upsert = query(
            conn,
            "INSERT INTO channel_day (team, day, channel, private_at, seen, answered, fixed, unhelpful, false_answers, \
             secrets) VALUES {rows} ON CONFLICT (team, day, channel) DO UPDATE SET seen = channel_day.seen + excluded.seen, \
             answered = channel_day.answered + excluded.answered, fixed = channel_day.fixed + excluded.fixed, \
             unhelpful = channel_day.unhelpful + excluded.unhelpful, \
             false_answers = channel_day.false_answers + excluded.false_answers, \
             secrets = channel_day.secrets + excluded.secrets, \
             private_at = COALESCE(channel_day.private_at, excluded.private_at)",
            some.len(),
            10,
        );
        for (key, (visibility, c)) in some {
            upsert = upsert.bind(key.team.as_str()).bind(key.day).bind(key.channel.as_str());
            upsert = upsert.bind((*visibility != Visibility::Public).then_some(key.day));
            upsert = upsert.bind(c.seen).bind(c.answered).bind(c.fixed);
            upsert = upsert.bind(c.unhelpful).bind(c.false_answers).bind(c.secrets);
        }
        upsert.execute(&mut *conn).await?;
    }
    Ok(())
}
