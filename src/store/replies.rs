//! Answers that were given, how the conversation about them stands, and what people made of them.

mod kinds;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Result, StoreError,
    channels::{ErrorPlace, Place},
    findings,
    people::Who,
    rows::{FULL, millis, padded, parts, query, query_as, timestamp},
};
use crate::{
    classifier::Diagnosis,
    knowledge::CauseId,
    message::{ChannelId, MessageId, MessageRef, TeamId, Visibility},
};

pub use kinds::{Given, Kind, NewReply, Outcome, State};

/// Takes down new answers.
pub async fn add(conn: &mut AnyConnection, replies: &[NewReply]) -> Result<()> {
    for some in parts(replies) {
        let mut insert = query(
            conn,
            "INSERT INTO reply (id, kind, team, channel, message, thread, fingerprint, state, replied_at) VALUES {rows}",
            some.len(),
            9,
        );
        for r in some {
            insert = insert
                .bind(r.id.as_str())
                .bind(r.kind.as_str())
                .bind(r.place.team.as_str())
                .bind(r.place.channel.as_str())
                .bind(r.place.id.as_str())
                .bind(r.place.thread.as_ref().map(MessageId::as_str))
                .bind(r.fingerprint.as_str())
                .bind(to_json(&r.state)?)
                .bind(millis(r.at));
        }
        insert.execute(&mut *conn).await?;
    }
    let answers: Vec<_> = replies.iter().filter(|r| r.kind == Kind::Answer).collect();
    let answers: Vec<_> = answers.iter().map(|r| (&r.place, r.fingerprint.as_str(), r.id.as_str())).collect();
    lead_to(conn, &answers).await
}

/// Takes down that these are the last full answers to errors in their channels; see [`latest`].
pub async fn lead_to(conn: &mut AnyConnection, answers: &[(&MessageRef, &str, &str)]) -> Result<()> {
    for some in parts(answers) {
        let mut update = query(
            conn,
            "WITH given (team, channel, fingerprint, reply) AS (VALUES {rows}) UPDATE error_channel SET reply = given.reply \
             FROM given WHERE error_channel.team = given.team AND error_channel.channel = given.channel \
             AND error_channel.fingerprint = given.fingerprint",
            some.len(),
            4,
        );
        for (place, fingerprint, reply) in some {
            update = update.bind(place.team.as_str()).bind(place.channel.as_str()).bind(*fingerprint).bind(*reply);
        }
        update.execute(&mut *conn).await?;
    }
    Ok(())
}

fn to_json(state: &State) -> Result<String> {
    serde_json::to_string(state).map_err(|e| StoreError::row("a new answer", &e))
}

/// The last full answers to errors in their channels that were given since a time and still stand: the message that was
/// answered, and when.
pub async fn latest(
    conn: &mut AnyConnection,
    errors: &HashSet<ErrorPlace>,
    since: Timestamp,
) -> Result<HashMap<ErrorPlace, (MessageRef, Timestamp)>> {
    let errors: Vec<&ErrorPlace> = errors.iter().collect();
    let mut all = HashMap::new();
    for some in errors.chunks(FULL).map(padded) {
        let mut select = query_as::<(String, String, String, String, Option<String>, i64)>(
            conn,
            "SELECT c.team, c.channel, c.fingerprint, r.message, r.thread, r.replied_at FROM error_channel c \
             JOIN reply r ON r.id = c.reply AND r.team = c.team AND r.fingerprint = c.fingerprint \
             AND r.kind = 'answer' AND (r.outcome IS NULL OR r.outcome = 'fixed') \
             WHERE (c.team, c.channel, c.fingerprint) IN (VALUES {rows})",
            0,
            some.len(),
            3,
        );
        for (team, channel, fingerprint) in some {
            select = select.bind(team.as_str()).bind(channel.as_str()).bind(fingerprint.as_str());
        }
        for (team, channel, fingerprint, message, thread, at) in select.fetch_all(&mut *conn).await? {
            let at = timestamp(at);
            if at > since {
                let place = place(&team, &channel, thread.as_deref(), &message)?;
                all.insert((place.team.clone(), place.channel.clone(), fingerprint), (place, at));
            }
        }
    }
    Ok(all)
}

