//! What was found in messages, and the counts that grow with it. Everything here takes several findings at once.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use sqlx::AnyConnection;
use uuid::Uuid;

use super::{
    Result, StoreError,
    people::Who,
    rows::{day, millis, query, query_as},
};
use crate::{
    classifier::Diagnosis,
    message::{ChannelId, MessageId, MessageRef, TeamId, Visibility},
};

/// A message that holds a failure or a secret.
#[derive(Debug, Clone)]
pub struct NewHeard {
    /// Where it stands.
    pub place: MessageRef,
    /// Who can read it.
    pub visibility: Visibility,
    /// Who said it.
    pub who: Who,
    /// What was found in it, short; see [`heard`].
    pub gist: String,
    /// When it was heard.
    pub at: Timestamp,
}

/// Takes down that messages were heard; says for each whether it is new. A message heard before is left as it is.
pub async fn hear(conn: &mut AnyConnection, messages: &[&NewHeard]) -> Result<Vec<bool>> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let mut insert = query_as::<(String, String, String)>(
        conn,
        "INSERT INTO heard (team, channel, message, thread, who, gist, private_at, heard_at) VALUES {rows} \
         ON CONFLICT (team, channel, message) DO NOTHING RETURNING team, channel, message",
        0,
        messages.len(),
        8,
    );
    for m in messages {
        insert = insert
            .bind(m.place.team.as_str())
            .bind(m.place.channel.as_str())
            .bind(m.place.id.as_str())
            .bind(m.place.thread.as_ref().map(MessageId::as_str))
            .bind(m.who.as_str())
            .bind(m.gist.as_str())
            .bind(private_at(m.visibility, m.at))
            .bind(millis(m.at));
    }
    let mut new: HashSet<(String, String, String)> = insert.fetch_all(conn).await?.into_iter().collect();
    let key = |p: &MessageRef| (p.team.to_string(), p.channel.to_string(), p.id.to_string());
    // Two copies of one message in one call: only the first is new.
    Ok(messages.iter().map(|m| new.remove(&key(&m.place))).collect())
}

/// A message heard before.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Who said it.
    pub who: Who,
    /// What was found in it.
    pub gist: String,
    /// When it was heard.
    pub at: Timestamp,
}

/// The message at a place, if it was heard and not deleted since.
pub async fn heard(conn: &mut AnyConnection, place: &MessageRef) -> Result<Option<Heard>> {
    let row: Option<(String, String, i64)> = sqlx::query_as(
        "SELECT who, gist, heard_at FROM heard WHERE team = $1 AND channel = $2 AND message = $3 AND deleted_at IS NULL",
    )
    .bind(place.team.as_str())
    .bind(place.channel.as_str())
    .bind(place.id.as_str())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(who, gist, at)| Heard { who: Who::stored(who), gist, at: super::rows::timestamp(at) }))
}

/// Takes down that an edited message now holds something else, and drops what it held: the caller records that anew.
pub async fn heard_anew(conn: &mut AnyConnection, place: &MessageRef, gist: &str) -> Result<()> {
    let update = "UPDATE heard SET gist = $4 WHERE team = $1 AND channel = $2 AND message = $3";
    at(update, place).bind(gist).execute(&mut *conn).await?;
    let delete = "DELETE FROM occurrence WHERE team = $1 AND channel = $2 AND message = $3";
    at(delete, place).execute(conn).await?;
    Ok(())
}

/// Erases what is kept of a deleted message's text.
pub async fn deleted(conn: &mut AnyConnection, place: &MessageRef, now: Timestamp) -> Result<()> {
    let heard = "UPDATE heard SET deleted_at = $4, gist = '' \
                 WHERE team = $1 AND channel = $2 AND message = $3 AND deleted_at IS NULL";
    at(heard, place).bind(millis(now)).execute(&mut *conn).await?;
    let excerpt = "UPDATE occurrence SET diagnosis = NULL WHERE team = $1 AND channel = $2 AND message = $3";
    at(excerpt, place).execute(conn).await?;
    Ok(())
}

fn at<'q>(
    statement: &'static str,
    place: &'q MessageRef,
) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(statement).bind(place.team.as_str()).bind(place.channel.as_str()).bind(place.id.as_str())
}

