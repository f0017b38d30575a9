//! Interactions over HTTP, for those who run commands without a gateway: Discord calls, signed, and the answer goes back as the
//! answer to that call.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use ring::signature::{ED25519, UnparsedPublicKey};
use tokio::{sync::oneshot, time::timeout};
use tokio_util::task::TaskTracker;

use super::{
    identity::Identity,
    interact::{Back, Desk},
    rest::Rest,
    wire::Interaction,
};

/// Bytes of a call: a command brings the messages that it is about.
const LIMIT: usize = 1024 * 1024;
/// Discord waits for three seconds.
const PROMPT: Duration = Duration::from_secs(3);

/// Where Discord may call.
pub struct Endpoint {
    /// Answers.
    pub desk: Arc<Desk>,
    /// Discord.
    pub rest: Arc<Rest>,
    /// Who the bot is, and with which key Discord signs.
    pub identity: Arc<Identity>,
    /// What goes on after the first answer is waited for at the end.
    pub tasks: TaskTracker,
}

/// The routes of the endpoint.
pub fn routes(endpoint: Arc<Endpoint>) -> Router {
    Router::new()
        .route("/discord/interactions", post(interaction))
        .layer(DefaultBodyLimit::max(LIMIT))
        .with_state(endpoint)
}

/// Bytes from their hexadecimal digits; `None` when they are others than `length`.
#[must_use]
pub fn bytes(digits: &str, length: usize) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    bytes.filter(|bytes| bytes.len() == length)
}

/// Whether Discord signed this: the time that it names, and the body.
fn is_signed(key: &[u8], headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = text("x-signature-ed25519").and_then(|digits| bytes(digits, 64));
    let (Some(signature), Some(time)) = (signature, text("x-signature-timestamp")) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(&[time.as_bytes(), body].concat(), &signature).is_ok()
}

async fn interaction(State(endpoint): State<Arc<Endpoint>>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(known) = endpoint.identity.get(&endpoint.rest).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if !bytes(&known.key, 32).is_some_and(|key| is_signed(&key, &headers, &body)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if serde_json::from_slice::<Interaction<'_>>(&body).is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let (sender, first) = oneshot::channel();
    let desk = Arc::clone(&endpoint.desk);
    endpoint.tasks.spawn(async move {
        if let Ok(interaction) = serde_json::from_slice::<Interaction<'_>>(&body) {
            desk.serve(&interaction, Back::Answer(sender)).await;
        }
    });
    match timeout(PROMPT, first).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        // It was answered before.
        _ => StatusCode::ACCEPTED.into_response(),
    }
}
