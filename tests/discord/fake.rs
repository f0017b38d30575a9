//! A Discord on loopback: the REST API with its rules, and what people see. It keeps what was posted, takes only what the real one
//! would take, and remembers everything else that it is asked for as a fault. `gateway` is its other half.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, time::timeout};

use super::{gateway, limits, schema};

pub const TOKEN: &str = "a.made-up.token";
pub const APPLICATION: &str = "1100000000000000001";
/// Applications of Discord's first years have another id than their bot.
pub const ME: &str = "1100000000000000002";
pub const GUILD: &str = "1200000000000000000";
/// A public channel, a private one, a thread of the public one.
pub const GENERAL: &str = "1300000000000000001";
pub const SECRET: &str = "1300000000000000002";
pub const THREAD: &str = "1300000000000000003";
/// For anything to happen that is expected to.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// It is refused with this status and code, and not done.
    Refused(u16, u64),
    /// It is done, and the answer is lost on the way.
    Lost,
    /// A wait is asked for, for this route or for all.
    Limited { seconds: f64, global: bool },
    /// It is done, and the answer is no JSON.
    Garbled,
    /// It takes this long.
    Slow(Duration),
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub body: Value,
}

/// Something that people see.
#[derive(Debug, Clone)]
pub enum Seen {
    /// In a channel.
    Posted(Value),
    Edited(Value),
    Removed(Value),
}

#[derive(Default)]
pub struct State0 {
    /// Channels by id: what they are.
    pub channels: HashMap<String, Value>,
    pub messages: Vec<Value>,
    pub calls: Vec<Call>,
    pub seen: VecDeque<Seen>,
    pub faults: Vec<String>,
    trouble: Vec<(&'static str, Trouble)>,
    nonces: HashMap<String, Value>,
    next: u64,
    /// First answers to interactions, and later ones.
    pub answers: HashMap<String, Value>,
    pub late: Vec<Value>,
    pub no_direct: bool,
    /// Attached files.
    pub files: HashMap<String, String>,
    pub gateway: gateway::State,
    pub url: String,
    pub flags: u64,
}

#[derive(Clone)]
pub struct Fake {
    state: Arc<Mutex<State0>>,
    /// Something happened.
    pub news: Arc<Notify>,
    pub base: String,
}

impl Fake {
    pub async fn start() -> Self {
        let rest = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", rest.local_addr().unwrap());
        let mut state = State0 { next: 1_400_000_000_000_000_000, flags: 1 << 19, ..State0::default() };
        state.url = format!("ws://{}", socket.local_addr().unwrap());
        let channel = |id: &str, kind: u64, parent: Value, hidden: bool| {
            let deny = if hidden { "1024" } else { "0" };
            json!({
                "id": id, "type": kind, "guild_id": GUILD, "parent_id": parent, "last_message_id": null,
                "permission_overwrites": [{ "id": GUILD, "type": 0, "allow": "0", "deny": deny }],
            })
        };
        for channel in [
            channel(GENERAL, 0, Value::Null, false),
            channel(SECRET, 0, Value::Null, true),
            channel(THREAD, 11, json!(GENERAL), false),
        ] {
            state.channels.insert(channel["id"].as_str().unwrap().to_owned(), channel);
        }
        let fake = Self { state: Arc::new(Mutex::new(state)), news: Arc::default(), base };
        let app = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(rest, app).await.unwrap() });
        tokio::spawn(gateway::serve(socket, fake.clone()));
        fake
    }

    pub fn state(&self) -> MutexGuard<'_, State0> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The next call to this route ends so.
    pub fn trouble(&self, route: &'static str, trouble: Trouble) {
        self.state().trouble.push((route, trouble));
    }

    pub fn fault(&self, what: String) {
        self.state().faults.push(what);
        self.news.notify_waiters();
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&mut State0) -> Option<T>) -> T {
        let wait = async {
            loop {
                let news = self.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if let Some(found) = look(&mut self.state()) {
                    return found;
                }
                let _ = timeout(Duration::from_millis(200), news).await;
            }
        };
        let found = timeout(PATIENCE, wait).await;
        found.unwrap_or_else(|_| {
            let state = self.state();
            let calls: Vec<String> = state.calls.iter().map(|c| format!("{} {}", c.method, c.path)).collect();
            panic!("waited in vain for {what}; faults: {:?}; calls: {calls:#?}", state.faults);
        })
    }

    /// The next thing that people see in a channel.
    pub async fn sees(&self) -> Seen {
        self.until("something to see", |state| state.seen.pop_front()).await
    }

    pub fn calls_of(&self, method: &Method, part: &str) -> Vec<Call> {
        self.state().calls.iter().filter(|c| c.method == *method && c.path.contains(part)).cloned().collect()
    }

    /// Nothing was asked for that Discord refuses, and everything was seen.
    pub fn end(&self) {
        let state = self.state();
        assert_eq!(state.faults, Vec::<String>::new());
        assert!(state.seen.is_empty(), "nobody looked at {:?}", state.seen);
    }

    /// A new id, of now.
    pub fn id(&self) -> String {
        self.state().id()
    }

    /// Somebody writes a message. It is kept, and handed over.
    pub fn writes(&self, who: &str, channel: &str, fields: Value) -> Value {
        let message = self.state().written(who, channel, fields);
        self.dispatch("MESSAGE_CREATE", message.clone());
        message
    }

    /// Somebody writes a message while nothing is handed over.
    pub fn writes_unheard(&self, who: &str, channel: &str, fields: Value) -> Value {
        self.state().written(who, channel, fields)
    }

    pub fn dispatch(&self, kind: &str, data: Value) {
        self.state().gateway.dispatch(kind, data);
    }

    /// Somebody uses a command, a component or a modal; what they get at first.
    pub async fn interacts(&self, fields: Value) -> Value {
        let id = self.interacts_later(fields);
        self.until("an answer to an interaction", |state| state.answers.remove(&id)).await
    }

    /// The same without waiting for an answer; its id.
    pub fn interacts_later(&self, fields: Value) -> String {
        let id = self.id();
        let mut interaction = json!({
            "id": id, "application_id": APPLICATION, "token": format!("t{id}"), "version": 1, "guild_id": GUILD,
            "channel_id": GENERAL, "channel": { "id": GENERAL, "type": 0 },
            "member": { "user": user("alice"), "permissions": "2048", "nick": null },
        });
        for (key, value) in fields.as_object().unwrap() {
            interaction[key] = value.clone();
        }
        self.dispatch("INTERACTION_CREATE", interaction);
        id
    }
}

