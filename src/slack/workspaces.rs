//! Which Slack workspaces the bot serves, and with which token. One comes from `SLACK_BOT_TOKEN`; many come from the database,
//! where installing puts them.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;

use super::api::{Api, ApiError};
use crate::{
    bot::outbox::Clock,
    message::TeamId,
    store::{self, people::Who},
};

mod many;

pub use many::Many;

/// Slack's clock and ours, and the delays of its events: within this time nobody knows which of an installation and an
/// uninstallation came first.
const UNSURE: SignedDuration = SignedDuration::from_mins(1);

/// A workspace or, after an org-wide install, a whole Enterprise organisation.
#[derive(Debug)]
pub struct Workspace {
    /// `slack:T…` for a workspace, `slack:E…` for an organisation.
    pub team: TeamId,
    /// The organisation that it belongs to, if any, as Slack writes it.
    pub enterprise: Option<String>,
    /// The bot's token.
    pub token: SecretString,
    /// The bot as a user.
    pub bot_user: String,
    /// The bot as a bot.
    pub bot_id: Option<String>,
    /// The app.
    pub app: Option<String>,
    /// What the token may do; empty when Slack did not say.
    pub scopes: BTreeSet<String>,
    /// Who installed it, as [`store::Store::who`] knows people.
    pub installer: Option<Who>,
    /// The workspace's name.
    pub name: Option<String>,
    /// The workspace's address, with a slash at its end: links to messages begin with it.
    pub url: Option<String>,
    /// Since when the token has been known to work.
    pub installed_at: Timestamp,
}

impl Workspace {
    /// Whether the token may do what `scope` allows. Where Slack did not say, it is tried.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.is_empty() || self.scopes.contains(scope)
    }

    /// Whether it is a whole organisation: some Web API methods then ask for a `team_id`.
    #[must_use]
    pub fn is_organisation(&self) -> bool {
        self.team.as_str().starts_with("slack:E")
    }
}

/// Whose event it is: as an event's authorization or a payload tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Install<'a> {
    /// `E…`
    pub enterprise: Option<&'a str>,
    /// `T…`; absent in some payloads of org-wide installs.
    pub workspace: Option<&'a str>,
    /// What `is_enterprise_install` says.
    pub org_wide: bool,
}

impl Install<'_> {
    /// The teams that it may be, best first: an org-wide install is the organisation's, any other the workspace's. Not all
    /// payloads say which they are, so the other one is second.
    pub fn teams(&self) -> impl Iterator<Item = TeamId> {
        let (enterprise, workspace) = (self.enterprise.and_then(team), self.workspace.and_then(team));
        let order = if self.org_wide { [enterprise, workspace] } else { [workspace, enterprise] };
        order.into_iter().flatten()
    }
}

/// The team of a workspace or an organisation.
#[must_use]
pub fn team(id: &str) -> Option<TeamId> {
    let good = id.starts_with(['T', 'E']) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    good.then(|| TeamId::parse(&format!("slack:{id}")).ok()).flatten()
}

/// What Slack answers to `auth.test`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Identity {
    team_id: Option<String>,
    enterprise_id: Option<String>,
    is_enterprise_install: Option<bool>,
    user_id: Option<String>,
    pub(super) bot_id: Option<String>,
    app_id: Option<String>,
    team: Option<String>,
    pub(super) url: Option<String>,
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

/// All workspaces that are served. Cheap to ask.
pub struct Workspaces {
    api: Api,
    clock: Clock,
    held: Held,
}

enum Held {
    /// From `SLACK_BOT_TOKEN`; absent when that no longer works.
    One(RwLock<Option<Arc<Workspace>>>),
    Many(Many),
}

