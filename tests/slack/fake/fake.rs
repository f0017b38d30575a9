//! A Slack on loopback: its Web API, its events over HTTP and Socket Mode, its files, its installs. It takes what Slack takes,
//! refuses what Slack refuses, and remembers as a wrong whatever a well-behaved app would not have asked for.
//!
//! A test says what people do ([`Fake::says`], [`Fake::command`], [`Fake::clicks`] …) and reads what the app did about it, call by
//! call ([`Fake::next`]). [`Fake::done`] fails on what was not read, on each wrong and on each fault that was not met.
//!
//! `state`: what there is. `web`: the Web API's door; `chat`, `views`, `files`, `oauth`: what its methods do. `limits`: what Slack
//! documents about blocks, views and rates. `send`: what Slack tells the app, and `http`, `socket`: the two ways it goes.
//! `page`: blocks as people read them.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use npmfix::bot::outbox::Clock;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify, time::timeout};

pub mod chat;
mod elements;
pub mod files;
pub mod http;
pub mod judges;
pub mod limits;
pub mod oauth;
pub mod page;
pub mod rates;
pub mod send;
pub mod socket;
pub mod state;
pub mod text;
pub mod views;
pub mod web;

pub use state::{Call, Fault, State};

/// How long a test waits for something that has to happen.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The workspace that is there from the beginning.
pub const TEAM: &str = "T0ACME";
/// Its bot user, bot and app.
pub const BOT_USER: &str = "U0NPMFIX";
pub const BOT: &str = "B0NPMFIX";
pub const APP: &str = "A0NPMFIX";

/// The handle on it. Cheap to clone.
#[derive(Clone)]
pub struct Fake(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    address: SocketAddr,
    sockets: SocketAddr,
    clock: Clock,
    news: Notify,
}

impl Fake {
    /// A Slack that goes by the system's clock.
    pub async fn start() -> Self {
        Self::start_at(Arc::new(Timestamp::now)).await
    }

    /// A Slack that goes by another clock.
    pub async fn start_at(clock: Clock) -> Self {
        let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self(Arc::new(Inner {
            state: Mutex::new(State::new()),
            address: web.local_addr().unwrap(),
            sockets: sockets.local_addr().unwrap(),
            clock,
            news: Notify::new(),
        }));
        let router = web::router(fake.clone());
        tokio::spawn(async move { axum::serve(web, router).await });
        tokio::spawn(socket::accept(fake.clone(), sockets));
        fake
    }

    /// What `SLACK_API_URL` is to say.
    pub fn api(&self) -> String {
        format!("http://{}/api/", self.0.address)
    }

    /// The address of something on this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.address)
    }

    pub(crate) fn socket_url(&self, ticket: &str) -> String {
        format!("ws://{}/link/?ticket={ticket}&app_id={APP}", self.0.sockets)
    }

    /// What there is; changing it is what an admin of the workspace would do.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// The token that the app has for the first workspace.
    pub fn bot_token(&self) -> String {
        let state = self.state();
        let found = state.tokens.iter().find(|(_, t)| t.team.as_deref() == Some(TEAM));
        found.map(|(token, _)| token.clone()).unwrap()
    }

    /// The app's own token, for Socket Mode.
    pub fn app_token(&self) -> String {
        self.state().app_token.clone()
    }

    /// What requests are signed with.
    pub fn signing_secret(&self) -> String {
        self.state().signing_secret.clone()
    }

    /// Takes scopes away from the first workspace's token.
    pub fn without_scopes(&self, scopes: &[&str]) {
        let token = self.bot_token();
        let mut state = self.state();
        state.tokens.get_mut(&token).unwrap().scopes.retain(|scope| !scopes.contains(&scope.as_str()));
    }

    /// The next call of this method meets this.
    pub fn fault(&self, method: &str, fault: Fault) {
        self.state().faults.push((method.to_owned(), fault));
    }

    /// From here on each call may meet something.
    pub fn weather(&self, weather: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        self.state().weather = Some(Box::new(weather));
    }

    pub(crate) fn wrong(&self, what: impl Into<String>) {
        self.state().wrongs.push(what.into());
    }

    pub(crate) fn tell(&self) {
        self.0.news.notify_waiters();
    }

    /// Waits until something holds.
    pub async fn until<T>(&self, what: &str, mut holds: impl FnMut(&mut State) -> Option<T>) -> T {
        let wait = async {
            loop {
                let news = self.0.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if let Some(found) = holds(&mut self.state()) {
                    return found;
                }
                news.await;
            }
        };
        let found = timeout(PATIENCE, wait).await;
        found.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}; wrongs: {:?}", self.state().wrongs))
    }

    /// The next thing that the app did and nobody read; waits for it.
    pub async fn next(&self) -> Call {
        self.until("a call", |state| state.unread.pop_front()).await
    }

    /// The same, of this method.
    pub async fn next_of(&self, method: &str) -> Call {
        let call = self.next().await;
        assert_eq!(call.method, method, "{:#}", call.body);
        call
    }

    /// What the app did and nobody read, if there is anything.
    pub fn read(&self) -> Option<Call> {
        self.state().unread.pop_front()
    }

    /// All calls of a method so far, read or not.
    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// Nothing was left unread, and nothing was wrong.
    pub fn done(&self) {
        let state = self.state();
        assert_eq!(state.wrongs, Vec::<String>::new());
        assert!(state.unread.is_empty(), "unread: {:#?}", state.unread);
        assert!(state.faults.is_empty(), "not met: {:?}", state.faults);
    }
}

/// A text field of a JSON object; empty if it is not there.
pub fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
