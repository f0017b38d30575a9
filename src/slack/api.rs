//! Slack's Web API: JSON or a form goes out, JSON comes back, and an error says whether the call may have been carried out.
//!
//! This uses the HTTP client below slack-morphism's, not slack-morphism's own: that one reads a page of HTML as an empty success,
//! puts whole bodies into its errors, and cannot tell a call that never left from one that was cut off.
//!
//! - `answer`: what an answer means for whoever called.

use std::{collections::BTreeSet, io, time::Duration};

use axum::{
    body::{Bytes, HttpBody},
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::timeout;
use url::{Url, form_urlencoded};

mod answer;

use answer::{answer, wait};

/// Where Slack's Web API is.
pub const SLACK: &str = "https://slack.com/api/";
/// Where the addresses lead that Slack gives for answers to a command or a click.
const ANSWERS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// Where the addresses lead that Slack gives for files.
const FILES: [&str; 2] = ["files.slack.com", "files.slack-gov.com"];

/// How long a call may take.
const TIME: Duration = Duration::from_secs(10);
/// How long a call with a `trigger_id` may take: that lives for three seconds.
const TRIGGER_TIME: Duration = Duration::from_millis(2500);
/// How long a connection may take to come about; a call that ran into this never left.
const CONNECT_TIME: Duration = Duration::from_secs(4);
/// A connection that rested for longer may be closed by the other side just as it is used, and then nobody knows what
/// became of the call.
const IDLE: Duration = Duration::from_secs(15);
/// The longest answer that is read.
const LONGEST: usize = 4 * 1024 * 1024;
/// In which header Slack names what a token may do.
const SCOPES: &str = "x-oauth-scopes";
/// The Web API at one address. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: Url,
    /// Whether the address is a test's or a proxy's.
    elsewhere: bool,
}

/// The API cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ApiSetupError {
    /// The address.
    #[error("SLACK_API_URL {0:?} is no http or https address")]
    Address(String),
    /// The certificates that the machine trusts.
    #[error("cannot read the certificates that this machine trusts (install ca-certificates): {0}")]
    Certificates(#[from] io::Error),
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Slack asked to wait this long.
    #[error("Slack asks to wait {} s", .0.as_secs())]
    Limited(Duration),
    /// Slack said no, in its own word.
    #[error("Slack refused: {0}")]
    Refused(String),
    /// The call may have been carried out.
    #[error("unclear whether Slack did it: {0}")]
    Unclear(String),
    /// The call was certainly not carried out.
    #[error("Slack was not reached: {0}")]
    Failed(String),
}

impl ApiError {
    /// Slack's error word, if it gave one.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Refused(word) => Some(word),
            _ => None,
        }
    }
}

/// What is sent.
struct Call {
    to: Url,
    kind: &'static str,
    token: Option<HeaderValue>,
    body: Vec<u8>,
    time: Duration,
}

