//! A channel with people in it. What a test does reads like what they do.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;
use npmfix::{
    answer::reply::{Choice, Reply},
    bot::{
        Bot, Heard, Limits,
        amend::Aftermath,
        choices::{Chosen, Click},
        commands::{Asked, Audience},
        outbox::{Clock, Settings, Worker},
    },
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    store::{Store, outbox::Kind},
};

use crate::{
    engines::each_engine,
    log,
    room::{Room, Said, choices, page},
    tables::{self, Dump},
};

/// Somebody in the channel.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub name: &'static str,
    pub speaker: Speaker,
    pub rights: Rights,
}

const fn member(name: &'static str) -> Person {
    Person { name, speaker: Speaker::Person, rights: Rights::Member }
}

pub const ALICE: Person = member("alice");
pub const BOB: Person = member("bob");
pub const ROOT: Person = Person { rights: Rights::Admin, ..member("root") };
pub const CI: Person = Person { speaker: Speaker::Bot, ..member("ci") };
pub const NPMFIX: Person = Person { speaker: Speaker::Itself, ..member("npmfix") };

impl Person {
    fn author(&self) -> Author {
        let id = UserId::parse(self.name).unwrap();
        Author { id, name: self.name.to_owned(), speaker: self.speaker, rights: self.rights }
    }
}

/// The channel, and the bot in it.
pub struct Chat {
    pub store: Store,
    bot: Bot,
    limits: Limits,
    room: Arc<Room>,
    worker: Arc<Worker>,
    now: Arc<AtomicI64>,
    channel: ChannelId,
    visibility: Visibility,
    count: usize,
    /// Under the answer that was read last.
    choices: Vec<Choice>,
}

/// Plays a scenario on each engine. What the bot said and nobody read is a failure.
pub async fn each(scenario: impl AsyncFn(&mut Chat)) {
    each_with(Limits::default(), scenario).await;
}

/// The same with other limits.
pub async fn each_with(limits: Limits, scenario: impl AsyncFn(&mut Chat)) {
    log::keep();
    each_engine(async |store, _| {
        let mut chat = Chat::new(store, limits);
        scenario(&mut chat).await;
        chat.bot_is_silent().await;
    })
    .await;
}

