//! The least of a Discord that a bot under load needs: it answers the API, has a gateway with one session, hands the bot's own
//! posts back to it, and takes down when each reply came. `tests/discord` has the strict one.

use std::{
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
    extract::State,
    http::{HeaderValue, Method, Uri},
    response::{IntoResponse as _, Response},
};
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::Timestamp;
use npmfix::discord::wire::snowflake_at;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{
        Notify,
        mpsc::{UnboundedSender, unbounded_channel},
    },
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use super::load::{
    book::Shared,
    texts::{CHANNELS, nth_paste, pasted, talk},
};

pub const GUILD: &str = "1200000000000000000";
const APPLICATION: &str = "1100000000000000001";
/// The first channel in which people talk, and the first in which somebody pastes.
const TALK: u64 = 1_300_000_000_000_000_000;
const PASTED: u64 = 1_310_000_000_000_000_000;
/// Milliseconds between heartbeats.
const HEARTBEAT: u64 = 41_250;
/// Frames that are written at once.
const FRAMES: usize = 64;
/// When everything happened.
const TIME: &str = "2025-10-09T08:53:20.000000+00:00";

#[derive(Clone)]
pub struct Platform(Arc<Inner>);

struct Inner {
    book: Shared,
    api: SocketAddr,
    gateway: SocketAddr,
    session: Mutex<Session>,
    /// A session begins.
    begins: Notify,
    posts: AtomicU64,
    /// The id of the first message: of now.
    first: u64,
    /// Channels in which somebody pastes.
    channels: usize,
}

#[derive(Default)]
struct Session {
    out: Option<UnboundedSender<Message>>,
    seq: u64,
}

/// Where each event stands: talk in its few channels, and each paste in one of its own, so that nobody waits for the pace of a
/// channel.
fn channel(number: usize, paste: bool) -> u64 {
    if paste { PASTED + nth_paste(number) as u64 } else { TALK + (number % CHANNELS) as u64 }
}

impl Platform {
    pub async fn start(channels: usize) -> Self {
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let platform = Self(Arc::new(Inner {
            book: Shared::default(),
            api: api.local_addr().unwrap(),
            gateway: gateway.local_addr().unwrap(),
            session: Mutex::default(),
            begins: Notify::new(),
            posts: AtomicU64::new(0),
            first: snowflake_at(Timestamp::now().as_millisecond()),
            channels,
        }));
        let router = Router::new().fallback(call).with_state(platform.clone());
        tokio::spawn(async move { axum::serve(api, router).await });
        let accepting = platform.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = gateway.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(link(accepting.clone(), stream));
            }
        });
        platform
    }

    pub fn api(&self) -> String {
        format!("http://{}", self.0.api)
    }

    pub fn book(&self) -> Shared {
        self.0.book.clone()
    }

    /// All channels in which somebody pastes.
    pub fn paste_channels(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.0.channels as u64).map(|number| (PASTED + number).to_string())
    }

    /// Waits until the bot has signed in.
    pub async fn begins(&self) {
        self.0.begins.notified().await;
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.0.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dispatch(&self, kind: &str, data: &str) {
        let mut session = self.session();
        session.seq += 1;
        let frame = format!("{{\"t\":\"{kind}\",\"s\":{},\"op\":0,\"d\":{data}}}", session.seq);
        if let Some(out) = &session.out {
            let _ = out.send(Message::Text(frame.into()));
        }
    }

    /// Somebody writes something.
    pub fn says(&self, number: usize, paste: bool) {
        let text = if paste {
            let (head, link) = pasted(number);
            format!("{head}{link}")
        } else {
            talk(number)
        };
        let author = 1_500_000_000_000_000_000 + number as u64 % 50;
        let author = json!({
            "id": author.to_string(), "username": format!("user{author}"), "global_name": "Somebody", "avatar": null,
            "discriminator": "0", "public_flags": 0, "primary_guild": null, "avatar_decoration_data": null,
        });
        let id = self.0.first + number as u64;
        let message = json!({
            "id": id.to_string(), "channel_id": channel(number, paste).to_string(), "guild_id": GUILD, "type": 0,
            "content": text, "author": author, "member": member(), "timestamp": TIME, "edited_timestamp": null,
            "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
            "components": [], "pinned": false, "flags": 0, "channel_type": 0, "nonce": (id + 1).to_string(),
        });
        self.dispatch("MESSAGE_CREATE", &message.to_string());
        let now = Some(Instant::now());
        if let Some(record) = self.0.book.lock().records.get_mut(number) {
            (record.sent, record.acked) = (now, now);
        }
    }

    /// The bot says something: the answer to its call. It comes back to the bot as an event.
    fn posted(&self, channel: &str, body: &Value) -> Value {
        let about = &body["message_reference"];
        let number = about["message_id"].as_str().and_then(|id| id.parse::<u64>().ok());
        let number = number.and_then(|id| usize::try_from(id.checked_sub(self.0.first)?).ok());
        self.0.book.lock().answered(number);
        let id = self.0.first + (1 << 40) + self.0.posts.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({
            "id": id.to_string(), "channel_id": channel, "type": 19, "content": "", "author": bot(), "timestamp": TIME,
            "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [],
            "attachments": [], "embeds": body["embeds"], "components": body.get("components").unwrap_or(&json!([])),
            "pinned": false, "flags": 0, "nonce": body["nonce"],
            "message_reference": { "type": 0, "channel_id": channel, "guild_id": GUILD, "message_id": about["message_id"] },
        });
        let answer = message.clone();
        message["guild_id"] = json!(GUILD);
        message["member"] = member();
        self.dispatch("MESSAGE_CREATE", &message.to_string());
        answer
    }

    fn channels(&self) -> Vec<Value> {
        let all = (0..CHANNELS as u64).map(|number| TALK + number);
        all.chain((0..self.0.channels as u64).map(|number| PASTED + number)).map(described).collect()
    }
}

