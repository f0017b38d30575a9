//! What became of a row that a worker was sending. A worker that lost its lane's lease meanwhile changes nothing any more,
//! but a row that was said goes in any case.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{
    Kind, Lease, Parcel, Result,
    deliver::{due, next, park, release, renew, row},
    millis,
};
use crate::message::TeamId;

/// How long a row that was set aside can be looked at and said after all.
const SET_ASIDE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The row was said: it goes, and a post's reply learns the platform's id. Without a pace the lane's next row that is due is
/// returned, marked as being sent; else the lane is given back and rests for as long as `pace` says.
pub async fn sent(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    answer: Option<&str>,
    lease: &Lease,
    pace: SignedDuration,
    now: Timestamp,
) -> Result<Option<Parcel>> {
    if parcel.kind == Kind::Post {
        learn(conn, &parcel.team, parcel.reply.as_deref(), answer).await?;
    }
    let held = renew(conn, parcel, lease, now).await?;
    // By its key as well: a team that was forgotten meanwhile counts anew.
    row("DELETE FROM outbox WHERE team = $1 AND lane = $2 AND seq = $3 AND post_key = $4", parcel)
        .bind(&parcel.key)
        .execute(&mut *conn)
        .await?;
    match held {
        false => Ok(None),
        true if pace.is_zero() => next(conn, &parcel.team, &parcel.lane, lease, now).await,
        true => rest(conn, parcel, lease, now + pace).await,
    }
}

/// Gives the lane of a parcel back; nobody takes it before `until`, whatever is put in.
async fn rest(conn: &mut AnyConnection, parcel: &Parcel, lease: &Lease, until: Timestamp) -> Result<Option<Parcel>> {
    let due = due(conn, &parcel.team, &parcel.lane, None).await?;
    // By this time it queues with the other lanes; its rows may have waited for longer than any of theirs.
    let due = due.map(|due| due.max(millis(until)));
    release(conn, &parcel.team, &parcel.lane, lease, due, Some(until)).await?;
    Ok(None)
}

async fn learn(conn: &mut AnyConnection, team: &TeamId, reply: Option<&str>, answer: Option<&str>) -> Result<()> {
    let (Some(reply), Some(answer)) = (reply, answer) else { return Ok(()) };
    sqlx::query("UPDATE reply SET answer = $3 WHERE team = $1 AND id = $2")
        .bind(team.as_str())
        .bind(reply)
        .bind(answer)
        .execute(conn)
        .await?;
    Ok(())
}

/// Our own post came back from the platform: whatever its sender knows, it was said. Says whether it was still thought to wait.
pub async fn echoed(conn: &mut AnyConnection, team: &TeamId, key: &str, answer: &str) -> Result<bool> {
    let row: Option<(String, i64, Option<String>)> =
        sqlx::query_as("SELECT lane, seq, reply FROM outbox WHERE team = $1 AND post_key = $2 AND kind = 'post'")
            .bind(team.as_str())
            .bind(key)
            .fetch_optional(&mut *conn)
            .await?;
    let Some((lane, seq, reply)) = row else { return Ok(false) };
    learn(conn, team, reply.as_deref(), Some(answer)).await?;
    let done = sqlx::query("DELETE FROM outbox WHERE team = $1 AND lane = $2 AND seq = $3")
        .bind(team.as_str())
        .bind(lane)
        .bind(seq)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The row was certainly not said: its lane rests until `at`, and then it is the first again.
pub async fn retry(conn: &mut AnyConnection, parcel: &Parcel, error: &str, lease: &Lease, at: Timestamp) -> Result<()> {
    if !renew(conn, parcel, lease, at).await? {
        return Ok(());
    }
    row("UPDATE outbox SET sending_at = NULL, error = $4 WHERE team = $1 AND lane = $2 AND seq = $3", parcel)
        .bind(error)
        .execute(&mut *conn)
        .await?;
    rest(conn, parcel, lease, at).await.map(|_| ())
}

/// The platform asked to wait: the same as [`retry`], but it does not count as an attempt. A post that was begun before and may
/// have been said stays so.
pub async fn later(conn: &mut AnyConnection, parcel: &Parcel, lease: &Lease, at: Timestamp) -> Result<()> {
    if !renew(conn, parcel, lease, at).await? {
        return Ok(());
    }
    row(
        "UPDATE outbox SET sending_at = $4, attempts = attempts - 1 WHERE team = $1 AND lane = $2 AND seq = $3",
        parcel,
    )
    .bind(parcel.begun.filter(|_| parcel.kind == Kind::Post).map(millis))
    .execute(&mut *conn)
    .await?;
    rest(conn, parcel, lease, at).await.map(|_| ())
}

/// Nobody knows whether the row was said. It stays marked, and its lane rests until `at`: by then its echo may have come.
pub async fn unclear(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    error: &str,
    lease: &Lease,
    at: Timestamp,
) -> Result<()> {
    if !renew(conn, parcel, lease, at).await? {
        return Ok(());
    }
    row("UPDATE outbox SET error = $4 WHERE team = $1 AND lane = $2 AND seq = $3", parcel)
        .bind(error)
        .execute(&mut *conn)
        .await?;
    rest(conn, parcel, lease, at).await.map(|_| ())
}

/// The row was not begun after all: it is as before, and the lane is given back. One that an earlier worker left unclear
/// stays so.
pub async fn given_back(conn: &mut AnyConnection, parcel: &Parcel, lease: &Lease, now: Timestamp) -> Result<()> {
    if !renew(conn, parcel, lease, now).await? {
        return Ok(());
    }
    row(
        "UPDATE outbox SET sending_at = $4, attempts = attempts - 1 WHERE team = $1 AND lane = $2 AND seq = $3",
        parcel,
    )
    .bind(parcel.begun.map(millis))
    .execute(&mut *conn)
    .await?;
    // Due from now on, it stands behind the lanes that have waited for longer.
    release(conn, &parcel.team, &parcel.lane, lease, Some(millis(now)), None).await
}

/// Gives back all that a worker holds when it ends. Rows that it was sending stay marked, so that the next one looks first.
pub async fn give_up(conn: &mut AnyConnection, lease: &Lease) -> Result<()> {
    sqlx::query("UPDATE lane SET owner = NULL, leased_until = NULL WHERE owner = $1")
        .bind(&lease.owner)
        .execute(conn)
        .await?;
    Ok(())
}

/// Frees the lanes that other workers held. Only for whoever knows that none of them lives.
pub async fn take_over(conn: &mut AnyConnection, lease: &Lease) -> Result<u64> {
    let done = sqlx::query("UPDATE lane SET owner = NULL, leased_until = NULL WHERE owner IS NOT NULL AND owner <> $1")
        .bind(&lease.owner)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Drops rows that were set aside long ago: whoever wanted them said has asked by then.
pub async fn prune(conn: &mut AnyConnection, now: Timestamp) -> Result<()> {
    sqlx::query("DELETE FROM outbox WHERE parked_at < $1").bind(millis(now - SET_ASIDE)).execute(conn).await?;
    Ok(())
}

/// The row will not be said unless a person asks for it. What stands behind it goes on: the next row is returned.
pub async fn parked(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    error: &str,
    lease: &Lease,
    now: Timestamp,
) -> Result<Option<Parcel>> {
    if !renew(conn, parcel, lease, now).await? {
        return Ok(None);
    }
    park(conn, parcel, error, now).await?;
    next(conn, &parcel.team, &parcel.lane, lease, now).await
}
