//! Signed requests to the app.

use std::time::{Duration, Instant};

use axum::{
    body::Bytes,
    http::{Request, header},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use sha2::Sha256;
use tokio::time::timeout;

use super::{
    Fake,
    send::{Ack, Kind, Retry},
};

/// How long Slack waits.
const LIMIT: Duration = Duration::from_secs(3);

/// What a request is signed with.
pub fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().iter().fold("v0=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    // Kept by no test: connections belong to the runtime that made them.
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
}

/// Sends a request; `None` if nothing came back in time.
pub async fn send(request: Request<Full<Bytes>>) -> Option<(u16, axum::http::HeaderMap, Bytes)> {
    let answer = async {
        let response = client().request(request).await.ok()?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some((parts.status.as_u16(), parts.headers, body))
    };
    timeout(LIMIT, answer).await.ok().flatten()
}

/// A form field.
pub fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

impl Fake {
    /// A signed request as Slack makes it.
    pub fn request(&self, base: &str, kind: Kind, payload: &Value, retry: Retry) -> Request<Full<Bytes>> {
        let (path, content, body) = match kind {
            Kind::Event => ("/slack/events", "application/json", payload.to_string().into_bytes()),
            Kind::Command => {
                let fields: Vec<(&str, &str)> = payload
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(n, v)| (n.as_str(), v.as_str().unwrap_or("")))
                    .collect();
                ("/slack/commands", "application/x-www-form-urlencoded", form(&fields))
            }
            Kind::Interaction => {
                let body = form(&[("payload", &payload.to_string())]);
                ("/slack/interactions", "application/x-www-form-urlencoded", body)
            }
        };
        let at = self.now().as_second();
        let mut request = Request::post(format!("{}{path}", base.trim_end_matches('/')))
            .header(header::CONTENT_TYPE, content)
            .header("x-slack-request-timestamp", at.to_string())
            .header("x-slack-signature", signature(&self.signing_secret(), at, &body));
        if retry.number > 0 {
            request = request.header("x-slack-retry-num", retry.number).header("x-slack-retry-reason", retry.reason);
        }
        request.body(Full::new(Bytes::from(body))).unwrap()
    }

    pub(super) async fn post(&self, base: &str, kind: Kind, payload: &Value, retry: Retry) -> Option<Ack> {
        let begun = Instant::now();
        let (status, headers, body) = send(self.request(base, kind, payload, retry)).await?;
        let no_retry = headers.get("x-slack-no-retry").is_some_and(|value| value == "1");
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Some(Ack { status, body, took: begun.elapsed(), no_retry })
    }
}
