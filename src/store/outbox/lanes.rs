//! Lanes that a worker holds, and giving them back.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{Lease, Parcel, Result};
use crate::{
    message::TeamId,
    store::rows::{FULL, millis, padded, query_as, timestamp},
};

/// A destination within a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lane {
    pub team: TeamId,
    pub name: String,
}

impl Lane {
    pub(super) fn of(parcel: &Parcel) -> Self {
        Self { team: parcel.team.clone(), name: parcel.lane.clone() }
    }

    pub(super) fn is_of(&self, parcel: &Parcel) -> bool {
        self.name == parcel.lane && self.team == parcel.team
    }
}

/// Carries out a statement that names `$1` and `$2`, a time and a worker, and the lanes as its rows; returns what it returns.
async fn about<T>(
    conn: &mut AnyConnection,
    statement: &str,
    (time, lease): (Timestamp, &Lease),
    lanes: &[Lane],
) -> Result<Vec<T>>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::any::AnyRow> + Send + Unpin,
{
    let mut all = Vec::new();
    let names: Vec<&Lane> = lanes.iter().collect();
    for some in names.chunks(FULL).map(padded) {
        let mut query = query_as::<T>(conn, statement, 2, some.len(), 2).bind(millis(time)).bind(&lease.owner);
        for lane in some {
            query = query.bind(lane.team.as_str()).bind(lane.name.as_str());
        }
        all.extend(query.fetch_all(&mut *conn).await?);
    }
    Ok(all)
}

fn first(dues: Vec<(Option<i64>,)>) -> Option<Timestamp> {
    dues.into_iter().filter_map(|(due,)| due).min().map(timestamp)
}

/// Gives lanes back until their next row after `now` is due; returns when the first of them is.
pub(super) async fn release(
    conn: &mut AnyConnection,
    lanes: &[Lane],
    lease: &Lease,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let statement = "UPDATE lane SET owner = NULL, leased_until = NULL, due_at = (SELECT MIN(o.due_at) FROM outbox o \
                     WHERE o.team = lane.team AND o.lane = lane.lane AND o.parked_at IS NULL AND o.due_at > $1) \
                     WHERE owner = $2 AND (team, lane) IN (VALUES {rows}) RETURNING due_at";
    about(conn, statement, (now, lease), lanes).await.map(first)
}

/// The same for those in which nothing is due now, and how many they are.
pub(super) async fn release_silent(
    conn: &mut AnyConnection,
    lanes: &[Lane],
    lease: &Lease,
    now: Timestamp,
) -> Result<(Option<Timestamp>, usize)> {
    let statement = "UPDATE lane SET owner = NULL, leased_until = NULL, due_at = (SELECT MIN(o.due_at) FROM outbox o \
                     WHERE o.team = lane.team AND o.lane = lane.lane AND o.parked_at IS NULL) \
                     WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.team = lane.team AND o.lane = lane.lane \
                     AND o.parked_at IS NULL AND o.due_at <= $1) AND owner = $2 AND (team, lane) IN (VALUES {rows}) \
                     RETURNING due_at";
    let dues: Vec<(Option<i64>,)> = about(conn, statement, (now, lease), lanes).await?;
    let count = dues.len();
    Ok((first(dues), count))
}

/// Gives lanes back; nobody takes them before `until`, whatever is put in. Returns when the first of them is due.
pub(super) async fn rest(
    conn: &mut AnyConnection,
    lanes: &[Lane],
    lease: &Lease,
    until: Timestamp,
) -> Result<Option<Timestamp>> {
    // By this time they queue with the other lanes; their rows may have waited for longer than any of theirs.
    let statement = "UPDATE lane SET owner = NULL, leased_until = $1, due_at = (SELECT CASE WHEN MIN(o.due_at) < $1 THEN $1 \
                     ELSE MIN(o.due_at) END FROM outbox o WHERE o.team = lane.team AND o.lane = lane.lane \
                     AND o.parked_at IS NULL) WHERE owner = $2 AND (team, lane) IN (VALUES {rows}) RETURNING due_at";
    about(conn, statement, (until, lease), lanes).await.map(first)
}

/// The lanes that this worker still holds; it does so for longer from now on.
pub(super) async fn held(conn: &mut AnyConnection, lanes: &[Lane], lease: &Lease, now: Timestamp) -> Result<Vec<Lane>> {
    let statement =
        "UPDATE lane SET leased_until = $1 WHERE owner = $2 AND (team, lane) IN (VALUES {rows}) RETURNING team, lane";
    let held: Vec<(String, String)> = about(conn, statement, (now + lease.length, lease), lanes).await?;
    let is_held = |lane: &&Lane| held.iter().any(|(team, name)| lane.team.as_str() == team && lane.name == *name);
    Ok(lanes.iter().filter(is_held).cloned().collect())
}

/// Whether a parcel is still being sent as it was taken; its lane is held for longer then. What a lost connection left open may have
/// been taken down before: then somebody else may have the lane by now, or this worker has taken it again and marked a row since.
/// Rows that were marked before are unclear and wait; they say nothing about this one.
pub async fn renew(conn: &mut AnyConnection, parcel: &Parcel, lease: &Lease, now: Timestamp) -> Result<bool> {
    if held(conn, &[Lane::of(parcel)], lease, now).await?.is_empty() {
        return Ok(false);
    }
    let (others,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM outbox WHERE team = $1 AND lane = $2 AND parked_at IS NULL \
         AND ((seq <> $3 AND sending_at > $4) OR (seq = $3 AND sending_at <> $4))",
    )
    .bind(parcel.team.as_str())
    .bind(parcel.lane.as_str())
    .bind(parcel.seq)
    .bind(millis(parcel.marked))
    .fetch_one(conn)
    .await?;
    Ok(others == 0)
}

/// The lanes of parcels, whose rows have just gone; without those in which another row was marked since.
pub(super) async fn idle(conn: &mut AnyConnection, parcels: &[&Parcel]) -> Result<Vec<Lane>> {
    let mut marked: HashMap<(String, String), i64> = HashMap::new();
    for some in parcels.chunks(FULL).map(padded) {
        let mut select = query_as::<(String, String, i64)>(
            conn,
            "SELECT team, lane, MAX(sending_at) FROM outbox WHERE sending_at IS NOT NULL AND parked_at IS NULL \
             AND (team, lane) IN (VALUES {rows}) GROUP BY team, lane",
            0,
            some.len(),
            2,
        );
        for parcel in some {
            select = select.bind(parcel.team.as_str()).bind(parcel.lane.as_str());
        }
        let rows = select.fetch_all(&mut *conn).await?;
        marked.extend(rows.into_iter().map(|(team, lane, at)| ((team, lane), at)));
    }
    let is_idle = |parcel: &&&Parcel| {
        let at = marked.get(&(parcel.team.to_string(), parcel.lane.clone()));
        at.is_none_or(|at| *at <= millis(parcel.marked))
    };
    Ok(parcels.iter().filter(is_idle).map(|parcel| Lane::of(parcel)).collect())
}
