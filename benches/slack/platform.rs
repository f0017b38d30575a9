//! The least of a Slack that a bot under load needs: it answers the Web API, takes Socket Mode's websockets, and takes down when
//! each event was acknowledged and when its reply came. `tests/slack` has the strict one.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use super::load::book::Shared;

pub const TEAM: &str = "T0BENCH";
pub const BOT_USER: &str = "U0BOT";
pub const SCOPES: &str = "app_mentions:read,channels:history,channels:read,chat:write,commands,files:read,groups:history,\
                          groups:read,im:history,users:read";
/// The second in which the first event happened.
const FIRST: u64 = 1_760_000_000;
/// Events of one second.
const PER_SECOND: u64 = 1000;

/// The `ts` of an event, and back.
pub fn ts(number: usize) -> String {
    let number = number as u64;
    format!("{}.{:06}", FIRST + number / PER_SECOND, number % PER_SECOND)
}

fn number(ts: &str) -> Option<usize> {
    let (seconds, rest) = ts.split_once('.')?;
    let (seconds, rest): (u64, u64) = (seconds.parse().ok()?, rest.parse().ok()?);
    usize::try_from(seconds.checked_sub(FIRST)? * PER_SECOND + rest).ok()
}

/// The bot's websockets.
#[derive(Default)]
struct Links {
    all: Vec<UnboundedSender<Message>>,
    closed: HashSet<usize>,
    turn: usize,
}

#[derive(Clone)]
pub struct Platform(Arc<Inner>);

struct Inner {
    book: Shared,
    links: Mutex<Links>,
    posts: AtomicU64,
    api: SocketAddr,
    sockets: SocketAddr,
    /// The bot's own posts come back to it as events.
    echoes: UnboundedSender<String>,
}

impl Platform {
    pub async fn start(echoes: UnboundedSender<String>) -> Self {
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (api_address, sockets_address) = (api.local_addr().unwrap(), sockets.local_addr().unwrap());
        let (book, links, posts) = Default::default();
        let inner = Inner { book, links, posts, api: api_address, sockets: sockets_address, echoes };
        let platform = Self(Arc::new(inner));
        let router = Router::new().route("/api/{method}", any(call)).with_state(platform.clone());
        tokio::spawn(async move { axum::serve(api, router).await });
        let accepting = platform.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = sockets.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(link(accepting.clone(), stream));
            }
        });
        platform
    }

    pub fn api(&self) -> String {
        format!("http://{}/api/", self.0.api)
    }

    pub fn book(&self) -> Shared {
        self.0.book.clone()
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.0.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an envelope over one of the bot's connections; `false` if it has none.
    pub fn send(&self, envelope: String) -> bool {
        let mut links = self.links();
        let count = links.all.len();
        for _ in 0..count {
            links.turn = (links.turn + 1) % count;
            let turn = links.turn;
            if !links.closed.contains(&turn) {
                return links.all.get(turn).is_some_and(|c| c.send(Message::Text(envelope.into())).is_ok());
            }
        }
        false
    }

    fn posted(&self, body: &Value) -> Value {
        let posts = self.0.posts.fetch_add(1, Ordering::Relaxed);
        let own = format!("{}.{:06}", FIRST - 1_000_000 + posts, 1);
        let thread = body["thread_ts"].as_str().unwrap_or_default();
        self.0.book.lock().answered(number(thread));
        let message = json!({
            "type": "message", "user": BOT_USER, "bot_id": "B0BOT", "app_id": "A0BENCH", "ts": own, "team": TEAM,
            "text": body["text"], "blocks": body["blocks"], "thread_ts": thread,
        });
        let mut event = message.clone();
        event["channel"] = body["channel"].clone();
        event["event_ts"] = json!(own);
        event["channel_type"] = json!("channel");
        let _ = self.0.echoes.send(event.to_string());
        json!({"ok": true, "channel": body["channel"], "ts": own, "message": message})
    }

    /// An acknowledgement; envelopes of events have their numbers as ids.
    fn acknowledged(&self, frame: &str) {
        let now = Instant::now();
        let tail = frame.split_once("envelope_id\"").map_or("", |(_, tail)| tail);
        let id: String =
            tail.chars().skip_while(|c| !c.is_ascii_alphanumeric()).take_while(char::is_ascii_alphanumeric).collect();
        let mut book = self.0.book.lock();
        if let Some(record) = id.parse().ok().and_then(|number: usize| book.records.get_mut(number)) {
            record.acked.get_or_insert(now);
        }
    }
}

async fn call(
    State(platform): State<Platform>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = match method.as_str() {
        "chat.postMessage" => {
            let kind = headers.get(header::CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or_default();
            let body = if kind.starts_with("application/json") {
                serde_json::from_slice(&body).unwrap_or_default()
            } else {
                let mut fields = serde_json::Map::new();
                for (name, value) in url::form_urlencoded::parse(&body) {
                    let value = match &*name {
                        "blocks" => serde_json::from_str(&value).unwrap_or_default(),
                        _ => Value::String(value.into_owned()),
                    };
                    fields.insert(name.into_owned(), value);
                }
                Value::Object(fields)
            };
            platform.posted(&body)
        }
        "auth.test" => json!({
            "ok": true, "url": "https://bench.slack.example/", "team": "Bench", "user": "bot", "team_id": TEAM,
            "user_id": BOT_USER, "bot_id": "B0BOT", "is_enterprise_install": false,
        }),
        "apps.connections.open" => json!({"ok": true, "url": format!("ws://{}/link", platform.0.sockets)}),
        _ => {
            json!({"ok": true, "messages": [], "user": {"id": "U0ANN", "name": "ann"}, "channel": {"is_channel": true}})
        }
    };
    ([("x-oauth-scopes", SCOPES)], Json(answer)).into_response()
}

async fn link(platform: Platform, stream: TcpStream) {
    let Ok(socket) = accept_async(stream).await else { return };
    let (mut write, mut read) = socket.split();
    let (out, mut frames) = unbounded_channel();
    let hello = json!({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0BENCH"},
        "debug_info": {"host": "applink-1", "build_number": 1, "approximate_connection_time": 18060}});
    let _ = out.send(Message::Text(hello.to_string().into()));
    let turn = {
        let mut links = platform.links();
        links.all.push(out);
        links.all.len() - 1
    };
    let writer = tokio::spawn(async move {
        while let Some(frame) = frames.recv().await {
            if write.send(frame).await.is_err() {
                break;
            }
        }
    });
    while let Some(Ok(frame)) = read.next().await {
        if let Message::Text(text) = frame {
            platform.acknowledged(text.as_str());
        }
    }
    platform.links().closed.insert(turn);
    writer.abort();
}
