//! What there is in Slack: the app, workspaces, tokens, people, channels, messages, files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{APP, BOT, BOT_USER, TEAM, socket::Connection, text_of};

/// What the app is allowed to do when nothing is said.
pub const SCOPES: [&str; 12] = [
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "mpim:history",
    "users:read",
];

/// Something that the app did.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method, or `response_url`.
    pub method: String,
    /// With which token.
    pub token: String,
    /// What was asked for.
    pub body: Value,
    /// What became of it; the app may not have heard.
    pub answer: Value,
    /// Slack's id of what was posted or changed.
    pub ts: Option<String>,
    pub at: Timestamp,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429; wait so many seconds. Not carried out.
    Limited(u64),
    /// An HTTP status. Not carried out.
    Status(u16),
    /// An HTTP status, but carried out.
    StatusAfter(u16),
    /// `{"ok": false, "error": …}`. Not carried out.
    Error(&'static str),
    /// Nobody ever answers. Not carried out.
    Hang,
    /// Carried out, and nobody ever answers.
    HangAfter,
    /// The connection goes at once. Not carried out.
    Drop,
    /// Carried out; the connection goes before the answer.
    DropAfter,
    /// Carried out; half of the answer comes.
    Truncated,
    /// Carried out; a proxy answers with a page.
    Html,
}

/// A token of the app.
#[derive(Debug, Clone)]
pub struct Token {
    pub team: Option<String>,
    pub enterprise: Option<String>,
    pub bot_user: String,
    pub bot: String,
    pub scopes: BTreeSet<String>,
    /// Who installed it.
    pub installer: String,
}

/// Somebody.
#[derive(Debug, Clone)]
pub struct User {
    pub id: String,
    pub name: String,
    pub team: String,
    pub is_admin: bool,
    pub is_bot: bool,
}

/// A channel, a direct message.
#[expect(clippy::struct_excessive_bools, reason = "as Slack describes it")]
#[derive(Debug, Clone, Default)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub team: String,
    pub is_private: bool,
    pub is_im: bool,
    pub is_ext_shared: bool,
    pub is_archived: bool,
    /// Whether the bot is in it.
    pub has_bot: bool,
    /// Who is not in it.
    pub absent: BTreeSet<String>,
    pub messages: BTreeMap<String, Value>,
}

impl Channel {
    /// As event payloads name it.
    pub fn kind(&self) -> &'static str {
        match (self.is_im, self.is_private) {
            (true, _) => "im",
            (_, true) => "group",
            _ => "channel",
        }
    }
}

/// A `trigger_id` or a `response_url`.
#[derive(Debug, Clone)]
pub struct Ticket {
    pub at: Timestamp,
    pub uses: u32,
    pub channel: String,
    pub user: String,
    pub team: String,
    /// The message under which somebody clicked.
    pub message: Option<String>,
}

/// A file.
#[derive(Debug, Clone, Default)]
pub struct File {
    pub id: String,
    pub name: String,
    pub team: String,
    pub bytes: Vec<u8>,
    pub expected: Option<usize>,
    pub complete: bool,
    pub alt: Option<String>,
}

/// A code of an install that somebody agreed to.
#[derive(Debug, Clone)]
pub struct Code {
    pub redirect: String,
    pub scopes: Vec<String>,
    pub team: Option<(String, String)>,
    pub enterprise: Option<(String, String)>,
    pub user: String,
}

type Weather = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

/// All of it.
pub struct State {
    pub signing_secret: String,
    pub app_token: String,
    pub client_id: String,
    pub client_secret: String,
    pub tokens: BTreeMap<String, Token>,
    pub users: BTreeMap<String, User>,
    pub channels: BTreeMap<String, Channel>,
    pub files: BTreeMap<String, File>,
    pub triggers: BTreeMap<String, Ticket>,
    pub response_urls: BTreeMap<String, Ticket>,
    pub views: BTreeMap<String, Value>,
    pub homes: BTreeMap<String, Value>,
    pub codes: BTreeMap<String, Code>,
    pub tickets: BTreeSet<String>,
    pub connections: Vec<Connection>,
    /// What was acknowledged over Socket Mode: envelope and payload.
    pub acks: BTreeMap<String, Value>,
    /// How often it was asked to wait because it was too fast.
    pub limited: usize,
    /// A test that packs hours into seconds is not held to so many calls a minute.
    pub tiers_off: bool,
    pub rates: BTreeMap<(String, String), VecDeque<Timestamp>>,
    /// One-shot, by method.
    pub faults: Vec<(String, Fault)>,
    pub weather: Option<Weather>,
    pub wrongs: Vec<String>,
    pub unread: VecDeque<Call>,
    pub calls: Vec<Call>,
    /// Events of the app's own posts that Slack has yet to send, with their team.
    pub echoes: VecDeque<(String, Value)>,
    /// If there is one, echoes go here at once.
    pub echo_to: Option<mpsc::UnboundedSender<(String, Value)>>,
    /// Who listens over Socket Mode is asked to answer with a payload.
    pub count: u64,
    last_ts: i64,
}

