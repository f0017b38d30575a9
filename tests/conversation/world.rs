//! What a scenario needs of a platform. The scenarios are the same everywhere; a world says how people speak, click and give
//! commands there, and how what the bot does about it looks to them.
//!
//! To try a platform: implement [`World`] in a file of its own beside `room.rs`, and name its constructor in [`worlds`]. A world
//!
//! - owns its clock, its bot, its worker and its platform (over real connections on loopback), and uses the store it is given;
//! - calls people, channels and events as its platform does; a scenario says "alice", "general" and "click-a". The same event name
//!   means the same event again, to be handed over byte for byte;
//! - lets nothing be said before [`World::settle`], which also lets as much time go by as the platform's pace asks for, and hands
//!   the bot's own posts back to it where the platform does that;
//! - translates what differs by nature: a number in the terminal is a button elsewhere, a reply to one person may be a modal.
//!   Pages are texts as `answer::text` lays them out: a list's entry begins with `  - `, what somebody wrote with `  | `;
//! - fails when the platform was asked for something that it refuses, and says so in [`World::next`] or [`World::end`].

use std::pin::Pin;

use npmfix::{
    answer::reply::Choice,
    bot::{Limits, amend::Aftermath},
    message::{Address, MessageRef, Rights, Speaker, TeamId, UserId, Visibility},
    store::{Engine, Store, outbox::Kind},
};

use crate::{discord::Server, room::Room, slack::SlackWorld};

/// Something that takes its time.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

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

/// Everybody.
pub const PEOPLE: [Person; 5] = [ALICE, BOB, ROOT, CI, NPMFIX];

/// Something that somebody says.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    pub who: &'a Person,
    pub address: Address,
    pub text: &'a str,
}

/// Something that the bot said.
#[derive(Debug)]
pub struct Said {
    pub kind: Kind,
    /// The channel, as the scenario calls it.
    pub channel: String,
    /// The one person who sees it, as the scenario calls them.
    pub user: Option<String>,
    pub page: String,
    pub choices: Vec<Choice>,
    /// As the platform was told it.
    pub raw: String,
}

/// What whoever chose sees at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// Nothing but what becomes of the answer.
    Nothing,
    /// A word to them alone.
    Told(String),
    /// Where to write down a fix; see [`World::save`].
    Form,
}

/// What whoever gave a command sees.
#[derive(Debug, Clone)]
pub struct Answered {
    pub page: String,
    pub choices: Vec<Choice>,
}

/// A command.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub who: &'a Person,
    pub text: &'a str,
    pub event: &'a str,
    /// A message that it is about.
    pub about: Option<&'a MessageRef>,
    /// Whether only they are to see the answer, where the platform leaves a choice.
    pub alone: Alone,
}

/// Who sees the answer to a command, where the platform leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    Yes,
    No,
}

/// A platform with people on it.
pub trait World {
    /// For messages of failing tests.
    fn name(&self) -> &'static str;
    fn store(&self) -> &Store;
    /// The one team that the scenario is about.
    fn team(&self) -> TeamId;
    /// What the platform calls somebody.
    fn id_of(&self, who: &Person) -> UserId;
    /// Time goes by.
    fn minutes_pass(&mut self, minutes: i64);
    /// What follows happens in another channel.
    fn go_to(&mut self, channel: &str, visibility: Visibility);
    /// The bot is taken out of the channel: it may say nothing there any more.
    fn shuts_out(&mut self);
    /// The bot is let into the channel again.
    fn lets_in(&mut self);
    /// How something that the bot said leads to a message, in [`Said::raw`].
    fn link(&self, place: &MessageRef) -> String;
    /// The bot stops and starts again; it knows what its store knows.
    fn restart(&mut self) -> Soon<'_, ()>;
    /// Somebody says something, and the platform hands it over.
    fn says<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, MessageRef>;
    /// The platform hands over a message again.
    fn hands_over<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()>;
    /// Somebody says something, and the platform hands it over twice at the same time.
    fn says_twice<'a>(&'a mut self, saying: Saying<'a>) -> Soon<'a, ()>;
    /// Somebody changes what they said.
    fn edits<'a>(&'a mut self, place: &'a MessageRef, saying: Saying<'a>) -> Soon<'a, ()>;
    /// A message is deleted. Where the platform tells what became of the answer meanwhile, people do it.
    fn deletes<'a>(&'a mut self, place: &'a MessageRef, aftermath: Aftermath) -> Soon<'a, ()>;
    /// Somebody chooses, by the id of a [`Choice`].
    fn clicks<'a>(&'a mut self, who: &'a Person, choice: &'a str, event: &'a str) -> Soon<'a, Picked>;
    /// Somebody gives a command. `None` if it came before.
    fn asks<'a>(&'a mut self, asking: Asking<'a>) -> Soon<'a, Option<Answered>>;
    /// Somebody writes down a fix where [`Picked::Form`] asked for it: what they are told.
    fn save<'a>(&'a mut self, who: &'a Person, text: &'a str, event: &'a str) -> Soon<'a, String>;
    /// Lets the bot say what is due.
    fn settle(&mut self) -> Soon<'_, ()>;
    /// The next thing that was said and not read.
    fn next(&mut self) -> Soon<'_, Option<Said>>;
    /// The last open answer in the channel as it stands there now.
    fn recalls(&mut self) -> Soon<'_, Answered>;
    /// Nothing is left over.
    fn end(&mut self) -> Soon<'_, ()>;
}

/// The worlds that a scenario is played in, on a store of their own each.
pub type Maker = fn(Store, Limits) -> Soon<'static, Box<dyn World>>;

/// Every world with the engines that it is played on.
pub fn worlds() -> Vec<(Maker, &'static [Engine])> {
    vec![
        (Room::open, &[Engine::Sqlite, Engine::Postgres]),
        (SlackWorld::http, &[Engine::Sqlite]),
        (SlackWorld::socket, &[Engine::Sqlite]),
        (Server::open, &[Engine::Sqlite]),
    ]
}