/// How many messages were answered in channels since a time.
pub async fn answered(
    conn: &mut AnyConnection,
    places: &HashSet<Place>,
    since: Timestamp,
) -> Result<HashMap<(String, String), i64>> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let mut select = query_as::<(String, String, i64)>(
        conn,
        "SELECT team, channel, COUNT(*) FROM reply WHERE replied_at > $1 AND (team, channel) IN (VALUES {rows}) \
         GROUP BY team, channel",
        1,
        places.len(),
        2,
    )
    .bind(millis(since));
    for (team, channel) in places {
        select = select.bind(team.as_str()).bind(channel.as_str());
    }
    Ok(select.fetch_all(conn).await?.into_iter().map(|(team, channel, count)| ((team, channel), count)).collect())
}

type Row = (
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<i64>,
    String,
    Option<String>,
);

/// The failures are told by line: JSON as it is stored holds no line break.
const SELECT: &str = "SELECT reply.id, reply.channel, reply.message, reply.thread, reply.kind, reply.fingerprint, \
                      reply.state, reply.outcome, reply.replied_at, heard.private_at, heard.who, \
                      (SELECT string_agg(o.diagnosis, '\n' ORDER BY o.ordinal) FROM occurrence o WHERE o.team = reply.team \
                      AND o.channel = reply.channel AND o.message = reply.message) FROM reply \
                      JOIN heard ON heard.team = reply.team AND heard.channel = reply.channel \
                      AND heard.message = reply.message WHERE ";

/// The answer with an id, in one team, held against others who would change it until the transaction ends.
pub async fn get(conn: &mut AnyConnection, team: &TeamId, id: &str) -> Result<Option<Given>> {
    let hold = "UPDATE reply SET kind = kind WHERE team = $1 AND id = $2";
    sqlx::query(hold).bind(team.as_str()).bind(id).execute(&mut *conn).await?;
    peek(conn, team, id).await
}

/// The answer with an id, in one team. Others may change it at the same time.
pub async fn peek(conn: &mut AnyConnection, team: &TeamId, id: &str) -> Result<Option<Given>> {
    peek_all(conn, &[(team, id)]).await?.remove(id).transpose()
}

/// The answers that are there of several, by their ids. One that cannot be read does not keep the others back.
pub async fn peek_all(conn: &mut AnyConnection, wanted: &[(&TeamId, &str)]) -> Result<HashMap<String, Result<Given>>> {
    let mut all = HashMap::new();
    for some in wanted.chunks(FULL).map(padded) {
        let statement = format!("{SELECT} (reply.team, reply.id) IN (VALUES {{rows}})");
        let mut select = query_as::<Row>(conn, &statement, 0, some.len(), 2);
        for (team, id) in &some {
            select = select.bind(team.as_str()).bind(*id);
        }
        for row in select.fetch_all(&mut *conn).await? {
            if let Some((team, id)) = some.iter().find(|(_, id)| *id == row.0) {
                all.insert((*id).to_owned(), given(team, row));
            }
        }
    }
    Ok(all)
}

/// The answer to a message, held like [`get`] does.
pub async fn of_message(conn: &mut AnyConnection, message: &MessageRef) -> Result<Option<Given>> {
    sqlx::query("UPDATE reply SET kind = kind WHERE team = $1 AND channel = $2 AND message = $3")
        .bind(message.team.as_str())
        .bind(message.channel.as_str())
        .bind(message.id.as_str())
        .execute(&mut *conn)
        .await?;
    let select = sqlx::AssertSqlSafe(format!("{SELECT} reply.team = $1 AND reply.channel = $2 AND reply.message = $3"));
    let row: Option<Row> = sqlx::query_as(select)
        .bind(message.team.as_str())
        .bind(message.channel.as_str())
        .bind(message.id.as_str())
        .fetch_optional(&mut *conn)
        .await?;
    row.map(|row| given(&message.team, row)).transpose()
}

/// The last full answer that is still open, of those to a message and to the others of its thread.
pub async fn last_under(conn: &mut AnyConnection, message: &MessageRef) -> Result<Option<Given>> {
    let select = sqlx::AssertSqlSafe(format!(
        "{SELECT} reply.team = $1 AND reply.channel = $2 AND (reply.message = $3 OR reply.thread = $3) AND reply.kind = 'answer' \
         AND (reply.outcome IS NULL OR reply.outcome = 'fixed') ORDER BY reply.replied_at DESC, reply.id DESC LIMIT 1"
    ));
    let row: Option<Row> = sqlx::query_as(select)
        .bind(message.team.as_str())
        .bind(message.channel.as_str())
        .bind(message.thread.as_ref().unwrap_or(&message.id).as_str())
        .fetch_optional(&mut *conn)
        .await?;
    row.map(|row| given(&message.team, row)).transpose()
}

