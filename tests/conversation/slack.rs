//! The world over Slack: the real adapter on real connections, against a fake Slack that is as strict as the real one. People have
//! buttons, modals and messages that only they see where the terminal has numbers and lines.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use npmfix::{
    bot::{
        Bot, Limits,
        amend::Aftermath,
        outbox::{Settings, Worker},
    },
    knowledge::load_embedded,
    message::{MessageRef, Platform, Rights, Speaker, TeamId, UserId, Visibility},
    slack::{
        Slack, api::Api, courier::SlackCourier, http, manifest::MESSAGE_SHORTCUTS, socket, workspaces::Workspaces,
    },
    store::{Store, outbox},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    fake::{
        APP, Fake, TEAM,
        send::{self, Line},
    },
    room::{BEGIN, clock},
    world::{Answered, Asking, PEOPLE, Person, Picked, Said, Saying, Soon, World},
};

mod hands;

use hands::id;

/// How far a worker's pace may move the clock on between two steps of a scenario.
const PACE: i64 = 5_000;

/// Something that can be clicked.
#[derive(Clone)]
struct Element {
    channel: String,
    /// The message as it was shown; `None` for one that only one person sees.
    message: Option<Value>,
    action: Value,
}

/// The way in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    Socket,
}

/// The world.
pub struct SlackWorld {
    way: Way,
    store: Store,
    limits: Limits,
    fake: Fake,
    line: Line,
    now: Arc<AtomicI64>,
    worker: Arc<Worker>,
    stop: CancellationToken,
    channel: String,
    /// Messages as people wrote them: an event about one may come after it is gone.
    written: BTreeMap<String, Value>,
    events: BTreeMap<String, (send::Kind, Value)>,
    elements: BTreeMap<String, Element>,
    form: Option<Value>,
}

impl SlackWorld {
    /// With events as signed requests.
    pub fn http(store: Store, limits: Limits) -> Soon<'static, Box<dyn World>> {
        Box::pin(Self::open(store, limits, Way::Http))
    }

    /// With events over websockets.
    pub fn socket(store: Store, limits: Limits) -> Soon<'static, Box<dyn World>> {
        Box::pin(Self::open(store, limits, Way::Socket))
    }

    async fn open(store: Store, limits: Limits, way: Way) -> Box<dyn World> {
        let now = Arc::new(AtomicI64::new(BEGIN));
        let fake = Fake::start_at(clock(&now)).await;
        for person in PEOPLE {
            let id = id(&person);
            let mut state = fake.state();
            let user = state.user(&id, person.name);
            user.is_admin = person.rights == Rights::Admin;
            user.is_bot = person.speaker != Speaker::Person;
        }
        let bot = Arc::new(Bot::new(load_embedded().unwrap(), store.clone(), limits));
        let worker = Worker::new(bot, Vec::new(), Settings::default(), clock(&now));
        let mut world = Self {
            way,
            store,
            limits,
            fake,
            line: Line::Socket,
            now,
            worker,
            stop: CancellationToken::new(),
            channel: String::new(),
            written: BTreeMap::new(),
            events: BTreeMap::new(),
            elements: BTreeMap::new(),
            form: None,
        };
        world.begin().await;
        Box::new(world)
    }

    /// Starts the bot as `serve` does.
    async fn begin(&mut self) {
        let api = Api::new(Some(&self.fake.api())).unwrap();
        let token = SecretString::from(self.fake.bot_token());
        let clock = clock(&self.now);
        let workspaces = Arc::new(Workspaces::one(api.clone(), token, clock.clone()).await.unwrap());
        let courier = Arc::new(SlackCourier::new(api.clone(), Arc::clone(&workspaces)));
        let settings = Settings { jitter: || 1.0, ..Settings::default() };
        let bot = Arc::new(Bot::new(load_embedded().unwrap(), self.store.clone(), self.limits));
        self.worker = Worker::new(Arc::clone(&bot), vec![courier], settings, clock.clone());
        let slack = Arc::new(Slack::new(bot, api, workspaces, Arc::clone(&self.worker), clock));
        self.stop = CancellationToken::new();
        let stop = self.stop.clone();
        match self.way {
            Way::Http => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                self.line = Line::Http(format!("http://{}", listener.local_addr().unwrap()));
                let routes = http::routes(slack, &SecretString::from(self.fake.signing_secret()));
                let stopped = async move { stop.cancelled().await };
                tokio::spawn(async move { axum::serve(listener, routes).with_graceful_shutdown(stopped).await });
            }
            Way::Socket => {
                let token = SecretString::from(self.fake.app_token());
                tokio::spawn(socket::run(slack, token, socket::Settings::default(), |_| {}, stop));
                self.fake.connected(2).await;
            }
        }
    }
}

