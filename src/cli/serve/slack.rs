//! Slack within `serve`: what is set, what it takes to start, and what joins the server.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    answer::{serving as words, slack_check::Finding},
    bot::outbox::{Clock, Courier},
    message::Platform,
    slack::{
        Slack,
        api::Api,
        check::Set,
        courier::SlackCourier,
        http, oauth,
        scopes::Reach,
        socket::{self, Change, SocketError},
        workspaces::{Many, Workspaces},
    },
    store::{Store, seal::Keys},
    web::health::{Condition, Health},
};

use super::{Parts, Served, every};

/// The first wait when Slack cannot be reached at the start; it doubles.
const WAIT: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often teams that left are looked for.
const LOOK: Duration = Duration::from_hours(6);

/// The parts as `/readyz` names them.
const HTTP: &str = "slack over http";
const SOCKET: &str = "slack over socket mode";
const TOKEN: &str = "slack token";

/// Whose bot it is.
enum Tenancy {
    One(SecretString, Option<String>),
    Many { client: oauth::Client, keys: SecretString, url: String },
}

/// How Slack is to be served.
pub(super) struct Plan {
    tenancy: Tenancy,
    signing_secret: Option<SecretString>,
    app_token: Option<SecretString>,
    api: Option<String>,
    reach: Reach,
    connections: u8,
}

impl Plan {
    /// Makes a plan of what is set. `None` when nothing is; an error names what is missing beside what is set.
    pub fn of(set: &Set) -> Result<Option<Self>, Finding> {
        let half = |set, missing| Err(Finding::Half(set, missing));
        let ways = set.signing_secret.is_some() || set.app_token.is_some();
        let tenancy = match (&set.bot_token, &set.client_id, &set.client_secret) {
            (None, None, None) if ways || set.secret_key.is_some() => {
                let (given, missing) = match (&set.signing_secret, &set.app_token) {
                    (Some(_), _) => ("SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN"),
                    (_, Some(_)) => ("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"),
                    _ => ("NPMFIX_SECRET_KEY", "SLACK_CLIENT_ID"),
                };
                return half(given, missing);
            }
            (None, None, None) => return Ok(None),
            (Some(_), Some(_), _) => return Err(Finding::Both("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID")),
            (Some(_), None, Some(_)) => return Err(Finding::Both("SLACK_BOT_TOKEN", "SLACK_CLIENT_SECRET")),
            (Some(token), None, None) => Tenancy::One(token.clone(), set.admin.clone()),
            (None, Some(_), None) => return half("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"),
            (None, None, Some(_)) => return half("SLACK_CLIENT_SECRET", "SLACK_CLIENT_ID"),
            (None, Some(id), Some(secret)) => {
                let (Some(keys), Some(url)) = (&set.secret_key, &set.url) else {
                    let missing = if set.secret_key.is_none() { "NPMFIX_SECRET_KEY" } else { "NPMFIX_URL" };
                    return half("SLACK_CLIENT_ID", missing);
                };
                let client = oauth::Client { id: id.clone(), secret: secret.clone() };
                Tenancy::Many { client, keys: keys.clone(), url: url.clone() }
            }
        };
        if !ways {
            let given = if matches!(tenancy, Tenancy::One(..)) { "SLACK_BOT_TOKEN" } else { "SLACK_CLIENT_ID" };
            return half(given, "SLACK_SIGNING_SECRET (for HTTP) or SLACK_APP_TOKEN (for Socket Mode)");
        }
        let (signing_secret, app_token) = (set.signing_secret.clone(), set.app_token.clone());
        Ok(Some(Self { tenancy, signing_secret, app_token, api: None, reach: set.reach, connections: 2 }))
    }

    /// At another address than Slack's.
    pub fn at(self, api: Option<String>) -> Self {
        Self { api, ..self }
    }

    /// With so many connections of Socket Mode.
    pub fn with_connections(self, connections: u8) -> Self {
        Self { connections, ..self }
    }