/// The platform's id of the answer to a message, once it was posted.
pub async fn answer_to(conn: &mut AnyConnection, message: &MessageRef) -> Result<Option<String>> {
    let select = "SELECT answer FROM reply WHERE team = $1 AND channel = $2 AND message = $3";
    let row: Option<(Option<String>,)> = sqlx::query_as(select)
        .bind(message.team.as_str())
        .bind(message.channel.as_str())
        .bind(message.id.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(row.and_then(|(answer,)| answer))
}

/// The last full answer in a channel that is still open.
pub async fn last_in(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId) -> Result<Option<Given>> {
    let select = sqlx::AssertSqlSafe(format!(
        "{SELECT} reply.team = $1 AND reply.channel = $2 AND reply.kind = 'answer' AND (reply.outcome IS NULL OR reply.outcome = 'fixed') \
         ORDER BY reply.replied_at DESC, reply.id DESC LIMIT 1"
    ));
    let row: Option<Row> =
        sqlx::query_as(select).bind(team.as_str()).bind(channel.as_str()).fetch_optional(&mut *conn).await?;
    row.map(|row| given(team, row)).transpose()
}

fn given(team: &TeamId, row: Row) -> Result<Given> {
    let (id, channel, message, thread, kind, fingerprint, state, outcome, at, private, who, failures) = row;
    let diagnoses = failures
        .as_deref()
        .unwrap_or_default()
        .lines()
        .map(|json| findings::from_json(json).map_err(|e| StoreError::row(format!("the failure of answer {id}"), &e)))
        .collect::<Result<Vec<Diagnosis>>>()?;
    let state: State = serde_json::from_str(&state).map_err(|e| StoreError::row(format!("answer {id}"), &e))?;
    let visibility = match private {
        _ if state.shared => Visibility::Shared,
        Some(_) => Visibility::Private,
        None => Visibility::Public,
    };
    Ok(Given {
        state,
        kind: if kind == "pointer" { Kind::Pointer } else { Kind::Answer },
        place: place(team.as_str(), &channel, thread.as_deref(), &message)?,
        outcome: outcome.as_deref().map(Outcome::stored).transpose()?,
        at: timestamp(at),
        visibility,
        asker: Who::stored(who),
        id,
        fingerprint,
        diagnoses,
    })
}

/// Changes how a conversation stands.
pub async fn update(conn: &mut AnyConnection, given: &Given) -> Result<()> {
    sqlx::query("UPDATE reply SET state = $3, outcome = $4, fingerprint = $5, kind = $6 WHERE team = $1 AND id = $2")
        .bind(given.place.team.as_str())
        .bind(given.id.as_str())
        .bind(to_json(&given.state)?)
        .bind(given.outcome.map(Outcome::as_str))
        .bind(given.fingerprint.as_str())
        .bind(given.kind.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// What somebody made of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Feedback<'a> {
    /// Who.
    pub who: &'a Who,
    /// `fixed`, `unhelpful`, `false` or `dismissed`.
    pub kind: &'static str,
    /// The cause that led.
    pub cause: Option<&'a CauseId>,
    /// The saved fix that led.
    pub fix: Option<i64>,
}

/// Takes down what somebody made of an answer; says whether they had not said so before.
pub async fn feedback(conn: &mut AnyConnection, given: &Given, feedback: Feedback<'_>, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO feedback (team, reply, who, kind, cause, fix, given_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (team, reply, who, kind) DO NOTHING",
    )
    .bind(given.place.team.as_str())
    .bind(given.id.as_str())
    .bind(feedback.who.as_str())
    .bind(feedback.kind)
    .bind(feedback.cause.map(CauseId::as_str))
    .bind(feedback.fix)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether anybody made anything of an answer.
pub async fn has_feedback(conn: &mut AnyConnection, team: &TeamId, id: &str) -> Result<bool> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM feedback WHERE team = $1 AND reply = $2 LIMIT 1")
        .bind(team.as_str())
        .bind(id)
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

fn place(team: &str, channel: &str, thread: Option<&str>, message: &str) -> Result<MessageRef> {
    let bad =
        |e: crate::message::IdError| StoreError::Row { what: "the place of a message".to_owned(), why: e.to_string() };
    Ok(MessageRef {
        team: TeamId::parse(team).map_err(bad)?,
        channel: ChannelId::parse(channel).map_err(bad)?,
        thread: thread.map(MessageId::parse).transpose().map_err(bad)?,
        id: MessageId::parse(message).map_err(bad)?,
    })
}
