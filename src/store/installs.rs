//! Where the bot is installed, and the installations that ended lately. Tokens are sealed before they come near a row.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, FromRow};

use super::{
    Result, StoreError,
    people::Who,
    rows::{millis, timestamp},
    seal::{Keys, Place, SealError},
};
use crate::message::TeamId;

/// How long an installation may take that was begun: long enough to look for somebody who may approve it.
pub const BEGUN_FOR: SignedDuration = SignedDuration::from_mins(10);

/// A bot that is installed.
#[derive(Debug)]
pub struct Install {
    /// `slack:T…` or `slack:E…`.
    pub team: TeamId,
    /// The organisation that it belongs to.
    pub enterprise: Option<String>,
    /// The workspace's name.
    pub name: Option<String>,
    /// The workspace's address.
    pub url: Option<String>,
    /// The app.
    pub app: Option<String>,
    /// The bot as a user.
    pub bot_user: String,
    /// The bot as a bot.
    pub bot_id: Option<String>,
    /// What it may do.
    pub scopes: BTreeSet<String>,
    /// Who installed it.
    pub installer: Option<Who>,
    /// Its token.
    pub token: SecretString,
    /// What gets the next token, where tokens expire.
    pub refresh: Option<SecretString>,
    /// When the token expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// Since when it is installed, or was last installed again.
    pub installed_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    enterprise: Option<String>,
    name: Option<String>,
    url: Option<String>,
    app: Option<String>,
    bot_user: String,
    bot_id: Option<String>,
    scopes: String,
    installer: Option<String>,
    token: String,
    refresh: Option<String>,
    expires_at: Option<i64>,
    installed_at: i64,
}

/// Puts an installation in, over an earlier one of the same team.
pub async fn put(conn: &mut AnyConnection, keys: &Keys, install: &Install) -> Result<()> {
    let team = install.team.as_str();
    let refresh = install.refresh.as_ref().map(|text| seal(keys, text, team, "refresh")).transpose()?;
    sqlx::query(
        "INSERT INTO install (team, enterprise, name, url, app, bot_user, bot_id, scopes, installer, token, refresh, \
         expires_at, installed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (team) DO UPDATE SET enterprise = excluded.enterprise, name = excluded.name, url = excluded.url, \
         app = excluded.app, bot_user = excluded.bot_user, bot_id = excluded.bot_id, scopes = excluded.scopes, \
         installer = excluded.installer, token = excluded.token, refresh = excluded.refresh, \
         expires_at = excluded.expires_at, installed_at = excluded.installed_at, gone_at = NULL",
    )
    .bind(team)
    .bind(install.enterprise.as_deref())
    .bind(install.name.as_deref())
    .bind(install.url.as_deref())
    .bind(install.app.as_deref())
    .bind(&install.bot_user)
    .bind(install.bot_id.as_deref())
    .bind(install.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(","))
    .bind(install.installer.as_ref().map(Who::as_str))
    .bind(seal(keys, &install.token, team, "token")?)
    .bind(refresh)
    .bind(install.expires_at.map(millis))
    .bind(millis(install.installed_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// The installation of a team, unless it is gone.
pub async fn get(conn: &mut AnyConnection, keys: &Keys, team: &TeamId) -> Result<Option<Install>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT enterprise, name, url, app, bot_user, bot_id, scopes, installer, token, refresh, expires_at, \
         installed_at FROM install WHERE team = $1 AND token IS NOT NULL",
    )
    .bind(team.as_str())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let open = |sealed: &str, column| open(keys, sealed, team, column);
    Ok(Some(Install {
        team: team.clone(),
        enterprise: row.enterprise,
        name: row.name,
        url: row.url,
        app: row.app,
        bot_user: row.bot_user,
        bot_id: row.bot_id,
        scopes: row.scopes.split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        installer: row.installer.map(Who::stored),
        token: open(&row.token, "token")?,
        refresh: row.refresh.map(|sealed| open(&sealed, "refresh")).transpose()?,
        expires_at: row.expires_at.map(timestamp),
        installed_at: timestamp(row.installed_at),
    }))
}

/// The teams in which the bot is installed.
pub async fn teams(conn: &mut AnyConnection) -> Result<Vec<TeamId>> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT team FROM install WHERE token IS NOT NULL ORDER BY team").fetch_all(conn).await?;
    Ok(rows.iter().filter_map(|(team,)| TeamId::parse(team).ok()).collect())
}