    /// Gets everything ready but what only Slack knows: whose bot it is, it is asked after the start.
    pub async fn ready(self, store: &Store, clock: &Clock) -> anyhow::Result<Ready> {
        let api = Api::new(self.api.as_deref())?;
        let clock = Arc::clone(clock);
        let (workspaces, installing) = match self.tenancy {
            Tenancy::One(token, admin) => (Workspaces::unknown(api.clone(), token, clock).with_admin(admin), None),
            Tenancy::Many { client, keys, url } => {
                let keys = Keys::parse(&keys).context("cannot use NPMFIX_SECRET_KEY")?;
                let many = Many::open(store.clone(), keys).await?;
                let url: Url = url.parse().with_context(|| words::no_url(&url))?;
                let random = rand::random::<[u8; 32]>;
                let settings = oauth::Settings { client, url, reach: self.reach, random, clock: Arc::clone(&clock) };
                (Workspaces::many(api.clone(), many, clock), Some(settings))
            }
        };
        let workspaces = Arc::new(workspaces);
        let courier = Arc::new(SlackCourier::new(api.clone(), Arc::clone(&workspaces)));
        let (signing_secret, app_token, connections) = (self.signing_secret, self.app_token, self.connections);
        Ok(Ready { api, workspaces, courier, installing, signing_secret, app_token, connections })
    }
}

