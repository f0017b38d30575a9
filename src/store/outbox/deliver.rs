//! Taking lanes and the rows that are to be sent.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Any, AnyConnection, any::AnyArguments, query::Query};

use super::{Kind, Result, millis, query_as, timestamp};
use crate::message::{Platform, TeamId};

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
    /// What it says, as JSON; see [`super::NewRow`].
    pub body: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// When it was begun before, if it was: it may have been said already.
    pub begun: Option<Timestamp>,
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
        conn,
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
        match TeamId::parse(&team) {
            Ok(team) => parcels.extend(next(conn, &team, &lane, lease, now).await?),
            // It stays taken until the lease runs out, so that it is not met at once again.
            Err(error) => tracing::error!(%error, "a lane belongs to no team"),
        }
    }
    Ok(parcels)
}

type Head = (i64, String, String, Option<String>, Option<String>, String, i64, Option<i64>, Option<i64>);

/// The next row of a lane that this worker holds, marked as being sent; or the lane is given back until its next row is due.
/// A change of a post that is not due yet waits for it.
pub(super) async fn next(
    conn: &mut AnyConnection,
    team: &TeamId,
    lane: &str,
    lease: &Lease,
    now: Timestamp,
) -> Result<Option<Parcel>> {
    loop {
        let head: Option<Head> = sqlx::query_as(
            "SELECT o.seq, o.post_key, o.kind, o.reply, r.answer, o.body, o.attempts, o.sending_at, \
             (SELECT MIN(p.parked_at) FROM outbox p WHERE p.team = o.team AND p.lane = o.lane AND p.reply = o.reply \
             AND p.kind = 'post' AND p.parked_at IS NOT NULL) FROM outbox o \
             LEFT JOIN reply r ON r.team = o.team AND r.id = o.reply \
             WHERE o.team = $1 AND o.lane = $2 AND o.parked_at IS NULL AND o.due_at <= $3 AND NOT EXISTS \
             (SELECT 1 FROM outbox w WHERE w.team = o.team AND w.lane = o.lane AND w.reply = o.reply AND w.seq < o.seq \
             AND w.parked_at IS NULL AND w.due_at > $3) ORDER BY o.seq LIMIT 1",
        )
        .bind(team.as_str())
        .bind(lane)
        .bind(millis(now))
        .fetch_optional(&mut *conn)
        .await?;
        let Some((seq, key, kind, reply, answer, body, attempts, sending, post_parked)) = head else {
            let due = due(conn, team, lane, Some(now)).await?;
            release(conn, team, lane, lease, due, None).await?;
            return Ok(None);
        };
        let trouble = match Kind::stored(&kind) {
            None => Some("a newer npmfix wrote this row: update this one, then retry"),
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
            begun: sending.map(timestamp),
        };
        if let Some(trouble) = trouble {
            park(conn, &parcel, trouble, now).await?;
            continue;
        }
        row(
            "UPDATE outbox SET sending_at = $4, attempts = attempts + 1 WHERE team = $1 AND lane = $2 AND seq = $3",
            &parcel,
        )
        .bind(millis(now))
        .execute(&mut *conn)
        .await?;
        return Ok(Some(parcel));
    }
}

/// A statement about a parcel's row; its place binds to `$1` to `$3`.
pub(super) fn row<'q>(statement: &'static str, parcel: &'q Parcel) -> Query<'q, Any, AnyArguments> {
    sqlx::query(statement).bind(parcel.team.as_str()).bind(parcel.lane.as_str()).bind(parcel.seq)
}

/// When the lane's earliest row is due, of those that are due after a time if one is given.
pub(super) async fn due(
    conn: &mut AnyConnection,
    team: &TeamId,
    lane: &str,
    after: Option<Timestamp>,
) -> Result<Option<i64>> {
    let (due,): (Option<i64>,) = sqlx::query_as(
        "SELECT MIN(due_at) FROM outbox WHERE team = $1 AND lane = $2 AND parked_at IS NULL AND due_at > $3",
    )
    .bind(team.as_str())
    .bind(lane)
    .bind(after.map_or(i64::MIN, millis))
    .fetch_one(conn)
    .await?;
    Ok(due)
}

/// Gives a lane back: its earliest row is due at `due`, and nobody takes it before `until`.
pub(super) async fn release(
    conn: &mut AnyConnection,
    team: &TeamId,
    lane: &str,
    lease: &Lease,
    due: Option<i64>,
    until: Option<Timestamp>,
) -> Result<()> {
    sqlx::query(
        "UPDATE lane SET owner = NULL, leased_until = $5, due_at = $4 WHERE team = $1 AND lane = $2 AND owner = $3",
    )
    .bind(team.as_str())
    .bind(lane)
    .bind(&lease.owner)
    .bind(due)
    .bind(until.map(millis))
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

pub(super) async fn park(conn: &mut AnyConnection, parcel: &Parcel, error: &str, now: Timestamp) -> Result<()> {
    row("UPDATE outbox SET parked_at = $4, error = $5 WHERE team = $1 AND lane = $2 AND seq = $3", parcel)
        .bind(millis(now))
        .bind(error)
        .execute(conn)
        .await?;
    Ok(())
}

/// When the next lane of these platforms is due and nobody's lease or wait keeps it; may lie in the past.
pub async fn next_due(conn: &mut AnyConnection, platforms: &[Platform]) -> Result<Option<Timestamp>> {
    let mut select = query_as::<(Option<i64>,)>(
        conn,
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
