//! The worker's side: taking lanes and what became of their rows.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{Kind, Result, millis, query_as, timestamp};
use crate::{
    message::{Platform, TeamId},
    store::StoreError,
};

/// Who takes lanes, and for how long.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The worker's own name.
    pub owner: String,
    /// How long a lane stays taken when nothing more is heard of the worker.
    pub length: SignedDuration,
}

/// A row that is to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The team.
    pub team: TeamId,
    /// The destination within the team.
    pub lane: String,
    /// Its place in the lane.
    pub seq: i64,
    /// Goes with the post, so that its echo can be told from others.
    pub key: String,
    /// What it does.
    pub kind: Kind,
    /// The reply that is posted, changed or removed.
    pub reply: Option<String>,
    /// The platform's id of the post that is changed or removed.
    pub answer: Option<String>,
    /// What it says, as JSON.
    pub body: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// Whether an earlier worker may have said it already.
    pub unclear: bool,
}

/// Takes free lanes in which something is due and returns the first row of each, marked as being sent.
///
/// A row that this version cannot read is set aside, and so are changes of a post that was.
pub async fn claim(
    conn: &mut AnyConnection,
    platforms: &[Platform],
    lease: &Lease,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Parcel>> {
    let mut taken = query_as::<(String, String)>(
        "UPDATE lane SET owner = $1, leased_until = $2 WHERE (team, lane) IN (SELECT team, lane FROM lane \
         WHERE due_at <= $3 AND (leased_until IS NULL OR leased_until <= $3) AND (platform) IN ({rows}) \
         ORDER BY due_at LIMIT $4) AND (leased_until IS NULL OR leased_until <= $3) RETURNING team, lane",
        4,
        platforms.len(),
        1,
    )
    .bind(&lease.owner)
    .bind(millis(now + lease.length))
    .bind(millis(now))
    .bind(limit);
    for platform in platforms {
        taken = taken.bind(platform.as_str());
    }
    let mut parcels = Vec::new();
    for (team, lane) in taken.fetch_all(&mut *conn).await? {
        let team = TeamId::parse(&team)
            .map_err(|e| StoreError::Row { what: "the team of a lane".to_owned(), why: e.to_string() })?;
        parcels.extend(next(conn, &team, &lane, &lease.owner, now).await?);
    }
    Ok(parcels)
}

type Head = (i64, String, String, Option<String>, Option<String>, String, i64, Option<i64>, i64, Option<i64>);

/// The next row of a lane that this worker holds, marked as being sent; or the lane is given back until its next row is due.
async fn next(
    conn: &mut AnyConnection,
    team: &TeamId,
    lane: &str,
    owner: &str,
    now: Timestamp,
) -> Result<Option<Parcel>> {
    loop {
        let head: Option<Head> = sqlx::query_as(
            "SELECT o.seq, o.post_key, o.kind, o.reply, r.answer, o.body, o.attempts, o.sending_at, o.due_at, \
             (SELECT MIN(p.parked_at) FROM outbox p WHERE p.team = o.team AND p.lane = o.lane AND p.reply = o.reply \
             AND p.kind = 'post' AND p.parked_at IS NOT NULL) FROM outbox o \
             LEFT JOIN reply r ON r.team = o.team AND r.id = o.reply \
             WHERE o.team = $1 AND o.lane = $2 AND o.parked_at IS NULL ORDER BY o.seq LIMIT 1",
        )
        .bind(team.as_str())
        .bind(lane)
        .fetch_optional(&mut *conn)
        .await?;
        let Some((seq, key, kind, reply, answer, body, attempts, sending, due, post_parked)) = head else {
            release(conn, team, lane, owner, None).await?;
            return Ok(None);
        };
        if due > millis(now) {
            release(conn, team, lane, owner, Some(due)).await?;
            return Ok(None);
        }
        let trouble = match Kind::stored(&kind) {
            None => Some("a newer npmfix wrote this row"),
            Some(Kind::Edit | Kind::Remove) if post_parked.is_some() => Some("the post that it changes is set aside"),
            Some(_) => None,
        };
        let parcel = Parcel {
            team: team.clone(),
            lane: lane.to_owned(),
            seq,
            key,
            kind: Kind::stored(&kind).unwrap_or(Kind::Notice),
            reply,
            answer,
            body,
            attempts: attempts + 1,
            unclear: sending.is_some(),
        };
        if let Some(trouble) = trouble {
            park(conn, &parcel, trouble, now).await?;
            continue;
        }
        row("UPDATE outbox SET sending_at = $4, attempts = attempts + 1 WHERE team = $1 AND lane = $2 AND seq = $3", &parcel)
            .bind(millis(now))
            .execute(&mut *conn)
            .await?;
        return Ok(Some(parcel));
    }
}

fn row<'q>(statement: &'static str, parcel: &'q Parcel) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(statement).bind(parcel.team.as_str()).bind(parcel.lane.as_str()).bind(parcel.seq)
}

