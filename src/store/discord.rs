//! What the Discord adapter remembers over a restart: its servers, where its connection stands, and the commands that Discord
//! knows.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Result,
    rows::{millis, timestamp},
};
use crate::message::{ChannelId, TeamId};

/// A part of the bot's connection: the number of the part, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    /// From 0.
    pub number: u32,
    /// At least 1.
    pub of: u32,
}

/// Where a connection stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Discord's id of it.
    pub id: String,
    /// Where to go on with it.
    pub resume_url: String,
    /// The last event that was dealt with.
    pub seq: u64,
}

/// What is kept of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// How to go on with its connection.
    pub session: Option<Session>,
    /// Everything up to this time was heard.
    pub live_until: Option<Timestamp>,
}

type Row = (Option<String>, Option<String>, Option<i64>, Option<i64>);

/// What is kept of a shard. Where it was not kept under these numbers, the time is the earliest of all shards.
pub async fn shard(conn: &mut AnyConnection, bot: &TeamId, shard: Shard) -> Result<Kept> {
    let select = "SELECT session, resume_url, seq, live_until FROM discord_shard \
                  WHERE team = $1 AND shard = $2 AND shards = $3";
    let row: Option<Row> = sqlx::query_as(select)
        .bind(bot.as_str())
        .bind(i64::from(shard.number))
        .bind(i64::from(shard.of))
        .fetch_optional(&mut *conn)
        .await?;
    let Some((id, resume_url, seq, live_until)) = row else {
        let (earliest,): (Option<i64>,) = sqlx::query_as("SELECT MIN(live_until) FROM discord_shard WHERE team = $1")
            .bind(bot.as_str())
            .fetch_one(conn)
            .await?;
        return Ok(Kept { session: None, live_until: earliest.map(timestamp) });
    };
    let session = match (id, resume_url, seq.and_then(|seq| u64::try_from(seq).ok())) {
        (Some(id), Some(resume_url), Some(seq)) => Some(Session { id, resume_url, seq }),
        _ => None,
    };
    Ok(Kept { session, live_until: live_until.map(timestamp) })
}

/// Keeps where a shard stands; a time that is not known leaves the one that was.
pub async fn keep(conn: &mut AnyConnection, bot: &TeamId, shard: Shard, kept: &Kept) -> Result<()> {
    let session = kept.session.as_ref();
    sqlx::query(
        "INSERT INTO discord_shard (team, shard, shards, session, resume_url, seq, live_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (team, shard, shards) DO UPDATE SET session = excluded.session, \
         resume_url = excluded.resume_url, seq = excluded.seq, \
         live_until = COALESCE(excluded.live_until, discord_shard.live_until)",
    )
    .bind(bot.as_str())
    .bind(i64::from(shard.number))
    .bind(i64::from(shard.of))
    .bind(session.map(|s| s.id.as_str()))
    .bind(session.map(|s| s.resume_url.as_str()))
    .bind(session.map(|s| i64::try_from(s.seq).unwrap_or(i64::MAX)))
    .bind(kept.live_until.map(millis))
    .execute(conn)
    .await?;
    Ok(())
}

/// The channels of a server that are read as a whole.
pub async fn watched(conn: &mut AnyConnection, team: &TeamId) -> Result<Vec<ChannelId>> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT channel FROM channel WHERE team = $1 AND mode = 'auto'")
        .bind(team.as_str())
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().filter_map(|(id,)| ChannelId::parse(id).ok()).collect())
}

/// The bot is in a server; says whether it was not known before. One that it had left is as before.
pub async fn joined(conn: &mut AnyConnection, team: &TeamId, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO discord_guild (team, met_at, left_at) VALUES ($1, $2, NULL) ON CONFLICT (team) DO NOTHING",
    )
    .bind(team.as_str())
    .bind(millis(now))
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() > 0 {
        return Ok(true);
    }
    sqlx::query("UPDATE discord_guild SET left_at = NULL WHERE team = $1 AND left_at IS NOT NULL")
        .bind(team.as_str())
        .execute(conn)
        .await?;
    Ok(false)
}

/// The bot is not in a server any more. One that was forgotten meanwhile is known again, so that what came since goes, too.
pub async fn left(conn: &mut AnyConnection, team: &TeamId, now: Timestamp) -> Result<()> {
    let upsert = "INSERT INTO discord_guild (team, met_at, left_at) VALUES ($1, $2, $2) ON CONFLICT (team) DO UPDATE \
                  SET left_at = COALESCE(discord_guild.left_at, excluded.left_at)";
    sqlx::query(upsert).bind(team.as_str()).bind(millis(now)).execute(conn).await?;
    Ok(())
}

/// The servers that the bot is in, as far as it knows.
pub async fn guilds(conn: &mut AnyConnection) -> Result<Vec<TeamId>> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT team FROM discord_guild WHERE left_at IS NULL").fetch_all(conn).await?;
    Ok(rows.iter().filter_map(|(id,)| TeamId::parse(id).ok()).collect())
}

/// The servers that the bot left before a time.
pub async fn left_before(conn: &mut AnyConnection, time: Timestamp) -> Result<Vec<TeamId>> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT team FROM discord_guild WHERE left_at < $1").bind(millis(time)).fetch_all(conn).await?;
    Ok(rows.iter().filter_map(|(id,)| TeamId::parse(id).ok()).collect())
}

/// The hash of the commands that Discord was told about.
pub async fn commands(conn: &mut AnyConnection, bot: &TeamId) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT hash FROM discord_commands WHERE team = $1")
        .bind(bot.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|(hash,)| hash))
}

/// Discord was told about these commands.
pub async fn told(conn: &mut AnyConnection, bot: &TeamId, hash: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO discord_commands (team, hash) VALUES ($1, $2) \
         ON CONFLICT (team) DO UPDATE SET hash = excluded.hash",
    )
    .bind(bot.as_str())
    .bind(hash)
    .execute(conn)
    .await?;
    Ok(())
}
