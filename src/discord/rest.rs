//! Discord's REST API, version 10: JSON in, JSON out, within its rate limits. `gate` keeps to those; `route` names what is called.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{HeaderValue, Method, Request, StatusCode, Uri, header},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

mod body;
mod gate;
mod reason;
pub mod route;

pub use body::File;
pub use route::Route;

pub use gate::CALLS;

use body::Body;
use gate::{Answer, Gate};

pub(super) use reason::reason;

/// What Discord is to be told about who calls.
const AGENT: &str = concat!("DiscordBot (npmfix, ", env!("CARGO_PKG_VERSION"), ")");
/// Where the API is, unless a test says otherwise.
const API: &str = "https://discord.com";
/// To reach Discord.
const CONNECT: Duration = Duration::from_secs(5);
/// For an answer. The outbox gives a courier 20 seconds, in which one repeat is to fit.
const ANSWER: Duration = Duration::from_secs(8);
/// Bytes of an answer that are read: the longest is a page of a hundred messages.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

/// Why a call did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// Too much was said; nothing was done.
    #[error("Discord asks to wait {0:?}")]
    Limited(Duration),
    /// The token is not valid. No further call is made.
    #[error("Discord does not accept the token (401): set DISCORD_TOKEN to the bot's current one")]
    Unauthorized,
    /// Discord understood and said no.
    #[error("Discord refused this with {status}, code {code}")]
    Refused {
        /// The status.
        status: u16,
        /// Discord's own code, or 0.
        code: u64,
    },
    /// It did not reach Discord; nothing was done.
    #[error("Discord is not reached: {0}")]
    Failed(String),
    /// Nobody knows whether it was done.
    #[error("Discord did not say whether this was done: {0}")]
    Unclear(String),
}

/// A client of the API. It is made for one token.
pub struct Rest {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    loopback: bool,
    token: SecretString,
    gate: Gate,
    refused: AtomicBool,
}

