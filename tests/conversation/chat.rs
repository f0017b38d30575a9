//! A channel with people in it. What a test does reads like what they do.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use npmfix::{
    answer::reply::Choice,
    bot::{Limits, amend::Aftermath},
    message::{Address, MessageRef, TeamId, UserId, Visibility},
    store::{Store, outbox::Kind},
};

pub use crate::world::{ALICE, BOB, CI, NPMFIX, Person, Picked, ROOT};
use crate::{
    engines::each_engine,
    log,
    tables::{self, Dump},
    world::{Alone, Asking, Said, Saying, World, worlds},
};

/// The channel, and the bot in it.
pub struct Chat {
    world: Box<dyn World>,
    channel: String,
    count: usize,
    /// Under the answer that was read last.
    choices: Vec<Choice>,
    /// The answer that was read last, as the platform was told it.
    raw: String,
}

/// Plays a scenario in each world, on each engine. What the bot said and nobody read is a failure.
pub async fn each(scenario: impl AsyncFn(&mut Chat)) {
    each_with(Limits::default(), scenario).await;
}

/// The same with other limits.
pub async fn each_with(limits: Limits, scenario: impl AsyncFn(&mut Chat)) {
    play(limits, |_| true, scenario).await;
}

/// Plays a scenario only where people talk with the bot directly: platforms take no texts of this size.
pub async fn in_the_room(scenario: impl AsyncFn(&mut Chat)) {
    play(Limits::default(), |name| name == "room", scenario).await;
}

/// Plays a scenario only over Slack: it tells what others do not.
pub async fn in_slack(scenario: impl AsyncFn(&mut Chat)) {
    play(Limits::default(), |name| name.starts_with("Slack"), scenario).await;
}

/// Plays a scenario only where the platform does not tell in which time zone people are.
pub async fn outside_slack(scenario: impl AsyncFn(&mut Chat)) {
    play(Limits::default(), |name| !name.starts_with("Slack"), scenario).await;
}

/// Plays a scenario only where channels are shared with other organisations: Discord has no such channels.
pub async fn beside_others(scenario: impl AsyncFn(&mut Chat)) {
    play(Limits::default(), |name| name != "Discord", scenario).await;
}

async fn play(limits: Limits, wanted: impl Fn(&str) -> bool, scenario: impl AsyncFn(&mut Chat)) {
    log::keep();
    for (make, engines) in worlds() {
        each_engine(async |store, _| {
            let engine = store.engine();
            if !engines.contains(&engine) {
                return;
            }
            let mut chat = Chat::new(make(store, limits).await);
            let name = chat.world.name();
            if !wanted(name) {
                return;
            }
            let played = AssertUnwindSafe(async {
                chat.world.settle().await;
                scenario(&mut chat).await;
                chat.bot_is_silent().await;
                chat.world.end().await;
            });
            if let Err(failed) = played.catch_unwind().await {
                println!("in the world {name} on {engine:?}");
                std::panic::resume_unwind(failed);
            }
        })
        .await;
    }
}

impl Chat {
    fn new(world: Box<dyn World>) -> Self {
        let mut chat = Self { world, channel: String::new(), count: 0, choices: Vec::new(), raw: String::new() };
        chat.go_to("general", Visibility::Public);
        chat
    }

    /// What the bot knows.
    pub fn store(&self) -> &Store {
        self.world.store()
    }

    /// The team, as the store calls it.
    pub fn team(&self) -> TeamId {
        self.world.team()
    }

    /// Somebody, as the platform calls them.
    pub fn id_of(&self, who: &Person) -> UserId {
        self.world.id_of(who)
    }

    /// Time goes by.
    pub fn minutes_pass(&mut self, minutes: i64) {
        self.world.minutes_pass(minutes);
    }

    /// What follows happens in another channel.
    pub fn go_to(&mut self, channel: &str, visibility: Visibility) {
        channel.clone_into(&mut self.channel);
        self.world.go_to(channel, visibility);
    }

    /// The bot is taken out of the channel.
    pub fn bot_is_taken_out(&mut self) {
        self.world.shuts_out();
    }

    /// The bot is let into the channel again, and starts anew: it may take a while to notice otherwise.
    pub async fn bot_is_let_in(&mut self) {
        self.world.lets_in();
        self.world.restart().await;
    }

    /// What was read last leads to a message.
    pub fn bot_leads_to(&self, place: &MessageRef) {
        let link = self.world.link(place);
        assert!(self.raw.contains(&link), "{link} is not in {}", self.raw);
    }

    /// The bot stops and starts again; it knows what its store knows.
    pub async fn restart(&mut self) {
        self.world.restart().await;
    }

