//! How the errors of a team stand: new, recurring, resolved, reopened; as far as public channels tell.
//!
//! An error is recurring once another person meets it, or the same one after a day. It is resolved when somebody says that it is
//! fixed, or when it stayed away for [`AWAY_DAYS`]; that is seen when somebody looks, and needs no row to change.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{
    Result,
    rows::{millis, timestamp},
};
use crate::message::TeamId;

/// After how many days without it an error counts as resolved.
pub const AWAY_DAYS: i64 = 14;

/// How an error stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// One person has met it, within a day.
    New,
    /// It came again.
    Recurring,
    /// It is fixed, or has stayed away.
    Resolved,
    /// It came back after that.
    Reopened,
}

impl State {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Recurring => "recurring",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
        }
    }

    fn stored(state: &str) -> Option<Self> {
        [Self::New, Self::Recurring, Self::Resolved, Self::Reopened].into_iter().find(|s| s.as_str() == state)
    }
}

/// How an error stands, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
}

/// How an error stands now; `None` when no public channel met it.
pub async fn standing(
    conn: &mut AnyConnection,
    team: &TeamId,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Option<Standing>> {
    let row: Option<(Option<String>, Option<i64>, i64)> =
        sqlx::query_as("SELECT state, state_at, last_at FROM error WHERE team = $1 AND fingerprint = $2")
            .bind(team.as_str())
            .bind(fingerprint)
            .fetch_optional(conn)
            .await?;
    Ok(row.and_then(|(state, since, last)| of(state.as_deref(), since, last, now)))
}

/// How an error stands by its row.
pub(super) fn of(state: Option<&str>, since: Option<i64>, last: i64, now: Timestamp) -> Option<Standing> {
    let stored = State::stored(state?)?;
    if let Some(since) = away(timestamp(last), now).filter(|_| stored != State::Resolved) {
        return Some(Standing { state: State::Resolved, since });
    }
    Some(Standing { state: stored, since: timestamp(since.unwrap_or(last)) })
}

/// Since when an error that was met last at a time counts as resolved because it stayed away, if it does.
#[must_use]
pub fn away(last: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let since = last.saturating_add(SignedDuration::from_hours(24 * AWAY_DAYS)).unwrap_or(Timestamp::MAX);
    (since <= now).then_some(since)
}

/// Somebody said that an error is fixed.
pub async fn resolve(conn: &mut AnyConnection, team: &TeamId, fingerprint: &str, now: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE error SET state = 'resolved', state_at = $3, resolved_at = $3 \
         WHERE team = $1 AND fingerprint = $2 AND seen > 0 AND state <> 'resolved'",
    )
    .bind(team.as_str())
    .bind(fingerprint)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}
