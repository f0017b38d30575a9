//! A Discord on loopback, and what people see. It keeps what was posted, takes only what the real one
//! would take, and remembers everything else that it is asked for as a fault. `rest` answers calls, `gateway` is its other half,
//! `tls` is how both are reached, `limits`, `rates` and `schema` say what Discord would refuse.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::needless_pass_by_value, reason = "what is made in the call is handed over")]

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::Method};
use jiff::{SignedDuration, Timestamp};
use npmfix::bot::outbox::Clock;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::timeout};

pub mod gateway;
pub mod limits;
pub mod parts;
pub mod rates;
mod rest;
pub mod schema;
pub mod tls;

use tls::{Door, Papers};

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
    /// It is done, and the answer breaks off.
    Cut,
    /// It is done, and the answer is no JSON.
    Garbled,
    /// It takes this long.
    Slow(Duration),
    /// It is done, and nobody ever answers.
    Hang,
}

type Weather = Box<dyn FnMut(&str) -> Option<Trouble> + Send>;

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
    weather: Option<Weather>,
    /// Channels that cannot be read for a while.
    pub unreadable: HashSet<String>,
    /// Reads of channels that are under way, and the most that were.
    readers: usize,
    pub most_readers: usize,
    /// Calls that met something.
    pub met: usize,
    nonces: HashMap<String, Value>,
    next: u64,
    ahead: Arc<AtomicI64>,
    /// First answers to interactions, and later ones.
    pub answers: HashMap<String, Value>,
    pub late: Vec<Value>,
    pub no_direct: bool,
    /// Channels that the bot may not see.
    pub shut: HashSet<String>,
    /// The bot may not attach files.
    pub no_files: bool,
    /// Files that the bot sent.
    pub sent_files: Vec<parts::File>,
    /// Attached files.
    pub files: HashMap<String, Vec<u8>>,
    pub gateway: gateway::State,
    pub url: String,
    pub flags: u64,
    /// How often it is called, where that is counted.
    rates: Option<rates::Rates>,
    /// Connections that were not trusted, by what was said.
    pub turned_away: Vec<String>,
}

#[derive(Clone)]
pub struct Fake {
    state: Arc<Mutex<State0>>,
    /// Something happened.
    pub news: Arc<Notify>,
    /// How far the time here is ahead of the machine's, in milliseconds.
    ahead: Arc<AtomicI64>,
    pub base: String,
}

impl Fake {
    pub async fn start() -> Self {
        Self::behind(Door::open().await, Door::open().await)
    }

    /// As Discord is reached in production: over TLS, with these papers for its API and for its gateway, and so often that it takes.
    pub async fn start_in_production(api: &Papers, gateway: &Papers) -> Self {
        let fake = Self::behind(Door::locked(api, &["h2"]).await, Door::locked(gateway, &[]).await);
        fake.state().rates = Some(rates::Rates::default());
        fake
    }

    fn behind(rest: Door, socket: Door) -> Self {
        let base = rest.address("http");
        let ahead = Arc::<AtomicI64>::default();
        let mut state =
            State0 { next: 1_400_000_000_000_000_000, flags: 1 << 19, ahead: Arc::clone(&ahead), ..State0::default() };
        state.gateway.remaining = 1000;
        state.url = socket.address("ws");
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
        let fake = Self { state: Arc::new(Mutex::new(state)), news: Arc::default(), ahead: Arc::clone(&ahead), base };
        let app = Router::new().fallback(rest::answer).with_state(fake.clone());
        tokio::spawn(rest.serve(app, fake.clone()));
        tokio::spawn(gateway::serve(socket, fake.clone()));
        fake
    }

    pub fn state(&self) -> MutexGuard<'_, State0> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Time goes by.
    pub fn minutes_pass(&self, minutes: i64) {
        self.ahead.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    /// What time it is here.
    pub fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.ahead);
        Arc::new(move || now(&ahead))
    }

    /// The next call to this route ends so.
    pub fn trouble(&self, route: &'static str, trouble: Trouble) {
        self.state().trouble.push((route, trouble));
    }

    /// From now on, this says how each call ends for which nothing else was said.
    pub fn weather(&self, weather: impl FnMut(&str) -> Option<Trouble> + Send + 'static) {
        self.state().weather = Some(Box::new(weather));
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

fn now(ahead: &AtomicI64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_millis(ahead.load(Ordering::Relaxed))
}

/// What the server's members may do: everybody sees its channels.
fn roles() -> Value {
    json!([{ "id": GUILD, "permissions": "1024" }, { "id": "5", "permissions": "8" }])
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
        self.next = self.next.max(npmfix::discord::wire::snowflake_at(now(&self.ahead).as_millisecond()));
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

    /// A channel is being read.
    fn reads(&mut self, route: &str) {
        if route == "messages" {
            self.readers += 1;
            self.most_readers = self.most_readers.max(self.readers);
        }
    }

    fn has_read(&mut self, route: &str) {
        self.readers -= usize::from(route == "messages");
    }

    /// Takes what goes wrong next with a route.
    fn takes_trouble(&mut self, route: &str) -> Option<Trouble> {
        let planned = self.trouble.iter().position(|(kind, _)| *kind == route).map(|at| self.trouble.remove(at).1);
        let trouble = planned.or_else(|| self.weather.as_mut()?(route))?;
        self.met += 1;
        Some(trouble)
    }
}
