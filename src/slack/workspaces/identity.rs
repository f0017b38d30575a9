//! Whose a token is, as Slack tells, and what it means when Slack does not take one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Workspace, team};
use crate::slack::api::{Api, ApiError};

/// What Slack answers to `auth.test`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Identity {
    team_id: Option<String>,
    enterprise_id: Option<String>,
    is_enterprise_install: Option<bool>,
    user_id: Option<String>,
    pub(in crate::slack) bot_id: Option<String>,
    app_id: Option<String>,
    team: Option<String>,
    pub(in crate::slack) url: Option<String>,
}

impl Identity {
    /// Asks Slack whose a token is, and what it may do.
    pub async fn of(api: &Api, token: &SecretString) -> Result<(Self, BTreeSet<String>), ApiError> {
        let (answer, scopes) = api.identity(token).await?;
        let unreadable = |_| ApiError::Unclear("its answer to auth.test is not the usual one".to_owned());
        Ok((serde_json::from_value(answer).map_err(unreadable)?, scopes))
    }

    /// The workspace that a token is for; none when it is no bot's.
    #[must_use]
    pub fn workspace(self, token: SecretString, scopes: BTreeSet<String>, now: Timestamp) -> Option<Workspace> {
        let org_wide = self.is_enterprise_install == Some(true);
        let id = if org_wide { self.enterprise_id.as_ref() } else { self.team_id.as_ref() };
        Some(Workspace {
            team: team(id?)?,
            enterprise: self.enterprise_id,
            token,
            bot_user: self.user_id?,
            bot_id: Some(self.bot_id?),
            app: self.app_id,
            scopes,
            installer: None,
            name: self.team,
            url: self.url,
            installed_at: now,
        })
    }
}

/// Why the bot cannot work with `SLACK_BOT_TOKEN`.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Slack does not take it.
    #[error(
        "Slack refuses SLACK_BOT_TOKEN ({0}): copy the Bot User OAuth Token from the app's page, OAuth & Permissions, again"
    )]
    Refused(String),
    /// It is of another kind.
    #[error(
        "SLACK_BOT_TOKEN is no bot's token: take the one that begins with xoxb- from the app's page, OAuth & Permissions"
    )]
    Kind,
    /// Slack does not answer.
    #[error("cannot ask Slack about SLACK_BOT_TOKEN: {0}")]
    Unreached(ApiError),
}

impl TokenError {
    /// Whether the same may succeed later, without anybody's doing.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unreached(_))
    }
}

/// Whether Slack's word means that a token works no more.
#[must_use]
pub fn is_dead(word: &str) -> bool {
    matches!(
        word,
        "token_revoked" | "token_expired" | "account_inactive" | "invalid_auth" | "not_authed" | "team_disabled"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_workspaces_or_an_organisations() {
        let identity = |json: &str| serde_json::from_str::<Identity>(json).expect("JSON");
        let workspace =
            |json| identity(json).workspace(SecretString::from("x"), BTreeSet::new(), Timestamp::UNIX_EPOCH);
        let team = |json| workspace(json).map(|workspace| workspace.team.to_string());
        let plain = r#"{"ok":true,"team_id":"T1","user_id":"U1","bot_id":"B1"}"#;
        assert_eq!(team(plain).as_deref(), Some("slack:T1"));
        let grid =
            r#"{"team_id":"T1","enterprise_id":"E1","is_enterprise_install":false,"user_id":"U1","bot_id":"B1"}"#;
        assert_eq!(team(grid).as_deref(), Some("slack:T1"));
        let org = r#"{"team_id":"E1","enterprise_id":"E1","is_enterprise_install":true,"user_id":"U1","bot_id":"B1"}"#;
        assert_eq!(team(org).as_deref(), Some("slack:E1"));
        let person = r#"{"team_id":"T1","user_id":"U1"}"#;
        assert_eq!(team(person), None);
    }
}