impl Workspaces {
    /// A single workspace: asks Slack whose the token is.
    pub async fn one(api: Api, token: SecretString, clock: Clock) -> Result<Self, TokenError> {
        let (identity, scopes) = Identity::of(&api, &token).await.map_err(|error| match error {
            ApiError::Refused(word) => TokenError::Refused(word),
            other => TokenError::Unreached(other),
        })?;
        let workspace = identity.workspace(token, scopes, clock()).ok_or(TokenError::Kind)?;
        Ok(Self { api, clock, held: Held::One(RwLock::new(Some(Arc::new(workspace)))) })
    }

    /// All that are installed, now and later.
    #[must_use]
    pub fn many(api: Api, many: Many, clock: Clock) -> Self {
        Self { api, clock, held: Held::Many(many) }
    }

    /// Where installations are kept, unless there is a single workspace.
    #[must_use]
    pub fn installs(&self) -> Option<&Many> {
        match &self.held {
            Held::One(_) => None,
            Held::Many(many) => Some(many),
        }
    }

    /// The workspace of a team, if the bot is installed there.
    pub async fn of_team(&self, team: &TeamId) -> store::Result<Option<Arc<Workspace>>> {
        match &self.held {
            Held::One(one) => {
                let one = one.read().unwrap_or_else(PoisonError::into_inner);
                Ok(one.as_ref().filter(|workspace| workspace.team == *team).cloned())
            }
            Held::Many(many) => many.of_team(team, (self.clock)()).await,
        }
    }

    /// The workspace whose event it is, if the bot is installed there.
    pub async fn of_install(&self, install: Install<'_>) -> store::Result<Option<Arc<Workspace>>> {
        for team in install.teams() {
            if let Some(workspace) = self.of_team(&team).await? {
                return Ok(Some(workspace));
            }
        }
        Ok(None)
    }

    /// The bot was uninstalled from a team, or its token revoked, at a time that Slack tells. Its events come late and in any
    /// order, so what was installed again since stays: where the times do not tell, Slack is asked whether the token works.
    pub async fn gone(&self, team: &TeamId, at: Timestamp) -> store::Result<()> {
        let Some(workspace) = self.of_team(team).await? else { return Ok(()) };
        let since = at.duration_since(workspace.installed_at);
        if since < -UNSURE {
            tracing::info!(%team, "an uninstallation came after the next installation");
            return Ok(());
        }
        if since <= UNSURE {
            match self.api.identity(&workspace.token).await {
                Err(ApiError::Refused(word)) if is_dead(&word) => {}
                Ok(_) => return Ok(()),
                // A token that does not work is found out when it is used.
                Err(error) => {
                    tracing::warn!(%team, %error, "cannot ask whether the bot is still installed");
                    return Ok(());
                }
            }
        }
        self.refused(&workspace).await
    }

    /// Slack has refused a workspace's token for good, see [`is_dead`]. Nothing happens if it has another one by now.
    pub async fn refused(&self, workspace: &Workspace) -> store::Result<()> {
        tracing::warn!(team = %workspace.team, "the bot is no longer installed");
        match &self.held {
            Held::One(one) => {
                let mut one = one.write().unwrap_or_else(PoisonError::into_inner);
                if one.as_ref().is_some_and(|held| held.team == workspace.team) {
                    *one = None;
                }
                Ok(())
            }
            Held::Many(many) => many.gone(workspace, (self.clock)()).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teams(install: Install<'_>) -> Vec<String> {
        install.teams().map(|team| team.to_string()).collect()
    }

    #[test]
    fn an_org_wide_install_is_looked_up_first_only_where_the_event_says_so() {
        let both = Install { enterprise: Some("E1"), workspace: Some("T1"), org_wide: false };
        assert_eq!(teams(both), ["slack:T1", "slack:E1"]);
        assert_eq!(teams(Install { org_wide: true, ..both }), ["slack:E1", "slack:T1"]);
        assert_eq!(teams(Install { workspace: None, org_wide: true, ..both }), ["slack:E1"]);
        assert_eq!(teams(Install::default()), Vec::<String>::new());
        assert_eq!(
            teams(Install { workspace: Some("T1:x"), enterprise: Some("U1"), org_wide: true }),
            Vec::<String>::new()
        );
    }

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
