//! What `oauth.v2.access` answers, read with tolerance, and the installation that it makes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::super::workspaces::{self, Identity};
use crate::{
    answer::pages::Next,
    message::{TeamId, UserId},
    store::{installs::Install, people::Who},
};

/// A permission that Slack gave.
pub(super) struct Grant {
    /// Whose it is: the workspace's, or after an org-wide install the organisation's.
    pub team: TeamId,
    /// The name of the workspace or the organisation.
    pub name: Option<String>,
    /// Who gave it.
    pub installer: Option<UserId>,
    /// The bot's token.
    pub token: SecretString,
    enterprise: Option<String>,
    url: Option<String>,
    app: Option<String>,
    bot_user: String,
    bot_id: Option<String>,
    scopes: BTreeSet<String>,
    refresh: Option<SecretString>,
    expires_at: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    scope: Option<String>,
    bot_user_id: Option<String>,
    app_id: Option<String>,
    team: Option<Named>,
    enterprise: Option<Named>,
    is_enterprise_install: Option<bool>,
    authed_user: Option<Person>,
    refresh_token: Option<String>,
    expires_in: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Person {
    id: Option<String>,
}

impl Grant {
    /// Reads the answer; none when there is no bot in it.
    pub(super) fn read(answer: &Value, now: Timestamp) -> Option<Self> {
        let answer = Answer::deserialize(answer).ok()?;
        if answer.token_type.is_some_and(|kind| kind != "bot") {
            return None;
        }
        let org_wide = answer.is_enterprise_install == Some(true);
        let enterprise = answer.enterprise.unwrap_or_default();
        let whose = if org_wide { Named { id: enterprise.id.clone(), ..enterprise } } else { answer.team? };
        let expires_in = answer.expires_in.map(SignedDuration::from_secs);
        Some(Self {
            team: workspaces::team(whose.id.as_deref()?)?,
            name: whose.name.filter(|name| !name.trim().is_empty()),
            installer: answer.authed_user.and_then(|person| UserId::parse(&person.id?).ok()),
            token: answer.access_token.filter(|token| !token.is_empty())?.into(),
            enterprise: enterprise.id,
            url: None,
            app: answer.app_id,
            bot_user: answer.bot_user_id?,
            bot_id: None,
            scopes: answer
                .scope
                .unwrap_or_default()
                .split([',', ' '])
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect(),
            refresh: answer.refresh_token.map(SecretString::from),
            expires_at: expires_in.and_then(|length| now.checked_add(length).ok()),
        })
    }

    /// Adds what only `auth.test` tells.
    pub(super) fn complete(&mut self, identity: Identity) {
        self.bot_id = identity.bot_id;
        self.url = identity.url;
    }

    /// What is stored of it.
    pub(super) fn install(&self, installer: Option<Who>, now: Timestamp) -> Install {
        Install {
            team: self.team.clone(),
            enterprise: self.enterprise.clone(),
            name: self.name.clone(),
            url: self.url.clone(),
            app: self.app.clone(),
            bot_user: self.bot_user.clone(),
            bot_id: self.bot_id.clone(),
            scopes: self.scopes.clone(),
            installer,
            token: self.token.clone(),
            refresh: self.refresh.clone(),
            expires_at: self.expires_at,
            installed_at: now,
        }
    }

    /// Where to go on in Slack: to the bot or, after an org-wide install, to where it is added to workspaces.
    pub(super) fn next(&self) -> Next {
        let app = self.app.as_ref().filter(|app| app.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let team = self.team.as_str().strip_prefix("slack:").unwrap_or_default();
        match app {
            Some(app) if team.starts_with('E') => Next::AddToWorkspaces(format!(
                "https://app.slack.com/manage/{team}/integrations/profile/{app}/workspaces/add"
            )),
            Some(app) => Next::Open(format!("https://slack.com/app_redirect?app={app}&team={team}")),
            None => Next::Unknown,
        }
    }
}
