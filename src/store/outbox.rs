//! What is to be said: rows in lanes.
//!
//! A lane is one destination. A worker takes the lease of a lane, sends its rows in order and gives it back, so that order and
//! pace hold however many workers there are. A row is marked before it is sent and goes when it was: one that is found marked
//! by another worker's hand may or may not have been said.
//!
//! Whoever changes rows changes their lane first, and the reply before that: transactions that take the same things in the same
//! order never wait for each other.
//!
//! `deliver`: taking lanes and their rows. `lanes`: giving them back. `outcome`: what became of rows. `people`: what people see of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::AnyConnection;
use uuid::Uuid;

use super::{
    Result,
    replies::NewReply,
    rows::{millis, parts, query, query_as, timestamp},
};
use crate::message::{Platform, TeamId};

mod deliver;
mod lanes;
mod outcome;
mod people;

pub use deliver::{Lease, Next, Parcel, claim, next_due};
pub use lanes::renew;
pub use outcome::{Said, echoed, give_up, given_back, later, parked, prune, retry, sent, take_over, unclear};
pub use people::{Listed, list, unpark, unpark_all};

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Says something new in the thread of a message.
    Post,
    /// Changes what was posted.
    Edit,
    /// Removes what was posted.
    Remove,
    /// Says something to one person only; at most once.
    Notice,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Edit => "edit",
            Self::Remove => "remove",
            Self::Notice => "notice",
        }
    }

    fn stored(kind: &str) -> Option<Self> {
        [Self::Post, Self::Edit, Self::Remove, Self::Notice].into_iter().find(|k| k.as_str() == kind)
    }
}

/// Something to say.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// The team.
    pub team: TeamId,
    /// The destination within the team.
    pub lane: String,
    /// Goes with the post; see [`post_key`].
    pub key: String,
    /// What it does.
    pub kind: Kind,
    /// The reply that is posted, changed or removed.
    pub reply: Option<String>,
    /// What it says, as JSON; see [`crate::bot::say::Say`]. Empty: the reply in full, as it stands when it is said.
    pub body: String,
}

impl NewRow {
    /// The post of a reply that is put into words when it is said.
    #[must_use]
    pub fn of_reply(reply: &NewReply) -> Self {
        Self {
            team: reply.place.team.clone(),
            lane: reply.place.channel.to_string(),
            key: post_key(),
            kind: Kind::Post,
            reply: Some(reply.id.clone()),
            body: String::new(),
        }
    }
}

/// Puts rows into their lanes, due at once; see [`put_due`].
pub async fn put(conn: &mut AnyConnection, rows: &[NewRow], now: Timestamp) -> Result<()> {
    put_due(conn, rows, now, now).await
}

/// Puts rows into their lanes, to be said at `due` or soon after it. Rows of one lane keep their order among those that are due.
/// A change or removal replaces a change of the same reply that waits.
pub async fn put_due(conn: &mut AnyConnection, rows: &[NewRow], due: Timestamp, now: Timestamp) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    // The lanes first: whoever touches rows holds their lane, so that two transactions never wait for each other.
    let mut numbers = reserve(conn, rows, due).await?;
    replace(conn, rows).await?;
    for some in parts(rows) {
        let mut insert = query(
            conn,
            "INSERT INTO outbox (team, lane, seq, post_key, kind, reply, body, due_at, attempts, created_at) VALUES {rows}",
            some.len(),
            10,
        );
        for row in some {
            let key = (row.team.to_string(), row.lane.clone());
            let seq = numbers.get_mut(&key).map_or(0, |next| {
                *next += 1;
                *next
            });
            insert = insert.bind(row.team.as_str()).bind(row.lane.as_str()).bind(seq).bind(row.key.as_str());
            insert = insert.bind(row.kind.as_str()).bind(row.reply.as_deref()).bind(row.body.as_str());
            insert = insert.bind(millis(due)).bind(0_i64).bind(millis(now));
        }
        insert.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Removes changes that nobody has begun to send and that newer rows make pointless, set aside or not.
async fn replace(conn: &mut AnyConnection, rows: &[NewRow]) -> Result<()> {
    let newer = rows.iter().filter(|row| matches!(row.kind, Kind::Edit | Kind::Remove));
    let newer: BTreeSet<(&str, &str, &str)> = newer
        .filter_map(|row| row.reply.as_deref().map(|reply| (row.team.as_str(), row.lane.as_str(), reply)))
        .collect();
    if newer.is_empty() {
        return Ok(());
    }
    let mut delete = query(
        conn,
        "DELETE FROM outbox WHERE kind = 'edit' AND sending_at IS NULL AND (team, lane, reply) IN (VALUES {rows})",
        newer.len(),
        3,
    );
    for (team, lane, reply) in newer {
        delete = delete.bind(team).bind(lane).bind(reply);
    }
    delete.execute(conn).await?;
    Ok(())
}

/// Removes what a reply was to say and nobody has begun to say, or was set aside. Says whether its post was among it, so that
/// nobody ever saw it.
pub async fn withdraw(conn: &mut AnyConnection, team: &TeamId, lane: &str, reply: &str) -> Result<bool> {
    // Whoever changes rows holds their lane.
    sqlx::query("UPDATE lane SET seq = seq WHERE team = $1 AND lane = $2")
        .bind(team.as_str())
        .bind(lane)
        .execute(&mut *conn)
        .await?;
    let gone: Vec<(String,)> = sqlx::query_as(
        "DELETE FROM outbox WHERE team = $1 AND lane = $2 AND reply = $3 AND kind IN ('post', 'edit') \
         AND (sending_at IS NULL OR parked_at IS NOT NULL) RETURNING kind",
    )
    .bind(team.as_str())
    .bind(lane)
    .bind(reply)
    .fetch_all(conn)
    .await?;
    Ok(gone.iter().any(|(kind,)| kind == Kind::Post.as_str()))
}

/// Takes back the row of this key unless it is being said. Says whether it will not be said.
pub async fn take_back(conn: &mut AnyConnection, team: &TeamId, lane: &str, key: &str) -> Result<bool> {
    // Whoever changes rows holds their lane.
    sqlx::query("UPDATE lane SET seq = seq WHERE team = $1 AND lane = $2")
        .bind(team.as_str())
        .bind(lane)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "DELETE FROM outbox WHERE team = $1 AND lane = $2 AND post_key = $3 \
         AND (sending_at IS NULL OR parked_at IS NOT NULL)",
    )
    .bind(team.as_str())
    .bind(lane)
    .bind(key)
    .execute(&mut *conn)
    .await?;
    let left: Option<(i64,)> = sqlx::query_as("SELECT seq FROM outbox WHERE team = $1 AND lane = $2 AND post_key = $3")
        .bind(team.as_str())
        .bind(lane)
        .bind(key)
        .fetch_optional(conn)
        .await?;
    Ok(left.is_none())
}

