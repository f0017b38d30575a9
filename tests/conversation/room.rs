//! A world in memory. It takes what a real platform would take and remembers whatever else it is asked for as a fault.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use npmfix::{
    answer::{
        reply::{Choice, Reply},
        text::{Paint, reply},
    },
    bot::{
        Bot, Limits,
        amend::Aftermath,
        choices::{Chosen, Click},
        commands::{Asked, Audience},
        outbox::{self, Clock, Courier, Delivery, LookUp, Settings, Worker},
        say::Say,
    },
    knowledge::load_embedded,
    message::{Author, ChannelId, Message, MessageId, MessageRef, Platform, TeamId, UserId, Visibility},
    store::{
        Store,
        outbox::{Kind, Parcel},
    },
};

use crate::world::{Alone, Answered, Asking, Person, Picked, Said, Saying, Soon, World};

/// Wide enough that no sentence of a test is broken.
const WIDTH: usize = 10_000;
/// When scenarios begin: 15 June 2025, 15:06:40 UTC.
pub const BEGIN: i64 = 1_750_000_000_000;

#[derive(Default)]
struct State {
    unread: VecDeque<Said>,
    posts: HashSet<String>,
    /// Channels in which the bot may say nothing.
    shut: HashSet<String>,
    count: usize,
    faults: Vec<String>,
}

/// Where the bot speaks.
#[derive(Default)]
struct Wall(Mutex<State>);

impl Wall {
    fn take(&self, parcel: &Parcel) -> Delivery {
        let mut state = self.0.lock().unwrap();
        let Ok(say) = serde_json::from_str::<Say>(&parcel.body) else {
            state.faults.push(format!("no body: {}", parcel.body));
            return Delivery::Refused("unreadable".to_owned());
        };
        let known = parcel.answer.as_ref().is_some_and(|answer| state.posts.contains(answer));
        let id = match parcel.kind {
            Kind::Post if state.shut.contains(say.to.channel().as_str()) => {
                return Delivery::Refused("the bot is not in this channel".to_owned());
            }
            Kind::Post => {
                state.count += 1;
                let id = format!("post-{}", state.count);
                state.posts.insert(id.clone());
                Some(id)
            }
            Kind::Edit | Kind::Remove if !known => {
                state.faults.push(format!("{:?} of {:?}, which is not here", parcel.kind, parcel.answer));
                return Delivery::Refused("no such message".to_owned());
            }
            Kind::Remove => {
                parcel.answer.as_ref().map(|answer| state.posts.remove(answer));
                None
            }
            Kind::Edit | Kind::Notice => None,
        };
        if (parcel.kind == Kind::Notice) != say.user.is_some() {
            state.faults.push(format!("{:?} for {:?}", parcel.kind, say.user));
        }
        let raw = serde_json::to_string(&say.content).unwrap();
        let (channel, choices) = (say.to.channel().as_str().to_owned(), choices(&say.content));
        let (page, user) = (page(&say.content), say.user.map(|user| user.as_str().to_owned()));
        state.unread.push_back(Said { kind: parcel.kind, channel, user, page, choices, raw });
        Delivery::Done(id)
    }
}

/// A reply as people read it, on one line for each of its own.
fn page(content: &Reply) -> String {
    reply(content, WIDTH, Paint::Plain)
}

fn choices(content: &Reply) -> Vec<Choice> {
    content.choices().cloned().collect()
}

impl Courier for Wall {
    fn platform(&self) -> Platform {
        Platform::Terminal
    }

    fn pace(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> outbox::Soon<'a, Delivery> {
        Box::pin(async move { self.take(parcel) })
    }

    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> outbox::Soon<'a, LookUp> {
        Box::pin(async move {
            self.0.lock().unwrap().faults.push(format!("{} was looked for", parcel.key));
            LookUp::Unknown
        })
    }
}

/// The world.
pub struct Room {
    store: Store,
    bot: Arc<Bot>,
    limits: Limits,
    wall: Arc<Wall>,
    worker: Arc<Worker>,
    now: Arc<AtomicI64>,
    channel: ChannelId,
    visibility: Visibility,
    count: usize,
    /// The reply that somebody writes down a fix for.
    form: Option<String>,
}

impl Room {
    pub fn open(store: Store, limits: Limits) -> Soon<'static, Box<dyn World>> {
        Box::pin(async move {
            let now = Arc::new(AtomicI64::new(BEGIN));
            let wall = Arc::new(Wall::default());
            let settings = Settings { jitter: || 1.0, ..Settings::default() };
            let bot = Arc::new(Bot::new(load_embedded().unwrap(), store.clone(), limits));
            let worker = Worker::new(Arc::clone(&bot), vec![wall.clone()], settings, clock(&now));
            let (channel, visibility) = (ChannelId::parse("nowhere").unwrap(), Visibility::Public);
            let room = Self { store, bot, limits, wall, worker, now, channel, visibility, count: 0, form: None };
            Box::new(room) as Box<dyn World>
        })
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).unwrap()
    }

    fn place(&mut self) -> MessageRef {
        self.count += 1;
        let id = MessageId::parse(&format!("message-{}", self.count)).unwrap();
        MessageRef { team: TeamId::local(), channel: self.channel.clone(), thread: None, id }
    }

    fn message<'a>(&self, place: &MessageRef, saying: Saying<'a>) -> Message<'a> {
        let (place, author, text) = (place.clone(), author(saying.who), saying.text.as_bytes());
        Message { place, visibility: self.visibility, author, address: saying.address, text }
    }

    async fn ask(&self, asking: Asking<'_>, reply: Option<&str>) -> Option<Answered> {
        let audience = if asking.alone == Alone::Yes { Audience::Asker } else { Audience::Everybody };
        let asked = Asked {
            team: &TeamId::local(),
            channel: &self.channel,
            visibility: self.visibility,
            author: &author(asking.who),
            event: asking.event,
            reply,
            about: asking.about,
            audience,
        };
        let reply = self.bot.command(&asked, asking.text, self.now()).await.unwrap()?;
        let choices = choices(&reply);
        // A row of choices is no part of what somebody reads who can choose.
        let shown = if asking.alone == Alone::Yes { Reply { blocks: reply.blocks, rows: Vec::new() } } else { reply };
        Some(Answered { page: page(&shown), choices })
    }
}