impl State {
    pub(super) fn new() -> Self {
        // Put together here, so that nothing looks like a token in the source.
        let token = |kind: &str, tail: &str| format!("{kind}-{}", [tail; 3].join("-"));
        let mut state = Self {
            signing_secret: ["8f742231", "b10e8888", "abcd99ed", "baa4f3c2"].concat(),
            app_token: token("xapp", "1Aa"),
            client_id: "111.222".to_owned(),
            client_secret: ["c1ient", "5ecret"].concat(),
            tokens: BTreeMap::new(),
            users: BTreeMap::new(),
            channels: BTreeMap::new(),
            files: BTreeMap::new(),
            triggers: BTreeMap::new(),
            response_urls: BTreeMap::new(),
            views: BTreeMap::new(),
            homes: BTreeMap::new(),
            codes: BTreeMap::new(),
            tickets: BTreeSet::new(),
            connections: Vec::new(),
            acks: BTreeMap::new(),
            limited: 0,
            tiers_off: false,
            rates: BTreeMap::new(),
            faults: Vec::new(),
            weather: None,
            wrongs: Vec::new(),
            unread: VecDeque::new(),
            calls: Vec::new(),
            echoes: VecDeque::new(),
            echo_to: None,
            count: 0,
            last_ts: 0,
        };
        let scopes = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        state.tokens.insert(
            token("xoxb", "2Bb"),
            Token {
                team: Some(TEAM.to_owned()),
                enterprise: None,
                bot_user: BOT_USER.to_owned(),
                bot: BOT.to_owned(),
                scopes,
                installer: "U0ROOT".to_owned(),
            },
        );
        state.user("U0ROOT", "root").is_admin = true;
        state.channel("C0GENERAL", "general");
        state
    }

    /// Somebody of the first workspace.
    pub fn user(&mut self, id: &str, name: &str) -> &mut User {
        self.users.entry(id.to_owned()).or_insert_with(|| User {
            id: id.to_owned(),
            name: name.to_owned(),
            team: TEAM.to_owned(),
            is_admin: false,
            is_bot: false,
        })
    }

    /// A public channel of the first workspace, with the bot in it; what is special about it is set on what this returns.
    pub fn channel(&mut self, id: &str, name: &str) -> &mut Channel {
        self.channels.entry(id.to_owned()).or_insert_with(|| Channel {
            id: id.to_owned(),
            name: name.to_owned(),
            team: TEAM.to_owned(),
            has_bot: true,
            is_im: id.starts_with('D'),
            is_private: id.starts_with('G') || id.starts_with('D'),
            ..Channel::default()
        })
    }

    /// A name that nothing had before.
    pub fn fresh(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{:06}", self.count)
    }

    /// The next message id: seconds and microseconds, unique and rising.
    pub fn ts(&mut self, now: Timestamp) -> String {
        self.last_ts = (self.last_ts + 1).max(now.as_microsecond());
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    /// The message as it stands in the channel.
    pub fn message(&self, channel: &str, ts: &str) -> Option<&Value> {
        self.channels.get(channel)?.messages.get(ts)
    }

    /// How many replies a message has, and from whom.
    pub fn replies(&self, channel: &str, ts: &str) -> (usize, BTreeSet<String>) {
        let Some(channel) = self.channels.get(channel) else { return (0, BTreeSet::new()) };
        let all = channel.messages.iter().filter(|(id, m)| *id != ts && m["thread_ts"] == json!(ts));
        let users: Vec<String> = all.map(|(_, m)| text_of(m, "user").to_owned()).collect();
        (users.len(), users.into_iter().collect())
    }

    /// The app as payloads name it.
    pub fn bot_profile() -> Value {
        json!({"id": BOT, "app_id": APP, "name": "npmfix", "team_id": TEAM, "deleted": false, "updated": 1_750_000_000})
    }
}
