//! The fake's gateway: sessions that can be resumed, and everything that can go wrong with a connection.

#![expect(clippy::result_large_err, reason = "a refusal is as large as its library makes it")]

use std::time::Instant;

use axum::http::StatusCode;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{
    Fake, GUILD, ME, TOKEN,
    tls::{Door, Wire},
    user,
};

type Socket = WebSocketStream<Box<dyn Wire>>;

/// Milliseconds between heartbeats.
const HEARTBEAT: u64 = 500;

/// What a connection is to do.
#[derive(Debug, Clone)]
pub enum Order {
    Send(String),
    /// Closes with this code; 0 for none.
    Close(u16),
    /// Ends without a word.
    Cut,
}

/// What the gateway knows.
#[derive(Default)]
pub struct State {
    /// The session, with what was sent in it.
    pub session: Option<String>,
    pub sent: Vec<String>,
    /// The connection, if there is one.
    connection: Option<mpsc::UnboundedSender<Order>>,
    pub identifies: usize,
    pub resumes: Vec<u64>,
    pub connections: usize,
    /// What each of them asked for.
    pub asked: Vec<String>,
    /// When each of them was made.
    pub connected_at: Vec<Instant>,
    /// Sign-ins that are left.
    pub remaining: u64,
    /// Heartbeats are not acknowledged.
    pub deaf: bool,
    /// Connections end at once, in this way.
    pub ends: Option<Order>,
    /// Servers do not come, until [`State::servers_come`].
    pub holds_servers: bool,
    held: Option<Value>,
    /// The next resumption is refused.
    pub invalid: bool,
    /// Where to resume, if elsewhere.
    pub elsewhere: Option<String>,
    /// How the last connection was ended from the other side.
    pub goodbye: Option<u16>,
    /// Since when the bot is in the server, for the hello.
    pub joined_at: Option<String>,
    /// The shard that signed in.
    pub shards: Vec<Value>,
    pub intents: u64,
}

impl State {
    /// Sends an event, now or when the session is resumed.
    pub fn dispatch(&mut self, kind: &str, data: Value) {
        if self.session.is_none() {
            return;
        }
        let seq = self.sent.len() + 1;
        let json = json!({ "op": 0, "s": seq, "t": kind, "d": data }).to_string();
        self.sent.push(json.clone());
        self.order(Order::Send(json));
    }

    /// How often the bot signed in, and how often it resumed.
    pub fn sign_ins(&self) -> (usize, usize) {
        (self.identifies, self.resumes.len())
    }

    /// The server that was held back comes.
    pub fn servers_come(&mut self) {
        self.holds_servers = false;
        if let Some(server) = self.held.take() {
            self.dispatch("GUILD_CREATE", server);
        }
    }

    pub fn order(&self, order: Order) {
        if let Some(connection) = &self.connection {
            let _ = connection.send(order);
        }
    }

    pub fn is_connected(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.is_closed())
    }

    /// The session is over; nothing of it comes again.
    pub fn end_session(&mut self) {
        self.session = None;
        self.sent.clear();
    }
}

pub async fn serve(door: Door, fake: Fake) {
    while let Some(knock) = door.knock().await {
        let fake = fake.clone();
        tokio::spawn(async move {
            let Some(wire) = knock.enters(&fake).await else { return };
            let greets = |request: &Request, response| greets(&fake, request, response);
            if let Ok(socket) = tokio_tungstenite::accept_hdr_async(wire, greets).await {
                connection(socket, &fake).await;
            }
            fake.news.notify_waiters();
        });
    }
}

/// Whether a connection is spoken as it asks for: JSON of the tenth version, which nothing compresses.
fn greets(fake: &Fake, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let uri = request.uri();
    fake.state().gateway.asked.push(uri.to_string());
    let mut asked: Vec<&str> = uri.query().unwrap_or_default().split('&').collect();
    asked.sort_unstable();
    if uri.path() == "/" && asked == ["encoding=json", "v=10"] {
        return Ok(response);
    }
    fake.fault(format!("the gateway does not speak {uri}"));
    let mut no = ErrorResponse::new(None);
    *no.status_mut() = StatusCode::BAD_REQUEST;
    Err(no)
}

