//! A bot in a fake Slack without the ways in: what Slack would hand over is handed over by the test.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;
use npmfix::{
    bot::{
        Bot, Limits,
        outbox::{Clock, Settings, Worker},
    },
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    slack::{Slack, api::Api, courier::SlackCourier, wire::Command, workspaces::Workspaces},
    store::Store,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake::{Fake, TEAM, text_of};

/// A paste, as in the samples.
pub const PASTE: &str = "npm error code E403\nnpm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - \
                         Permission permission_denied: The token provided does not match expected scopes.";

/// The bot, its Slack, and the time.
pub struct Office {
    pub fake: Fake,
    pub slack: Arc<Slack>,
    now: Arc<AtomicI64>,
    _folder: TempDir,
}

impl Office {
    pub async fn open() -> Self {
        let now = Arc::new(AtomicI64::new(Timestamp::now().as_millisecond()));
        let reads = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_millisecond(reads.load(Ordering::Relaxed)).unwrap());
        let fake = Fake::start_at(Arc::clone(&clock)).await;
        fake.state().user("U0ALICE", "alice");
        fake.state().user("U0ROOT", "root").is_admin = true;
        let folder = TempDir::new().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("test.db").display())).await.unwrap();
        let api = Api::new(Some(&fake.api())).unwrap();
        let token = SecretString::from(fake.bot_token());
        let workspaces = Arc::new(Workspaces::one(api.clone(), token, Arc::clone(&clock)).await.unwrap());
        let courier = Arc::new(SlackCourier::new(api.clone(), Arc::clone(&workspaces)));
        let settings = Settings { jitter: || 1.0, ..Settings::default() };
        let bot = Arc::new(Bot::new(load_embedded().unwrap(), store, Limits::default()));
        let worker = Worker::new(Arc::clone(&bot), vec![courier], settings, Arc::clone(&clock));
        let slack = Arc::new(Slack::new(bot, api, workspaces, worker, clock));
        while fake.read().is_some() {}
        Self { fake, slack, now, _folder: folder }
    }

    /// Another process goes on: it knows what the store knows.
    pub fn restarts(&mut self) {
        let Slack { bot, api, workspaces, worker, clock, .. } = &*self.slack;
        let (bot, workspaces, worker) = (Arc::clone(bot), Arc::clone(workspaces), Arc::clone(worker));
        self.slack = Arc::new(Slack::new(bot, api.clone(), workspaces, worker, Arc::clone(clock)));
    }

    pub fn seconds_pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// Says what is due, at Slack's pace.
    pub async fn settle(&self) {
        for _ in 0..20 {
            if self.slack.worker.drain().await.unwrap() == 0 {
                return;
            }
            self.seconds_pass(1);
        }
    }

    /// Alice says something.
    pub async fn hears(&self, channel: &str, text: &str) {
        let event = self.fake.written(channel, "U0ALICE", text, None);
        let readers = match &self.fake.state().channels[channel] {
            channel if channel.is_ext_shared => Visibility::Shared,
            channel if channel.is_private => Visibility::Private,
            _ => Visibility::Public,
        };
        let message = Message {
            place: MessageRef {
                team: team(),
                channel: ChannelId::parse(channel).unwrap(),
                thread: None,
                id: MessageId::parse(text_of(&event, "ts")).unwrap(),
            },
            visibility: readers,
            author: Author {
                id: UserId::parse("U0ALICE").unwrap(),
                name: "alice".to_owned(),
                speaker: Speaker::Person,
                rights: Rights::Member,
            },
            address: Address::Overheard,
            text: text.as_bytes(),
        };
        self.slack.bot.hear(&message, (self.slack.clock)()).await.unwrap();
    }

    /// Alice pastes something; the answer is posted, and its message is returned.
    pub async fn pastes(&self, channel: &str, text: &str) -> Value {
        self.hears(channel, text).await;
        self.settle().await;
        let posted = self.fake.next_of("chat.postMessage").await;
        let ts = posted.ts.unwrap();
        self.seconds_pass(1);
        self.fake.state().message(channel, &ts).unwrap().clone()
    }

    /// `/npmfix …`; what is answered at once.
    pub async fn commands(&self, channel: &str, user: &str, text: &str) -> Value {
        self.slack.command(&Command::of_json(&self.fake.slash(channel, user, text))).await.unwrap()
    }

    pub async fn interacts(&self, payload: &Value) -> Option<Value> {
        self.slack.interaction(payload).await.unwrap()
    }

    /// A click on the button with these words under a message.
    pub async fn clicks(&self, channel: &str, user: &str, message: &Value, label: &str) -> Value {
        let payload = self.fake.clicked(channel, user, message, &button(&message["blocks"], label));
        assert_eq!(self.interacts(&payload).await, None);
        payload
    }

    /// The window that was opened last.
    pub async fn window(&self) -> Value {
        self.fake.next_of("views.open").await.answer["view"].clone()
    }
}

/// The workspace.
pub fn team() -> TeamId {
    TeamId::parse(&format!("slack:{TEAM}")).unwrap()
}

/// The action of the button with these words.
pub fn button(blocks: &Value, label: &str) -> Value {
    let elements =
        || blocks.as_array().into_iter().flatten().flat_map(|b| b["elements"].as_array().into_iter().flatten());
    let found = elements().find(|element| element["text"]["text"] == label);
    let found = found.unwrap_or_else(|| panic!("no button {label:?} in {blocks:#}"));
    json!({ "type": "button", "action_id": found["action_id"], "block_id": "b", "value": found["value"], "text": found["text"] })
}

/// What a window of two fields holds.
pub fn filled(text: &str, breadth: &Value) -> Value {
    json!({
        "text": { "text": { "type": "plain_text_input", "value": text } },
        "breadth": { "breadth": { "type": "radio_buttons", "selected_option": breadth } },
    })
}
