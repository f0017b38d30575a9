//! Discord: the same bot in servers, threads and direct messages.
//!
//! Reading order:
//!
//! - `wire`: what Discord sends, read leniently. `text`: the text of a message.
//! - `render`: a reply → cards and buttons. `commands`: what can be asked for, as Discord is told.
//! - `rest`: the REST API within its limits. `identity`: who the bot is. `facts`: what is known about channels. `fetch`: files.
//! - `courier`: says what the outbox holds. `interact`: commands, buttons, menus, forms;
//!   `endpoint`: the same over HTTP.
//! - `gateway`: the connection over which Discord says what happens. `intake`: messages → the bot. `catch_up`: what was missed.
//!   `guilds`: servers come and go. `start`, `run`: what is asked first, and who has the connection for how long.
//! - `check`: whether everything is set up.
//!
//! The gateway is twilight's: it hands over raw JSON, as typed models lose events that have one odd field, resumes at the address
//! that Discord names, over a restart too, and treats the fatal close codes as such; serenity 0.12 does none of that. The REST
//! client is our own and thin: serenity's pulls in a TLS stack with open advisories and lets a global 429 hold nothing, and
//! twilight's sends again at once after a global 429, without end. What is needed are twenty routes with raw JSON, over the HTTP
//! client that is in the tree anyway.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio_util::task::TaskTracker;
use url::Url;

pub mod catch_up;
pub mod check;
pub mod commands;
pub mod courier;
pub mod endpoint;
pub mod facts;
pub mod fetch;
pub mod gateway;
pub mod guilds;
pub mod identity;
pub mod intake;
pub mod interact;
pub mod render;
pub mod rest;
mod run;
mod start;
pub mod text;
pub mod wire;

pub use start::{Shards, ShardsError};

use crate::{
    bot::{
        Bot,
        outbox::{Clock, Courier},
    },
    message::IdError,
    store::discord::Shard as Number,
};
use facts::Facts;
use gateway::{Health, Refusal};
use identity::Identity;
use interact::Desk;
use rest::{Rest, RestError};

/// Waited for rate limits where nobody waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How to be on Discord.
#[derive(Debug)]
pub struct Setup {
    /// The bot's token.
    pub token: SecretString,
    /// The application's id; asked from Discord when absent.
    pub application: Option<String>,
    /// A stand-in for Discord at a loopback address.
    pub api: Option<Url>,
    /// Which shards run here; all that Discord recommends when absent.
    pub shards: Option<Shards>,
    /// Calls that Discord takes from this bot in a second.
    pub calls: u32,
}

/// Why the bot is not on Discord any more.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// It could not be set up.
    #[error("{0}")]
    Setup(String),
    /// The REST API.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The gateway.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An id that cannot be one.
    #[error("Discord names an odd id: {0}")]
    Id(#[from] IdError),
}

impl DiscordError {
    /// Whether Discord does not want the bot, so that another start would change nothing.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Rest(RestError::Unauthorized) | Self::Refused(_))
    }
}

/// The bot on Discord.
pub struct Discord {
    bot: Arc<Bot>,
    rest: Arc<Rest>,
    identity: Arc<Identity>,
    facts: Arc<Facts>,
    desk: Arc<Desk>,
    clock: Clock,
    shards: Option<Shards>,
    tasks: TaskTracker,
    health: Mutex<Vec<(Number, Arc<Health>)>>,
    /// Whether another process has the connection.
    elsewhere: AtomicBool,
}

impl Discord {
    /// Ready to run; nothing is sent yet.
    pub fn new(bot: Arc<Bot>, setup: Setup, clock: Clock) -> Result<Self, DiscordError> {
        let rest =
            Arc::new(Rest::new(setup.token, setup.api.as_ref()).map_err(DiscordError::Setup)?.with_calls(setup.calls));
        let identity = Arc::new(Identity::new(setup.application));
        let facts = Arc::new(Facts::new(Arc::clone(&rest)));
        let desk = Arc::new(Desk {
            bot: Arc::clone(&bot),
            rest: Arc::clone(&rest),
            facts: Arc::clone(&facts),
            identity: Arc::clone(&identity),
            clock: Arc::clone(&clock),
        });
        let (tasks, health) = (TaskTracker::new(), Mutex::default());
        let (shards, elsewhere) = (setup.shards, AtomicBool::default());
        Ok(Self { bot, rest, identity, facts, desk, clock, shards, tasks, health, elsewhere })
    }

    /// Says on Discord what the outbox holds.
    #[must_use]
    pub fn courier(&self) -> Arc<dyn Courier> {
        Arc::new(courier::Messenger::new(Arc::clone(&self.rest), Arc::clone(&self.identity)))
    }

    /// Where Discord may call with interactions.
    pub fn routes(&self) -> Router {
        endpoint::routes(Arc::new(endpoint::Endpoint {
            desk: Arc::clone(&self.desk),
            rest: Arc::clone(&self.rest),
            identity: Arc::clone(&self.identity),
            tasks: self.tasks.clone(),
        }))
    }

    /// Each shard, and when Discord last said something to it over a session that stands.
    #[must_use]
    pub fn health(&self) -> Vec<(Number, Option<Timestamp>)> {
        let all = self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.iter().map(|(number, health)| (*number, health.last())).collect()
    }

    /// Whether another process has the connection, so that this one waits for its end.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere.load(Ordering::Relaxed)
    }

    /// Whether everything that came was dealt with.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let all = self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.iter().all(|(_, health)| health.is_idle())
    }
}
