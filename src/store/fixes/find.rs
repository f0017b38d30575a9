//! The fixes that fit an error, or that hold some words; and how well they did.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::{FixKey, SavedFix, View, columns, read, text::fold};
use crate::{
    message::{ChannelId, TeamId, UserId},
    store::{
        Result,
        rows::{FULL, is_kept, millis, padded, parts, sql},
    },
};

/// Words of a search that count; the statement has a place for each.
pub const SEARCH_WORDS: usize = 8;
/// Characters of a searched word; `SQLite` refuses patterns of 50,000 bytes.
const WORD_LIMIT: usize = 100;

/// Which fixes a finding asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixWanted {
    /// Where they are to be shown.
    pub channel: ChannelId,
    /// The keys that fit, see [`crate::bot::saved::keys`].
    pub keys: Vec<FixKey>,
}

/// The fixes that hold all of the words, in any case, the newest first; without a word all of them. Words past
/// [`SEARCH_WORDS`] are not looked at.
pub async fn search(
    conn: &mut AnyConnection,
    team: &TeamId,
    words: &str,
    view: View<'_>,
    limit: u32,
) -> Result<Vec<SavedFix>> {
    let mut words = words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut query = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM fix WHERE team = $1 AND ($2 IS NULL OR channel IS NULL OR channel = $2) \
         AND folded LIKE $3 ESCAPE '!' AND folded LIKE $4 ESCAPE '!' AND folded LIKE $5 ESCAPE '!' \
         AND folded LIKE $6 ESCAPE '!' AND folded LIKE $7 ESCAPE '!' AND folded LIKE $8 ESCAPE '!' \
         AND folded LIKE $9 ESCAPE '!' AND folded LIKE $10 ESCAPE '!' ORDER BY id DESC LIMIT $11"
    ))
    .bind(team.as_str())
    .bind(view.bound());
    for _ in 0..SEARCH_WORDS {
        query = query.bind(words.next().map_or_else(|| "%".to_owned(), pattern));
    }
    query.bind(i64::from(limit)).fetch_all(conn).await?.iter().map(read).collect()
}

/// A pattern for texts that hold the word.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    let word: String = word.chars().take(WORD_LIMIT).collect();
    for c in fold(&word).chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// For each finding the fixes that fit one of its keys and may be shown in its channel, by number.
pub async fn matching(conn: &mut AnyConnection, wanted: &[(TeamId, FixWanted)]) -> Result<Vec<Vec<SavedFix>>> {
    let all = wanted.iter().flat_map(|(team, wanted)| wanted.keys.iter().map(move |key| lookup(team, key)));
    let lookups: Vec<Lookup<'_>> = all.collect::<BTreeSet<_>>().into_iter().collect();
    let mut found: HashMap<(String, String, String), Vec<SavedFix>> = HashMap::new();
    for rows in lookups.chunks(FULL).map(padded) {
        let statement = sql(
            conn,
            concat!("SELECT ", columns!(), ", fix.team FROM fix WHERE (team, family, value) IN (VALUES {rows})"),
            0,
            rows.len(),
            3,
        );
        let mut query = sqlx::query(statement).persistent(is_kept(rows.len()));
        for (team, family, value) in rows {
            query = query.bind(team).bind(family).bind(value);
        }
        for row in query.fetch_all(&mut *conn).await? {
            let fix = read(&row)?;
            let key = (row.try_get("team")?, fix.key.family.clone(), fix.key.value.clone());
            found.entry(key).or_default().push(fix);
        }
    }
    let fitting = |(team, wanted): &(TeamId, FixWanted)| {
        let fits = |fix: &&SavedFix| {
            wanted.keys.contains(&fix.key) && fix.channel.as_ref().is_none_or(|channel| *channel == wanted.channel)
        };
        let looked_up: BTreeSet<_> = wanted.keys.iter().map(|key| lookup(team, key)).collect();
        let known =
            looked_up.into_iter().filter_map(|(t, f, v)| found.get(&(t.to_owned(), f.to_owned(), v.to_owned())));
        let mut fixes: Vec<SavedFix> = known.flatten().filter(fits).cloned().collect();
        fixes.sort_by_key(|fix| fix.id);
        fixes
    };
    Ok(wanted.iter().map(fitting).collect())
}

/// Team, code family and value: what fixes are found by.
type Lookup<'a> = (&'a str, &'a str, &'a str);

fn lookup<'a>(team: &'a TeamId, key: &'a FixKey) -> Lookup<'a> {
    (team.as_str(), key.family.as_str(), key.value.as_str())
}

/// Counts that fixes led answers; a fix may be named several times.
pub async fn used(conn: &mut AnyConnection, fixes: &[(TeamId, i64)]) -> Result<()> {
    let mut counts: BTreeMap<(&TeamId, i64), i64> = BTreeMap::new();
    for (team, id) in fixes {
        *counts.entry((team, *id)).or_default() += 1;
    }
    let counts: Vec<_> = counts.into_iter().collect();
    for rows in parts(&counts) {
        let statement = sql(
            conn,
            "WITH used (team, id, times) AS (VALUES {rows}) UPDATE fix SET uses = uses + \
             (SELECT times FROM used WHERE used.team = fix.team AND used.id = fix.id) \
             WHERE (team, id) IN (SELECT team, id FROM used)",
            0,
            rows.len(),
            3,
        );
        let mut query = sqlx::query(statement).persistent(is_kept(rows.len()));
        for ((team, id), times) in rows {
            query = query.bind(team.as_str()).bind(*id).bind(*times);
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Counts that a fix helped. `false` when there is none.
pub async fn helped(conn: &mut AnyConnection, team: &TeamId, id: i64, now: Timestamp) -> Result<bool> {
    let done =
        sqlx::query("UPDATE fix SET helped = helped + 1, failed = 0, helped_at = $3 WHERE team = $1 AND id = $2")
            .bind(team.as_str())
            .bind(id)
            .bind(millis(now));
    Ok(done.execute(conn).await?.rows_affected() > 0)
}

/// Counts that a fix did not help. `false` when there is none.
pub async fn failed(conn: &mut AnyConnection, team: &TeamId, id: i64) -> Result<bool> {
    let done = sqlx::query("UPDATE fix SET failed = failed + 1 WHERE team = $1 AND id = $2");
    Ok(done.bind(team.as_str()).bind(id).execute(conn).await?.rows_affected() > 0)
}

/// Notes under which id the platform knows a fix's author, so that they can be asked to look at it again.
pub async fn reachable(conn: &mut AnyConnection, team: &TeamId, id: i64, author: &UserId) -> Result<()> {
    let done = sqlx::query("UPDATE fix SET author_id = $3 WHERE team = $1 AND id = $2");
    done.bind(team.as_str()).bind(id).bind(author.as_str()).execute(conn).await?;
    Ok(())
}

/// The author of a fix that has failed exactly so often since it last helped or was edited.
pub async fn author_to_ask(conn: &mut AnyConnection, team: &TeamId, id: i64, failed: i64) -> Result<Option<UserId>> {
    let row: Option<(Option<String>,)> =
        sqlx::query_as("SELECT author_id FROM fix WHERE team = $1 AND id = $2 AND failed = $3")
            .bind(team.as_str())
            .bind(id)
            .bind(failed)
            .fetch_optional(conn)
            .await?;
    Ok(row.and_then(|(author,)| UserId::parse(&author?).ok()))
}
