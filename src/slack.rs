//! Slack as a chat platform: its events, commands and clicks become what the bot understands, and what the bot says becomes
//! Block Kit. Bodies come in over HTTP or Socket Mode and go the same way from there.
//!
//! - `wire`: what Slack sends, read with tolerance. `text`: the text of a message, as its reader saw it.
//! - `api`: the Web API. `blocks`: a reply → Block Kit.

use std::sync::Arc;

use crate::bot::{
    Bot,
    outbox::{Clock, Worker},
};
use api::Api;

pub mod api;
pub mod blocks;
pub mod text;
pub mod wire;

/// Everything that a Slack event, command or click needs.
pub struct Slack {
    /// The bot.
    pub bot: Arc<Bot>,
    /// The Web API.
    pub api: Api,
    /// What says things: it is told when our own posts come back.
    pub worker: Arc<Worker>,
    /// The time.
    pub clock: Clock,
}
