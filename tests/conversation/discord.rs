//! Discord as a world: the whole adapter over real sockets, against the stand-in of `tests/discord`. Where Discord differs by
//! design: a channel is not read as a whole before somebody says `watch` there, so this world says so first; a line of the grammar
//! is a subcommand with options; what only one person sees is a direct message, or the answer to what they did; a long text is a
//! file; and our own posts come back as events, which needs no help here.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use npmfix::{
    answer::reply::Choice,
    bot::{
        Bot, Limits,
        amend::Aftermath,
        outbox::{Settings, Worker},
    },
    discord::{Discord, DiscordError, Setup, rest::CALLS},
    knowledge::load_embedded,
    message::{Address, ChannelId, MessageId, MessageRef, Platform, Speaker, TeamId, UserId, Visibility},
    store::{
        Store,
        channels::{self, Mode},
        outbox::{self, Kind},
    },
};
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

#[path = "../discord/fake/fake.rs"]
mod fake;

use fake::{Fake, GENERAL, GUILD, PATIENCE, Seen, number, user};

use crate::{
    room::{BEGIN, clock},
    world::{Answered, Asking, PEOPLE, Person, Picked, Said, Saying, Soon, World},
};

/// How far a worker's pace may move the clock on between two steps of a scenario.
const PACE: i64 = 5_000;
/// The longest text that somebody can type; a longer one becomes a file.
const TYPED: usize = 2000;

/// Words of the grammar for what a fix is for.
const BREADTHS: [&str; 3] = ["package", "scope", "registry"];

/// The world.
pub struct Server {
    store: Store,
    limits: Limits,
    fake: Fake,
    run: Run,
    now: Arc<AtomicI64>,
    channel: String,
    /// Channels by their numbers, as the scenario calls them.
    names: HashMap<String, String>,
    watched: HashSet<String>,
    /// The numbers of events that may come again.
    events: HashMap<String, String>,
    /// The form that somebody was shown.
    form: Option<Value>,
}

/// The bot, running.
struct Run {
    discord: Arc<Discord>,
    worker: Arc<Worker>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), DiscordError>>,
}

impl Run {
    async fn start(store: &Store, limits: Limits, fake: &Fake, now: &Arc<AtomicI64>) -> Self {
        let bot = Arc::new(Bot::new(load_embedded().unwrap(), store.clone(), limits));
        let setup = Setup {
            token: fake::TOKEN.to_owned().into(),
            application: None,
            api: Some(fake.base.parse().unwrap()),
            shards: None,
            calls: CALLS,
        };
        let discord = Arc::new(Discord::new(Arc::clone(&bot), setup, clock(now)).unwrap());
        let settings = Settings { jitter: || 1.0, ..Settings::default() };
        let worker = Worker::new(bot, vec![discord.courier()], settings, clock(now));
        let stop = CancellationToken::new();
        let running = {
            let (discord, worker, stop) = (Arc::clone(&discord), Arc::clone(&worker), stop.clone());
            tokio::spawn(async move { discord.run(worker, stop).await })
        };
        fake.until("a connection", |state| state.gateway.is_connected().then_some(())).await;
        Self { discord, worker, stop, running }
    }

    async fn end(&mut self) {
        self.stop.cancel();
        timeout(PATIENCE, &mut self.running).await.unwrap().unwrap().unwrap();
    }
}