/// One failure of a message.
#[derive(Debug, Clone, Copy)]
pub struct NewOccurrence<'a> {
    /// The message.
    pub heard: &'a NewHeard,
    /// Its place among the message's failures.
    pub ordinal: i64,
    /// What it is, with nothing but its decisive lines.
    pub diagnosis: &'a Diagnosis,
}

/// What is kept of an error besides its counts.
struct About<'a> {
    family: String,
    cause: Option<&'a str>,
    host: Option<&'a str>,
    scope: Option<&'a str>,
    package: Option<&'a str>,
    operation: Option<&'static str>,
}

impl<'a> About<'a> {
    fn of(diagnosis: &'a Diagnosis) -> Self {
        let report = &diagnosis.report;
        Self {
            family: report.family().unwrap_or_default(),
            cause: diagnosis.causes.first().map(|c| c.id.as_str()),
            host: report.registry.host.as_deref(),
            scope: report.scope.as_deref(),
            package: report.package.as_deref(),
            operation: report.operation.map(crate::classifier::Operation::as_str),
        }
    }
}

/// Records failures and counts them, in seven statements whatever their number.
pub async fn record(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    if occurrences.is_empty() {
        return Ok(());
    }
    insert_occurrences(conn, occurrences).await?;
    count_errors(conn, occurrences).await?;
    count_by_channel(conn, occurrences).await?;
    count_people(conn, occurrences).await?;
    count_by_day(conn, occurrences).await
}

async fn insert_occurrences(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    let mut insert = query(
        conn,
        "INSERT INTO occurrence (id, team, channel, message, ordinal, fingerprint, code, cause, host, scope, package, \
         operation, who, private_at, seen_at, diagnosis) VALUES {rows} \
         ON CONFLICT (team, channel, message, ordinal) DO NOTHING",
        occurrences.len(),
        16,
    );
    for o in occurrences {
        let about = About::of(o.diagnosis);
        let json = serde_json::to_string(o.diagnosis).map_err(|e| StoreError::row("a new occurrence", &e))?;
        let place = &o.heard.place;
        insert = insert
            .bind(Uuid::now_v7().simple().to_string())
            .bind(place.team.as_str())
            .bind(place.channel.as_str())
            .bind(place.id.as_str())
            .bind(o.ordinal)
            .bind(o.diagnosis.fingerprint.as_str())
            .bind(about.family)
            .bind(about.cause)
            .bind(about.host)
            .bind(about.scope)
            .bind(about.package)
            .bind(about.operation)
            .bind(o.heard.who.as_str())
            .bind(private_at(o.heard.visibility, o.heard.at))
            .bind(millis(o.heard.at))
            .bind(json.replace('\0', ""));
    }
    insert.execute(conn).await?;
    Ok(())
}

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

/// The team's errors; what private channels met is described but not counted here.
async fn count_errors(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    let mut rows: BTreeMap<(&str, &str), (&Diagnosis, Count)> = BTreeMap::new();
    for o in occurrences {
        let key = (o.heard.place.team.as_str(), o.diagnosis.fingerprint.as_str());
        let seen = i64::from(o.heard.visibility == Visibility::Public);
        let count = Count::add(rows.get(&key).map(|(_, count)| *count), seen, millis(o.heard.at));
        rows.insert(key, (o.diagnosis, count));
    }
    let mut upsert = query(
        conn,
        "INSERT INTO error (team, fingerprint, code, cause, host, scope, package, operation, seen, first_at, last_at) \
         VALUES {rows} ON CONFLICT (team, fingerprint) DO UPDATE SET cause = excluded.cause, \
         package = excluded.package, operation = excluded.operation, seen = error.seen + excluded.seen, \
         last_at = CASE WHEN excluded.seen > 0 THEN excluded.last_at ELSE error.last_at END",
        rows.len(),
        11,
    );
    for ((team, fingerprint), (diagnosis, count)) in rows {
        let about = About::of(diagnosis);
        upsert = upsert
            .bind(team)
            .bind(fingerprint)
            .bind(about.family)
            .bind(about.cause)
            .bind(about.host)
            .bind(about.scope)
            .bind(about.package)
            .bind(about.operation)
            .bind(count.seen)
            .bind(count.first)
            .bind(count.last);
    }
    upsert.execute(conn).await?;
    Ok(())
}