/// Gives a lane back. `due` is when its next row is due.
async fn release(
    conn: &mut AnyConnection,
    team: &TeamId,
    lane: &str,
    owner: &str,
    due: Option<i64>,
) -> Result<()> {
    sqlx::query(
        "UPDATE lane SET owner = NULL, leased_until = NULL, due_at = $4 WHERE team = $1 AND lane = $2 AND owner = $3",
    )
    .bind(team.as_str())
    .bind(lane)
    .bind(owner)
    .bind(due)
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether this worker still holds the lane of a parcel, and for longer from now on.
pub async fn renew(conn: &mut AnyConnection, parcel: &Parcel, lease: &Lease, now: Timestamp) -> Result<bool> {
    let done = sqlx::query("UPDATE lane SET leased_until = $4 WHERE team = $1 AND lane = $2 AND owner = $3")
        .bind(parcel.team.as_str())
        .bind(parcel.lane.as_str())
        .bind(&lease.owner)
        .bind(millis(now + lease.length))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The row was said: it goes. The lane's next row is returned when it is due and the platform's pace allows it; else the lane
/// is given back.
pub async fn sent(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    answer: Option<&str>,
    lease: &Lease,
    pace: SignedDuration,
    now: Timestamp,
) -> Result<Option<Parcel>> {
    row("DELETE FROM outbox WHERE team = $1 AND lane = $2 AND seq = $3", parcel).execute(&mut *conn).await?;
    if let (Kind::Post, Some(reply), Some(answer)) = (parcel.kind, &parcel.reply, answer) {
        sqlx::query("UPDATE reply SET answer = $3 WHERE team = $1 AND id = $2")
            .bind(parcel.team.as_str())
            .bind(reply)
            .bind(answer)
            .execute(&mut *conn)
            .await?;
    }
    on(conn, parcel, lease, pace, now).await
}

/// What comes after a row that is done with, one way or the other.
async fn on(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    lease: &Lease,
    pace: SignedDuration,
    now: Timestamp,
) -> Result<Option<Parcel>> {
    if !renew(conn, parcel, lease, now).await? {
        return Ok(None);
    }
    if pace.is_zero() {
        return next(conn, &parcel.team, &parcel.lane, &lease.owner, now).await;
    }
    let due = following(conn, parcel).await?.map(|due| due.max(millis(now + pace)));
    release(conn, &parcel.team, &parcel.lane, &lease.owner, due).await?;
    Ok(None)
}

/// When the lane's next row is due.
async fn following(conn: &mut AnyConnection, parcel: &Parcel) -> Result<Option<i64>> {
    let next: Option<(i64,)> = sqlx::query_as(
        "SELECT due_at FROM outbox WHERE team = $1 AND lane = $2 AND parked_at IS NULL ORDER BY seq LIMIT 1",
    )
    .bind(parcel.team.as_str())
    .bind(parcel.lane.as_str())
    .fetch_optional(conn)
    .await?;
    Ok(next.map(|(due,)| due))
}

/// The row was certainly not said: it waits at the head of its lane until `at`.
pub async fn retry(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    error: &str,
    lease: &Lease,
    at: Timestamp,
) -> Result<()> {
    row("UPDATE outbox SET sending_at = NULL, due_at = $4, error = $5 WHERE team = $1 AND lane = $2 AND seq = $3", parcel)
        .bind(millis(at))
        .bind(error)
        .execute(&mut *conn)
        .await?;
    release(conn, &parcel.team, &parcel.lane, &lease.owner, Some(millis(at))).await
}

/// The row was not begun after all: it is as before, and the lane is given back.
pub async fn given_back(conn: &mut AnyConnection, parcel: &Parcel, lease: &Lease, now: Timestamp) -> Result<()> {
    // One that an earlier worker left unclear stays so.
    let mark = parcel.unclear.then(|| millis(now));
    row(
        "UPDATE outbox SET sending_at = $4, attempts = attempts - 1 WHERE team = $1 AND lane = $2 AND seq = $3",
        parcel,
    )
    .bind(mark)
    .execute(&mut *conn)
    .await?;
    release(conn, &parcel.team, &parcel.lane, &lease.owner, Some(millis(now))).await
}

/// The row will not be said unless a person asks for it. What stands behind it goes on.
pub async fn parked(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    error: &str,
    lease: &Lease,
    now: Timestamp,
) -> Result<Option<Parcel>> {
    park(conn, parcel, error, now).await?;
    on(conn, parcel, lease, SignedDuration::ZERO, now).await
}

async fn park(conn: &mut AnyConnection, parcel: &Parcel, error: &str, now: Timestamp) -> Result<()> {
    row("UPDATE outbox SET parked_at = $4, error = $5 WHERE team = $1 AND lane = $2 AND seq = $3", parcel)
        .bind(millis(now))
        .bind(error)
        .execute(conn)
        .await?;
    Ok(())
}

/// When the next lane of these platforms is due, or its lease runs out.
pub async fn next_due(conn: &mut AnyConnection, platforms: &[Platform]) -> Result<Option<Timestamp>> {
    let mut select = query_as::<(Option<i64>,)>(
        "SELECT MIN(CASE WHEN leased_until > due_at THEN leased_until ELSE due_at END) FROM lane \
         WHERE due_at IS NOT NULL AND platform IN ({rows})",
        0,
        platforms.len(),
        1,
    );
    for platform in platforms {
        select = select.bind(platform.as_str());
    }
    Ok(select.fetch_one(conn).await?.0.map(timestamp))
}
