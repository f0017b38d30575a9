//! The fixes that a team has saved, and what they said before.
//!
//! A fix may be kept to a private channel; functions that show fixes therefore ask from where they are looked at. `text`: what
//! may be stored. `find`: the fixes that fit an error or hold some words. `transfer`: the same fixes as a file.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    Result, StoreError,
    people::Who,
    rows::{millis, timestamp},
};
use crate::{
    knowledge::CauseId,
    message::{ChannelId, Rights, TeamId},
};

mod find;
mod kinds;
mod text;
mod transfer;

pub use find::{FixWanted, SEARCH_WORDS, author_to_ask, failed, helped, matching, reachable, search, used};
pub use kinds::{Breadth, Edition, FixKey, NewFix, SavedFix, View, Writer};
pub use text::{FixText, TEXT_LIMIT, TextError};
pub use transfer::{Imported, Outcome, export, import};

/// Former texts that are kept of a fix; nobody looks further back, and each may be as long as the fix.
pub const EDITIONS: i64 = 50;

/// The columns of [`SavedFix`].
macro_rules! columns {
    () => {
        "fix.id, fix.family, fix.breadth, fix.value, fix.cause, fix.text, fix.author, fix.who, fix.channel, fix.uses, \
         fix.helped, fix.failed, fix.saved_at, fix.edited_at, fix.helped_at"
    };
}
use columns;

/// Whether somebody may edit and delete a fix: its author and admins.
#[must_use]
pub fn may_change(fix: &SavedFix, who: &Who, rights: Rights) -> bool {
    rights == Rights::Admin || fix.who == *who
}

/// Saves a fix under the team's next number, which is returned.
pub async fn save(conn: &mut AnyConnection, team: &TeamId, new: &NewFix<'_>, now: Timestamp) -> Result<i64> {
    // The team's row is written first, so that two who save at once wait for each other.
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO team (team, settings, next_fix, created_at) VALUES ($1, '{}', 2, $2) \
         ON CONFLICT (team) DO UPDATE SET next_fix = team.next_fix + 1 RETURNING next_fix - 1",
    )
    .bind(team.as_str())
    .bind(millis(now))
    .fetch_one(&mut *conn)
    .await?;
    insert(conn, team, id, new, (now, None)).await?;
    Ok(id)
}

async fn insert(
    conn: &mut AnyConnection,
    team: &TeamId,
    id: i64,
    new: &NewFix<'_>,
    (saved_at, edited_at): (Timestamp, Option<Timestamp>),
) -> Result<()> {
    sqlx::query(
        "INSERT INTO fix (team, id, breadth, value, family, cause, text, folded, author, who, channel, uses, helped, failed, \
         saved_at, edited_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12, $13)",
    )
    .bind(team.as_str())
    .bind(id)
    .bind(new.key.breadth.as_str())
    .bind(new.key.value.as_str())
    .bind(new.key.family.as_str())
    .bind(new.cause.map(CauseId::as_str))
    .bind(new.text.as_str())
    .bind(folded(new.text.as_str(), new.key))
    .bind(text::name(new.author.name))
    .bind(new.author.who.as_str())
    .bind(new.channel.map(ChannelId::as_str))
    .bind(millis(saved_at))
    .bind(edited_at.map(millis))
    .execute(conn)
    .await?;
    Ok(())
}

/// The text and the key, as they are searched.
fn folded(text: &str, key: &FixKey) -> String {
    text::fold(&format!("{text}\n{} {}", key.family, key.value))
}

/// One fix; `None` when the team has none with this number, or none that may be seen from there.
pub async fn get(conn: &mut AnyConnection, team: &TeamId, id: i64, view: View<'_>) -> Result<Option<SavedFix>> {
    sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM fix WHERE team = $1 AND id = $2 AND ($3 IS NULL OR channel IS NULL OR channel = $3)"
    ))
    .bind(team.as_str())
    .bind(id)
    .bind(view.bound())
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

