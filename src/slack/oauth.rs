//! Installing the bot in many workspaces: `/slack/install` sends people to Slack, and Slack sends them back to
//! `/slack/oauth/callback` with a code that gets the token.
//!
//! Whoever comes back must be who was sent: the `state` in the address is signed, bound to a random cookie in the browser, good for
//! ten minutes and once. Nothing is stored until somebody comes back.
//!
//! - `state`: signing it. `grant`: what Slack gives.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::{Host, Url, form_urlencoded};

use super::{
    api::{Api, ApiError, SLACK},
    scopes::{self, Reach},
    workspaces::{Identity, Many, Workspaces},
};
use crate::{
    answer::pages,
    bot::outbox::Clock,
    store::{
        StoreError,
        installs::{self, BEGUN_FOR},
    },
};

mod grant;
mod state;

use grant::Grant;
use state::States;

/// Where people begin.
pub const INSTALL: &str = "/slack/install";
/// Where Slack sends them back to.
pub const CALLBACK: &str = "/slack/oauth/callback";
/// The longest query that is read. Slack's is a few hundred bytes.
const LONGEST: usize = 8 * 1024;

/// The app's own credentials, from its page *Basic Information*.
pub struct Client {
    /// Its public id.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

/// What installing needs.
pub struct Settings {
    /// The app.
    pub client: Client,
    /// Where this program is reached from outside.
    pub url: Url,
    /// What the app is to be allowed.
    pub reach: Reach,
    /// Where randomness comes from.
    pub random: fn() -> [u8; 32],
    /// The time.
    pub clock: Clock,
}

/// Why the bot cannot be installed from here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SetupError {
    /// The address is not one that browsers and Slack come back to safely.
    #[error("NPMFIX_URL must begin with https:// (http:// only for 127.0.0.1, [::1] and localhost): {0}")]
    Url(String),
    /// There is a single workspace.
    #[error("SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID for many: leave one of them out")]
    OneWorkspace,
}

struct Installing {
    settings: Settings,
    states: States,
    workspaces: Arc<Workspaces>,
    api: Api,
}

/// The two pages.
pub fn router(settings: Settings, workspaces: Arc<Workspaces>, api: Api) -> Result<Router, SetupError> {
    if !is_safe(&settings.url) {
        return Err(SetupError::Url(settings.url.to_string()));
    }
    if workspaces.installs().is_none() {
        return Err(SetupError::OneWorkspace);
    }
    let states = States::new(&settings.client.secret);
    let installing = Arc::new(Installing { settings, states, workspaces, api });
    Ok(Router::new().route(INSTALL, get(install)).route(CALLBACK, get(callback)).with_state(installing))
}

/// Whether nobody on the way can read what goes to this address.
#[must_use]
pub fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Slack's page on which somebody agrees. People go to no other place than Slack's own, whatever stands in for the API, but for a test
/// on this very machine.
#[must_use]
pub fn consent(api: &Url) -> Url {
    let mut page = if is_loopback(api) { api.clone() } else { SLACK.parse().unwrap_or_else(|_| api.clone()) };
    page.set_path("/oauth/v2/authorize");
    page
}

/// A page of this program, as people outside reach it; `page` begins with a slash.
#[must_use]
pub fn address(url: &Url, page: &str) -> String {
    format!("{}{page}", url.as_str().trim_end_matches('/'))
}

