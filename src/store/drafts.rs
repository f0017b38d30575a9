//! What people were answered alone and may yet share.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{Result, rows::millis};
use crate::message::TeamId;

/// How long something can be shared: longer than any platform keeps what it shows to one person.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Keeps what may be shared.
pub async fn put(conn: &mut AnyConnection, team: &TeamId, id: &str, body: &str, now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO draft (team, id, body, drafted_at) VALUES ($1, $2, $3, $4)")
        .bind(team.as_str())
        .bind(id)
        .bind(body)
        .bind(millis(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Drops what nobody shared in time.
pub async fn prune(conn: &mut AnyConnection, now: Timestamp) -> Result<()> {
    sqlx::query("DELETE FROM draft WHERE drafted_at < $1").bind(millis(now - KEPT)).execute(conn).await?;
    Ok(())
}

/// Takes out what is shared now. `None` when it was shared before or is too old.
pub async fn take(conn: &mut AnyConnection, team: &TeamId, id: &str) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("DELETE FROM draft WHERE team = $1 AND id = $2 RETURNING body")
        .bind(team.as_str())
        .bind(id)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|(body,)| body))
}