/// Changes what a fix says and keeps what it said. `false` when there is none or it says so already. Callers ask
/// [`may_change`] first.
pub async fn edit(
    conn: &mut AnyConnection,
    team: &TeamId,
    id: i64,
    text: &FixText,
    by: Writer<'_>,
    now: Timestamp,
) -> Result<bool> {
    // This reads the former text and holds the row against others who edit it.
    let former = sqlx::query(
        "UPDATE fix SET failed = 0, edited_at = $3 WHERE team = $1 AND id = $2 AND text <> $4 \
         RETURNING text, family, breadth, value",
    )
    .bind(team.as_str())
    .bind(id)
    .bind(millis(now))
    .bind(text.as_str())
    .fetch_optional(&mut *conn)
    .await?;
    let Some(former) = former else { return Ok(false) };
    let key = read_key(&former)?;
    let edition: i64 = sqlx::query_scalar(
        "INSERT INTO fix_edit (team, fix, edition, text, editor, who, edited_at) VALUES ($1, $2, \
         (SELECT COALESCE(MAX(edition), 0) + 1 FROM fix_edit WHERE team = $1 AND fix = $2), $3, $4, $5, $6) \
         RETURNING edition",
    )
    .bind(team.as_str())
    .bind(id)
    .bind(former.try_get::<String, _>("text")?)
    .bind(text::name(by.name))
    .bind(by.who.as_str())
    .bind(millis(now))
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query("DELETE FROM fix_edit WHERE team = $1 AND fix = $2 AND edition <= $3")
        .bind(team.as_str())
        .bind(id)
        .bind(edition - EDITIONS)
        .execute(&mut *conn)
        .await?;
    sqlx::query("UPDATE fix SET text = $3, folded = $4 WHERE team = $1 AND id = $2")
        .bind(team.as_str())
        .bind(id)
        .bind(text.as_str())
        .bind(folded(text.as_str(), &key))
        .execute(conn)
        .await?;
    Ok(true)
}

/// Erases a fix and all that it ever said. `false` when there is none. Callers ask [`may_change`] first.
pub async fn delete(conn: &mut AnyConnection, team: &TeamId, id: i64) -> Result<bool> {
    sqlx::query("DELETE FROM fix_edit WHERE team = $1 AND fix = $2")
        .bind(team.as_str())
        .bind(id)
        .execute(&mut *conn)
        .await?;
    let gone = sqlx::query("DELETE FROM fix WHERE team = $1 AND id = $2").bind(team.as_str()).bind(id);
    Ok(gone.execute(conn).await?.rows_affected() > 0)
}

/// What a fix said before, the last first.
pub async fn history(conn: &mut AnyConnection, team: &TeamId, id: i64, view: View<'_>) -> Result<Vec<Edition>> {
    let rows: Vec<(i64, String, String, i64)> = sqlx::query_as(
        "SELECT e.edition, e.text, e.editor, e.edited_at FROM fix_edit e JOIN fix ON fix.team = e.team AND fix.id = e.fix \
         WHERE e.team = $1 AND e.fix = $2 AND ($3 IS NULL OR fix.channel IS NULL OR fix.channel = $3) \
         ORDER BY e.edition DESC",
    )
    .bind(team.as_str())
    .bind(id)
    .bind(view.bound())
    .fetch_all(conn)
    .await?;
    let edition = |(edition, text, editor, at)| Edition { edition, text, editor, edited_at: timestamp(at) };
    Ok(rows.into_iter().map(edition).collect())
}

fn read_key(row: &AnyRow) -> Result<FixKey> {
    let breadth: String = row.try_get("breadth")?;
    let breadth = Breadth::stored(&breadth).ok_or_else(|| StoreError::Row {
        what: "a saved fix".to_owned(),
        why: format!("its breadth is {breadth:?}"),
    })?;
    Ok(FixKey { family: row.try_get("family")?, breadth, value: row.try_get("value")? })
}

fn read(row: &AnyRow) -> Result<SavedFix> {
    let channel = row.try_get::<Option<String>, _>("channel")?.map(|channel| ChannelId::parse(&channel));
    let time = |column| row.try_get::<Option<i64>, _>(column).map(|at| at.map(timestamp));
    Ok(SavedFix {
        id: row.try_get("id")?,
        key: read_key(row)?,
        cause: row.try_get::<Option<String>, _>("cause")?.map(|cause| CauseId::from(cause.as_str())),
        text: row.try_get("text")?,
        author: row.try_get("author")?,
        who: Who::stored(row.try_get("who")?),
        channel: channel
            .transpose()
            .map_err(|e| StoreError::Row { what: "a saved fix".to_owned(), why: e.to_string() })?,
        uses: row.try_get("uses")?,
        helped: row.try_get("helped")?,
        failed: row.try_get("failed")?,
        saved_at: timestamp(row.try_get("saved_at")?),
        edited_at: time("edited_at")?,
        helped_at: time("helped_at")?,
    })
}
