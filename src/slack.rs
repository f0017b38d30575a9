//! Slack as a chat platform: its events, commands and clicks become what the bot understands, and what the bot says becomes
//! Block Kit. Bodies come in over HTTP or Socket Mode and go the same way from there.
//!
//! - `wire`: what Slack sends, read with tolerance. `text`: the text of a message, as its reader saw it.
//! - `api`: the Web API. `blocks`: a reply → Block Kit.
//! - `workspaces`: where the bot is installed, and with which token. `oauth`: how it gets there.
//! - `scopes`, `manifest`, `check`: what the app asks for, what Slack has to know about it, and what is missing.

use std::sync::Arc;

use crate::bot::{
    Bot,
    outbox::{Clock, Worker},
};
use api::Api;
use workspaces::Workspaces;

pub mod api;
pub mod blocks;
pub mod check;
pub mod manifest;
pub mod oauth;
pub mod scopes;
pub mod text;
pub mod wire;
pub mod workspaces;

/// Everything that a Slack event, command or click needs.
pub struct Slack {
    /// The bot.
    pub bot: Arc<Bot>,
    /// The Web API.
    pub api: Api,
    /// Where the bot is installed.
    pub workspaces: Arc<Workspaces>,
    /// What says things: it is told when our own posts come back.
    pub worker: Arc<Worker>,
    /// The time.
    pub clock: Clock,
}
