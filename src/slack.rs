//! Slack as a chat platform: its events, commands and clicks become what the bot understands, and what the bot says becomes
//! Block Kit. Bodies come in over HTTP or Socket Mode and go the same way from there.
//!
//! - `http`, `socket`: the two ways in. `intake`: what events lead to.
//! - `wire`: what Slack sends, read with tolerance. `text`, `files`: the text of a message, as its reader saw it. `channels`: who
//!   reads a channel.
//! - `api`: the Web API. `blocks`: a reply → Block Kit.
//! - `courier`: what the outbox says. `interact`: what people ask for. `views`: windows and the App Home.
//! - `workspaces`: where the bot is installed, and with which token. `oauth`: how it gets there.
//! - `scopes`, `manifest`, `check`: what the app asks for, what Slack has to know about it, and what is missing.

use std::sync::Arc;

use crate::{
    bot::{
        Bot,
        outbox::{Clock, Worker},
    },
    message::{ChannelId, TeamId, Visibility},
    store::{self, moved},
};
use api::Api;
use channels::Channels;
use interact::{Homes, People};
use workspaces::Workspaces;

pub mod api;
pub mod blocks;
pub mod channels;
pub mod check;
pub mod courier;
mod files;
pub mod http;
pub mod intake;
pub mod interact;
pub mod manifest;
pub mod oauth;
pub mod scopes;
pub mod socket;
pub mod text;
pub mod views;
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
    /// Who reads which channel, as events have told.
    pub channels: Channels,
    /// What Slack said about people.
    pub people: People,
    /// App Homes that are being drawn.
    homes: Homes,
    /// What says things: it is told when our own posts come back.
    pub worker: Arc<Worker>,
    /// The time.
    pub clock: Clock,
}

impl Slack {
    /// Everything together.
    #[must_use]
    pub fn new(bot: Arc<Bot>, api: Api, workspaces: Arc<Workspaces>, worker: Arc<Worker>, clock: Clock) -> Self {
        let (channels, people, homes) = (Channels::default(), People::default(), Homes::default());
        Self { bot, api, workspaces, channels, people, homes, worker, clock }
    }

    /// Takes down who reads a channel. When others have come to it, what was the team's alone is kept from it first.
    async fn learn(&self, team: &TeamId, channel: &ChannelId, visibility: Visibility) -> store::Result<()> {
        let now = (self.clock)();
        let known = self.channels.visibility(team, channel, now);
        if known.is_none_or(|known| is_shared(known) != is_shared(visibility)) {
            match self.tell(team, channel, visibility).await {
                // Nothing is shown to anybody by mistake, and some minutes later it is tried again.
                Err(error) if !is_shared(visibility) => {
                    tracing::warn!(%team, %error, "cannot take down that a channel is the team's alone");
                }
                told => told?,
            }
        }
        self.channels.learn(team, channel, visibility, now);
        Ok(())
    }

    /// Lets the store know whether others read a channel, if that is news to it.
    async fn tell(&self, team: &TeamId, channel: &ChannelId, visibility: Visibility) -> store::Result<()> {
        let store = self.bot.store();
        if moved::is_open(&mut *store.read().await?, team, channel).await? == is_shared(visibility) {
            return Ok(());
        }
        let mut tx = store.begin().await?;
        if is_shared(visibility) {
            moved::opened(&mut tx, team, channel, (self.clock)()).await?;
        } else {
            moved::closed(&mut tx, team, channel).await?;
        }
        tx.commit().await
    }
}

fn is_shared(visibility: Visibility) -> bool {
    visibility == Visibility::Shared
}