impl Server {
    pub fn open(store: Store, limits: Limits) -> Soon<'static, Box<dyn World>> {
        Box::pin(async move {
            let fake = Fake::start().await;
            let now = Arc::new(AtomicI64::new(BEGIN));
            let run = Run::start(&store, limits, &fake, &now).await;
            let server = Self {
                store,
                limits,
                fake,
                run,
                now,
                channel: GENERAL.to_owned(),
                names: HashMap::new(),
                watched: HashSet::new(),
                events: HashMap::new(),
                form: None,
            };
            Box::new(server) as Box<dyn World>
        })
    }

    fn team() -> TeamId {
        TeamId::parse(&format!("discord:{GUILD}")).unwrap()
    }

    /// Somebody says `watch` here, unless something was said about this channel before.
    async fn watch(&self) {
        let channel = ChannelId::parse(&self.channel).unwrap();
        let mut tx = self.store.begin().await.unwrap();
        let known = sqlx::query_scalar("SELECT COUNT(*) FROM channel WHERE channel = $1").bind(&self.channel);
        let known: i64 = known.fetch_one(&mut *tx).await.unwrap();
        if known == 0 {
            channels::set_mode(&mut tx, &Self::team(), &channel, Mode::Auto).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    fn place(&self, id: &Value) -> MessageRef {
        MessageRef {
            team: Self::team(),
            channel: ChannelId::parse(&self.channel).unwrap(),
            thread: None,
            id: MessageId::parse(id.as_str().unwrap()).unwrap(),
        }
    }

    /// A message's thread, which is a channel of its own under the message's number.
    fn thread_of(&self, message: &MessageRef) -> String {
        let id = message.id.as_str().to_owned();
        let thread = json!({ "id": id, "type": 11, "guild_id": GUILD, "parent_id": message.channel.as_str() });
        self.fake.state().channels.insert(id.clone(), thread);
        id
    }

    /// What a message holds: a long text comes as a file.
    fn fields(&self, saying: Saying<'_>) -> Value {
        let mentions = if saying.address == Address::Addressed { json!([user("npmfix")]) } else { json!([]) };
        let mut fields = json!({ "content": saying.text, "mentions": mentions, "author": author(saying.who) });
        if saying.text.encode_utf16().count() > TYPED {
            let mut state = self.fake.state();
            let name = format!("{}.txt", state.files.len());
            let url = format!("{}/files/{name}", self.fake.base);
            state.files.insert(name, saying.text.as_bytes().to_vec());
            fields["content"] = json!("");
            fields["attachments"] = json!([{ "id": "1", "filename": "message.txt", "size": 1, "url": url }]);
        }
        fields
    }

    /// The message at a place as it stands now, with other fields.
    fn with(&self, place: &MessageRef, fields: &Value) -> Value {
        let mut state = self.fake.state();
        let found = state.messages.iter_mut().find(|message| message["id"] == place.id.as_str());
        let mut gone =
            json!({ "id": place.id.as_str(), "channel_id": place.channel.as_str(), "guild_id": GUILD, "type": 0 });
        let message = found.unwrap_or(&mut gone);
        for (key, value) in fields.as_object().unwrap() {
            message[key] = value.clone();
        }
        message.clone()
    }

    /// Waits until what was handed over was dealt with.
    async fn rest(&self) {
        self.fake.interacts(json!({ "type": 1 })).await;
        let idle = async {
            while !self.run.discord.is_idle() {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, idle).await.unwrap();
    }

    /// Somebody does something; what they get at once. The same event is the same interaction.
    async fn interacts(&mut self, who: &Person, event: &str, mut fields: Value) -> Option<Value> {
        let id = match self.events.get(event) {
            Some(id) => id.clone(),
            None => self.fake.id(),
        };
        self.events.insert(event.to_owned(), id.clone());
        fields["id"] = json!(id);
        fields["token"] = json!(format!("t{id}"));
        fields["channel_id"] = json!(self.channel);
        fields["channel"] = json!({ "id": self.channel, "type": 0 });
        let rights = if who.name == "root" { "8" } else { "2048" };
        fields["member"] = json!({ "user": author(who), "permissions": rights });
        self.fake.interacts_later(fields);
        self.rest().await;
        let mut state = self.fake.state();
        let first = state.answers.remove(&id)?;
        // What took long was announced first.
        Some(state.late.pop().map_or(first, |late| json!({ "type": 4, "data": late })))
    }

    /// A message as people read it, who see channels by their names.
    fn page(&self, message: &Value) -> String {
        let named =
            |page: String, (id, name): (&String, &String)| page.replace(&format!("<#{id}>"), &format!("#{name}"));
        self.names.iter().fold(page(message), named)
    }

    /// What people type for somebody's name or a channel's, as their apps send it.
    fn named(&self, text: &str) -> String {
        let name =
            |text: String, who: &Person| text.replace(&format!("@{}", who.name), &format!("<@{}>", number(who.name)));
        let text = PEOPLE.iter().fold(text.to_owned(), name);
        self.names.iter().fold(text, |text, (id, name)| text.replace(&format!("#{name}"), &format!("<#{id}>")))
    }
}

fn author(who: &Person) -> Value {
    let mut author = user(who.name);
    author["bot"] = json!(who.speaker != Speaker::Person);
    author
}

/// A line of the grammar as somebody fills it in.
fn command(text: &str) -> Value {
    let mut words = text.splitn(2, ' ');
    let (name, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_start());
    let (first, then) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (second, last) = then.split_once(char::is_whitespace).unwrap_or((then, ""));
    let given: Vec<(&str, &str)> = match name {
        "save" if first == "team-wide" && BREADTHS.contains(&second) => {
            vec![("who", first), ("for", second), ("text", last)]
        }
        "save" if first == "team-wide" => vec![("who", first), ("text", then)],
        "save" if BREADTHS.contains(&first) => vec![("for", first), ("text", then)],
        "explain" | "save" => vec![("text", rest)],
        "fix" => vec![("fix", first), ("do", second), ("text", last)],
        "forget" => vec![("whom", first), ("yes", then)],
        "fixes" => vec![("words", rest)],
        "history" | "unmute" => vec![("error", rest)],
        "mute" => vec![("time", rest)],
        "bots" => vec![("switch", rest)],
        "settings" => vec![("change", rest)],
        "digest" => vec![("when", rest)],
        "help" => vec![("about", rest)],
        _ => Vec::new(),
    };
    let option = |(name, value): &(&str, &str)| json!({ "name": name, "type": 3, "value": value });
    let options: Vec<Value> = given.iter().filter(|(_, value)| !value.is_empty()).map(option).collect();
    let sub = json!({ "name": name, "type": 1, "options": options });
    json!({ "type": 2, "data": { "id": "1", "name": "npmfix", "type": 1, "options": [sub] } })
}

/// A form as it comes back.
fn filled(form: &Value, text: &str, breadth: &str) -> Value {
    json!({ "type": 5, "data": { "custom_id": form["custom_id"], "components": [
        { "type": 18, "component": { "type": 4, "custom_id": "text", "value": text } },
        { "type": 18, "component": { "type": 3, "custom_id": "for", "values": [breadth] } },
    ] } })
}

/// The text of a message as `answer::text` lays it out.
fn page(message: &Value) -> String {
    let mut page = String::new();
    for card in message["embeds"].as_array().into_iter().flatten() {
        let title = card["title"].as_str().map(|title| format!("{title}\n")).unwrap_or_default();
        let mut fenced = false;
        for line in format!("{title}{}", card["description"].as_str().unwrap_or_default()).lines() {
            if line == "```" {
                fenced = !fenced;
                continue;
            }
            if fenced {
                page.push_str("  | ");
                page.push_str(line);
            } else {
                let line = line.replace("**", "").replace('\\', "");
                page.push_str(if line.starts_with("- ") { "  " } else { "" });
                page.push_str(&line);
            }
            page.push('\n');
        }
    }
    page.replace('\u{200b}', "")
}

fn choices(message: &Value) -> Vec<Choice> {
    let rows = message["components"].as_array().into_iter().flatten();
    let components = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    // What belongs to one of several entries stands below all of them, under the entry's number.
    let label = |value: &Value| {
        let text = text(value);
        let (number, rest) = text.split_once(". ").unwrap_or_default();
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) { rest.to_owned() } else { text }
    };
    components
        .flat_map(|component| match component["options"].as_array() {
            Some(options) => options
                .iter()
                .map(|option| Choice { id: text(&option["value"]), label: text(&option["label"]) })
                .collect(),
            None => vec![Choice { id: text(&component["custom_id"]), label: label(&component["label"]) }],
        })
        .collect()
}

impl World for Server {
    fn name(&self) -> &'static str {
        "Discord"
    }

    fn store(&self) -> &Store {
        &self.store
    }

    fn team(&self) -> TeamId {
        Self::team()
    }

    fn id_of(&self, who: &Person) -> UserId {
        UserId::parse(&number(who.name)).unwrap()
    }

    fn minutes_pass(&mut self, minutes: i64) {
        self.now.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    fn go_to(&mut self, channel: &str, visibility: Visibility) {
        let id: u64 = channel.bytes().fold(0, |sum, byte| sum * 31 % 999_983 + u64::from(byte));
        self.channel = (1_320_000_000_000_000_000 + id).to_string();
        self.names.insert(self.channel.clone(), channel.to_owned());
        let deny = if visibility == Visibility::Public { "0" } else { "1024" };
        let told = json!({
            "id": self.channel, "type": 0, "guild_id": GUILD, "parent_id": null, "last_message_id": null,
            "permission_overwrites": [{ "id": GUILD, "type": 0, "allow": "0", "deny": deny }],
        });
        self.fake.state().channels.insert(self.channel.clone(), told);
    }

    fn shuts_out(&mut self) {
        self.fake.state().shut.insert(self.channel.clone());
    }

    fn lets_in(&mut self) {
        self.fake.state().shut.clear();
    }

    fn link(&self, place: &MessageRef) -> String {
        format!("/channels/{GUILD}/{}/{}", place.channel, place.id)
    }

    fn restart(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            self.run.end().await;
            self.run = Run::start(&self.store, self.limits, &self.fake, &self.now).await;
        })
    }

    fn says<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, MessageRef> {
        Box::pin(async move {
            self.watch().await;
            let message = self.fake.writes(saying.who.name, &self.channel, self.fields(saying));
            self.rest().await;
            self.place(&message["id"])
        })
    }

    fn hands_over<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            self.watch().await;
            let message = self.with(place, &self.fields(saying));
            self.fake.dispatch("MESSAGE_CREATE", message);
            self.rest().await;
        })
    }

    fn says_twice<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            self.watch().await;
            let message = self.fake.writes(saying.who.name, &self.channel, self.fields(saying));
            self.fake.dispatch("MESSAGE_CREATE", message);
            self.rest().await;
        })
    }

    fn edits<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            let mut fields = self.fields(saying);
            fields["edited_timestamp"] = json!("2025-06-15T15:10:00Z");
            let message = self.with(place, &fields);
            self.fake.dispatch("MESSAGE_UPDATE", message);
            self.rest().await;
        })
    }

    fn deletes<'a>(&'a mut self, place: &'a MessageRef, aftermath: Aftermath) -> Soon<'a, ()> {
        Box::pin(async move {
            let about = place.id.as_str();
            let ours = |m: &&Value| m["message_reference"]["message_id"] == about && m["author"]["id"] == fake::ME;
            let answer = self.fake.state().messages.iter().find(ours).map(|message| message["id"].clone());
            if let (Some(answer), Aftermath::Unknown) = (answer, aftermath) {
                let reference = json!({ "type": 0, "message_id": answer });
                let thanks = json!({ "content": "thanks", "type": 19, "message_reference": reference });
                self.fake.writes("bob", place.channel.as_str(), thanks);
            }
            self.fake.state().messages.retain(|message| message["id"] != about);
            let gone = json!({ "id": about, "channel_id": place.channel.as_str(), "guild_id": GUILD });
            self.fake.dispatch("MESSAGE_DELETE", gone);
            self.rest().await;
        })
    }

    fn clicks<'a>(&'a mut self, who: &'a Person, choice: &'a str, event: &'a str) -> Soon<'a, Picked> {
        Box::pin(async move {
            let data = json!({ "custom_id": choice, "component_type": 2 });
            let Some(answer) = self.interacts(who, event, json!({ "type": 3, "data": data })).await else {
                return Picked::Nothing;
            };
            match answer["type"].as_u64() {
                Some(4) => Picked::Told(self.page(&answer["data"])),
                Some(9) => {
                    self.form = Some(answer["data"].clone());
                    Picked::Form
                }
                _ => Picked::Nothing,
            }
        })
    }

    fn asks<'a>(&'a mut self, asking: Asking<'a>) -> Soon<'a, Option<Answered>> {
        Box::pin(async move {
            let here = self.channel.clone();
            if let Some(about) = asking.about {
                self.channel = self.thread_of(about);
            }
            let used = command(&self.named(asking.text));
            let mut answer = self.interacts(asking.who, asking.event, used).await;
            if let Some(form) = answer.as_ref().filter(|answer| answer["type"] == 9) {
                // Apps do not send a form that is empty; this is what the bot says to one.
                let empty = filled(&form["data"], "", "auto");
                answer = self.interacts(asking.who, &format!("{} sent", asking.event), empty).await;
            }
            self.channel = here;
            let answer = answer?;
            Some(Answered { page: self.page(&answer["data"]), choices: choices(&answer["data"]) })
        })
    }

    fn save<'a>(&'a mut self, who: &'a Person, text: &'a str, event: &'a str) -> Soon<'a, String> {
        Box::pin(async move {
            let form = self.form.take().unwrap();
            let (breadth, text) = match text.split_once(' ') {
                Some((word, rest)) if BREADTHS.contains(&word) => (word, rest),
                _ => ("auto", text),
            };
            let answer = self.interacts(who, event, filled(&form, text, breadth)).await.unwrap();
            self.page(&answer["data"])
        })
    }

    fn settle(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            // From the beginning; a team that is forgotten begins anew when somebody speaks.
            if self.watched.insert(self.channel.clone()) {
                self.watch().await;
            }
            loop {
                self.run.worker.drain().await.unwrap();
                self.rest().await;
                let mut conn = self.store.read().await.unwrap();
                let due = outbox::next_due(&mut conn, &[Platform::Discord]).await.unwrap();
                drop(conn);
                let Some(due) = due.map(Timestamp::as_millisecond) else { break };
                if due > self.now.load(Ordering::Relaxed) + PACE {
                    break;
                }
                self.now.fetch_max(due, Ordering::Relaxed);
            }
        })
    }

    fn next(&mut self) -> Soon<'_, Option<Said>> {
        Box::pin(async {
            let mut state = self.fake.state();
            assert_eq!(state.faults, Vec::<String>::new());
            let (kind, message) = match state.seen.pop_front()? {
                Seen::Posted(message) => (Kind::Post, message),
                Seen::Edited(message) => (Kind::Edit, message),
                Seen::Removed(message) => (Kind::Remove, message),
            };
            let id = message["channel_id"].as_str().unwrap();
            // A direct message, which goes by whom it is to.
            let direct = id.strip_prefix("16");
            let to = PEOPLE.into_iter().find(|who| direct == Some(number(who.name).as_str()));
            let (page, choices) = match kind {
                Kind::Remove => (String::new(), Vec::new()),
                _ => (self.page(&message), choices(&message)),
            };
            Some(Said {
                kind: if to.is_some() { Kind::Notice } else { kind },
                channel: self.names.get(id).cloned().unwrap_or_default(),
                user: to.map(|who| who.name.to_owned()),
                page,
                choices,
                raw: message.to_string(),
            })
        })
    }

    fn recalls(&mut self) -> Soon<'_, Answered> {
        Box::pin(async {
            let state = self.fake.state();
            let ours = |m: &&Value| m["author"]["id"] == fake::ME && m["channel_id"] == self.channel.as_str();
            let last = state.messages.iter().rev().find(ours).unwrap();
            Answered { page: self.page(last), choices: choices(last) }
        })
    }

    fn end(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            self.run.end().await;
            assert_eq!(self.fake.state().faults, Vec::<String>::new());
        })
    }
}
