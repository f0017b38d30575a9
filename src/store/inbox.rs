//! Events of the platforms that were acted on, so that a repeat changes nothing.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{Result, rows::millis};
use crate::message::TeamId;

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