/// A key of Discord's, made up.
pub fn signing_key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn public_key() -> String {
    signing_key().public_key().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number of somebody.
pub fn number(who: &str) -> String {
    let sum: u64 = who.bytes().map(u64::from).sum();
    if who == "npmfix" { ME.to_owned() } else { (1_500_000_000_000_000_000 + sum).to_string() }
}

/// Somebody as Discord describes them.
pub fn user(who: &str) -> Value {
    json!({ "id": number(who), "username": who, "global_name": null, "bot": matches!(who, "ci" | "npmfix") })
}

impl State0 {
    fn id(&mut self) -> String {
        self.next += 1 << 22;
        let now = npmfix::discord::wire::snowflake_at(jiff::Timestamp::now().as_millisecond());
        self.next = self.next.max(now);
        self.next.to_string()
    }

    fn written(&mut self, who: &str, channel: &str, fields: Value) -> Value {
        let id = self.id();
        let mut message = json!({
            "id": id, "channel_id": channel, "type": 0, "author": user(who), "content": "", "edited_timestamp": null,
            "timestamp": "2025-06-15T10:00:00.000000+00:00", "mentions": [], "attachments": [], "embeds": [],
        });
        if let Some(guild) = self.channels.get(channel).and_then(|c| c["guild_id"].as_str()) {
            message["guild_id"] = json!(guild);
        }
        for (key, value) in fields.as_object().unwrap() {
            message[key] = value.clone();
        }
        if let Some(channel) = self.channels.get_mut(channel) {
            channel["last_message_id"] = json!(id);
        }
        self.messages.push(message.clone());
        message
    }

    /// Takes what goes wrong next with a route.
    fn takes_trouble(&mut self, route: &str) -> Option<Trouble> {
        let at = self.trouble.iter().position(|(kind, _)| *kind == route)?;
        Some(self.trouble.remove(at).1)
    }
}

async fn answer(State(fake): State<Fake>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(path) = uri.path().strip_prefix("/api/v10") else {
        if let Some(file) = uri.path().strip_prefix("/files/") {
            let file = fake.state().files.get(file).cloned();
            return file
                .map_or_else(|| StatusCode::NOT_FOUND.into_response(), axum::response::IntoResponse::into_response);
        }
        fake.fault(format!("{method} {uri}: no path of this version"));
        return StatusCode::NOT_FOUND.into_response();
    };
    fake.state().calls.push(Call { method: method.clone(), path: path.to_owned(), body: json.clone() });
    fake.news.notify_waiters();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let route = route(&method, &parts);
    let open = matches!(route, "callback" | "original" | "follow-up");
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !open && token != format!("Bot {TOKEN}") {
        return refused(401, 0);
    }
    let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !agent.starts_with("DiscordBot (") {
        fake.fault(format!("{method} {path}: user agent {agent:?}"));
    }
    for wrong in wrong_with(route, &json) {
        fake.fault(format!("{method} {path}: {wrong} in {json}"));
    }
    let trouble = fake.state().takes_trouble(route);
    match &trouble {
        Some(Trouble::Refused(status, code)) => return refused(*status, *code),
        Some(Trouble::Limited { seconds, global }) => {
            let scope = if *global { "global" } else { "user" };
            let body = json!({ "message": "You are being rate limited.", "retry_after": seconds, "global": global });
            let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
            let head = response.headers_mut();
            head.insert("retry-after", format!("{}", seconds.ceil()).parse().unwrap());
            head.insert("x-ratelimit-scope", scope.parse().unwrap());
            return response;
        }
        Some(Trouble::Slow(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    let response = carry_out(&fake, route, &parts, &uri, json);
    fake.news.notify_waiters();
    match trouble {
        Some(Trouble::Lost) => StatusCode::BAD_GATEWAY.into_response(),
        Some(Trouble::Garbled) => "<html>".into_response(),
        _ => response,
    }
}

fn route(method: &Method, parts: &[&str]) -> &'static str {
    match (method.as_str(), parts) {
        ("GET", ["gateway", "bot"]) => "gateway",
        ("GET", ["applications", "@me"]) => "application",
        ("PUT", ["applications", APPLICATION, "commands"]) => "commands",
        ("GET", ["channels", _]) => "channel",
        ("GET", ["guilds", GUILD, "roles"]) => "roles",
        ("POST", ["channels", _, "messages"]) => "post",
        ("GET", ["channels", _, "messages"]) => "messages",
        ("PATCH", ["channels", _, "messages", _]) => "edit",
        ("DELETE", ["channels", _, "messages", _]) => "delete",
        ("POST", ["users", "@me", "channels"]) => "direct",
        ("POST", ["interactions", _, _, "callback"]) => "callback",
        ("PATCH", ["webhooks", APPLICATION, _, "messages", "@original"]) => "original",
        ("POST", ["webhooks", APPLICATION, _]) => "follow-up",
        _ => "unknown",
    }
}

fn wrong_with(route: &str, body: &Value) -> Vec<String> {
    let mut wrong = schema::against(route, body);
    match route {
        "post" | "edit" | "original" | "follow-up" => wrong.extend(limits::message(body)),
        "callback" => match body["type"].as_u64() {
            Some(4) => wrong.extend(limits::message(&body["data"])),
            Some(9) => wrong.extend(limits::modal(&body["data"])),
            Some(1 | 5 | 6 | 8) => {}
            other => wrong.push(format!("an answer of type {other:?}")),
        },
        "unknown" => wrong.push("no route".to_owned()),
        _ => {}
    }
    wrong
}

fn refused(status: u16, code: u64) -> Response {
    let body = json!({ "message": "no", "code": code });
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

fn ok(body: &Value) -> Response {
    let mut response = axum::Json(body).into_response();
    let head = response.headers_mut();
    for (name, value) in
        [("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "49"), ("x-ratelimit-reset-after", "1.0")]
    {
        head.insert(name, value.parse().unwrap());
    }
    response
}

fn carry_out(fake: &Fake, route: &str, parts: &[&str], uri: &Uri, body: Value) -> Response {
    let mut state = fake.state();
    match (route, parts) {
        ("gateway", _) => {
            let limit = json!({
                "total": 1000, "remaining": state.gateway.remaining, "reset_after": 1000, "max_concurrency": 1,
            });
            ok(&json!({ "url": state.url, "shards": 1, "session_start_limit": limit }))
        }
        ("application", _) => ok(&json!({
            "id": APPLICATION, "name": "npmfix", "flags": state.flags, "bot": user("npmfix"),
            "verify_key": public_key(),
        })),
        ("commands", _) => ok(&body),
        ("channel", [_, id]) => match state.channels.get(*id) {
            Some(channel) => ok(channel),
            None => refused(404, 10_003),
        },
        ("roles", _) => ok(&json!([{ "id": GUILD, "permissions": "1024" }, { "id": "5", "permissions": "8" }])),
        ("post", [_, channel, _]) => state.post(channel, body),
        ("messages", [_, channel, _]) => {
            let after: u64 = uri
                .query()
                .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("after=")))
                .and_then(|after| after.parse().ok())
                .unwrap_or_default();
            let id = |message: &Value| message["id"].as_str().unwrap().parse::<u64>().unwrap();
            let mut page: Vec<Value> =
                state.messages.iter().filter(|m| m["channel_id"] == *channel && id(m) > after).cloned().collect();
            page.sort_by_key(|message| id(message));
            page.truncate(100);
            page.reverse();
            // Only events name the server and the nonce.
            for message in &mut page {
                let object = message.as_object_mut().unwrap();
                object.remove("guild_id");
                object.remove("nonce");
            }
            ok(&Value::Array(page))
        }
        ("edit", [_, _, _, id]) => {
            let Some(at) = state.messages.iter().position(|message| message["id"] == *id) else {
                return refused(404, 10_008);
            };
            for key in ["embeds", "components"] {
                state.messages[at][key] = body[key].clone();
            }
            state.messages[at]["edited_timestamp"] = json!("2025-06-15T10:00:01.000000+00:00");
            let mut message = state.messages[at].clone();
            message.as_object_mut().unwrap().remove("nonce");
            state.seen.push_back(Seen::Edited(message.clone()));
            state.gateway.dispatch("MESSAGE_UPDATE", message.clone());
            ok(&message)
        }
        ("delete", [_, channel, _, id]) => {
            let Some(at) = state.messages.iter().position(|message| message["id"] == *id) else {
                return refused(404, 10_008);
            };
            let message = state.messages.remove(at);
            state.seen.push_back(Seen::Removed(message));
            let gone = json!({ "id": id, "channel_id": channel, "guild_id": GUILD });
            state.gateway.dispatch("MESSAGE_DELETE", gone);
            StatusCode::NO_CONTENT.into_response()
        }
        ("direct", _) => {
            let id = format!("16{}", body["recipient_id"].as_str().unwrap());
            let channel = json!({ "id": id, "type": 1 });
            state.channels.insert(id, channel.clone());
            ok(&channel)
        }
        ("callback", [_, id, token, _]) => {
            if *token != format!("t{id}") {
                return refused(404, 10_062);
            }
            if state.answers.insert((*id).to_owned(), body).is_some() {
                return refused(400, 40_060);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        ("original" | "follow-up", _) => {
            state.late.push(body.clone());
            ok(&body)
        }
        _ => refused(404, 0),
    }
}

impl State0 {
    fn post(&mut self, channel: &str, body: Value) -> Response {
        let Some(place) = self.channels.get(channel).cloned() else { return refused(404, 10_003) };
        if place["type"] == 1 && self.no_direct {
            return refused(403, 50_007);
        }
        let nonce = body["nonce"].as_str().unwrap_or_default().to_owned();
        // A repeat under the same nonce is answered with what was posted.
        if let Some(posted) = self.nonces.get(&nonce).filter(|_| body["enforce_nonce"] == true) {
            return ok(posted);
        }
        if let Some(about) = body["message_reference"]["message_id"].as_str() {
            let known = self.messages.iter().any(|message| message["id"] == about);
            if !known && body["message_reference"]["fail_if_not_exists"] != false {
                return refused(400, 50_035);
            }
        }
        let mut fields = json!({ "type": if body["message_reference"].is_null() { 0 } else { 19 }, "nonce": nonce });
        for key in ["embeds", "components", "message_reference", "flags"] {
            if !body[key].is_null() {
                fields[key] = body[key].clone();
            }
        }
        let message = self.written("npmfix", channel, fields);
        self.nonces.insert(nonce, message.clone());
        self.seen.push_back(Seen::Posted(message.clone()));
        self.gateway.dispatch("MESSAGE_CREATE", message.clone());
        ok(&message)
    }
}
