//! The app in this process, beside a fake Slack: its store, its worker, and the two ways in.

use std::sync::Arc;

use jiff::Timestamp;
use npmfix::{
    bot::{
        Bot, Limits,
        outbox::{self, Clock, Worker},
    },
    knowledge::load_embedded,
    message::{ChannelId, MessageId, MessageRef, TeamId},
    slack::{
        Slack,
        api::Api,
        courier::SlackCourier,
        http,
        socket::{self, SocketError},
        workspaces::Workspaces,
    },
    store::{Store, findings},
    web,
};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::fake::{Fake, TEAM, send::Line};

/// The channel that is there from the beginning.
pub const GENERAL: &str = "C0GENERAL";
/// Somebody in it.
pub const ALICE: &str = "U0ALICE";
/// A token without the right scope, as GitHub says.
pub const PASTE: &str = "npm error code E403
npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes.";

/// The app.
pub struct Desk {
    pub fake: Fake,
    pub store: Store,
    pub slack: Arc<Slack>,
    pub worker: Arc<Worker>,
    pub stop: CancellationToken,
}

impl Desk {
    /// The app on a fresh SQLite file.
    pub async fn open() -> (Self, TempDir) {
        let folder = TempDir::new().unwrap();
        let address = format!("sqlite:{}", folder.path().join("test.db").display());
        let desk = Self::with(Fake::start().await, Store::open(&address).await.unwrap()).await;
        (desk, folder)
    }

    /// The app with this Slack and this store.
    pub async fn with(fake: Fake, store: Store) -> Self {
        Self::at(fake, store, Arc::new(Timestamp::now)).await
    }

    /// The same, with a clock of the test's.
    pub async fn at(fake: Fake, store: Store, clock: Clock) -> Self {
        fake.state().user(ALICE, "alice");
        let api = Api::new(Some(&fake.api())).unwrap();
        let token = SecretString::from(fake.bot_token());
        let workspaces = Arc::new(Workspaces::one(api.clone(), token, Arc::clone(&clock)).await.unwrap());
        let courier = Arc::new(SlackCourier::new(api.clone(), Arc::clone(&workspaces)));
        let settings = outbox::Settings::default();
        let bot = Arc::new(Bot::new(load_embedded().unwrap(), store.clone(), Limits::default()));
        let worker = Worker::new(Arc::clone(&bot), vec![courier], settings, Arc::clone(&clock));
        let slack = Arc::new(Slack::new(bot, api, workspaces, Arc::clone(&worker), clock));
        Self { fake, store, slack, worker, stop: CancellationToken::new() }
    }

    /// Serves Slack's requests; returns the way to them.
    pub async fn over_http(&self, limits: web::Limits) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = Line::Http(format!("http://{}", listener.local_addr().unwrap()));
        let routes = http::routes(Arc::clone(&self.slack), &SecretString::from(self.fake.signing_secret()));
        tokio::spawn(web::serve(listener, routes, limits, self.stop.clone()));
        line
    }

    /// Connects over Socket Mode.
    pub fn over_sockets(&self, settings: socket::Settings) -> JoinHandle<Result<(), SocketError>> {
        let token = SecretString::from(self.fake.app_token());
        tokio::spawn(socket::run(Arc::clone(&self.slack), token, settings, |_| {}, self.stop.clone()))
    }

    /// The callback of something that Alice writes.
    pub fn says(&self, text: &str) -> Value {
        self.fake.callback(TEAM, &self.fake.written(GENERAL, ALICE, text, None))
    }

    /// Whether something was found in a message.
    pub async fn heard(&self, callback: &Value) -> bool {
        let event = &callback["event"];
        let place = MessageRef {
            team: TeamId::parse(&format!("slack:{TEAM}")).unwrap(),
            channel: ChannelId::parse(event["channel"].as_str().unwrap()).unwrap(),
            thread: None,
            id: MessageId::parse(event["ts"].as_str().unwrap()).unwrap(),
        };
        findings::is_heard(&mut self.store.read().await.unwrap(), &place).await.unwrap()
    }
}