async fn connection(mut socket: Socket, fake: &Fake) {
    let ends = {
        let gateway = &mut fake.state().gateway;
        gateway.connections += 1;
        gateway.connected_at.push(Instant::now());
        gateway.ends.clone()
    };
    fake.news.notify_waiters();
    match ends {
        Some(Order::Close(code)) => return close(&mut socket, code).await,
        Some(_) => return,
        None => {}
    }
    let (orders, mut ordered) = mpsc::unbounded_channel();
    send(&mut socket, &json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": HEARTBEAT } })).await;
    loop {
        tokio::select! {
            // What was to be sent is sent before a goodbye is read.
            biased;
            order = ordered.recv() => match order {
                Some(Order::Send(json)) => {
                    if socket.send(Message::text(json)).await.is_err() {
                        return;
                    }
                }
                Some(Order::Close(code)) => {
                    close(&mut socket, code).await;
                    return;
                }
                Some(Order::Cut) | None => return,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let json: Value = serde_json::from_str(&text).unwrap();
                    if !takes(&mut socket, fake, &json, &orders).await {
                        return;
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    fake.state().gateway.goodbye = Some(frame.map_or(0, |frame| frame.code.into()));
                    let _ = socket.close(None).await;
                    return;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

async fn send(socket: &mut Socket, json: &Value) {
    let _ = socket.send(Message::text(json.to_string())).await;
}

async fn close(socket: &mut Socket, code: u16) {
    let frame = (code > 0).then(|| CloseFrame { code: CloseCode::from(code), reason: "".into() });
    let _ = socket.close(frame).await;
    // The other side answers, and then it is over.
    while let Some(Ok(_)) = socket.next().await {}
}

/// Takes what the bot sends; whether the connection goes on.
async fn takes(socket: &mut Socket, fake: &Fake, json: &Value, orders: &mpsc::UnboundedSender<Order>) -> bool {
    let data = &json["d"];
    match json["op"].as_u64() {
        Some(1) => {
            let (known, deaf) = {
                let state = fake.state();
                let gateway = &state.gateway;
                // Of a session that is over, nobody knows how far it had come.
                let over = gateway.session.is_none();
                (over || data.as_u64().is_none_or(|seq| seq <= gateway.sent.len() as u64), gateway.deaf)
            };
            if !known {
                fake.fault(format!("a heartbeat of the future: {json}"));
            }
            if !deaf {
                send(socket, &json!({ "op": 11, "s": null, "t": null, "d": null })).await;
            }
            true
        }
        Some(2) => identify(socket, fake, data, orders).await,
        Some(6) => resume(socket, fake, data, orders).await,
        _ => {
            fake.fault(format!("the gateway was sent {json}"));
            false
        }
    }
}

async fn identify(socket: &mut Socket, fake: &Fake, data: &Value, orders: &mpsc::UnboundedSender<Order>) -> bool {
    if data["token"] != format!("Bot {TOKEN}") && data["token"] != TOKEN {
        close(socket, 4004).await;
        return false;
    }
    if !matches!(data["compress"], Value::Null | Value::Bool(false)) {
        fake.fault(format!("compressed events are asked for: {}", data["compress"]));
        return false;
    }
    let intents = data["intents"].as_u64().unwrap_or_default();
    let allowed = fake.state().flags & (1 << 18 | 1 << 19) != 0;
    if intents & (1 << 15) != 0 && !allowed {
        close(socket, 4014).await;
        return false;
    }
    let mut state = fake.state();
    let here = state.url.clone();
    let gateway = &mut state.gateway;
    gateway.identifies += 1;
    gateway.intents = intents;
    gateway.shards.push(data["shard"].clone());
    let session = format!("session-{}", gateway.identifies);
    gateway.session = Some(session.clone());
    gateway.sent.clear();
    gateway.connection = Some(orders.clone());
    let joined = gateway.joined_at.clone().unwrap_or_else(|| "2020-01-01T00:00:00+00:00".to_owned());
    let url = gateway.elsewhere.clone().unwrap_or(here);
    let (threads, mut channels): (Vec<Value>, Vec<Value>) =
        state.channels.values().filter(|c| c["guild_id"] == GUILD).cloned().partition(|c| c["type"] == 11);
    channels.sort_by_key(|channel| channel["id"].as_str().map(str::to_owned));
    let ready = json!({
        "v": 10, "user": user("npmfix"), "session_id": session, "resume_gateway_url": url, "shard": data["shard"],
        "guilds": [{ "id": GUILD, "unavailable": true }], "application": { "id": "1" },
    });
    assert_eq!(ready["user"]["id"], ME);
    state.gateway.dispatch("READY", ready);
    state.gateway.held = Some(json!({
        "id": GUILD, "unavailable": false, "joined_at": joined, "system_channel_id": super::GENERAL,
        "channels": channels, "threads": threads, "roles": super::roles(),
    }));
    if !state.gateway.holds_servers {
        state.gateway.servers_come();
    }
    drop(state);
    fake.news.notify_waiters();
    true
}

async fn resume(socket: &mut Socket, fake: &Fake, data: &Value, orders: &mpsc::UnboundedSender<Order>) -> bool {
    let seq = data["seq"].as_u64().unwrap_or_default();
    let valid = {
        let mut state = fake.state();
        let gateway = &mut state.gateway;
        gateway.resumes.push(seq);
        let invalid = std::mem::take(&mut gateway.invalid);
        let known = gateway.session.as_deref() == data["session_id"].as_str() && gateway.session.is_some();
        known && !invalid && seq <= gateway.sent.len() as u64
    };
    if !valid {
        fake.state().gateway.end_session();
        send(socket, &json!({ "op": 9, "s": null, "t": null, "d": false })).await;
        return true;
    }
    let missed: Vec<String> = {
        let mut state = fake.state();
        state.gateway.connection = Some(orders.clone());
        state.gateway.sent.iter().skip(usize::try_from(seq).unwrap()).cloned().collect()
    };
    for json in missed {
        let _ = socket.send(Message::text(json)).await;
    }
    fake.state().gateway.dispatch("RESUMED", json!({}));
    fake.news.notify_waiters();
    true
}