impl Rest {
    /// A client of Discord itself, or of what stands in for it at a loopback address.
    pub fn new(token: SecretString, api: Option<&Url>) -> Result<Self, String> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT));
        let connector = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots().map_err(|error| {
            format!("cannot read the certificates that this machine trusts (install ca-certificates): {error}")
        })?;
        let connector = match api {
            Some(url) if !is_loopback(url) => {
                return Err("DISCORD_API_URL is for tests: only a loopback address is taken".to_owned());
            }
            Some(_) => connector.https_or_http(),
            None => connector.https_only(),
        };
        let connector = connector.enable_http1().enable_http2().wrap_connector(http);
        let base = api.map_or(API, Url::as_str).trim_end_matches('/');
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: format!("{base}/api/v10"),
            loopback: api.is_some(),
            token,
            gate: Gate::default(),
            refused: AtomicBool::new(false),
        })
    }

    /// With another number of calls that Discord takes in a second.
    #[must_use]
    pub fn with_calls(self, calls: u32) -> Self {
        Self { gate: Gate::new(calls), ..self }
    }

    /// Whether it talks to a stand-in: then nothing may leave loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The token, for whoever connects to the gateway.
    pub(super) fn token(&self) -> &str {
        self.token.expose_secret()
    }

    /// Whether Discord has refused the token.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Calls the API, waiting for rate limits for as long as `patience` says. A thing that
    /// was done and answered with no JSON is [`Value::Null`].
    pub async fn call(&self, route: &Route, body: Option<&Value>, patience: Duration) -> Result<Value, RestError> {
        self.send(route, Body { json: body, files: &[] }, patience).await
    }

    async fn send(&self, route: &Route, body: Body<'_>, patience: Duration) -> Result<Value, RestError> {
        let give_up = Instant::now() + patience;
        loop {
            if self.is_unauthorized() && !route.is_interaction() {
                return Err(RestError::Unauthorized);
            }
            if let Some(wait) = self.gate.wait(route, Instant::now()) {
                if Instant::now() + wait > give_up {
                    return Err(RestError::Limited(wait));
                }
                sleep(wait).await;
                continue;
            }
            match self.once(route, body).await {
                Err(RestError::Limited(wait)) if Instant::now() + wait <= give_up => {}
                outcome => return outcome,
            }
        }
    }

    /// The same for a call that may be repeated without harm: what fails on the way is tried once more.
    pub async fn call_again(
        &self,
        route: &Route,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<Value, RestError> {
        self.send_again(route, Body { json: body, files: &[] }, patience).await
    }

    /// Says something with pictures, which is tried once more, too.
    pub async fn post_files(
        &self,
        route: &Route,
        body: &Value,
        files: &[File],
        patience: Duration,
    ) -> Result<Value, RestError> {
        self.send_again(route, Body { json: Some(body), files }, patience).await
    }

    async fn send_again(&self, route: &Route, body: Body<'_>, patience: Duration) -> Result<Value, RestError> {
        /// Long enough for a server of Discord's to be replaced by its neighbour.
        const PAUSE: Duration = Duration::from_millis(500);
        match self.send(route, body, patience).await {
            Err(RestError::Unclear(_) | RestError::Failed(_)) => {
                sleep(PAUSE).await;
                self.send(route, body, patience).await
            }
            outcome => outcome,
        }
    }

    async fn once(&self, route: &Route, body: Body<'_>) -> Result<Value, RestError> {
        let request = self.request(route, body)?;
        let answer = match timeout(ANSWER, self.client.request(request)).await {
            Err(_) => return Err(RestError::Unclear("no answer in time".to_owned())),
            Ok(Err(error)) if error.is_connect() => return Err(RestError::Failed(reason(&error))),
            Ok(Err(error)) => return Err(RestError::Unclear(reason(&error))),
            Ok(Ok(answer)) => answer,
        };
        let (head, body) = answer.into_parts();
        let body = timeout(ANSWER, Limited::new(body, ANSWER_LIMIT).collect()).await;
        let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let read = serde_json::from_slice(&body);
        // What was asked for and not told is not told; what was done is done.
        if read.is_err() && head.status.is_success() && route.method() == Method::GET {
            return Err(RestError::Unclear("the answer is no JSON, or no whole one".to_owned()));
        }
        let json: Value = read.unwrap_or_default();
        let said = Answer { status: head.status, headers: &head.headers, body: &json };
        let wait = self.gate.learn(route, &said, Instant::now());
        match head.status {
            status if status.is_success() => Ok(json),
            StatusCode::TOO_MANY_REQUESTS => Err(RestError::Limited(wait.unwrap_or(Duration::from_secs(1)))),
            StatusCode::UNAUTHORIZED if !route.is_interaction() => {
                self.refused.store(true, Ordering::Relaxed);
                Err(RestError::Unauthorized)
            }
            status if status.is_server_error() => Err(RestError::Unclear(format!("status {}", status.as_u16()))),
            status => Err(RestError::Refused {
                status: status.as_u16(),
                code: json.get("code").and_then(Value::as_u64).unwrap_or_default(),
            }),
        }
    }

    fn request(&self, route: &Route, body: Body<'_>) -> Result<Request<Full<Bytes>>, RestError> {
        let wrong = |error: &dyn std::fmt::Display| RestError::Failed(format!("no request: {error}"));
        let uri: Uri = format!("{}{}", self.base, route.path()).parse().map_err(|e| wrong(&e))?;
        let mut request = Request::builder().method(route.method()).uri(uri).header(header::USER_AGENT, AGENT);
        if !route.is_interaction() {
            let mut token =
                HeaderValue::try_from(format!("Bot {}", self.token.expose_secret())).map_err(|e| wrong(&e))?;
            token.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, token);
        }
        let (bytes, kind) = body.encode().map_err(|e| wrong(&e))?;
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        request.body(Full::new(bytes)).map_err(|e| wrong(&e))
    }

    /// Fetches a file that Discord keeps and hands on its pieces until `take` has enough; see [`super::fetch`]. The token is not
    /// sent, and no redirect is followed.
    pub(super) async fn file(
        &self,
        url: &Url,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), RestError> {
        let failed = |error: &dyn std::fmt::Display| RestError::Failed(error.to_string());
        let request = Request::get(url.as_str()).header(header::USER_AGENT, AGENT).body(Full::new(Bytes::new()));
        let request = request.map_err(|error| failed(&error))?;
        let answer = timeout(ANSWER, self.client.request(request)).await;
        let answer = answer.map_err(|_| failed(&"no answer in time"))?.map_err(|error| failed(&reason(&error)))?;
        if answer.status() != StatusCode::OK {
            return Err(RestError::Refused { status: answer.status().as_u16(), code: 0 });
        }
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| failed(&reason(&error)))?;
            if let Some(bytes) = frame.data_ref()
                && take(bytes).is_break()
            {
                break;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Whether an address stays on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    }
}
