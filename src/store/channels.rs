//! How the bot behaves in a channel: its mode, whether it answers bots, and what it is to be silent about.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Result, StoreError,
    rows::{millis, query_as, timestamp},
};
use crate::message::{ChannelId, Platform, TeamId};

/// When the bot answers in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Whatever it hears.
    Auto,
    /// Only what is addressed to it.
    Mention,
    /// Never. Nothing is read, either.
    Off,
}

impl Mode {
    /// Where nobody has chosen: Discord's servers have many channels that nobody invited the bot to.
    #[must_use]
    pub fn default_on(platform: Platform) -> Self {
        match platform {
            Platform::Slack | Platform::Terminal => Self::Auto,
            Platform::Discord => Self::Mention,
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Mention => "mention",
            Self::Off => "off",
        }
    }

    fn stored(mode: &str) -> Result<Self> {
        match mode {
            "auto" => Ok(Self::Auto),
            "mention" => Ok(Self::Mention),
            "off" => Ok(Self::Off),
            other => {
                Err(StoreError::Row { what: "a channel's mode".to_owned(), why: format!("{other:?} is not known") })
            }
        }
    }
}

/// What was set for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// When the bot answers.
    pub mode: Mode,
    /// Whether it answers other bots.
    pub bots: bool,
    /// Until when it is silent.
    pub muted_until: Option<Timestamp>,
}

impl Settings {
    /// Those of a channel for which nothing was set.
    #[must_use]
    pub fn default_on(platform: Platform) -> Self {
        Self { mode: Mode::default_on(platform), bots: false, muted_until: None }
    }
}

/// A channel of a team.
pub type Place = (TeamId, ChannelId);
/// An error in a channel of a team.
pub type ErrorPlace = (TeamId, ChannelId, String);

/// The settings of channels; those never set have their platform's defaults.
pub async fn settings(conn: &mut AnyConnection, places: &HashSet<Place>) -> Result<HashMap<Place, Settings>> {
    let default = |place: &Place| (place.clone(), Settings::default_on(place.0.platform()));
    let mut all: HashMap<Place, Settings> = places.iter().map(default).collect();
    if places.is_empty() {
        return Ok(all);
    }
    let mut select = query_as::<(String, String, Option<String>, Option<i64>, Option<i64>)>(
        conn,
        "SELECT team, channel, mode, bots_at, muted_until FROM channel WHERE (team, channel) IN (VALUES {rows})",
        0,
        places.len(),
        2,
    );
    for (team, channel) in places {
        select = select.bind(team.as_str()).bind(channel.as_str());
    }
    let by_name: HashMap<(&str, &str), &Place> =
        places.iter().map(|place| ((place.0.as_str(), place.1.as_str()), place)).collect();
    for (team, channel, mode, bots, muted) in select.fetch_all(conn).await? {
        let place = by_name.get(&(team.as_str(), channel.as_str()));
        if let Some(settings) = place.and_then(|place| all.get_mut(*place)) {
            if let Some(mode) = mode {
                settings.mode = Mode::stored(&mode)?;
            }
            settings.bots = bots.is_some();
            settings.muted_until = muted.map(timestamp);
        }
    }
    Ok(all)
}

/// The errors that are not to be answered now in these channels; there are few.
pub async fn muted(
    conn: &mut AnyConnection,
    places: &HashSet<Place>,
    now: Timestamp,
) -> Result<HashSet<(String, String, String)>> {
    if places.is_empty() {
        return Ok(HashSet::new());
    }
    let mut select = query_as::<(String, String, String)>(
        conn,
        "SELECT team, channel, fingerprint FROM mute WHERE (until IS NULL OR until > $1) \
         AND (team, channel) IN (VALUES {rows})",
        1,
        places.len(),
        2,
    )
    .bind(millis(now));
    for (team, channel) in places {
        select = select.bind(team.as_str()).bind(channel.as_str());
    }
    Ok(select.fetch_all(conn).await?.into_iter().collect())
}

/// Sets when the bot answers in a channel; this ends a mute.
pub async fn set_mode(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId, mode: Mode) -> Result<()> {
    sqlx::query(
        "INSERT INTO channel (team, channel, mode) VALUES ($1, $2, $3) \
         ON CONFLICT (team, channel) DO UPDATE SET mode = excluded.mode, muted_until = NULL",
    )
    .bind(team.as_str())
    .bind(channel.as_str())
    .bind(mode.as_str())
    .execute(conn)
    .await?;
    Ok(())
}

/// Silences a channel until a time, or ends that with `None`.
pub async fn mute(
    conn: &mut AnyConnection,
    team: &TeamId,
    channel: &ChannelId,
    until: Option<Timestamp>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO channel (team, channel, muted_until) VALUES ($1, $2, $3) \
         ON CONFLICT (team, channel) DO UPDATE SET muted_until = excluded.muted_until",
    )
    .bind(team.as_str())
    .bind(channel.as_str())
    .bind(until.map(millis))
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets whether the bot answers other bots in a channel.
pub async fn set_bots(
    conn: &mut AnyConnection,
    team: &TeamId,
    channel: &ChannelId,
    since: Option<Timestamp>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO channel (team, channel, bots_at) VALUES ($1, $2, $3) \
         ON CONFLICT (team, channel) DO UPDATE SET bots_at = excluded.bots_at",
    )
    .bind(team.as_str())
    .bind(channel.as_str())
    .bind(since.map(millis))
    .execute(conn)
    .await?;
    Ok(())
}

/// Stops answers to one error in a channel, for good.
pub async fn mute_error(
    conn: &mut AnyConnection,
    team: &TeamId,
    channel: &ChannelId,
    fingerprint: &str,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO mute (team, channel, fingerprint, muted_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (team, channel, fingerprint) DO UPDATE SET until = NULL",
    )
    .bind(team.as_str())
    .bind(channel.as_str())
    .bind(fingerprint)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Answers one error in a channel again; says whether it had been stopped.
pub async fn unmute_error(
    conn: &mut AnyConnection,
    team: &TeamId,
    channel: &ChannelId,
    fingerprint: &str,
) -> Result<bool> {
    let done = sqlx::query("DELETE FROM mute WHERE team = $1 AND channel = $2 AND fingerprint = $3")
        .bind(team.as_str())
        .bind(channel.as_str())
        .bind(fingerprint)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}
