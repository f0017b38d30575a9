//! What a team has set.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::{
    Result, StoreError,
    rows::{FULL, millis, padded, query_as},
};
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
    settings_of(conn, &BTreeSet::from([team])).await?.remove(team).unwrap_or_else(|| Ok(Settings::default()))
}

/// The same for several: those that have set something. What cannot be read of one does not keep the others back.
pub async fn settings_of(
    conn: &mut AnyConnection,
    teams: &BTreeSet<&TeamId>,
) -> Result<HashMap<TeamId, Result<Settings>>> {
    let teams: Vec<&TeamId> = teams.iter().copied().collect();
    let mut all = HashMap::new();
    for some in teams.chunks(FULL).map(padded) {
        let select = "SELECT team, settings FROM team WHERE (team) IN (VALUES {rows})";
        let mut select = query_as::<(String, String)>(conn, select, 0, some.len(), 1);
        for team in &some {
            select = select.bind(team.as_str());
        }
        for (team, json) in select.fetch_all(&mut *conn).await? {
            let Some(team) = some.iter().find(|known| known.as_str() == team) else { continue };
            let read = serde_json::from_str(&json);
            all.insert((*team).clone(), read.map_err(|e| StoreError::row(format!("the settings of {team}"), &e)));
        }
    }
    Ok(all)
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