async fn install(State(installing): State<Arc<Installing>>) -> Response {
    let (to, cookie) = installing.begin();
    let headers =
        [(header::LOCATION, to), (header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::FOUND, headers).into_response()
}

async fn callback(
    State(installing): State<Arc<Installing>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.filter(|query| query.len() <= LONGEST).unwrap_or_default();
    let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let (status, page) = match installing.end(&query, &headers).await {
        Ok(grant) => {
            tracing::info!(team = %grant.team, "installed");
            (StatusCode::OK, pages::installed(grant.name.as_deref(), &grant.next()))
        }
        Err(why) => installing.explain(&why),
    };
    let mut response = show(status, page);
    if let Ok(cookie) = HeaderValue::from_str(&installing.cookie("", 0)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Why an installation did not come about.
enum Failure {
    Cancelled,
    NotBegunHere,
    Slack(ApiError),
    Store(StoreError),
}

impl Installing {
    fn many(&self) -> Result<&Many, StoreError> {
        let missing =
            || StoreError::Row { what: "where installs are kept".to_owned(), why: "there is one workspace".to_owned() };
        self.workspaces.installs().ok_or_else(missing)
    }

    /// Where to send somebody who begins, and the cookie that goes along.
    fn begin(&self) -> (String, String) {
        let cookie = hex((self.settings.random)());
        let mut to = consent(self.api.base());
        to.query_pairs_mut()
            .append_pair("client_id", &self.settings.client.id)
            .append_pair("scope", &scopes::list(self.settings.reach))
            .append_pair("redirect_uri", &self.back())
            .append_pair("state", &self.states.begin(&cookie, (self.settings.clock)()));
        (to.into(), self.cookie(&cookie, BEGUN_FOR.as_secs()))
    }

    /// Who comes back is who was sent, and for the first time.
    async fn ends(&self, many: &Many, state: &str, headers: &HeaderMap) -> Result<bool, StoreError> {
        let now = (self.settings.clock)();
        if !self.states.is_good(state, &self.cookie_in(headers).unwrap_or_default(), now) {
            return Ok(false);
        }
        let mut tx = many.store().begin().await?;
        let first = installs::end(&mut tx, state, now).await?;
        tx.commit().await?;
        Ok(first)
    }

    /// The code of whoever was sent becomes a token, and the token an installation.
    async fn end(&self, query: &HashMap<String, String>, headers: &HeaderMap) -> Result<Grant, Failure> {
        let many = self.many().map_err(Failure::Store)?;
        let word = query.get("error").map(String::as_str);
        if word == Some("access_denied") {
            return Err(Failure::Cancelled);
        }
        let state = query.get("state").map_or("", String::as_str);
        if !self.ends(many, state, headers).await.map_err(Failure::Store)? {
            return Err(Failure::NotBegunHere);
        }
        match (word, query.get("code")) {
            (Some(word), _) => Err(Failure::Slack(ApiError::Refused(word.chars().take(60).collect()))),
            (None, None) => Err(Failure::NotBegunHere),
            (None, Some(code)) => {
                let grant = self.exchange(code).await.map_err(Failure::Slack)?;
                let who = grant.installer.as_ref().map(|user| many.store().who(&grant.team, user));
                let install = grant.install(who, (self.settings.clock)());
                many.put(&install).await.map_err(Failure::Store)?;
                Ok(grant)
            }
        }
    }

    async fn exchange(&self, code: &str) -> Result<Grant, ApiError> {
        let client = &self.settings.client;
        let back = self.back();
        let fields = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.expose_secret()),
            ("code", code),
            ("redirect_uri", &back),
        ];
        let answer = self.api.form(None, "oauth.v2.access", &fields).await?;
        let grant = Grant::read(&answer, (self.settings.clock)());
        let mut grant = grant.ok_or_else(|| ApiError::Unclear("its answer holds no bot".to_owned()))?;
        // What the answer does not tell. Without it the bot works all the same.
        match Identity::of(&self.api, &grant.token).await {
            Ok((identity, _)) => grant.complete(identity),
            Err(error @ ApiError::Refused(_)) => return Err(error),
            Err(error) => tracing::warn!(team = %grant.team, %error, "cannot ask who the bot is"),
        }
        Ok(grant)
    }

    fn explain(&self, why: &Failure) -> (StatusCode, String) {
        let again = self.again();
        match why {
            Failure::Cancelled => (StatusCode::OK, pages::cancelled(&again)),
            Failure::NotBegunHere => (StatusCode::BAD_REQUEST, pages::not_begun_here(&again)),
            Failure::Slack(ApiError::Refused(word)) => {
                tracing::warn!(%word, "Slack refused an installation");
                (StatusCode::BAD_REQUEST, pages::refused(word, &again))
            }
            Failure::Slack(error) => {
                tracing::warn!(%error, "Slack did not finish an installation");
                (StatusCode::BAD_GATEWAY, pages::unreached(&again))
            }
            Failure::Store(error) => {
                tracing::error!(%error, "cannot store an installation");
                (StatusCode::SERVICE_UNAVAILABLE, pages::not_stored(&again))
            }
        }
    }

    fn again(&self) -> String {
        address(&self.settings.url, INSTALL)
    }

    fn back(&self) -> String {
        address(&self.settings.url, CALLBACK)
    }

    /// The prefix makes browsers refuse the cookie from anybody but this very host.
    fn cookie_name(&self) -> &'static str {
        if self.settings.url.scheme() == "https" { "__Host-npmfix-install" } else { "npmfix-install" }
    }

    fn cookie(&self, value: &str, seconds: i64) -> String {
        let secure = if self.settings.url.scheme() == "https" { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.cookie_name())
    }

    fn cookie_in(&self, headers: &HeaderMap) -> Option<String> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.cookie_name()).map(|(_, value)| value.to_owned())
    }
}

/// A page that may load and send nothing, is kept nowhere, and tells nobody where it was.
fn show(status: StatusCode, page: String) -> Response {
    let style = BASE64.encode(Sha256::digest(pages::STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers: [(HeaderName, String); 5] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (status, headers, page).into_response()
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
