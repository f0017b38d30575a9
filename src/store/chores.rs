//! Rows of the outbox that are not said themselves: when they are due, the bot makes others of them, or finds that there is nothing
//! to say. They stand in lanes of their own, which no platform serves.
//!
//! A chore is taken and carried out in one transaction, so it needs no lease: whoever dies leaves it as it was, and of two who
//! take it one finds it gone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Result,
    outbox::post_key,
    rows::{millis, parts, query, timestamp},
};
use crate::message::TeamId;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Make the team's digest of the week that `about` names.
    Digest,
    /// Ask whether the answer that `about` names did help.
    FollowUp,
}

impl What {
    fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::FollowUp => "followup",
        }
    }

    /// A team has one digest to come; an answer has one follow-up. No channel's name holds a blank.
    fn lane(self, about: &str) -> String {
        match self {
            Self::Digest => "weekly digest".to_owned(),
            Self::FollowUp => format!("follow-up {about}"),
        }
    }
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chore {
    /// The team.
    pub team: TeamId,
    /// What.
    pub what: What,
    /// The week, or the answer's id.
    pub about: String,
    /// When.
    pub due: Timestamp,
    key: String,
}

/// Plans something; what was planned in its place is dropped.
pub async fn plan(
    conn: &mut AnyConnection,
    team: &TeamId,
    (what, about): (What, &str),
    due: Timestamp,
    now: Timestamp,
) -> Result<()> {
    plan_all(conn, what, &BTreeMap::from([((team, about), due)]), now).await
}

/// The same for several, by their teams and what they are about; each is due at a time of its own.
pub async fn plan_all(
    conn: &mut AnyConnection,
    what: What,
    planned: &BTreeMap<(&TeamId, &str), Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let planned: Vec<_> = planned.iter().collect();
    for some in parts(&planned) {
        let mut insert = query(
            conn,
            "INSERT INTO outbox (team, lane, seq, post_key, kind, reply, body, due_at, attempts, created_at) VALUES {rows} \
             ON CONFLICT (team, lane, seq) DO UPDATE SET post_key = excluded.post_key, body = excluded.body, \
             due_at = excluded.due_at, created_at = excluded.created_at",
            some.len(),
            10,
        );
        for ((team, about), due) in some {
            // By the reply's id a follow-up goes with its asker when they are forgotten.
            let reply = (what == What::FollowUp).then_some(*about);
            insert = insert.bind(team.as_str()).bind(what.lane(about)).bind(1_i64).bind(post_key()).bind(what.as_str());
            insert = insert.bind(reply).bind(*about).bind(millis(**due)).bind(0_i64).bind(millis(now));
        }
        insert.execute(&mut *conn).await?;
    }
    Ok(())
}

/// What is planned: what it is about, and when it is due.
pub async fn planned(
    conn: &mut AnyConnection,
    team: &TeamId,
    (what, about): (What, &str),
) -> Result<Option<(String, Timestamp)>> {
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT body, due_at FROM outbox WHERE team = $1 AND lane = $2 AND seq = 1")
            .bind(team.as_str())
            .bind(what.lane(about))
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|(about, due)| (about, timestamp(due))))
}

/// Drops what is planned; says whether anything was.
pub async fn cancel(conn: &mut AnyConnection, team: &TeamId, (what, about): (What, &str)) -> Result<bool> {
    let done = sqlx::query("DELETE FROM outbox WHERE team = $1 AND lane = $2 AND seq = 1")
        .bind(team.as_str())
        .bind(what.lane(about))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// What is due, the oldest first.
pub async fn due(conn: &mut AnyConnection, what: What, limit: i64, now: Timestamp) -> Result<Vec<Chore>> {
    let select = match what {
        What::Digest => {
            "SELECT team, body, due_at, post_key FROM outbox WHERE kind = 'digest' AND due_at <= $1 \
             ORDER BY due_at LIMIT $2"
        }
        What::FollowUp => {
            "SELECT team, body, due_at, post_key FROM outbox WHERE kind = 'followup' AND due_at <= $1 \
             ORDER BY due_at LIMIT $2"
        }
    };
    let rows: Vec<(String, String, i64, String)> =
        sqlx::query_as(select).bind(millis(now)).bind(limit).fetch_all(conn).await?;
    let chore = |(team, about, due, key): (String, String, i64, String)| match TeamId::parse(&team) {
        Ok(team) => Some(Chore { team, what, about, due: timestamp(due), key }),
        Err(error) => {
            tracing::error!(%error, "a chore belongs to no team");
            None
        }
    };
    Ok(rows.into_iter().filter_map(chore).collect())
}

/// Takes a chore to carry it out in this transaction; `false` when somebody else did, or it was planned anew.
pub async fn take(conn: &mut AnyConnection, chore: &Chore) -> Result<bool> {
    let done = sqlx::query("DELETE FROM outbox WHERE team = $1 AND lane = $2 AND seq = 1 AND post_key = $3")
        .bind(chore.team.as_str())
        .bind(chore.what.lane(&chore.about))
        .bind(&chore.key)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes a chore, and plans the next one in its place; `false`, and nothing is planned, when somebody else did, or it was planned
/// anew.
pub async fn go_on(
    conn: &mut AnyConnection,
    chore: &Chore,
    (about, due): (&str, Timestamp),
    now: Timestamp,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE outbox SET post_key = $4, body = $5, due_at = $6, attempts = 0, error = NULL, created_at = $7 \
         WHERE team = $1 AND lane = $2 AND seq = 1 AND post_key = $3",
    )
    .bind(chore.team.as_str())
    .bind(chore.what.lane(&chore.about))
    .bind(&chore.key)
    .bind(post_key())
    .bind(about)
    .bind(millis(due))
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A chore that could not be carried out is due again at a later time.
pub async fn put_off(conn: &mut AnyConnection, chore: &Chore, error: &str, until: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET due_at = $4, attempts = attempts + 1, error = $5 \
         WHERE team = $1 AND lane = $2 AND seq = 1 AND post_key = $3",
    )
    .bind(chore.team.as_str())
    .bind(chore.what.lane(&chore.about))
    .bind(&chore.key)
    .bind(millis(until))
    .bind(error)
    .execute(conn)
    .await?;
    Ok(())
}
