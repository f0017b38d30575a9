//! A team's fixes as a file: taken out, looked over, put back.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{FixKey, FixText, NewFix, SavedFix, View, Writer, columns, edit, folded, get, insert, read, save, text};
use crate::{
    knowledge::CauseId,
    message::{ChannelId, TeamId},
    store::{Result, rows::millis},
};

/// A fix as a file holds it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Its number in the team; absent: the next one.
    pub id: Option<i64>,
    /// Which errors it is for.
    pub key: FixKey,
    /// The cause it was saved for.
    pub cause: Option<CauseId>,
    /// What to do.
    pub text: FixText,
    /// The name of whoever saved it.
    pub author: String,
    /// The private channel it is kept to.
    pub channel: Option<ChannelId>,
    /// When it was saved; absent: now.
    pub saved_at: Option<Timestamp>,
    /// When it was edited.
    pub edited_at: Option<Timestamp>,
}

/// What an import did with a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The team has it now.
    Added(i64),
    /// It says what the file says now.
    Changed(i64),
    /// It was so already.
    Same(i64),
    /// Nothing: the number belongs to a fix that was saved at another time.
    Taken(i64),
}

/// All fixes of a team, by number.
pub async fn export(conn: &mut AnyConnection, team: &TeamId) -> Result<Vec<SavedFix>> {
    let rows = sqlx::query(concat!("SELECT ", columns!(), " FROM fix WHERE team = $1 ORDER BY id"))
        .bind(team.as_str())
        .fetch_all(conn)
        .await?;
    rows.iter().map(read).collect()
}

/// Puts a fix back. A number tells which one it is, together with the time at which it was saved: numbers of another database
/// may stand for other fixes. Without a number, a fix with the same key, channel and text is the same.
pub async fn import(
    conn: &mut AnyConnection,
    team: &TeamId,
    line: &Imported,
    by: Writer<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let author = Writer { name: &line.author, who: by.who };
    let new =
        NewFix { key: &line.key, cause: line.cause.as_ref(), text: &line.text, author, channel: line.channel.as_ref() };
    let Some(id) = line.id else {
        if let Some(id) = twin(conn, team, line).await? {
            return Ok(Outcome::Same(id));
        }
        return Ok(Outcome::Added(save(conn, team, &new, line.saved_at.unwrap_or(now)).await?));
    };
    let Some(there) = get(conn, team, id, View::Everything).await? else {
        keep_clear(conn, team, id, now).await?;
        insert(conn, team, id, &new, (line.saved_at.unwrap_or(now), line.edited_at)).await?;
        return Ok(Outcome::Added(id));
    };
    if line.saved_at.is_some_and(|at| at.as_millisecond() != there.saved_at.as_millisecond()) {
        return Ok(Outcome::Taken(id));
    }
    let author = text::name(&line.author);
    let rest_is_same = there.key == line.key
        && there.cause == line.cause
        && there.channel == line.channel
        && (author.is_empty() || author == there.author);
    if !rest_is_same {
        sqlx::query(
            "UPDATE fix SET family = $3, breadth = $4, value = $5, cause = $6, channel = $7, author = $8, folded = $9 \
             WHERE team = $1 AND id = $2",
        )
        .bind(team.as_str())
        .bind(id)
        .bind(line.key.family.as_str())
        .bind(line.key.breadth.as_str())
        .bind(line.key.value.as_str())
        .bind(line.cause.as_ref().map(CauseId::as_str))
        .bind(line.channel.as_ref().map(ChannelId::as_str))
        .bind(if author.is_empty() { &there.author } else { &author })
        .bind(folded(&there.text, &line.key))
        .execute(&mut *conn)
        .await?;
    }
    let edited = edit(conn, team, id, &line.text, by, now).await?;
    Ok(if edited || !rest_is_same { Outcome::Changed(id) } else { Outcome::Same(id) })
}

/// The fix that a line without a number would repeat.
async fn twin(conn: &mut AnyConnection, team: &TeamId, line: &Imported) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM fix WHERE team = $1 AND family = $2 AND value = $3 AND breadth = $4 AND text = $5 \
         AND COALESCE(channel, '') = $6 ORDER BY id LIMIT 1",
    )
    .bind(team.as_str())
    .bind(line.key.family.as_str())
    .bind(line.key.value.as_str())
    .bind(line.key.breadth.as_str())
    .bind(line.text.as_str())
    .bind(line.channel.as_ref().map_or("", ChannelId::as_str))
    .fetch_optional(conn)
    .await?)
}

/// Sees to it that the next fix of the team gets a number past this one.
async fn keep_clear(conn: &mut AnyConnection, team: &TeamId, id: i64, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO team (team, settings, next_fix, created_at) VALUES ($1, '{}', $2, $3) ON CONFLICT (team) \
         DO UPDATE SET next_fix = CASE WHEN team.next_fix > excluded.next_fix THEN team.next_fix ELSE excluded.next_fix END",
    )
    .bind(team.as_str())
    .bind(id + 1)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}