    fn next_id(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}", self.count)
    }

    /// Somebody says something, to nobody in particular.
    pub async fn says(&mut self, who: &Person, text: &str) -> MessageRef {
        let place = self.world.says(Saying { who, address: Address::Overheard, text }).await;
        self.world.settle().await;
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
    pub async fn tells(&mut self, who: &Person, text: &str) -> MessageRef {
        let place = self.world.says(Saying { who, address: Address::Addressed, text }).await;
        self.world.settle().await;
        place
    }

    /// The platform hands over a message again.
    pub async fn hears(&mut self, place: &MessageRef, who: &Person, address: Address, text: &str) {
        self.world.hands_over(place, Saying { who, address, text }).await;
        self.world.settle().await;
    }

    /// The platform hands over the same message twice at the same time.
    pub async fn hears_at_once(&mut self, who: &Person, text: &str) {
        self.world.says_twice(Saying { who, address: Address::Overheard, text }).await;
        self.world.settle().await;
    }

    /// Alice changes what she said.
    pub async fn alice_edits(&mut self, place: &MessageRef, text: &str) {
        self.world.edits(place, Saying { who: &ALICE, address: Address::Overheard, text }).await;
        self.world.settle().await;
    }

    /// A message is deleted.
    pub async fn is_deleted(&mut self, place: &MessageRef, aftermath: Aftermath) {
        self.world.deletes(place, aftermath).await;
        self.world.settle().await;
    }

    /// Alice deletes what she says before the bot comes to answer it.
    pub async fn alice_says_and_deletes(&mut self, text: &str, aftermath: Aftermath) {
        let place = self.world.says(Saying { who: &ALICE, address: Address::Overheard, text }).await;
        self.is_deleted(&place, aftermath).await;
    }

    async fn next(&mut self) -> Option<Said> {
        self.world.settle().await;
        let said = self.world.next().await;
        if let Some(said) = &said
            && said.kind != Kind::Notice
        {
            self.choices.clone_from(&said.choices);
            self.raw.clone_from(&said.raw);
        }
        said
    }

    async fn expect(&mut self, kind: Kind, text: &str) -> String {
        let said = self.next().await;
        let said = said.unwrap_or_else(|| panic!("nothing was said; {text:?} was expected"));
        assert_eq!(said.kind, kind, "{}", said.page);
        assert_eq!(said.channel, self.channel, "{}", said.page);
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
    pub async fn pick(&mut self, label: &str) -> Picked {
        self.picks(&ALICE, label).await
    }

    /// Somebody chooses.
    pub async fn picks(&mut self, who: &Person, label: &str) -> Picked {
        let (choice, event) = (self.choice(label), self.next_id("click"));
        self.clicks(who, &choice, &event).await
    }

    /// The platform hands over a click, for the first time or again.
    pub async fn clicks(&mut self, who: &Person, choice: &str, event: &str) -> Picked {
        let picked = self.world.clicks(who, choice, event).await;
        self.world.settle().await;
        picked
    }

    /// Alice chooses *Save our fix* and writes it down.
    pub async fn alice_saves(&mut self, text: &str) -> String {
        self.alice_writes("Save our fix", text).await
    }

    /// Alice chooses something that has her write down a fix, and does so.
    pub async fn alice_writes(&mut self, label: &str, text: &str) -> String {
        assert_eq!(self.pick(label).await, Picked::Form);
        let event = self.next_id("command");
        let told = self.world.save(&ALICE, text, &event).await;
        self.world.settle().await;
        told
    }

    /// Alice gives a command; what she alone is answered.
    pub async fn command(&mut self, text: &str) -> String {
        self.commands(&ALICE, text).await
    }

    /// Somebody gives a command.
    pub async fn commands(&mut self, who: &Person, text: &str) -> String {
        let event = self.next_id("command");
        self.asks(who, text, &event).await.unwrap()
    }

    /// The platform hands over a command, for the first time or again.
    pub async fn asks(&mut self, who: &Person, text: &str, event: &str) -> Option<String> {
        let answered = self.world.asks(Asking { who, text, event, about: None, alone: Alone::No }).await;
        self.world.settle().await;
        answered.map(|answered| answered.page)
    }

    /// Somebody gives a command where only they see the answer, perhaps about a message.
    pub async fn asks_alone(&mut self, who: &Person, text: &str, about: Option<&MessageRef>) -> String {
        let event = self.next_id("command");
        let answered = self.world.asks(Asking { who, text, event: &event, about, alone: Alone::Yes }).await.unwrap();
        self.choices = answered.choices;
        answered.page
    }

    /// The last open answer, as a platform shows it again after a restart.
    pub async fn recalls(&mut self) -> String {
        let answered = self.world.recalls().await;
        self.choices = answered.choices;
        answered.page
    }

    /// All that is stored, but for the signatures of requests, which are taken down so that nobody sends one again, and what a
    /// connection to Discord keeps about itself.
    pub async fn dump(&self) -> Dump {
        let mut dump = tables::dump(self.store()).await;
        dump.retain(|table, _| !table.starts_with("discord_"));
        for rows in dump.values_mut() {
            rows.retain(|row| !row.contains("=signed "));
        }
        dump
    }
}

/// What somebody was told alone after a choice.
pub fn told(picked: &Picked) -> String {
    let Picked::Told(page) = picked else { panic!("{picked:?}") };
    page.clone()
}
