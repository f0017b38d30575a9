//! What a team has set.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::{Result, StoreError, rows::millis};
use crate::message::TeamId;

/// A team's settings. Fields of a newer version are kept when an older one changes something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Hashes of people who are admins although their platform does not say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<String>,
    /// The team's time zone, by its IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// `off`: nobody is asked whether an answer helped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followups: Option<String>,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

impl Settings {
    /// Whether people are asked whether an answer helped.
    #[must_use]
    pub fn follows_up(&self) -> bool {
        self.followups.as_deref() != Some("off")
    }
}

/// The settings of a team; a team that never set anything has none.
pub async fn settings(conn: &mut AnyConnection, team: &TeamId) -> Result<Settings> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT settings FROM team WHERE team = $1").bind(team.as_str()).fetch_optional(conn).await?;
    row.map_or_else(
        || Ok(Settings::default()),
        |(json,)| serde_json::from_str(&json).map_err(|e| StoreError::row(format!("the settings of {team}"), &e)),
    )
}

/// Changes the settings of a team.
pub async fn set(conn: &mut AnyConnection, team: &TeamId, settings: &Settings, now: Timestamp) -> Result<()> {
    let json = serde_json::to_string(settings).map_err(|e| StoreError::row("new settings", &e))?;
    sqlx::query(
        "INSERT INTO team (team, settings, next_fix, created_at) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (team) DO UPDATE SET settings = excluded.settings",
    )
    .bind(team.as_str())
    .bind(json)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}