async fn count_by_channel(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    let mut rows: BTreeMap<(&str, &str, &str), (Option<i64>, Count)> = BTreeMap::new();
    for o in occurrences {
        let place = &o.heard.place;
        let key = (place.team.as_str(), place.channel.as_str(), o.diagnosis.fingerprint.as_str());
        let count = Count::add(rows.get(&key).map(|(_, count)| *count), 1, millis(o.heard.at));
        rows.insert(key, (private_at(o.heard.visibility, o.heard.at), count));
    }
    let mut upsert = query(
        conn,
        "INSERT INTO error_channel (team, channel, fingerprint, private_at, seen, first_at, last_at) VALUES {rows} \
         ON CONFLICT (team, channel, fingerprint) DO UPDATE SET seen = error_channel.seen + excluded.seen, \
         last_at = excluded.last_at, private_at = excluded.private_at",
        rows.len(),
        7,
    );
    for ((team, channel, fingerprint), (private, count)) in rows {
        upsert = upsert.bind(team).bind(channel).bind(fingerprint).bind(private);
        upsert = upsert.bind(count.seen).bind(count.first).bind(count.last);
    }
    upsert.execute(conn).await?;
    Ok(())
}

async fn count_people(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    let mut insert = query(
        conn,
        "INSERT INTO error_person (team, fingerprint, who) VALUES {rows} ON CONFLICT (team, fingerprint, who) DO NOTHING",
        occurrences.len(),
        3,
    );
    for o in occurrences {
        insert =
            insert.bind(o.heard.place.team.as_str()).bind(o.diagnosis.fingerprint.as_str()).bind(o.heard.who.as_str());
    }
    insert.execute(conn).await?;
    Ok(())
}

async fn count_by_day(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    let mut rows = BTreeMap::new();
    for o in occurrences {
        let place = &o.heard.place;
        let fingerprint = o.diagnosis.fingerprint.as_str();
        let key = (place.team.as_str(), day(o.heard.at), place.channel.as_str(), fingerprint);
        rows.entry(key).or_insert((private_at(o.heard.visibility, o.heard.at), 0_i64)).1 += 1;
    }
    let mut upsert = query(
        conn,
        "INSERT INTO error_day (team, day, channel, fingerprint, private_at, seen) VALUES {rows} \
         ON CONFLICT (team, day, channel, fingerprint) DO UPDATE SET seen = error_day.seen + excluded.seen",
        rows.len(),
        6,
    );
    for ((team, day, channel, fingerprint), (private, seen)) in rows {
        upsert = upsert.bind(team).bind(day).bind(channel).bind(fingerprint).bind(private).bind(seen);
    }
    upsert.execute(conn).await?;
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
    if days.is_empty() {
        return Ok(());
    }
    let mut upsert = query(
        conn,
        "INSERT INTO channel_day (team, day, channel, private_at, seen, answered, fixed, unhelpful, false_answers, \
         secrets) VALUES {rows} ON CONFLICT (team, day, channel) DO UPDATE SET seen = channel_day.seen + excluded.seen, \
         answered = channel_day.answered + excluded.answered, fixed = channel_day.fixed + excluded.fixed, \
         unhelpful = channel_day.unhelpful + excluded.unhelpful, \
         false_answers = channel_day.false_answers + excluded.false_answers, \
         secrets = channel_day.secrets + excluded.secrets",
        days.len(),
        10,
    );
    for (key, (visibility, c)) in days {
        upsert = upsert.bind(key.team.as_str()).bind(key.day).bind(key.channel.as_str());
        upsert = upsert.bind((*visibility == Visibility::Private).then_some(key.day));
        upsert = upsert.bind(c.seen).bind(c.answered).bind(c.fixed);
        upsert = upsert.bind(c.unhelpful).bind(c.false_answers).bind(c.secrets);
    }
    upsert.execute(conn).await?;
    Ok(())
}

fn private_at(visibility: Visibility, at: Timestamp) -> Option<i64> {
    (visibility == Visibility::Private).then(|| millis(at))
}
