//! `npmfix slack check`: asks Slack and looks at what is set, and finds what is missing.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use url::Url;

use super::{
    api::{Api, ApiError},
    oauth,
    scopes::{self, Need, Reach, SCOPES},
    workspaces::Identity,
};
use crate::{answer::slack_check::Finding, store::seal::Keys};

/// What is set.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// `SLACK_BOT_TOKEN`
    pub bot_token: Option<SecretString>,
    /// `SLACK_APP_TOKEN`
    pub app_token: Option<SecretString>,
    /// `SLACK_SIGNING_SECRET`
    pub signing_secret: Option<SecretString>,
    /// `SLACK_CLIENT_ID`
    pub client_id: Option<String>,
    /// `SLACK_CLIENT_SECRET`
    pub client_secret: Option<SecretString>,
    /// `NPMFIX_SECRET_KEY`
    pub secret_key: Option<SecretString>,
    /// `SLACK_ADMIN`
    pub admin: Option<String>,
    /// `NPMFIX_URL`
    pub url: Option<String>,
    /// How much the app is to hear.
    pub reach: Reach,
}

impl Set {
    /// Whether many workspaces are served.
    #[must_use]
    pub fn is_for_many(&self) -> bool {
        self.client_id.is_some() || self.client_secret.is_some()
    }
}

/// Looks at everything but the database.
pub async fn check(set: &Set, api: &Api) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &set.bot_token {
        Some(token) => bot_token(token, set.reach, api, &mut findings).await,
        None if !set.is_for_many() => findings.push(Finding::NothingSet),
        None => {}
    }
    many(set, &mut findings);
    ways_in(set, api, &mut findings).await;
    address(set, &mut findings);
    findings.push(Finding::Events(scopes::events(set.reach).into_iter().collect()));
    findings
}

async fn bot_token(token: &SecretString, reach: Reach, api: &Api, findings: &mut Vec<Finding>) {
    const NAME: &str = "SLACK_BOT_TOKEN";
    let (identity, granted) = match Identity::of(api, token).await {
        Ok(answer) => answer,
        Err(ApiError::Refused(word)) => return findings.push(Finding::Refused(NAME, word)),
        Err(error) => return findings.push(Finding::NotAsked(NAME, error.to_string())),
    };
    let Some(workspace) = identity.workspace(token.clone(), granted, jiff::Timestamp::UNIX_EPOCH) else {
        return findings.push(Finding::Kind(NAME, "a bot's token begins with xoxb-"));
    };
    let name = workspace.name.clone().unwrap_or_else(|| workspace.team.to_string());
    let whole = workspace.is_organisation();
    findings.push(if whole { Finding::OrganisationToken(name) } else { Finding::Token(name) });
    findings.extend(granted_scopes(&workspace.scopes, reach));
}

/// What the token may do, against what is needed.
fn granted_scopes(granted: &BTreeSet<String>, reach: Reach) -> Vec<Finding> {
    if granted.is_empty() {
        return vec![Finding::ScopesUnknown];
    }
    let missing = scopes::wanted(reach).filter(|scope| !granted.contains(scope.name));
    let mut findings: Vec<_> = missing
        .map(|scope| match scope.need {
            Need::Optional => Finding::ScopeLeftOut(scope.name, scope.reason),
            Need::Always | Need::Full => Finding::ScopeMissing(scope.name, scope.reason),
        })
        .collect();
    if !findings.iter().any(|finding| matches!(finding, Finding::ScopeMissing(..))) {
        findings.insert(0, Finding::Scopes);
    }
    let known = |name: &str| SCOPES.iter().any(|scope| scope.name == name);
    findings.extend(granted.iter().filter(|name| !known(name)).map(|name| Finding::ScopeUnused(name.clone())));
    findings
}

fn many(set: &Set, findings: &mut Vec<Finding>) {
    match (&set.client_id, &set.client_secret) {
        (Some(_), None) => findings.push(Finding::Half("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")),
        (None, Some(_)) => findings.push(Finding::Half("SLACK_CLIENT_SECRET", "SLACK_CLIENT_ID")),
        _ => {}
    }
    if !set.is_for_many() {
        return;
    }
    if set.bot_token.is_some() {
        findings.push(Finding::Both("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID"));
    }
    match &set.secret_key {
        None => findings.push(Finding::Half("SLACK_CLIENT_ID", "NPMFIX_SECRET_KEY")),
        Some(keys) => {
            if let Err(error) = Keys::parse(keys) {
                findings.push(Finding::Key(error.to_string()));
            }
        }
    }
    if set.url.is_none() {
        findings.push(Finding::NoUrl("installing in many workspaces"));
    }
}