/// Keeps asking Slack whose the token is until it tells, at the start and whenever it has refused the token since. A token that
/// never worked is wrong, and an error.
async fn ask(workspaces: Arc<Workspaces>, health: Health, stop: CancellationToken) -> anyhow::Result<()> {
    let (mut wait, mut worked) = (WAIT, false);
    while !stop.is_cancelled() {
        let asked = tokio::select! {
            asked = workspaces.ask() => asked,
            () = stop.cancelled() => return Ok(()),
        };
        match asked {
            Ok(()) => {
                health.set(TOKEN, Condition::Ready);
                (wait, worked) = (WAIT, true);
                tokio::select! {
                    () = workspaces.lost() => {}
                    () = stop.cancelled() => {}
                }
                health.set(TOKEN, Condition::Waiting(words::asking().to_owned()));
                continue;
            }
            Err(error) if error.passes() || worked => tracing::warn!(%error, "waiting for Slack"),
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = sleep(wait) => {}
            () = stop.cancelled() => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    Ok(())
}

/// Slack, ready to join.
pub(super) struct Ready {
    api: Api,
    workspaces: Arc<Workspaces>,
    courier: Arc<SlackCourier>,
    installing: Option<oauth::Settings>,
    signing_secret: Option<SecretString>,
    app_token: Option<SecretString>,
    connections: u8,
}

impl Ready {
    /// What says things in Slack.
    pub fn courier(&self) -> Arc<dyn Courier> {
        Arc::<SlackCourier>::clone(&self.courier)
    }

    /// Joins the server with its pages and connections.
    pub fn join(self, parts: &Parts, served: &mut Served) -> anyhow::Result<()> {
        let Self { api, workspaces, installing, signing_secret, app_token, connections, .. } = self;
        let (bot, worker, clock) = (Arc::clone(&parts.bot), Arc::clone(&parts.worker), Arc::clone(&parts.clock));
        let slack = Arc::new(Slack::new(bot, api.clone(), Arc::clone(&workspaces), worker, clock));
        let over_http = signing_secret.is_some();
        if let Some(secret) = signing_secret {
            served.router = std::mem::take(&mut served.router).merge(http::routes(Arc::clone(&slack), &secret));
            served.lines.push(words::slack_over_http().to_owned());
            parts.health.set(HTTP, Condition::Ready);
        }
        if workspaces.installs().is_none() {
            parts.health.set(TOKEN, Condition::Waiting(words::asking().to_owned()));
            served.run(Platform::Slack, ask(Arc::clone(&workspaces), parts.health.clone(), parts.stop.clone()));
        }
        if let Some(settings) = installing {
            let address = oauth::address(&settings.url, oauth::INSTALL);
            let pages = oauth::router(settings, Arc::clone(&workspaces), api)?;
            served.router = std::mem::take(&mut served.router).merge(pages);
            served.lines.push(words::slack_installs(&address));
            served.run(Platform::Slack, forget_the_gone(workspaces, Arc::clone(&parts.clock), parts.stop.clone()));
        }
        if let Some(token) = app_token.filter(|token| !token.expose_secret().is_empty()) {
            let settings = socket::Settings { connections: usize::from(connections), ..socket::Settings::default() };
            let report = reporter(parts);
            // A refusal ends the connections alone; the stop is the platform's.
            let run = socket::run(slack, token, settings, report, parts.stop.child_token());
            let health = parts.health.clone();
            served.run(Platform::Slack, async move {
                match run.await {
                    // Events come over HTTP as well.
                    Err(error @ SocketError::Refused(_)) if over_http => {
                        tracing::error!(%error, "Socket Mode has ended, HTTP goes on");
                        health.over(SOCKET, words::refused());
                        Ok(())
                    }
                    outcome => Ok(outcome?),
                }
            });
            served.lines.push(words::slack_over_sockets(usize::from(connections)));
        }
        Ok(())
    }
}

/// Takes down for `/readyz` whether a connection stands.
fn reporter(parts: &Parts) -> impl Fn(Change) + Send + Sync + 'static {
    let (health, count) = (parts.health.clone(), Mutex::new(0_usize));
    health.set(SOCKET, Condition::Waiting(words::connecting().to_owned()));
    move |change| {
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = match change {
            Change::Up => *count + 1,
            Change::Down => count.saturating_sub(1),
        };
        let condition = if *count > 0 { Condition::Ready } else { Condition::Waiting(words::connecting().to_owned()) };
        health.set(SOCKET, condition);
    }
}

async fn forget_the_gone(workspaces: Arc<Workspaces>, clock: Clock, stop: CancellationToken) -> anyhow::Result<()> {
    every(LOOK, &stop, || async {
        let Some(many) = workspaces.installs() else { return };
        if let Err(error) = many.forget_the_gone(clock()).await {
            tracing::warn!(%error, "cannot look for teams that left");
        }
    })
    .await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: [&str; 7] = [
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
        "SLACK_CLIENT_ID",
        "SLACK_CLIENT_SECRET",
        "NPMFIX_SECRET_KEY",
        "NPMFIX_URL",
    ];

    fn set(names: &[&str]) -> Set {
        let given = |name: &str| {
            assert!(SET.contains(&name));
            names.contains(&name).then(|| "x".to_owned())
        };
        let secret = |name| given(name).map(SecretString::from);
        Set {
            bot_token: secret("SLACK_BOT_TOKEN"),
            app_token: secret("SLACK_APP_TOKEN"),
            signing_secret: secret("SLACK_SIGNING_SECRET"),
            client_id: given("SLACK_CLIENT_ID"),
            client_secret: secret("SLACK_CLIENT_SECRET"),
            secret_key: secret("NPMFIX_SECRET_KEY"),
            admin: None,
            url: given("NPMFIX_URL"),
            reach: Reach::Full,
        }
    }

    #[test]
    fn each_half_of_a_pair_names_the_other() {
        // Every way to set some of it: either it can be served, or something that is not set is named.
        for bits in 0_u32..1 << SET.len() {
            let names: Vec<&str> =
                SET.iter().zip(0..).filter(|(_, bit)| bits & 1 << bit != 0).map(|(name, _)| *name).collect();
            match Plan::of(&set(&names)) {
                Ok(None) => assert!(names.iter().all(|name| *name == "NPMFIX_URL"), "{names:?}"),
                Ok(Some(plan)) => assert!(plan.signing_secret.is_some() || plan.app_token.is_some(), "{names:?}"),
                Err(Finding::Half(given, missing)) => {
                    assert!(names.contains(&given), "{given} is not set: {names:?}");
                    assert!(!names.iter().any(|name| missing.contains(name)), "{missing} is set: {names:?}");
                }
                Err(Finding::Both(one, other)) => {
                    assert!(names.contains(&one) && names.contains(&other), "{names:?}");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}
