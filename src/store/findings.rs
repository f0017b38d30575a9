//! What was found in messages, and the counts that grow with it. Everything here takes several findings at once.

mod counts;
mod excerpt;

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::{
    Result, StoreError,
    people::Who,
    rows::{FULL, millis, padded, parts, query, query_as},
};
use crate::{
    classifier::Diagnosis,
    message::{MessageId, MessageRef, Visibility},
};

pub use counts::{DayCounts, DayKey, count};
pub(super) use excerpt::from_json;
pub use excerpt::to_json;

/// A message that holds a failure or a secret.
#[derive(Debug, Clone)]
pub struct NewHeard {
    /// Where it stands.
    pub place: MessageRef,
    /// Who can read it.
    pub visibility: Visibility,
    /// Who said it.
    pub who: Who,
    /// What was found in it, short; see [`heard_anew`].
    pub gist: String,
    /// When it was heard.
    pub at: Timestamp,
}

/// Takes down that messages were heard; says for each whether it is new. A message heard before is left as it is.
///
/// Fails with [`StoreError::Locked`] when another transaction takes one of them down at the same time.
pub async fn hear(conn: &mut AnyConnection, messages: &[&NewHeard]) -> Result<Vec<bool>> {
    let mut known = known(conn, messages).await?;
    // Two copies of one message in one call: only the first is new.
    let new: Vec<bool> = messages.iter().map(|m| known.insert(key(&m.place))).collect();
    let unknown: Vec<&NewHeard> = messages.iter().zip(&new).filter(|(_, new)| **new).map(|(m, _)| *m).collect();
    for some in parts(&unknown) {
        let mut insert = query(
            conn,
            "INSERT INTO heard (team, channel, message, thread, who, gist, private_at, heard_at) VALUES {rows} \
             ON CONFLICT (team, channel, message) DO NOTHING",
            some.len(),
            8,
        );
        for m in some {
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
        if insert.execute(&mut *conn).await?.rows_affected() < some.len() as u64 {
            return Err(StoreError::Locked);
        }
    }
    Ok(new)
}

type Key = (String, String, String);

fn key(place: &MessageRef) -> Key {
    (place.team.to_string(), place.channel.to_string(), place.id.to_string())
}

/// Those that were heard before.
async fn known(conn: &mut AnyConnection, messages: &[&NewHeard]) -> Result<HashSet<Key>> {
    let mut known = HashSet::with_capacity(messages.len());
    for some in messages.chunks(FULL).map(padded) {
        let mut select = query_as::<Key>(
            conn,
            "SELECT team, channel, message FROM heard WHERE (team, channel, message) IN (VALUES {rows})",
            0,
            some.len(),
            3,
        );
        for NewHeard { place, .. } in some {
            select = select.bind(place.team.as_str()).bind(place.channel.as_str()).bind(place.id.as_str());
        }
        known.extend(select.fetch_all(&mut *conn).await?);
    }
    Ok(known)
}

/// Whether a message was heard, and not deleted since.
pub async fn is_heard(conn: &mut AnyConnection, place: &MessageRef) -> Result<bool> {
    let select = "SELECT 1 FROM heard WHERE team = $1 AND channel = $2 AND message = $3 AND deleted_at IS NULL";
    Ok(at(select, place).fetch_optional(conn).await?.is_some())
}

/// What was found in a message that was heard and not deleted since, short; see [`crate::bot`].
pub async fn gist(conn: &mut AnyConnection, place: &MessageRef) -> Result<Option<String>> {
    let select = "SELECT gist FROM heard WHERE team = $1 AND channel = $2 AND message = $3 AND deleted_at IS NULL";
    at(select, place).fetch_optional(conn).await?.map(|row| row.try_get(0).map_err(Into::into)).transpose()
}

/// How a message's new text compares with what was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anew {
    /// It was never heard, or deleted since.
    Unknown,
    /// The same is found in it.
    Same,
    /// Something else is.
    Changed {
        /// The fingerprints of its failures so far.
        failures: HashSet<String>,
        /// What was found in it so far.
        gist: String,
    },
}

/// Takes down what is found in an edited message, and drops what was found before: the caller records the failures anew.
pub async fn heard_anew(conn: &mut AnyConnection, place: &MessageRef, gist: &str) -> Result<Anew> {
    // This holds the row against others who edit or delete it.
    let hold = "UPDATE heard SET who = who \
                WHERE team = $1 AND channel = $2 AND message = $3 AND deleted_at IS NULL RETURNING gist, who";
    let Some(row) = at(hold, place).fetch_optional(&mut *conn).await? else { return Ok(Anew::Unknown) };
    let (before, who): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    // Whoever wanted to be forgotten is not met anew through what they said before.
    if before == gist || who.is_empty() {
        return Ok(Anew::Same);
    }
    let update = "UPDATE heard SET gist = $4 WHERE team = $1 AND channel = $2 AND message = $3";
    at(update, place).bind(gist).execute(&mut *conn).await?;
    let delete = "DELETE FROM occurrence WHERE team = $1 AND channel = $2 AND message = $3 RETURNING fingerprint";
    let rows = at(delete, place).fetch_all(conn).await?;
    let failures = rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, sqlx::Error>>()?;
    Ok(Anew::Changed { failures, gist: before })
}

/// Forgets that a message was heard, so that it can be heard again.
pub async fn unhear(conn: &mut AnyConnection, place: &MessageRef) -> Result<()> {
    at("DELETE FROM heard WHERE team = $1 AND channel = $2 AND message = $3", place).execute(conn).await?;
    Ok(())
}

/// Erases what was found in a deleted message; says whether it had been heard. The counts stay.
pub async fn deleted(conn: &mut AnyConnection, place: &MessageRef, now: Timestamp) -> Result<bool> {
    let heard = "UPDATE heard SET deleted_at = $4, gist = '' \
                 WHERE team = $1 AND channel = $2 AND message = $3 AND deleted_at IS NULL";
    let known = at(heard, place).bind(millis(now)).execute(&mut *conn).await?.rows_affected() > 0;
    at("DELETE FROM occurrence WHERE team = $1 AND channel = $2 AND message = $3", place).execute(conn).await?;
    Ok(known)
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
    /// What it is.
    pub diagnosis: &'a Diagnosis,
    /// What is kept of it; see [`to_json`].
    pub kept: &'a str,
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

/// Counts failures.
pub async fn count_failures(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    counts::count_errors(conn, occurrences).await?;
    counts::count_by_channel(conn, occurrences).await?;
    counts::count_by_day(conn, occurrences).await
}

/// Records failures without counting them.
pub async fn insert(conn: &mut AnyConnection, occurrences: &[NewOccurrence<'_>]) -> Result<()> {
    for some in parts(occurrences) {
        let mut insert = query(
            conn,
            "INSERT INTO occurrence (team, channel, message, ordinal, fingerprint, code, cause, host, scope, package, \
             operation, seen_at, diagnosis) VALUES {rows} ON CONFLICT (team, channel, message, ordinal) DO NOTHING",
            some.len(),
            13,
        );
        for o in some {
            let about = About::of(o.diagnosis);
            let place = &o.heard.place;
            insert = insert
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
                .bind(millis(o.heard.at))
                .bind(o.kept);
        }
        insert.execute(&mut *conn).await?;
    }
    Ok(())
}

fn private_at(visibility: Visibility, at: Timestamp) -> Option<i64> {
    (visibility != Visibility::Public).then(|| millis(at))
}