fn described(channel: u64) -> Value {
    json!({
        "id": channel.to_string(), "type": 0, "name": format!("channel-{channel}"), "position": 0, "topic": null,
        "parent_id": null, "nsfw": false, "rate_limit_per_user": 0, "last_message_id": null, "permission_overwrites": [],
        "flags": 0,
    })
}

fn member() -> Value {
    json!({
        "roles": [], "nick": null, "avatar": null, "joined_at": "2024-01-01T00:00:00.000000+00:00", "premium_since": null,
        "deaf": false, "mute": false, "pending": false, "flags": 0, "communication_disabled_until": null,
    })
}

fn bot() -> Value {
    json!({
        "id": APPLICATION, "username": "bench", "global_name": null, "avatar": null, "discriminator": "0", "bot": true,
        "public_flags": 0, "primary_guild": null, "avatar_decoration_data": null, "verified": true, "mfa_enabled": false,
    })
}

fn roles() -> Value {
    json!([{
        "id": GUILD, "name": "@everyone", "permissions": "1071698660929", "position": 0, "color": 0, "hoist": false,
        "managed": false, "mentionable": false, "flags": 0,
    }])
}

async fn call(State(platform): State<Platform>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path().trim_start_matches("/api").trim_start_matches("/v10");
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let answer = match (method.as_str(), parts.as_slice()) {
        ("POST", ["channels", channel, "messages"]) => {
            platform.posted(channel, &serde_json::from_slice(&body).unwrap_or_default())
        }
        ("GET", ["channels", channel]) => {
            let mut described = described(channel.parse().unwrap_or(TALK));
            described["guild_id"] = json!(GUILD);
            described
        }
        ("GET", ["guilds", _, "roles"]) => roles(),
        ("GET", ["gateway", ..]) => json!({
            "url": format!("ws://{}", platform.0.gateway), "shards": 1,
            "session_start_limit": { "total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1 },
        }),
        ("GET", ["applications" | "oauth2", ..]) => json!({
            "id": APPLICATION, "name": "bench", "flags": 1 << 19, "bot": bot(), "verify_key": "", "description": "",
        }),
        ("GET", ["users", "@me"]) => bot(),
        ("GET" | "PUT", _) => json!([]),
        _ => json!({}),
    };
    let mut response = Json(answer).into_response();
    for (name, value) in [("limit", "1000000"), ("remaining", "999999"), ("reset-after", "1.0")] {
        let name = format!("x-ratelimit-{name}").parse::<axum::http::HeaderName>().unwrap();
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The bot's connection.
async fn link(platform: Platform, stream: TcpStream) {
    let Ok(socket) = accept_async(stream).await else { return };
    let (mut write, mut read) = socket.split();
    let (out, mut frames) = unbounded_channel();
    let writer = tokio::spawn(async move {
        let mut all = Vec::with_capacity(FRAMES);
        while frames.recv_many(&mut all, FRAMES).await > 0 {
            for frame in all.drain(..) {
                if write.feed(frame).await.is_err() {
                    return;
                }
            }
            if write.flush().await.is_err() {
                return;
            }
        }
    });
    let say = |json: &Value| {
        let _ = out.send(Message::Text(json.to_string().into()));
    };
    say(&json!({ "t": null, "s": null, "op": 10, "d": { "heartbeat_interval": HEARTBEAT, "_trace": ["bench"] } }));
    while let Some(Ok(frame)) = read.next().await {
        let Message::Text(text) = frame else { continue };
        let sent: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
        match sent["op"].as_u64() {
            Some(1) => say(&json!({ "t": null, "s": null, "op": 11, "d": null })),
            Some(2) => {
                *platform.session() = Session { out: Some(out.clone()), seq: 0 };
                platform.begin();
            }
            // A bot that has lost its connection has lost what the bench counts.
            Some(6) => say(&json!({ "t": null, "s": null, "op": 9, "d": false })),
            _ => {}
        }
    }
    writer.abort();
}

impl Platform {
    /// What a session begins with.
    fn begin(&self) {
        let ready = json!({
            "v": 10, "user": bot(), "guilds": [{ "id": GUILD, "unavailable": true }], "session_id": "bench", "session_type": "normal",
            "resume_gateway_url": format!("ws://{}", self.0.gateway), "shard": [0, 1], "application": { "id": APPLICATION, "flags": 1 << 19 },
        });
        self.dispatch("READY", &ready.to_string());
        let mut me = member();
        me["user"] = bot();
        let guild = json!({
            "id": GUILD, "name": "Bench", "owner_id": "1500000000000000000", "unavailable": false, "large": false, "member_count": 51,
            "joined_at": "2024-01-01T00:00:00.000000+00:00", "icon": null, "features": [], "roles": roles(), "emojis": [],
            "stickers": [], "channels": self.channels(), "threads": [], "members": [me], "voice_states": [], "presences": [],
            "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [], "system_channel_id": null,
            "preferred_locale": "en-US", "verification_level": 0, "default_message_notifications": 0, "mfa_level": 0,
            "explicit_content_filter": 0, "premium_tier": 0, "nsfw_level": 0, "system_channel_flags": 0, "afk_timeout": 300,
        });
        self.dispatch("GUILD_CREATE", &guild.to_string());
        self.0.begins.notify_one();
    }
}