/// Erases the tokens of an installation, unless it has another one by now. What else the team had stays for a while.
pub async fn gone(
    conn: &mut AnyConnection,
    keys: &Keys,
    team: &TeamId,
    token: &SecretString,
    now: Timestamp,
) -> Result<bool> {
    let sealed: Option<(String,)> = sqlx::query_as("SELECT token FROM install WHERE team = $1 AND token IS NOT NULL")
        .bind(team.as_str())
        .fetch_optional(&mut *conn)
        .await?;
    let Some((sealed,)) = sealed else { return Ok(false) };
    if open(keys, &sealed, team, "token")?.expose_secret() != token.expose_secret() {
        return Ok(false);
    }
    let erased = sqlx::query(
        "UPDATE install SET token = NULL, refresh = NULL, expires_at = NULL, gone_at = $3 WHERE team = $1 AND token = $2",
    )
    .bind(team.as_str())
    .bind(sealed)
    .bind(millis(now));
    Ok(erased.execute(conn).await?.rows_affected() > 0)
}

/// Erases the last of an installation that has been gone since before a time. Says whether it was still gone.
pub async fn erase_gone(conn: &mut AnyConnection, team: &TeamId, before: Timestamp) -> Result<bool> {
    let erased = sqlx::query("DELETE FROM install WHERE team = $1 AND gone_at < $2").bind(team.as_str());
    Ok(erased.bind(millis(before)).execute(conn).await?.rows_affected() > 0)
}

/// Teams that uninstalled the bot before a time and never installed it again.
pub async fn gone_before(conn: &mut AnyConnection, before: Timestamp) -> Result<Vec<TeamId>> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT team FROM install WHERE gone_at < $1 ORDER BY gone_at, team")
        .bind(millis(before))
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().filter_map(|(team,)| TeamId::parse(team).ok()).collect())
}

/// Seals again what a key sealed that no longer seals. Returns how many installations there were. A token that needs another
/// key is an error; one that is damaged waits until its team installs again.
pub async fn renew_seals(conn: &mut AnyConnection, keys: &Keys) -> Result<usize> {
    let rows: Vec<(String, String, Option<String>)> =
        sqlx::query_as("SELECT team, token, refresh FROM install WHERE token IS NOT NULL ORDER BY team")
            .fetch_all(&mut *conn)
            .await?;
    let mut renewed = 0;
    for (team, token, refresh) in rows {
        let Ok(id) = TeamId::parse(&team) else { continue };
        if !keys.is_old(&token) {
            continue;
        }
        let sealed = match open(keys, &token, &id, "token") {
            Err(error @ StoreError::Sealed { why: SealError::Changed, .. }) => {
                tracing::error!(%error);
                continue;
            }
            opened => seal(keys, &opened?, &team, "token")?,
        };
        let again = |sealed: String| seal(keys, &open(keys, &sealed, &id, "refresh")?, &team, "refresh");
        sqlx::query("UPDATE install SET token = $3, refresh = $4 WHERE team = $1 AND token = $2")
            .bind(&team)
            .bind(token)
            .bind(sealed)
            .bind(refresh.map(again).transpose()?)
            .execute(&mut *conn)
            .await?;
        renewed += 1;
    }
    Ok(renewed)
}

fn seal(keys: &Keys, text: &SecretString, team: &str, column: &'static str) -> Result<String> {
    let place = Place { team, column };
    keys.seal(text, place)
        .ok_or_else(|| StoreError::Row { what: format!("a new token of {team}"), why: "it is too long".to_owned() })
}

fn open(keys: &Keys, sealed: &str, team: &TeamId, column: &'static str) -> Result<SecretString> {
    let opened = keys.open(sealed, Place { team: team.as_str(), column });
    opened.map_err(|why| StoreError::Sealed { team: team.to_string(), why })
}

/// Takes down that an installation ends with this state, by the state's hash. Says whether it is the first that does: those that
/// could come again are remembered.
pub async fn end(conn: &mut AnyConnection, state: &str, now: Timestamp) -> Result<bool> {
    let old = sqlx::query("DELETE FROM install_begun WHERE begun_at < $1").bind(millis(now - BEGUN_FOR));
    old.execute(&mut *conn).await?;
    // The browser's part is in the state already.
    let insert =
        "INSERT INTO install_begun (state, cookie, begun_at) VALUES ($1, '', $2) ON CONFLICT (state) DO NOTHING";
    let ended = sqlx::query(insert).bind(hash(state)).bind(millis(now)).execute(conn).await?;
    Ok(ended.rows_affected() > 0)
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
