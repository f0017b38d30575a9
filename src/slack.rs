//! Slack as a chat platform: its events, commands and clicks become what the bot understands, and what the bot says becomes
//! Block Kit.
//!
//! - `api`: the Web API.

pub mod api;
