//! The people's side: what waits, what was set aside, and trying that again.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{Kind, Result, millis, timestamp};

/// A row as people see it. What it says is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The team.
    pub team: String,
    /// The destination.
    pub lane: String,
    /// By which it can be named.
    pub key: String,
    /// post, edit, remove or notice.
    pub kind: String,
    /// When it is due.
    pub due: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Since when it has been set aside.
    pub parked: Option<Timestamp>,
    /// Why it was not said the last time.
    pub error: Option<String>,
}

type Row = (String, String, String, String, i64, i64, Option<i64>, Option<String>);

/// What waits or was set aside, oldest first. Answers that may be followed up are not among it: most never are.
pub async fn list(conn: &mut AnyConnection, limit: i64) -> Result<Vec<Listed>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT team, lane, post_key, kind, due_at, attempts, parked_at, error FROM outbox \
         WHERE kind <> 'followup' ORDER BY post_key LIMIT $1",
    )
    .bind(limit)
    .fetch_all(conn)
    .await?;
    let listed = |(team, lane, key, kind, due, attempts, parked, error): Row| Listed {
        team,
        lane,
        key,
        kind,
        due: timestamp(due),
        attempts,
        parked: parked.map(timestamp),
        error,
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// Has a row that was set aside said after all; says whether there was one with this key. People do this knowing that it may
/// have been said already.
pub async fn unpark(conn: &mut AnyConnection, key: &str, now: Timestamp) -> Result<bool> {
    let found: Option<(String, String, String, Option<String>)> =
        sqlx::query_as("SELECT team, lane, kind, reply FROM outbox WHERE post_key = $1 AND parked_at IS NOT NULL")
            .bind(key)
            .fetch_optional(&mut *conn)
            .await?;
    let Some((team, lane, kind, reply)) = found else { return Ok(false) };
    sqlx::query("UPDATE lane SET due_at = $3 WHERE team = $1 AND lane = $2 AND (due_at IS NULL OR due_at > $3)")
        .bind(&team)
        .bind(&lane)
        .bind(millis(now))
        .execute(&mut *conn)
        .await?;
    // With a post come the changes that were set aside with it.
    let changed = reply.filter(|_| kind == Kind::Post.as_str());
    let done = sqlx::query(
        "UPDATE outbox SET parked_at = NULL, sending_at = NULL, attempts = 0, error = NULL, due_at = $5 \
         WHERE team = $1 AND lane = $2 AND parked_at IS NOT NULL \
         AND (post_key = $3 OR (reply = $4 AND kind IN ('edit', 'remove')))",
    )
    .bind(team)
    .bind(lane)
    .bind(key)
    .bind(changed)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The same for all rows; says how many there were.
pub async fn unpark_all(conn: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let keys: Vec<(String,)> =
        sqlx::query_as("SELECT post_key FROM outbox WHERE parked_at IS NOT NULL").fetch_all(&mut *conn).await?;
    for (key,) in &keys {
        unpark(conn, key, now).await?;
    }
    Ok(keys.len())
}