impl World for SlackWorld {
    fn name(&self) -> &'static str {
        if self.way == Way::Http { "Slack over HTTP" } else { "Slack over Socket Mode" }
    }

    fn store(&self) -> &Store {
        &self.store
    }

    fn team(&self) -> TeamId {
        TeamId::parse(&format!("slack:{TEAM}")).unwrap()
    }

    fn id_of(&self, who: &Person) -> UserId {
        UserId::parse(&id(who)).unwrap()
    }

    fn minutes_pass(&mut self, minutes: i64) {
        self.now.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    fn go_to(&mut self, channel: &str, visibility: Visibility) {
        let prefix = if visibility == Visibility::Private { "G0" } else { "C0" };
        self.channel = format!("{prefix}{}", channel.to_uppercase());
        let mut state = self.fake.state();
        let place = state.channel(&self.channel, channel);
        place.is_ext_shared = visibility == Visibility::Shared;
    }

    fn shuts_out(&mut self) {
        self.fake.state().channels.get_mut(&self.channel).unwrap().has_bot = false;
    }

    fn lets_in(&mut self) {
        self.fake.state().channels.get_mut(&self.channel).unwrap().has_bot = true;
    }

    fn link(&self, place: &MessageRef) -> String {
        format!("/archives/{}/p{}", place.channel, place.id.as_str().replace('.', ""))
    }

    fn restart(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            let before = self.fake.connections();
            self.stop.cancel();
            for connection in before {
                self.fake.gone(connection).await;
            }
            self.begin().await;
        })
    }

    fn says<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, MessageRef> {
        Box::pin(async move {
            let event = self.write(saying);
            self.hand(&event, saying).await;
            self.place(&event)
        })
    }

    fn hands_over<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            let mut event = self.written[place.id.as_str()].clone();
            event["channel"] = json!(self.channel);
            event["event_ts"] = event["ts"].clone();
            event["channel_type"] = json!(self.fake.state().channels[&self.channel].kind());
            self.hand(&event, saying).await;
        })
    }

    fn says_twice<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            let event = self.write(saying);
            let callback = self.fake.callback(TEAM, &event);
            tokio::join!(self.fake.event(&self.line, &callback), self.fake.event(&self.line, &callback));
        })
    }

    fn edits<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            self.stand(place.id.as_str());
            let event = self.fake.edited(&self.channel, place.id.as_str(), saying.text);
            let message = event["message"].clone();
            self.written.insert(place.id.as_str().to_owned(), message);
            self.event(&event).await;
        })
    }

    fn deletes<'a>(&'a mut self, place: &'a MessageRef, aftermath: Aftermath) -> Soon<'a, ()> {
        Box::pin(async move {
            self.stand(place.id.as_str());
            if aftermath == Aftermath::Unknown {
                // People talk about it.
                for who in ["U0BOB", "U0ROOT"] {
                    self.fake.written(&self.channel, who, "same here", Some(place.id.as_str()));
                }
            }
            let event = self.fake.deleted(&self.channel, place.id.as_str());
            self.event(&event).await;
        })
    }

    fn clicks<'a>(&'a mut self, who: &'a Person, choice: &'a str, event: &'a str) -> Soon<'a, Picked> {
        Box::pin(async move {
            let made_up = || {
                let mut any =
                    self.elements.values().find(|element| element.action["type"] == "button").cloned().unwrap();
                any.action["value"] = json!(choice);
                any
            };
            let element = self.elements.get(choice).cloned().unwrap_or_else(made_up);
            let user = id(who);
            let clicked = |fake: &Fake| {
                let Element { channel, message, action } = &element;
                match message {
                    Some(message) => fake.clicked(channel, &user, message, action),
                    None => fake.clicked_alone(channel, &user, action),
                }
            };
            let answer = self.hand_over(event, send::Kind::Interaction, clicked).await;
            if let Some(view) = self.opened() {
                self.form = Some(view);
                return Picked::Form;
            }
            match self.told(answer.as_ref()) {
                Some(told) => Picked::Told(told.page),
                None => Picked::Nothing,
            }
        })
    }

    fn asks<'a>(&'a mut self, asking: Asking<'a>) -> Soon<'a, Option<Answered>> {
        Box::pin(async move {
            let (channel, user) = (self.channel.clone(), id(asking.who));
            if let Some(about) = asking.about {
                // Slash commands do not work in threads; shortcuts do.
                let (name, text) = asking.text.split_once(' ').unwrap_or((asking.text, ""));
                let [explain, save] = MESSAGE_SHORTCUTS;
                let callback = if name == "save" { save } else { explain };
                let event = format!("{} opens", asking.event);
                let ts = about.id.as_str();
                let answer = self
                    .hand_over(&event, send::Kind::Interaction, |fake| {
                        fake.message_shortcut(callback, &channel, &user, ts)
                    })
                    .await;
                let Some(view) = self.opened() else { return self.told(answer.as_ref()) };
                return Some(self.submit(asking.who, &view, text, asking.event).await);
            }
            // People's names become ids as they type.
            let name = |text: String, who: &Person| {
                text.replace(&format!("@{}", who.name), &format!("<@{}|{}>", id(who), who.name))
            };
            let mut text = PEOPLE.iter().fold(asking.text.to_owned(), name);
            // And so do the names of channels that are there.
            for channel in self.fake.state().channels.values() {
                text = text.replace(&format!("#{}", channel.name), &format!("<#{}|{}>", channel.id, channel.name));
            }
            let answer =
                self.hand_over(asking.event, send::Kind::Command, |fake| fake.slash(&channel, &user, &text)).await?;
            if let Some(view) = self.opened() {
                // What is missing in the command is asked for in a modal; somebody sends that as it is.
                return Some(self.submit(asking.who, &view, "", &format!("{} sent", asking.event)).await);
            }
            self.told(Some(&answer))
        })
    }

    fn save<'a>(&'a mut self, who: &'a Person, text: &'a str, event: &'a str) -> Soon<'a, String> {
        Box::pin(async move {
            let view = self.form.take().unwrap();
            self.submit(who, &view, text, event).await.page
        })
    }

    fn settle(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            loop {
                self.worker.drain().await.unwrap();
                self.fake.echo(&self.line).await;
                let mut conn = self.store.read().await.unwrap();
                let due = outbox::next_due(&mut conn, &[Platform::Slack]).await.unwrap();
                drop(conn);
                let Some(due) = due.map(Timestamp::as_millisecond) else { break };
                if due > self.now().as_millisecond() + PACE {
                    break;
                }
                self.now.fetch_max(due, Ordering::Relaxed);
            }
        })
    }

    fn next(&mut self) -> Soon<'_, Option<Said>> {
        Box::pin(async {
            assert_eq!(self.fake.state().wrongs, Vec::<String>::new());
            // A file that is uploaded is seen in the message that shows it.
            let call = std::iter::from_fn(|| self.fake.read()).find(|c| c.method != "files.completeUploadExternal")?;
            Some(self.read(&call))
        })
    }

    fn recalls(&mut self) -> Soon<'_, Answered> {
        Box::pin(async {
            let message = {
                let state = self.fake.state();
                let messages = state.channels[&self.channel].messages.values();
                messages.rev().find(|message| message["app_id"] == APP).cloned().unwrap()
            };
            let choices = self.learn(&message["blocks"], Some(&message));
            Answered { page: self.page(&message["blocks"]), choices }
        })
    }

    fn end(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            self.fake.done();
            self.stop.cancel();
        })
    }
}
