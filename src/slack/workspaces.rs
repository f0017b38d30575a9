//! Which Slack workspaces the bot serves, and with which token. One comes from `SLACK_BOT_TOKEN`; many come from the database,
//! where installing puts them.
//!
//! `one`, `many`: each of the two. `identity`: whose a token is.

use std::{collections::BTreeSet, future::pending, sync::Arc};

use jiff::Timestamp;
use secrecy::SecretString;

use super::api::{Api, ApiError};
use crate::{
    bot::outbox::Clock,
    message::TeamId,
    store::{self, StoreError, people::Who},
};

mod identity;
mod many;
mod one;

pub use identity::{Identity, TokenError, is_dead};
pub use many::Many;
use one::One;

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

/// All workspaces that are served. Cheap to ask.
pub struct Workspaces {
    api: Api,
    clock: Clock,
    held: Held,
    admin: Option<String>,
}

enum Held {
    /// From `SLACK_BOT_TOKEN`.
    One(One),
    Many(Many),
}

/// Nobody knows whether the bot is still installed.
#[derive(Debug, thiserror::Error)]
pub enum GoneError {
    /// The database does not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Slack does not tell.
    #[error("cannot ask whether the bot is still installed: {0}")]
    Unasked(ApiError),
}

/// What it means that Slack has refused a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The bot is no longer installed.
    Over,
    /// There is another token by now, or the same may be taken again: nothing is lost yet.
    Again,
}

impl Workspaces {
    /// A single workspace: asks Slack whose the token is.
    pub async fn one(api: Api, token: SecretString, clock: Clock) -> Result<Self, TokenError> {
        let workspaces = Self::unknown(api, token, clock);
        workspaces.ask().await?;
        Ok(workspaces)
    }

    /// A single workspace that Slack is still to be asked about.
    #[must_use]
    pub fn unknown(api: Api, token: SecretString, clock: Clock) -> Self {
        Self { api, clock, held: Held::One(One::new(token)), admin: None }
    }

    /// With somebody who is an admin, as Slack writes people: where Slack does not tell who installed the app, nobody else may be.
    #[must_use]
    pub fn with_admin(self, admin: Option<String>) -> Self {
        Self { admin, ..self }
    }

    /// Whether somebody was named as an admin at the start.
    #[must_use]
    pub fn names_admin(&self, user: &str) -> bool {
        self.admin.as_deref() == Some(user)
    }

    /// All that are installed, now and later.
    #[must_use]
    pub fn many(api: Api, many: Many, clock: Clock) -> Self {
        Self { api, clock, held: Held::Many(many), admin: None }
    }

    /// Asks Slack about the single workspace.
    pub async fn ask(&self) -> Result<(), TokenError> {
        match &self.held {
            Held::One(one) => one.ask(&self.api, (self.clock)()).await,
            Held::Many(_) => Ok(()),
        }
    }

    /// Whether it is known for whom the bot works. Until then nothing of Slack's can be dealt with, and must come again.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match &self.held {
            Held::One(one) => one.known().is_some(),
            Held::Many(_) => true,
        }
    }

    /// Waits until Slack refuses the single workspace's token; for ever where there are many.
    pub async fn lost(&self) {
        match &self.held {
            Held::One(one) => one.lost().await,
            Held::Many(_) => pending().await,
        }
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
            Held::One(one) => Ok(one.of_team(team)),
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

    /// Slack says that the bot was uninstalled, or its token revoked. Such events come late, more than once and in any order with
    /// the next installation, so Slack is asked: a token that works is one that was got since.
    pub async fn gone(&self, install: Install<'_>) -> Result<(), GoneError> {
        let Some(workspace) = self.of_install(install).await? else { return Ok(()) };
        match self.api.identity(&workspace.token).await {
            Ok(_) => {
                tracing::info!(team = %workspace.team, "an uninstallation came after the next installation");
                Ok(())
            }
            Err(ApiError::Refused(word)) if is_dead(&word) => {
                self.refused(&workspace).await?;
                Ok(())
            }
            Err(error) => Err(GoneError::Unasked(error)),
        }
    }

    /// Slack has refused a workspace's token, see [`is_dead`].
    pub async fn refused(&self, workspace: &Workspace) -> store::Result<Refusal> {
        match &self.held {
            Held::One(one) => {
                tracing::error!(team = %workspace.team, "Slack does not take SLACK_BOT_TOKEN any more");
                one.lose();
                Ok(Refusal::Again)
            }
            Held::Many(many) => {
                if !many.gone(workspace, (self.clock)()).await? {
                    return Ok(Refusal::Again);
                }
                tracing::warn!(team = %workspace.team, "the bot is no longer installed");
                Ok(Refusal::Over)
            }
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
}
