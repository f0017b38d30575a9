//! The bot, connected to the fake as it is connected to Discord: over real sockets, with a real database and the outbox's worker.

use std::{path::Path, sync::Arc, time::Duration};

use npmfix::{
    bot::{
        Bot, Limits,
        outbox::{Settings, Worker},
    },
    discord::{Discord, DiscordError, Setup, rest::CALLS},
    knowledge,
    store::{Store, lock, outbox},
};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::fake::{Fake, GENERAL, PATIENCE, Seen, TOKEN};

/// A running bot.
pub struct Rig {
    pub fake: Fake,
    pub discord: Arc<Discord>,
    pub bot: Arc<Bot>,
    worker: Arc<Worker>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), DiscordError>>,
    saying: JoinHandle<()>,
    /// The database goes with the last bot on it.
    folder: Arc<tempfile::TempDir>,
}

async fn open(folder: &Path) -> Store {
    Store::open(&format!("sqlite:{}", folder.join("npmfix.db").display())).await.unwrap()
}

impl Rig {
    /// A bot in a server whose public channel is watched.
    pub async fn start() -> Self {
        let fake = Fake::start().await;
        Self::on(fake, Arc::new(tempfile::tempdir().unwrap())).await.watching().await
    }

    /// A bot on a fake, connected.
    pub async fn on(fake: Fake, folder: Arc<tempfile::TempDir>) -> Self {
        let rig = Self::begin(fake, folder).await;
        rig.fake.until("a connection", |state| state.gateway.is_connected().then_some(())).await;
        rig
    }

    /// A bot on a fake.
    pub async fn begin(fake: Fake, folder: Arc<tempfile::TempDir>) -> Self {
        let store = open(folder.path()).await;
        Self::with(fake, folder, store, Settings::default())
    }

    /// A bot on a fake, with this database and an outbox of this kind.
    pub fn with(fake: Fake, folder: Arc<tempfile::TempDir>, store: Store, settings: Settings) -> Self {
        let bot = Arc::new(Bot::new(knowledge::load_embedded().unwrap(), store, Limits::default()));
        let clock = fake.clock();
        let setup = Setup {
            token: TOKEN.to_owned().into(),
            application: None,
            api: Some(fake.base.parse().unwrap()),
            shards: None,
            calls: CALLS,
        };
        let discord = Arc::new(Discord::new(Arc::clone(&bot), setup, Arc::clone(&clock)).unwrap());
        let settings = Settings { echo: jiff::SignedDuration::from_millis(300), ..settings };
        let worker = Worker::new(Arc::clone(&bot), vec![discord.courier()], settings, clock);
        let stop = CancellationToken::new();
        let running = {
            let (discord, worker, stop) = (Arc::clone(&discord), Arc::clone(&worker), stop.clone());
            tokio::spawn(async move { discord.run(worker, stop).await })
        };
        let saying = {
            let (worker, bot) = (Arc::clone(&worker), Arc::clone(&bot));
            tokio::spawn(async move {
                let lock = lock::hold(bot.store(), "test").unwrap();
                worker.run(&bot.wake(), &lock).await.unwrap();
            })
        };
        Self { fake, discord, bot, worker, stop, running, saying, folder }
    }

    /// The public channel is watched from now on.
    pub async fn watching(self) -> Self {
        let answer = self.command("watch", &[]).await;
        assert!(page(&answer["data"]).contains("I answer every npm auth failure"), "{answer}");
        self
    }

    /// Alice gives a command.
    pub async fn command(&self, name: &str, options: &[(&str, &str)]) -> Value {
        self.fake.interacts(command(name, options)).await
    }

    /// Somebody presses a button under a message.
    pub async fn presses(&self, message: &Value, label: &str) -> Value {
        let id = button(message, label);
        let data = json!({ "custom_id": id, "component_type": 2 });
        self.fake.interacts(json!({ "type": 3, "data": data, "message": message })).await
    }

