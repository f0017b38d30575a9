//! Events of the platforms that were acted on, so that a repeat changes nothing.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{Result, rows::millis};
use crate::message::TeamId;

/// How long events are kept: Slack repeats within hours, Discord's interactions live for minutes, and what was missed while
/// the program was down for days is not acted on any more.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Takes an event; `false` if it was taken before.
pub async fn take(conn: &mut AnyConnection, team: &TeamId, event: &str, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO inbox (team, event, received_at) VALUES ($1, $2, $3) ON CONFLICT (team, event) DO NOTHING",
    )
    .bind(team.as_str())
    .bind(event)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Drops events that nobody repeats any more, the oldest first and at most `limit` of them; returns how many.
pub async fn prune(conn: &mut AnyConnection, limit: i64, now: Timestamp) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM inbox WHERE (team, event) IN \
         (SELECT team, event FROM inbox WHERE received_at < $1 ORDER BY received_at LIMIT $2)",
    )
    .bind(millis(now - KEPT))
    .bind(limit)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
