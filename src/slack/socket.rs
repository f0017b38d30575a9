//! Socket Mode: Slack's events, commands and clicks over websockets that we open, so that no address of ours need be reached.
//! There are several connections, so that one can end while another goes on; what is not acknowledged, Slack sends again.
//!
//! - `link`: one connection. `lanes`: what comes in is dealt with, the events of one channel after each other.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::oneshot,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config, tungstenite::protocol::WebSocketConfig,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    Slack,
    api::{ApiError, SLACK},
    wire::text,
};

mod lanes;
mod link;

use lanes::Lanes;
use link::Link;

/// How long a websocket may take to come about, and then Slack to say hello.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// The longest frame that is taken. Slack's payloads are far shorter.
const LONGEST: usize = 4 * 1024 * 1024;
/// What a connection reads at once; the library's own default would keep far more.
const READ: usize = 16 * 1024;
/// A connection that held for this long was a good one: the next one need not wait.
const GOOD: Duration = Duration::from_secs(30);

/// Words with which Slack refuses a token for good.
const HOPELESS: [&str; 9] = [
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "missing_scope",
    "no_permission",
    "forbidden_team",
];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Connections at the same time. Slack allows ten.
    pub connections: usize,
    /// The first wait before a connection is tried again; it doubles each time.
    pub backoff: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// How often the other side is asked whether it is there.
    pub ping: Duration,
    /// After how long without a word it is not.
    pub silence: Duration,
    /// How long a connection that Slack has replaced may go on.
    pub grace: Duration,
    /// How long a stop waits for what is being dealt with.
    pub drain: Duration,
    /// Where the randomness of waits comes from: 0 to 1.
    pub jitter: fn() -> f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 2,
            backoff: Duration::from_secs(1),
            longest: Duration::from_mins(1),
            ping: Duration::from_secs(15),
            silence: Duration::from_secs(45),
            grace: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            jitter: rand::random::<f64>,
        }
    }
}

/// Why Socket Mode cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Slack does not take the token.
    #[error(
        "Slack refuses SLACK_APP_TOKEN ({0}): on the app's page, Basic Information, App-Level Tokens, make one with the scope \
         connections:write (it begins with xapp-), and switch on Socket Mode"
    )]
    Refused(String),
}

/// Why there is no connection this time.
enum Missed {
    /// No other try will do.
    Hopeless(SocketError),
    /// Not before this time has passed.
    Wait(Duration),
    /// Another try may do.
    Trouble(String),
}

/// What all connections share.
struct Shared {
    slack: Arc<Slack>,
    token: SecretString,
    settings: Settings,
    lanes: Lanes,
    report: Box<dyn Fn(Change) + Send + Sync>,
    stop: CancellationToken,
}

/// What changed about the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// One more is there.
    Up,
    /// One has gone.
    Down,
}

/// Takes in what Slack sends until `stop`, or until Slack refuses the token for good. `report` is told about connections.
pub async fn run(
    slack: Arc<Slack>,
    token: SecretString,
    settings: Settings,
    report: impl Fn(Change) + Send + Sync + 'static,
    stop: CancellationToken,
) -> Result<(), SocketError> {
    let lanes = Lanes::start(&slack);
    let shared = Arc::new(Shared { slack, token, settings, lanes, report: Box::new(report), stop });
    let mut seats = JoinSet::new();
    for _ in 0..settings.connections.max(1) {
        seats.spawn(Arc::clone(&shared).seat());
    }
    let mut outcome = Ok(());
    while let Some(ended) = seats.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                shared.stop.cancel();
                outcome = Err(error);
            }
            Err(fault) => {
                tracing::error!(%fault, "a connection to Slack met a fault of npmfix");
                if !shared.stop.is_cancelled() {
                    seats.spawn(Arc::clone(&shared).seat());
                }
            }
        }
    }
    outcome
}

impl Shared {
    /// Keeps one connection up. Where Slack announces its end, the next one is there before it goes.
    async fn seat(self: Arc<Self>) -> Result<(), SocketError> {
        let mut links = JoinSet::new();
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            while links.try_join_next().is_some() {}
            let opened = tokio::select! {
                opened = self.open() => opened,
                () = self.stop.cancelled() => break,
            };
            let least = match opened {
                Ok(socket) => {
                    let begun = tokio::time::Instant::now();
                    let (leaving, left) = oneshot::channel();
                    links.spawn(Link::new(Arc::clone(&self), socket, leaving).run());
                    let announced = left.await.is_ok();
                    let good = begun.elapsed() > GOOD;
                    if good {
                        failures = 0;
                    }
                    // One that ends as soon as it stands is replaced at once, but only once.
                    if announced && failures == 0 {
                        failures = u32::from(!good);
                        continue;
                    }
                    Duration::ZERO
                }
                Err(Missed::Hopeless(error)) => return Err(error),
                Err(Missed::Wait(wait)) => wait,
                Err(Missed::Trouble(why)) => {
                    tracing::warn!(why, "cannot connect to Slack; trying again");
                    Duration::ZERO
                }
            };
            let wait = self.wait(failures).max(least + self.wait(0));
            failures += 1;
            tokio::select! {
                () = sleep(wait) => {}
                () = self.stop.cancelled() => {}
            }
        }
        // Those that still have something to acknowledge.
        while links.join_next().await.is_some() {}
        Ok(())
    }

    async fn open(&self) -> Result<Socket, Missed> {
        let api = &self.slack.api;
        let opened = api.call(&self.token, "apps.connections.open", &json!({})).await;
        let answer = opened.map_err(|error| match error {
            ApiError::Refused(word) if HOPELESS.contains(&word.as_str()) => {
                Missed::Hopeless(SocketError::Refused(word))
            }
            ApiError::Limited(wait) => Missed::Wait(wait),
            other => Missed::Trouble(other.to_string()),
        })?;
        let address: Option<Url> = text(&answer, "url").and_then(|address| address.parse().ok());
        let ours = api.base().as_str() != SLACK;
        let address = address.filter(|address| address.scheme() == "wss" || (ours && address.scheme() == "ws"));
        let address = address.ok_or_else(|| Missed::Trouble("the address is no wss address".to_owned()))?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        match timeout(CONNECT_TIME, connect_async_with_config(address.as_str(), Some(config), true)).await {
            Ok(Ok((socket, _))) => Ok(socket),
            // The address has a ticket in it, which is nobody's business.
            Ok(Err(error)) => Err(Missed::Trouble(error.to_string().replace(address.as_str(), "the address"))),
            Err(_) => Err(Missed::Trouble("no answer in time".to_owned())),
        }
    }

    /// Doubles with each failure; a random half of it keeps many that lost Slack from coming back in step.
    fn wait(&self, failures: u32) -> Duration {
        let settings = &self.settings;
        let doubled = settings.backoff.saturating_mul(1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX)) / 2;
        doubled.min(settings.longest).mul_f64(0.5 + 0.5 * (settings.jitter)().clamp(0.0, 1.0))
    }
}
