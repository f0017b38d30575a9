//! What became of a row that a worker was sending. A worker that lost its lane's lease meanwhile changes nothing any more,
//! but a row that was said goes in any case.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{
    Kind, Lease, Next, Parcel, Result,
    deliver::{next, park, row},
    lanes::{Lane, held, idle, release_silent, renew, rest},
};
use crate::{
    message::TeamId,
    store::rows::{FULL, millis, padded, query},
};

/// How long a row that was set aside can be looked at and said after all.
const SET_ASIDE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A row that was said, and the platform's id of it.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The row.
    pub parcel: &'a Parcel,
    /// The id, if the platform tells one.
    pub answer: Option<&'a str>,
}

/// Rows were said: they go, and the replies of posts learn the platform's ids. Without a pace the next rows of their lanes that are
/// due are returned, marked as being sent; else the lanes are given back and rest for as long as `pace` says.
pub async fn sent(
    conn: &mut AnyConnection,
    said: &[Said<'_>],
    lease: &Lease,
    pace: SignedDuration,
    now: Timestamp,
) -> Result<Next> {
    // The replies first: see `super`.
    let posts = said.iter().filter(|said| said.parcel.kind == Kind::Post);
    let learnt = posts.filter_map(|said| Some((&said.parcel.team, said.parcel.reply.as_deref()?, said.answer?)));
    learn(conn, &learnt.collect::<Vec<_>>()).await?;
    let mut lanes: Vec<Lane> = said.iter().map(|said| Lane::of(said.parcel)).collect();
    // Whoever changes rows holds their lanes; on SQLite they hold the file.
    if conn.backend_name() != "SQLite" {
        held(conn, &lanes, lease, now).await?;
    }
    for some in said.chunks(FULL).map(padded) {
        // By their keys: a team that was forgotten meanwhile counts anew.
        let mut delete = query(conn, "DELETE FROM outbox WHERE (team, post_key) IN (VALUES {rows})", some.len(), 2);
        for Said { parcel, .. } in some {
            delete = delete.bind(parcel.team.as_str()).bind(parcel.key.as_str());
        }
        delete.execute(&mut *conn).await?;
    }
    // A server may have taken this down and lost the connection before it could say so; the next rows are begun since.
    if conn.backend_name() != "SQLite" {
        lanes = idle(conn, &said.iter().map(|said| said.parcel).collect::<Vec<_>>()).await?;
    }
    if !pace.is_zero() {
        return Ok(Next { due: rest(conn, &lanes, lease, now + pace).await?, ..Next::default() });
    }
    let (due, silent) = release_silent(conn, &lanes, lease, now).await?;
    let mut then = Next { due, ..Next::default() };
    if silent < lanes.len() {
        let held = held(conn, &lanes, lease, now).await?;
        then.add(next(conn, held, lease, now).await?);
    }
    Ok(then)
}

/// Takes down the platform's ids of replies.
async fn learn(conn: &mut AnyConnection, learnt: &[(&TeamId, &str, &str)]) -> Result<()> {
    for some in learnt.chunks(FULL).map(padded) {
        let mut update = query(
            conn,
            "WITH given (team, id, answer) AS (VALUES {rows}) UPDATE reply SET answer = given.answer FROM given \
             WHERE reply.team = given.team AND reply.id = given.id",
            some.len(),
            3,
        );
        for (team, reply, answer) in some {
            update = update.bind(team.as_str()).bind(reply).bind(answer);
        }
        update.execute(&mut *conn).await?;
    }
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
    learn(conn, &reply.iter().map(|reply| (team, reply.as_str(), answer)).collect::<Vec<_>>()).await?;
    let done = sqlx::query("DELETE FROM outbox WHERE team = $1 AND lane = $2 AND seq = $3")
        .bind(team.as_str())
        .bind(lane)
        .bind(seq)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The row was certainly not said: its lane rests until `at`, and then it is the first again.
pub async fn retry(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    error: &str,
    lease: &Lease,
    at: Timestamp,
) -> Result<Option<Timestamp>> {
    if !renew(conn, parcel, lease, at).await? {
        return Ok(None);
    }
    row("UPDATE outbox SET sending_at = NULL, error = $4 WHERE team = $1 AND lane = $2 AND seq = $3", parcel)
        .bind(error)
        .execute(&mut *conn)
        .await?;
    rest(conn, &[Lane::of(parcel)], lease, at).await
}

/// The platform asked to wait: the same as [`retry`], but it does not count as an attempt. A post that was begun before and may
/// have been said stays so.
pub async fn later(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    lease: &Lease,
    at: Timestamp,
) -> Result<Option<Timestamp>> {
    if !renew(conn, parcel, lease, at).await? {
        return Ok(None);
    }
    row(
        "UPDATE outbox SET sending_at = $4, attempts = attempts - 1 WHERE team = $1 AND lane = $2 AND seq = $3",
        parcel,
    )
    .bind(parcel.begun.filter(|_| parcel.kind == Kind::Post).map(millis))
    .execute(&mut *conn)
    .await?;
    rest(conn, &[Lane::of(parcel)], lease, at).await
}

/// Nobody knows whether the row was said. It stays marked, and its lane rests until `at`: by then its echo may have come.
pub async fn unclear(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    error: &str,
    lease: &Lease,
    at: Timestamp,
) -> Result<Option<Timestamp>> {
    if !renew(conn, parcel, lease, at).await? {
        return Ok(None);
    }
    row("UPDATE outbox SET error = $4 WHERE team = $1 AND lane = $2 AND seq = $3", parcel)
        .bind(error)
        .execute(&mut *conn)
        .await?;
    rest(conn, &[Lane::of(parcel)], lease, at).await
}

/// The row was not begun after all: it is as before, and the lane is given back. One that an earlier worker left unclear
/// stays so.
pub async fn given_back(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    lease: &Lease,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    if !renew(conn, parcel, lease, now).await? {
        return Ok(None);
    }
    row(
        "UPDATE outbox SET sending_at = $4, attempts = attempts - 1 WHERE team = $1 AND lane = $2 AND seq = $3",
        parcel,
    )
    .bind(parcel.begun.map(millis))
    .execute(&mut *conn)
    .await?;
    // Due from now on, it stands behind the lanes that have waited for longer.
    rest(conn, &[Lane::of(parcel)], lease, now).await
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
) -> Result<Next> {
    if !renew(conn, parcel, lease, now).await? {
        return Ok(Next::default());
    }
    park(conn, parcel, error, now).await?;
    next(conn, vec![Lane::of(parcel)], lease, now).await
}