impl Chat {
    fn new(store: Store, limits: Limits) -> Self {
        let now = Arc::new(AtomicI64::new(1_750_000_000_000));
        let room = Arc::new(Room::default());
        let time = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_millisecond(time.load(Ordering::Relaxed)).unwrap());
        let settings = Settings { jitter: || 1.0, ..Settings::default() };
        let worker = Worker::new(store.clone(), vec![room.clone()], settings, clock);
        let bot = Bot::new(load_embedded().unwrap(), store.clone(), limits);
        let channel = ChannelId::parse("general").unwrap();
        let (visibility, choices) = (Visibility::Public, Vec::new());
        Self { store, bot, limits, room, worker, now, channel, visibility, count: 0, choices }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).unwrap()
    }

    /// Time goes by.
    pub fn minutes_pass(&self, minutes: i64) {
        self.now.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    /// What follows happens in another channel.
    pub fn go_to(&mut self, channel: &str, visibility: Visibility) {
        self.channel = ChannelId::parse(channel).unwrap();
        self.visibility = visibility;
    }

    /// The bot stops and starts again; it knows what its store knows.
    pub fn restart(&mut self) {
        self.bot = Bot::new(load_embedded().unwrap(), self.store.clone(), self.limits);
    }

    fn next_id(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}", self.count)
    }

    /// Somebody says something, to nobody in particular.
    pub async fn says(&mut self, who: &Person, text: &str) -> MessageRef {
        let id = MessageId::parse(&self.next_id("message")).unwrap();
        let place = MessageRef { team: TeamId::local(), channel: self.channel.clone(), thread: None, id };
        self.hears(&place, who, Address::Overheard, text).await;
        place
    }

    /// Alice says something.
    pub async fn alice(&mut self, text: &str) -> MessageRef {
        self.says(&ALICE, text).await
    }

    /// Bob says something.
    pub async fn bob(&mut self, text: &str) -> MessageRef {
        self.says(&BOB, text).await
    }

    /// Somebody says something to the bot.
    pub async fn tells(&mut self, who: &Person, text: &str) -> Heard {
        let id = MessageId::parse(&self.next_id("message")).unwrap();
        let place = MessageRef { team: TeamId::local(), channel: self.channel.clone(), thread: None, id };
        self.hears(&place, who, Address::Addressed, text).await
    }

    /// The platform hands over a message, for the first time or again.
    pub async fn hears(&mut self, place: &MessageRef, who: &Person, address: Address, text: &str) -> Heard {
        let message = self.message(place, who, address, text);
        let heard = self.bot.hear(&message, self.now()).await.unwrap();
        self.worker.drain().await.unwrap();
        heard
    }

    /// The platform hands over the same message twice at the same time.
    pub async fn hears_at_once(&mut self, who: &Person, text: &str) -> [Heard; 2] {
        let id = MessageId::parse(&self.next_id("message")).unwrap();
        let place = MessageRef { team: TeamId::local(), channel: self.channel.clone(), thread: None, id };
        let message = self.message(&place, who, Address::Overheard, text);
        let (one, other) = tokio::join!(self.bot.hear(&message, self.now()), self.bot.hear(&message, self.now()));
        [one.unwrap(), other.unwrap()]
    }

    fn message<'a>(&self, place: &MessageRef, who: &Person, address: Address, text: &'a str) -> Message<'a> {
        let text = text.as_bytes();
        Message { place: place.clone(), visibility: self.visibility, author: who.author(), address, text }
    }

    /// Alice changes what she said.
    pub async fn alice_edits(&mut self, place: &MessageRef, text: &str) -> Heard {
        let message = self.message(place, &ALICE, Address::Overheard, text);
        let heard = self.bot.edited(&message, self.now()).await.unwrap();
        self.worker.drain().await.unwrap();
        heard
    }

    /// A message is deleted.
    pub async fn is_deleted(&mut self, place: &MessageRef, aftermath: Aftermath) {
        self.bot.deleted(place, aftermath, self.now()).await.unwrap();
        self.worker.drain().await.unwrap();
    }

    /// Alice deletes what she says before the bot comes to answer it.
    pub async fn alice_says_and_deletes(&mut self, text: &str, aftermath: Aftermath) {
        let id = MessageId::parse(&self.next_id("message")).unwrap();
        let place = MessageRef { team: TeamId::local(), channel: self.channel.clone(), thread: None, id };
        let message = self.message(&place, &ALICE, Address::Overheard, text);
        self.bot.hear(&message, self.now()).await.unwrap();
        self.is_deleted(&place, aftermath).await;
    }

    async fn next(&mut self) -> Option<Said> {
        self.worker.drain().await.unwrap();
        let said = self.room.next();
        if let Some(said) = &said
            && said.kind != Kind::Notice
        {
            self.choices.clone_from(&said.choices);
        }
        said
    }

    async fn expect(&mut self, kind: Kind, text: &str) -> String {
        let said = self.next().await;
        let said = said.unwrap_or_else(|| panic!("nothing was said; {text:?} was expected"));
        assert_eq!(said.kind, kind, "{}", said.page);
        assert_eq!(*said.to.channel(), self.channel, "{}", said.page);
        assert!(said.page.contains(text), "{text:?} is not in:\n{}", said.page);
        said.page
    }

    /// The bot's next words, which hold `text`.
    pub async fn bot_says(&mut self, text: &str) -> String {
        self.expect(Kind::Post, text).await
    }

    /// The bot changes an answer; it holds `text` now.
    pub async fn bot_changes_it_to(&mut self, text: &str) -> String {
        self.expect(Kind::Edit, text).await
    }

    /// The bot removes an answer.
    pub async fn bot_removes_it(&mut self) {
        self.expect(Kind::Remove, "").await;
    }

    /// The bot tells one person something.
    pub async fn bot_whispers(&mut self, to: &Person, text: &str) -> String {
        let said = self.next().await.unwrap_or_else(|| panic!("nothing was said; {text:?} was expected"));
        assert_eq!((said.kind, said.user.as_deref()), (Kind::Notice, Some(to.name)), "{}", said.page);
        assert!(said.page.contains(text), "{text:?} is not in:\n{}", said.page);
        said.page
    }

    /// The bot has said nothing more.
    pub async fn bot_is_silent(&mut self) {
        let said = self.next().await;
        assert!(said.is_none(), "{said:?}");
    }

    /// The id of what can be chosen under the answer that was read last.
    pub fn choice(&self, label: &str) -> String {
        let found = self.choices.iter().find(|choice| choice.label == label);
        found.unwrap_or_else(|| panic!("no {label:?} among {:?}", self.choices)).id.clone()
    }

    /// Whether something can be chosen there.
    pub fn offers(&self, label: &str) -> bool {
        self.choices.iter().any(|choice| choice.label == label)
    }

    /// Alice chooses.
    pub async fn pick(&mut self, label: &str) -> Chosen {
        self.picks(&ALICE, label).await
    }

    /// Somebody chooses.
    pub async fn picks(&mut self, who: &Person, label: &str) -> Chosen {
        let (choice, event) = (self.choice(label), self.next_id("click"));
        self.clicks(who, &choice, &event).await
    }

    /// The platform hands over a click, for the first time or again.
    pub async fn clicks(&mut self, who: &Person, choice: &str, event: &str) -> Chosen {
        let (team, author) = (TeamId::local(), who.author());
        let chosen = self.bot.choose(&Click { team: &team, event, author: &author, choice }, self.now()).await.unwrap();
        self.worker.drain().await.unwrap();
        chosen
    }

    /// Alice chooses *Save our fix* and writes it down.
    pub async fn alice_saves(&mut self, text: &str) -> String {
        let Chosen::Write(reply) = self.pick("Save our fix").await else { panic!("nothing to write") };
        let event = self.next_id("command");
        self.asks(&ALICE, &format!("save {text}"), &event, Some(&reply)).await.unwrap()
    }

    /// Alice gives a command; what she alone is answered.
    pub async fn command(&mut self, text: &str) -> String {
        self.commands(&ALICE, text).await
    }

    /// Somebody gives a command.
    pub async fn commands(&mut self, who: &Person, text: &str) -> String {
        let event = self.next_id("command");
        self.asks(who, text, &event, None).await.unwrap()
    }

    /// The platform hands over a command, for the first time or again.
    pub async fn asks(&mut self, who: &Person, text: &str, event: &str, reply: Option<&str>) -> Option<String> {
        let (team, author, channel) = (TeamId::local(), who.author(), self.channel.clone());
        let visibility = self.visibility;
        let (about, audience) = (None, Audience::Everybody);
        let asked =
            Asked { team: &team, channel: &channel, visibility, author: &author, event, reply, about, audience };
        let reply = self.bot.command(&asked, text, self.now()).await.unwrap();
        self.worker.drain().await.unwrap();
        reply.map(|reply| page(&reply))
    }

    /// Somebody gives a command where only they see the answer, perhaps about a message.
    pub async fn asks_alone(&mut self, who: &Person, text: &str, about: Option<&MessageRef>) -> String {
        let (event, author) = (self.next_id("command"), who.author());
        let asked = Asked {
            team: &TeamId::local(),
            channel: &self.channel,
            visibility: self.visibility,
            author: &author,
            event: &event,
            reply: None,
            about,
            audience: Audience::Asker,
        };
        let reply = self.bot.command(&asked, text, self.now()).await.unwrap().unwrap();
        self.choices = choices(&reply);
        let shown = Reply { blocks: reply.blocks, rows: Vec::new() };
        page(&shown)
    }

    /// The last open answer, as a platform shows it again after a restart.
    pub async fn recalls(&mut self) -> String {
        let reply = self.bot.last_answer(&TeamId::local(), &self.channel).await.unwrap().unwrap();
        self.choices = choices(&reply);
        page(&reply)
    }

    /// All that is stored.
    pub async fn dump(&self) -> Dump {
        tables::dump(&self.store).await
    }
}

/// What somebody was told alone after a choice.
pub fn told(chosen: &Chosen) -> String {
    let Chosen::Said(reply) = chosen else { panic!("{chosen:?}") };
    page(reply)
}
