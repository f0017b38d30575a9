//! Slack's requests over HTTP. A 2xx says that what the request led to is stored; anything else, that it is to come again or was
//! not Slack's.
//!
//! - `signature`: whether a request is Slack's.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::FutureExt as _;
use secrecy::SecretString;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{
    Slack,
    wire::{self, Command, text},
};
use crate::{
    message::TeamId,
    store::{self, inbox},
};

mod signature;

use signature::{Signature, Signer};

/// The longest body that is read. Slack's events have some ten thousand bytes; a modal with everything it may hold, some hundred
/// thousand.
const LONGEST: usize = 1024 * 1024;
/// How long a body may take to come. Slack sends it at once.
const BODY_TIME: Duration = Duration::from_secs(5);
/// Bodies up to this size may all be on their way at the same time.
const SMALL: usize = 32 * 1024;
/// Kilobytes of larger ones that may be: whoever cannot sign can at least not fill the memory.
const LARGE_KILOBYTES: usize = 8 * 1024;
/// The longest check of the certificate, which Slack does not sign.
const CHECK: usize = 2048;

struct Entrance {
    slack: Arc<Slack>,
    signer: Signer,
    large: Semaphore,
}

/// The routes that Slack calls. `secret` is the app's signing secret.
pub fn routes(slack: Arc<Slack>, secret: &SecretString) -> Router {
    let entrance = Entrance { slack, signer: Signer::new(secret), large: Semaphore::new(LARGE_KILOBYTES) };
    Router::new()
        .route("/slack/events", post(events))
        .route("/slack/commands", post(commands).merge(get(async || StatusCode::OK)))
        .route("/slack/interactions", post(interactions))
        .with_state(Arc::new(entrance))
}

async fn events(State(entrance): State<Arc<Entrance>>, request: Request) -> Response {
    let (body, _) = match entrance.signed(request).await {
        Ok(signed) => signed,
        Err(refused) => return refused.into_response(),
    };
    let Some(event) = wire::json(&body) else { return unreadable() };
    drop(body);
    match text(&event, "type") {
        Some("url_verification") => text(&event, "challenge").unwrap_or_default().to_owned().into_response(),
        Some("event_callback") => {
            let id = text(&event, "event_id").unwrap_or_default();
            match safely(entrance.slack.event(&event)).await {
                Some(Ok(())) => StatusCode::OK.into_response(),
                Some(Err(error)) => {
                    tracing::warn!(%error, id, "an event was not taken in; Slack sends it again");
                    StatusCode::SERVICE_UNAVAILABLE.into_response()
                }
                None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        }
        Some("app_rate_limited") => {
            tracing::warn!(team = text(&event, "team_id"), "Slack holds back events: there were too many in an hour");
            StatusCode::OK.into_response()
        }
        _ => StatusCode::OK.into_response(),
    }
}

async fn commands(State(entrance): State<Arc<Entrance>>, request: Request) -> Response {
    let request = match checked(request).await {
        Ok(request) => request,
        Err(answered) => return answered.into_response(),
    };
    let (body, signature) = match entrance.signed(request).await {
        Ok(signed) => signed,
        Err(refused) => return refused.into_response(),
    };
    let command = Command::of_form(&body);
    if command.ssl_check == "1" {
        return StatusCode::OK.into_response();
    }
    if !entrance.slack.workspaces.is_known() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Err(refused) = entrance.once(command.install().teams().next(), &signature).await {
        return refused.into_response();
    }
    match safely(entrance.slack.command(&command)).await {
        Some(Ok(answer)) => Json(answer).into_response(),
        Some(Err(error)) => {
            tracing::warn!(%error, "a command was not carried out; whoever gave it is told");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn interactions(State(entrance): State<Arc<Entrance>>, request: Request) -> Response {
    let (body, signature) = match entrance.signed(request).await {
        Ok(signed) => signed,
        Err(refused) => return refused.into_response(),
    };
    let mut fields = url::form_urlencoded::parse(&body);
    let payload = fields.find(|(name, _)| name == "payload").map(|(_, payload)| payload);
    let Some(payload) = payload.and_then(|payload| wire::json(payload.as_bytes())) else { return unreadable() };
    if !entrance.slack.workspaces.is_known() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Err(refused) = entrance.once(wire::install(&payload).teams().next(), &signature).await {
        return refused.into_response();
    }
    match safely(entrance.slack.interaction(&payload)).await {
        Some(Ok(Some(answer))) => Json(answer).into_response(),
        Some(Ok(None)) => StatusCode::OK.into_response(),
        Some(Err(error)) => {
            tracing::warn!(%error, "a click was not taken in; whoever clicked is told");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A failure of ours must not take the connection with it.
async fn safely<T>(work: impl Future<Output = T>) -> Option<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.inspect_err(|_| tracing::error!("a request met a fault of npmfix")).ok()
}

/// It is signed and yet nothing that can be read: to send it again would not help.
fn unreadable() -> Response {
    (StatusCode::BAD_REQUEST, [("x-slack-no-retry", "1")]).into_response()
}

/// Slack looks now and then whether our certificate is good, and does not sign that.
async fn checked(request: Request) -> Result<Request, StatusCode> {
    let small = length(request.headers()).is_some_and(|length| length <= CHECK);
    if !small || request.headers().contains_key(signature::SIGNATURE) {
        return Ok(request);
    }
    let (_, body) = request.into_parts();
    let body = read(body, CHECK).await?;
    if Command::of_form(&body).ssl_check == "1" { Err(StatusCode::OK) } else { Err(StatusCode::UNAUTHORIZED) }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(body: Body, longest: usize) -> Result<Bytes, StatusCode> {
    match timeout(BODY_TIME, to_bytes(body, longest)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

impl Entrance {
    /// The body of a request that Slack signed within the last minutes. What cannot be Slack's by its first lines is not read.
    async fn signed(&self, request: Request) -> Result<(Bytes, Signature), StatusCode> {
        let now = (self.slack.clock)();
        let signature = Signature::of(request.headers(), now).ok_or(StatusCode::UNAUTHORIZED)?;
        let length = length(request.headers()).ok_or(StatusCode::LENGTH_REQUIRED)?;
        if length > LONGEST {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let room = self.room(length).await?;
        let body = read(request.into_body(), length).await?;
        drop(room);
        if self.signer.signed(&signature, &body) { Ok((body, signature)) } else { Err(StatusCode::UNAUTHORIZED) }
    }

    /// Room for a large body while it comes.
    async fn room(&self, length: usize) -> Result<Option<SemaphorePermit<'_>>, StatusCode> {
        if length <= SMALL {
            return Ok(None);
        }
        let kilobytes = u32::try_from(length.div_ceil(1024)).unwrap_or(u32::MAX);
        match timeout(BODY_TIME, self.large.acquire_many(kilobytes)).await {
            Ok(Ok(room)) => Ok(Some(room)),
            _ => Err(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// A command or a click is carried out once, whoever sends it again.
    async fn once(&self, team: Option<TeamId>, signature: &Signature) -> Result<(), StatusCode> {
        let Some(team) = team else { return Err(StatusCode::BAD_REQUEST) };
        let taken: store::Result<bool> = async {
            let mut tx = self.slack.bot.store().begin().await?;
            let new = inbox::take(&mut tx, &team, &signature.event(), (self.slack.clock)()).await?;
            tx.commit().await?;
            Ok(new)
        }
        .await;
        match taken {
            Ok(true) => Ok(()),
            Ok(false) => Err(StatusCode::CONFLICT),
            Err(error) => {
                tracing::warn!(%error, "a command or a click was not stored");
                Err(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}