/// The reply that the row of this key is about.
pub async fn reply_of(conn: &mut AnyConnection, team: &TeamId, key: &str) -> Result<Option<String>> {
    let row: Option<(Option<String>,)> = sqlx::query_as("SELECT reply FROM outbox WHERE team = $1 AND post_key = $2")
        .bind(team.as_str())
        .bind(key)
        .fetch_optional(conn)
        .await?;
    Ok(row.and_then(|(reply,)| reply))
}

/// Takes as many numbers in each lane as it gets rows; returns the number before the first.
async fn reserve(conn: &mut AnyConnection, rows: &[NewRow], due: Timestamp) -> Result<BTreeMap<(String, String), i64>> {
    let mut lanes: BTreeMap<(&str, &str), (Platform, i64)> = BTreeMap::new();
    for row in rows {
        lanes.entry((row.team.as_str(), row.lane.as_str())).or_insert((row.team.platform(), 0)).1 += 1;
    }
    let all: Vec<_> = lanes.iter().collect();
    let mut numbers = Vec::new();
    for some in parts(&all) {
        let mut upsert = query_as::<(String, String, i64)>(
            conn,
            "INSERT INTO lane (team, lane, platform, seq, due_at) VALUES {rows} ON CONFLICT (team, lane) DO UPDATE SET \
             seq = lane.seq + excluded.seq, \
             due_at = CASE WHEN lane.due_at < excluded.due_at THEN lane.due_at ELSE excluded.due_at END \
             RETURNING team, lane, seq",
            0,
            some.len(),
            5,
        );
        for ((team, lane), (platform, count)) in some {
            upsert = upsert.bind(*team).bind(*lane).bind(platform.as_str()).bind(*count).bind(millis(due));
        }
        numbers.extend(upsert.fetch_all(&mut *conn).await?);
    }
    let before = |(team, lane, last): (String, String, i64)| {
        let count = lanes.get(&(team.as_str(), lane.as_str())).map_or(0, |(_, count)| *count);
        ((team, lane), last - count)
    };
    Ok(numbers.into_iter().map(before).collect())
}

/// When a row was put in, as its key tells; `None` for what is no key.
#[must_use]
pub fn made(key: &str) -> Option<Timestamp> {
    let number = u128::from_str_radix(key, 36).ok()?;
    Timestamp::from_millisecond(i64::try_from(number >> 80).ok()?).ok()
}

/// At most 25 characters, the most that Discord takes as a nonce; unique, and ordered by time.
#[must_use]
pub fn post_key() -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = Uuid::now_v7().as_u128();
    let mut key = [b'0'; 25];
    for digit in key.iter_mut().rev() {
        let value = usize::try_from(number % 36).unwrap_or_default();
        *digit = DIGITS.get(value).copied().unwrap_or(b'0');
        number /= 36;
    }
    key.iter().map(|b| char::from(*b)).collect()
}
