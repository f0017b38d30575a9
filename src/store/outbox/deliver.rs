//! Taking lanes and the rows that are to be sent. One statement serves all lanes that are taken together.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Any, AnyConnection, any::AnyArguments, query::Query};

use super::{
    Kind, Result,
    lanes::{Lane, release},
};
use crate::{
    message::{Platform, TeamId},
    store::rows::{FULL, millis, padded, query_as, query_of, timestamp},
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
    /// What it says, as JSON; see [`super::NewRow`].
    pub body: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// When it was begun before, if it was: it may have been said already.
    pub begun: Option<Timestamp>,
    /// When it was marked as being sent this time. Tells this time from others.
    pub marked: Timestamp,
}

/// What comes next in some lanes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// The first row of each lane that stays taken, marked as being sent.
    pub parcels: Vec<Parcel>,
    /// When the first of those that were given back is due again, if one is.
    pub due: Option<Timestamp>,
}

impl Next {
    /// Both.
    pub fn add(&mut self, other: Self) {
        self.parcels.extend(other.parcels);
        self.due = [self.due, other.due].into_iter().flatten().min();
    }
}

/// Takes free lanes in which something is due and returns the first row of each, marked as being sent, and how many lanes it took.
///
/// A row that this version cannot read is set aside, and so are changes of a post that was.
pub async fn claim(
    conn: &mut AnyConnection,
    platforms: &[Platform],
    lease: &Lease,
    limit: i64,
    now: Timestamp,
) -> Result<(Next, usize)> {
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
    let taken = taken.fetch_all(&mut *conn).await?;
    let lane = |(team, lane): &(String, String)| match TeamId::parse(team) {
        Ok(team) => Some(Lane { team, name: lane.clone() }),
        // It stays taken until the lease runs out, so that it is not met at once again.
        Err(error) => {
            tracing::error!(%error, "a lane belongs to no team");
            None
        }
    };
    let lanes: Vec<Lane> = taken.iter().filter_map(lane).collect();
    Ok((next(conn, lanes, lease, now).await?, taken.len()))
}

/// The next row of each of the lanes, which this worker holds, marked as being sent. Those that have none are given back until one
/// is due. A change of a post that is not due yet waits for it.
pub(super) async fn next(conn: &mut AnyConnection, lanes: Vec<Lane>, lease: &Lease, now: Timestamp) -> Result<Next> {
    let mut all = Next::default();
    let mut left = lanes;
    while !left.is_empty() {
        let mut set_aside = Vec::new();
        let mut silent = left;
        for Head { parcel, trouble } in heads(conn, &silent, now).await? {
            silent.retain(|lane| !lane.is_of(&parcel));
            match trouble {
                None => all.parcels.push(parcel),
                Some(trouble) => {
                    park(conn, &parcel, trouble, now).await?;
                    set_aside.push(Lane::of(&parcel));
                }
            }
        }
        all.add(Next { due: release(conn, &silent, lease, now).await?, ..Next::default() });
        left = set_aside;
    }
    mark(conn, &all.parcels, now).await?;
    Ok(all)
}

/// The first row of a lane, and why it is not to be sent.
struct Head {
    parcel: Parcel,
    trouble: Option<&'static str>,
}

/// A row's team, lane, place, key, kind, reply with the platform's id of it, body, attempts and when it was begun; when the post of
/// its reply was set aside.
type Row = (String, String, i64, String, String, Option<String>, Option<String>, String, i64, Option<i64>, Option<i64>);

async fn heads(conn: &mut AnyConnection, lanes: &[Lane], now: Timestamp) -> Result<Vec<Head>> {
    let mut heads = Vec::new();
    let names: Vec<&Lane> = lanes.iter().collect();
    for some in names.chunks(FULL).map(padded) {
        let mut select = query_as::<Row>(
            conn,
            "SELECT o.team, o.lane, o.seq, o.post_key, o.kind, o.reply, r.answer, o.body, o.attempts, o.sending_at, \
             (SELECT MIN(p.parked_at) FROM outbox p WHERE p.team = o.team AND p.lane = o.lane AND p.reply = o.reply \
             AND p.kind = 'post' AND p.parked_at IS NOT NULL) FROM lane l \
             JOIN outbox o ON o.team = l.team AND o.lane = l.lane AND o.seq = (SELECT h.seq FROM outbox h \
             WHERE h.team = l.team AND h.lane = l.lane AND h.parked_at IS NULL AND h.due_at <= $1 AND NOT EXISTS \
             (SELECT 1 FROM outbox w WHERE w.team = h.team AND w.lane = h.lane AND w.reply = h.reply AND w.seq < h.seq \
             AND w.parked_at IS NULL AND w.due_at > $1) ORDER BY h.seq LIMIT 1) \
             LEFT JOIN reply r ON r.team = o.team AND r.id = o.reply WHERE (l.team, l.lane) IN (VALUES {rows})",
            1,
            some.len(),
            2,
        )
        .bind(millis(now));
        for lane in some {
            select = select.bind(lane.team.as_str()).bind(lane.name.as_str());
        }
        let rows = select.fetch_all(&mut *conn).await?;
        heads.extend(rows.into_iter().filter_map(|row| head(lanes, row, now)));
    }
    Ok(heads)
}

fn head(lanes: &[Lane], row: Row, marked: Timestamp) -> Option<Head> {
    let (team, lane, seq, key, kind, reply, answer, body, attempts, sending, post_parked) = row;
    let team = lanes.iter().find(|known| known.team.as_str() == team)?.team.clone();
    let trouble = match Kind::stored(&kind) {
        None => Some("a newer npmfix wrote this row: update this one, then retry"),
        Some(Kind::Edit | Kind::Remove) if post_parked.is_some() => Some("the post that it changes is set aside"),
        Some(_) => None,
    };
    let kind = Kind::stored(&kind).unwrap_or(Kind::Notice);
    let (attempts, begun) = (attempts + 1, sending.map(timestamp));
    Some(Head { parcel: Parcel { team, lane, seq, key, kind, reply, answer, body, attempts, begun, marked }, trouble })
}

/// Marks rows as being sent.
async fn mark(conn: &mut AnyConnection, parcels: &[Parcel], now: Timestamp) -> Result<()> {
    let parcels: Vec<&Parcel> = parcels.iter().collect();
    for some in parcels.chunks(FULL).map(padded) {
        let mut update = query_of(
            conn,
            "UPDATE outbox SET sending_at = $1, attempts = attempts + 1 WHERE (team, post_key) IN (VALUES {rows})",
            1,
            some.len(),
            2,
        )
        .bind(millis(now));
        for parcel in some {
            update = update.bind(parcel.team.as_str()).bind(parcel.key.as_str());
        }
        update.execute(&mut *conn).await?;
    }
    Ok(())
}

/// A statement about a parcel's row; its place binds to `$1` to `$3`.
pub(super) fn row<'q>(statement: &'static str, parcel: &'q Parcel) -> Query<'q, Any, AnyArguments> {
    sqlx::query(statement).bind(parcel.team.as_str()).bind(parcel.lane.as_str()).bind(parcel.seq)
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