async fn ways_in(set: &Set, api: &Api, findings: &mut Vec<Finding>) {
    if set.app_token.is_none() && set.signing_secret.is_none() {
        findings.push(Finding::NoWayIn);
    }
    if let Some(token) = &set.app_token {
        findings.push(app_token(token, api).await);
    }
    if let Some(secret) = &set.signing_secret {
        let secret = secret.expose_secret();
        let good = secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        findings.push(if good {
            Finding::SigningSecret
        } else {
            Finding::Kind("SLACK_SIGNING_SECRET", "it has 32 digits and letters from a to f")
        });
    }
}

async fn app_token(token: &SecretString, api: &Api) -> Finding {
    const NAME: &str = "SLACK_APP_TOKEN";
    if !token.expose_secret().starts_with("xapp-") {
        return Finding::Kind(NAME, "an app-level token begins with xapp-");
    }
    // The address that comes back is not used, so no connection is counted.
    match api.call(token, "apps.connections.open", &json!({})).await {
        Ok(_) => Finding::AppToken,
        Err(ApiError::Refused(word)) => Finding::Refused(NAME, word),
        Err(error) => Finding::NotAsked(NAME, error.to_string()),
    }
}

fn address(set: &Set, findings: &mut Vec<Finding>) {
    let Some(text) = &set.url else {
        if set.signing_secret.is_some() && !set.is_for_many() {
            findings.push(Finding::NoUrl("HTTP"));
        }
        return;
    };
    match Url::parse(text) {
        Ok(url) if oauth::is_safe(&url) && url.query().is_none() && url.fragment().is_none() => {
            findings.push(Finding::Url(url.to_string()));
            let mut list = Vec::new();
            if set.signing_secret.is_some() {
                list.push(("Event Subscriptions", oauth::address(&url, "/slack/events")));
                list.push(("Interactivity & Shortcuts", oauth::address(&url, "/slack/interactions")));
                list.push(("Slash Commands", oauth::address(&url, "/slack/commands")));
            }
            if set.is_for_many() {
                list.push(("Redirect URLs", oauth::address(&url, oauth::CALLBACK)));
            }
            if !list.is_empty() {
                findings.push(Finding::Addresses(list));
            }
        }
        _ => findings.push(Finding::UrlForm(text.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(reach: Reach) -> BTreeSet<String> {
        scopes::wanted(reach).map(|scope| scope.name.to_owned()).collect()
    }

    #[test]
    fn scopes_that_are_missing_are_told_from_those_left_out() {
        assert_eq!(granted_scopes(&granted(Reach::Full), Reach::Full), [Finding::Scopes]);
        let mut less = granted(Reach::Full);
        less.remove("users:read");
        let found = granted_scopes(&less, Reach::Full);
        assert!(matches!(found.as_slice(), [Finding::Scopes, Finding::ScopeLeftOut("users:read", _)]), "{found:?}");
        less.remove("files:read");
        let found = granted_scopes(&less, Reach::Full);
        assert!(
            matches!(
                found.as_slice(),
                [Finding::ScopeMissing("files:read", _), Finding::ScopeLeftOut("users:read", _)]
            ),
            "{found:?}"
        );
    }

    #[test]
    fn a_minimal_app_misses_nothing_and_more_than_needed_is_said() {
        assert_eq!(granted_scopes(&granted(Reach::Minimal), Reach::Minimal), [Finding::Scopes]);
        let mut more = granted(Reach::Minimal);
        more.insert("chat:write.public".to_owned());
        let found = granted_scopes(&more, Reach::Minimal);
        assert_eq!(found, [Finding::Scopes, Finding::ScopeUnused("chat:write.public".to_owned())]);
        assert_eq!(granted_scopes(&BTreeSet::new(), Reach::Full), [Finding::ScopesUnknown]);
    }
}