impl Api {
    /// The API at `base`, or Slack's own. Anything but `https` is taken only from whoever names an address.
    pub fn new(base: Option<&str>) -> Result<Self, ApiSetupError> {
        let named = base.unwrap_or(SLACK);
        let bad = || ApiSetupError::Address(named.to_owned());
        let mut base: Url = named.parse().map_err(|_| bad())?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(bad());
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let elsewhere = base.as_str() != SLACK;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIME));
        let roots = HttpsConnectorBuilder::new().with_native_roots()?;
        let scheme = if elsewhere { roots.https_or_http() } else { roots.https_only() };
        let connector = scheme.enable_all_versions().wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self { http, base, elsewhere })
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Calls a method with a JSON body.
    pub async fn call(&self, token: &SecretString, method: &'static str, body: &Value) -> Result<Value, ApiError> {
        let body = serde_json::to_vec(body).map_err(|e| ApiError::Failed(e.to_string()))?;
        let kind = "application/json; charset=utf-8";
        self.method(Call { to: self.at(method)?, kind, token: Some(bearer(token)?), body, time: time(method) }).await
    }

    /// Calls a method with a form body: those that read take no JSON.
    pub async fn form(
        &self,
        token: Option<&SecretString>,
        method: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<Value, ApiError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        let kind = "application/x-www-form-urlencoded";
        let token = token.map(bearer).transpose()?;
        self.method(Call { to: self.at(method)?, kind, token, body, time: time(method) }).await
    }

    /// Asks whose a token is (`auth.test`), and what it may do: the scopes that Slack names in a header, none where it names
    /// none.
    pub async fn identity(&self, token: &SecretString) -> Result<(Value, BTreeSet<String>), ApiError> {
        let method = "auth.test";
        let kind = "application/x-www-form-urlencoded";
        let call = Call { to: self.at(method)?, kind, token: Some(bearer(token)?), body: Vec::new(), time: TIME };
        let (headers, body) = self.send(call).await?;
        let scopes = headers.get(SCOPES).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let scopes = scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty());
        Ok((answer(&body)?, scopes.map(str::to_owned).collect()))
    }

    /// Answers a command or a click at the address that came with it. There is nothing to read in what comes back.
    pub async fn respond(&self, to: &str, body: &Value) -> Result<(), ApiError> {
        let to = self.given(to, &ANSWERS)?;
        let body = serde_json::to_vec(body).map_err(|e| ApiError::Failed(e.to_string()))?;
        let kind = "application/json; charset=utf-8";
        self.send(Call { to, kind, token: None, body, time: TIME }).await.map(drop)
    }

    /// Sends the bytes of a file to the address that `files.getUploadURLExternal` gave.
    pub async fn upload(&self, to: &str, bytes: Vec<u8>) -> Result<(), ApiError> {
        let to = self.given(to, &FILES)?;
        let kind = "application/octet-stream";
        self.send(Call { to, kind, token: None, body: bytes, time: TIME }).await.map(drop)
    }

    /// Begins to fetch a file from the address that Slack gave. Redirects are not followed: they lead to a page to log in.
    pub(super) async fn fetch(
        &self,
        token: &SecretString,
        from: &str,
    ) -> Result<Response<impl HttpBody<Data = Bytes, Error: std::error::Error> + use<>>, ApiError> {
        let from = self.given(from, &FILES).map_err(|error| ApiError::Refused(error.to_string()))?;
        let request = Request::get(from.as_str())
            .header(header::USER_AGENT, concat!("npmfix/", env!("CARGO_PKG_VERSION")))
            .header(header::AUTHORIZATION, bearer(token)?)
            .body(Full::default())
            .map_err(|e| ApiError::Failed(e.to_string()))?;
        let response = self.http.request(request).await.map_err(|error| ApiError::Failed(causes(&error)))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ApiError::Limited(wait(response.headers().get(header::RETRY_AFTER))));
        }
        let what = || format!("HTTP {}", status.as_u16());
        match () {
            () if status.is_success() => Ok(response),
            () if status.is_server_error() => Err(ApiError::Failed(what())),
            () => Err(ApiError::Refused(what())),
        }
    }

    fn at(&self, method: &str) -> Result<Url, ApiError> {
        self.base.join(method).map_err(|e| ApiError::Failed(e.to_string()))
    }

    /// An address from Slack. Nothing is sent to a host that is not Slack's, or the one that was named in its place.
    fn given(&self, address: &str, hosts: &[&str]) -> Result<Url, ApiError> {
        let address: Url = address.parse().map_err(|_| ApiError::Failed("the address cannot be read".to_owned()))?;
        let slack = address.scheme() == "https" && address.host_str().is_some_and(|host| hosts.contains(&host));
        let ours = self.elsewhere && address.host_str() == self.base.host_str();
        if slack || ours { Ok(address) } else { Err(ApiError::Failed("the address is not Slack's".to_owned())) }
    }

    async fn method(&self, call: Call) -> Result<Value, ApiError> {
        let (_, body) = self.send(call).await?;
        answer(&body)
    }

    async fn send(&self, call: Call) -> Result<(HeaderMap, Bytes), ApiError> {
        let request = Request::post(call.to.as_str())
            .header(header::CONTENT_TYPE, call.kind)
            .header(header::USER_AGENT, concat!("npmfix/", env!("CARGO_PKG_VERSION")));
        let request =
            call.token.into_iter().fold(request, |request, token| request.header(header::AUTHORIZATION, token));
        let request = request.body(Full::new(Bytes::from(call.body))).map_err(|e| ApiError::Failed(e.to_string()))?;
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| {
                let what = causes(&error);
                if error.is_connect() { ApiError::Failed(what) } else { ApiError::Unclear(what) }
            })?;
            let status = response.status();
            if status == StatusCode::TOO_MANY_REQUESTS {
                return Err(ApiError::Limited(wait(response.headers().get(header::RETRY_AFTER))));
            }
            if !status.is_success() {
                let what = format!("HTTP {}", status.as_u16());
                return Err(if status.is_server_error() { ApiError::Unclear(what) } else { ApiError::Failed(what) });
            }
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LONGEST).collect().await;
            let body = body.map_err(|_| ApiError::Unclear("the answer broke off".to_owned()))?;
            Ok((head.headers, body.to_bytes()))
        };
        timeout(call.time, exchange).await.unwrap_or_else(|_| Err(ApiError::Unclear("no answer in time".to_owned())))
    }
}

fn time(method: &str) -> Duration {
    if method.starts_with("views.") { TRIGGER_TIME } else { TIME }
}

fn bearer(token: &SecretString) -> Result<HeaderValue, ApiError> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
    let mut value = value.map_err(|_| ApiError::Failed("the token holds characters that none has".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An error with what caused it; names hosts at most.
fn causes(error: &dyn std::error::Error) -> String {
    let first = std::iter::successors(Some(error), |error| error.source());
    first.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_and_without_its_last_slash() {
        for base in ["http://127.0.0.1:9/api", "http://127.0.0.1:9/api/"] {
            let api = Api::new(Some(base)).expect("an address");
            assert_eq!(
                api.at("chat.postMessage").expect("a method").as_str(),
                "http://127.0.0.1:9/api/chat.postMessage"
            );
        }
        for bad in ["", "slack.com/api", "ftp://slack.com/api/", "data:x"] {
            assert!(matches!(Api::new(Some(bad)), Err(ApiSetupError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn answers_go_to_slack_and_nowhere_else() {
        let slack = Api::new(None).expect("Slack");
        assert!(slack.given("https://hooks.slack.com/commands/T1/2/3", &ANSWERS).is_ok());
        for elsewhere in [
            "http://hooks.slack.com/x",
            "https://hooks.slack.com.example.org/x",
            "http://127.0.0.1/x",
            "https://files.slack.com/x",
            "x",
        ] {
            assert!(slack.given(elsewhere, &ANSWERS).is_err(), "{elsewhere}");
        }
        let test = Api::new(Some("http://127.0.0.1:9/api/")).expect("a test");
        assert!(test.given("http://127.0.0.1:8/answer", &ANSWERS).is_ok());
        assert!(test.given("http://127.0.0.2:8/answer", &ANSWERS).is_err());
    }
}