    /// What the bot posts next.
    pub async fn says(&self) -> Value {
        match self.fake.sees().await {
            Seen::Posted(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// How the bot changes a message next.
    pub async fn changes(&self) -> Value {
        match self.fake.sees().await {
            Seen::Edited(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until everything that was handed over so far was dealt with, and everything said: asks whether somebody is there,
    /// behind it all.
    pub async fn settles(&self) {
        self.fake.interacts(json!({ "type": 1 })).await;
        let quiet = async {
            while !self.discord.is_idle() || self.has_more_to_say().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, quiet).await.expect("it never comes to rest");
    }

    async fn has_more_to_say(&self) -> bool {
        let rows = outbox::list(&mut self.bot.store().read().await.unwrap(), 100).await.unwrap();
        rows.iter().any(|row| row.parked.is_none())
    }

    /// Stops the bot as its operator would; what the run ended with.
    pub async fn stops(self) -> (Fake, Arc<tempfile::TempDir>, Result<(), DiscordError>) {
        self.stop.cancel();
        let outcome = timeout(PATIENCE, self.running).await.expect("it does not stop").unwrap();
        self.worker.stop();
        timeout(PATIENCE, self.saying).await.expect("its worker does not stop").unwrap();
        self.bot.store().close().await;
        (self.fake, self.folder, outcome)
    }

    /// The bot is told to stop, and is still there.
    pub fn is_told_to_stop(&self) {
        self.stop.cancel();
    }

    /// The bot dies without a word.
    pub async fn dies(self) -> (Fake, Arc<tempfile::TempDir>) {
        self.running.abort();
        self.saying.abort();
        let _ = (self.running.await, self.saying.await);
        self.fake.state().gateway.order(super::fake::gateway::Order::Cut);
        (self.fake, self.folder)
    }

    /// Waits for the bot to end by itself.
    pub async fn ends(self) -> (Fake, Arc<tempfile::TempDir>, Result<(), DiscordError>) {
        let outcome = timeout(PATIENCE, self.running).await.expect("it does not end").unwrap();
        self.worker.stop();
        timeout(PATIENCE, self.saying).await.expect("its worker does not stop").unwrap();
        self.bot.store().close().await;
        (self.fake, self.folder, outcome)
    }

    /// More channels are there, and watched.
    pub async fn watches(&self, channels: usize) -> Vec<String> {
        let ids: Vec<String> = (0..channels).map(crate::program::channel).collect();
        crate::program::watch(&self.fake, self.bot.store(), &ids).await;
        ids
    }

    /// Alice pastes a failure into the public channel.
    pub fn pastes(&self, text: &str) -> Value {
        self.fake.writes("alice", GENERAL, json!({ "content": text }))
    }
}

/// A subcommand with its options.
pub fn command(name: &str, options: &[(&str, &str)]) -> Value {
    let options: Vec<Value> =
        options.iter().map(|(name, value)| json!({ "name": name, "type": 3, "value": value })).collect();
    let sub = json!({ "name": name, "type": 1, "options": options });
    json!({ "type": 2, "data": { "id": "1", "name": "npmfix", "type": 1, "options": [sub] } })
}

/// The id of the button with this label.
pub fn button(message: &Value, label: &str) -> String {
    let rows = message["components"].as_array().into_iter().flatten();
    let mut buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let found = buttons.find(|button| button["label"] == label);
    found.unwrap_or_else(|| panic!("no {label:?} in {message}"))["custom_id"].as_str().unwrap().to_owned()
}

/// The text of a message's cards.
pub fn page(message: &Value) -> String {
    let cards = message["embeds"].as_array().into_iter().flatten();
    let text = |card: &Value| {
        format!("{}\n{}", card["title"].as_str().unwrap_or_default(), card["description"].as_str().unwrap_or_default())
    };
    cards.map(text).collect::<Vec<_>>().join("\n").replace(['\\', '\u{200b}'], "")
}

/// A failure that has one certain cause.
pub const SCOPES: &str = "npm error code E403\nnpm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission \
                          permission_denied: The token provided does not match expected scopes.";