/// A clock that a test sets.
pub fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).unwrap())
}

fn author(who: &Person) -> Author {
    let id = UserId::parse(who.name).unwrap();
    Author { id, name: who.name.to_owned(), speaker: who.speaker, rights: who.rights }
}

impl World for Room {
    fn name(&self) -> &'static str {
        "room"
    }

    fn store(&self) -> &Store {
        &self.store
    }

    fn team(&self) -> TeamId {
        TeamId::local()
    }

    fn id_of(&self, who: &Person) -> UserId {
        author(who).id
    }

    fn minutes_pass(&mut self, minutes: i64) {
        self.now.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    fn go_to(&mut self, channel: &str, visibility: Visibility) {
        self.channel = ChannelId::parse(channel).unwrap();
        self.visibility = visibility;
    }

    fn shuts_out(&mut self) {
        self.wall.0.lock().unwrap().shut.insert(self.channel.to_string());
    }

    fn lets_in(&mut self) {
        self.wall.0.lock().unwrap().shut.clear();
    }

    fn link(&self, place: &MessageRef) -> String {
        format!("\"id\":\"{}\"", place.id)
    }

    fn restart(&mut self) -> Soon<'_, ()> {
        self.bot = Arc::new(Bot::new(load_embedded().unwrap(), self.store.clone(), self.limits));
        Box::pin(async {})
    }

    fn says<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, MessageRef> {
        Box::pin(async move {
            let place = self.place();
            self.bot.hear(&self.message(&place, saying), self.now()).await.unwrap();
            place
        })
    }

    fn hands_over<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            self.bot.hear(&self.message(place, saying), self.now()).await.unwrap();
        })
    }

    fn says_twice<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            let place = self.place();
            let message = self.message(&place, saying);
            let (one, other) = tokio::join!(self.bot.hear(&message, self.now()), self.bot.hear(&message, self.now()));
            one.and(other).unwrap();
        })
    }

    fn edits<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()> {
        Box::pin(async move {
            self.bot.edited(&self.message(place, saying), self.now()).await.unwrap();
        })
    }

    fn deletes<'a>(&'a mut self, place: &'a MessageRef, aftermath: Aftermath) -> Soon<'a, ()> {
        Box::pin(async move { self.bot.deleted(place, aftermath, self.now()).await.unwrap() })
    }

    fn clicks<'a>(&'a mut self, who: &'a Person, choice: &'a str, event: &'a str) -> Soon<'a, Picked> {
        Box::pin(async move {
            let click = Click { team: &TeamId::local(), event, author: &author(who), choice };
            match self.bot.choose(&click, self.now()).await.unwrap() {
                Chosen::Said(reply) => Picked::Told(page(&reply)),
                Chosen::Done | Chosen::Again => Picked::Nothing,
                Chosen::Write(reply) => {
                    self.form = Some(reply);
                    Picked::Form
                }
            }
        })
    }

    fn asks<'a>(&'a mut self, asking: Asking<'a>) -> Soon<'a, Option<Answered>> {
        Box::pin(self.ask(asking, None))
    }

    fn save<'a>(&'a mut self, who: &'a Person, text: &'a str, event: &'a str) -> Soon<'a, String> {
        Box::pin(async move {
            let reply = self.form.take();
            let text = format!("save {text}");
            let asking = Asking { who, text: &text, event, about: None, alone: Alone::No };
            self.ask(asking, reply.as_deref()).await.unwrap().page
        })
    }

    fn settle(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            self.worker.drain().await.unwrap();
        })
    }

    fn next(&mut self) -> Soon<'_, Option<Said>> {
        Box::pin(async {
            let mut state = self.wall.0.lock().unwrap();
            assert_eq!(state.faults, Vec::<String>::new());
            state.unread.pop_front()
        })
    }

    fn recalls(&mut self) -> Soon<'_, Answered> {
        Box::pin(async {
            let reply = self.bot.last_answer(&TeamId::local(), &self.channel).await.unwrap().unwrap();
            Answered { page: page(&reply), choices: choices(&reply) }
        })
    }

    fn end(&mut self) -> Soon<'_, ()> {
        Box::pin(async { assert_eq!(self.wall.0.lock().unwrap().faults, Vec::<String>::new()) })
    }
}
