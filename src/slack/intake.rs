//! The events that Slack sends. An event that led to something is taken in only when that is stored; what is of no interest is
//! passed over without a look into the database.
//!
//! - `scene`: who speaks where. `messages`: what is said, changed and deleted.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Slack,
    wire::{Callback, list, text},
    workspaces::GoneError,
};
use crate::{
    bot::life::Arrival,
    message::{ChannelId, Visibility},
    store::StoreError,
};

mod messages;
mod scene;

use scene::Scene;

/// Why an event was not taken in. Slack delivers it again.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that belongs to it cannot be had now.
    #[error("cannot read a file yet: {0}")]
    File(String),
    /// Whether the bot is still there cannot be told.
    #[error(transparent)]
    Gone(#[from] GoneError),
    /// Slack has not told yet whose the token is.
    #[error("whose SLACK_BOT_TOKEN is, Slack has not told yet")]
    Unknown,
}

impl Slack {
    /// Takes in the body of an `event_callback`. When this returns without an error, what it led to is stored.
    pub async fn event(self: &Arc<Self>, body: &Value) -> Result<(), EventError> {
        if !self.workspaces.is_known() {
            return Err(EventError::Unknown);
        }
        let callback = Callback::of(body);
        let Some(kind) = text(callback.event, "type") else { return Ok(()) };
        if matches!(kind, "app_uninstalled" | "tokens_revoked") {
            return self.gone(&callback, kind).await;
        }
        let Some(workspace) = self.workspaces.of_install(callback.install).await? else {
            tracing::debug!(kind, team = callback.install.workspace, "an event from where the bot is not installed");
            return Ok(());
        };
        let scene = Scene { callback: &callback, workspace: &workspace };
        match kind {
            "message" => self.message(&scene).await,
            "app_mention" => self.mentioned(&scene).await,
            "member_joined_channel" => self.joined(&scene).await,
            "channel_id_changed" => self.renumbered(&scene).await,
            "channel_shared" => self.others_come(&scene).await,
            "channel_unshared" => self.others_leave(&scene).await,
            "app_home_opened" => {
                self.looked_at(&scene);
                Ok(())
            }
            // A channel's name is nowhere kept, so that `channel_rename` changes nothing.
            _ => Ok(()),
        }
    }

    /// Somebody looks at our home. On its other tab nothing has to be drawn.
    fn looked_at(self: &Arc<Self>, scene: &Scene<'_>) {
        let event = scene.callback.event;
        if let Some(user) = text(event, "user").filter(|_| text(event, "tab") != Some("messages")) {
            self.draw_home(scene.workspace, user);
        }
    }

    /// The bot was let into a channel.
    async fn joined(&self, scene: &Scene<'_>) -> Result<(), EventError> {
        let event = scene.callback.event;
        if text(event, "user") != Some(scene.bot_user()) {
            return Ok(());
        }
        let Some(channel) = scene.channel() else { return Ok(()) };
        let team = &scene.workspace.team;
        if let Some(visibility) = scene.told(&channel) {
            self.learn(team, &channel, visibility).await?;
        }
        let named = text(event, "event_ts").unwrap_or_default();
        let joined = scene.callback.id.map_or_else(|| format!("joined {channel} {named}"), str::to_owned);
        self.bot.arrived((team, &channel), Arrival::Channel, &joined, (self.clock)()).await?;
        Ok(())
    }

    /// A channel was opened to people of another organisation.
    async fn others_come(&self, scene: &Scene<'_>) -> Result<(), EventError> {
        let Some(channel) = scene.channel() else { return Ok(()) };
        Ok(self.learn(&scene.workspace.team, &channel, Visibility::Shared).await?)
    }

    /// Those of one organisation have left; of others, some may still read the channel. Whether the whole team does is not told.
    async fn others_leave(&self, scene: &Scene<'_>) -> Result<(), EventError> {
        let alone = scene.callback.event.get("is_ext_shared") == Some(&Value::Bool(false));
        let Some(channel) = scene.channel().filter(|_| alone) else { return Ok(()) };
        Ok(self.learn(&scene.workspace.team, &channel, Visibility::Private).await?)
    }

    /// A channel has got another id: what is remembered of it follows. Slack does this when a channel is opened to other
    /// organisations, so it is one that they read until Slack says otherwise.
    async fn renumbered(&self, scene: &Scene<'_>) -> Result<(), EventError> {
        let event = scene.callback.event;
        let id = |field| text(event, field).and_then(|id| ChannelId::parse(id).ok());
        let (Some(old), Some(new)) = (id("old_channel_id"), id("new_channel_id")) else { return Ok(()) };
        let team = &scene.workspace.team;
        // First, so that nothing is said in between as if the team were among itself.
        self.learn(team, &new, Visibility::Shared).await?;
        self.bot.renumbered(team, &old, &new, (self.clock)()).await?;
        Ok(())
    }

    /// The app was uninstalled, or its token revoked. The token goes at once; what the team had stays for a while, because some do
    /// it by mistake, and others only replace a token.
    async fn gone(&self, callback: &Callback<'_>, kind: &str) -> Result<(), EventError> {
        let tokens = callback.event.get("tokens").unwrap_or(&Value::Null);
        // Tokens of people are none of ours.
        if kind == "app_uninstalled" || list(tokens, "bot").next().is_some() {
            self.workspaces.gone(callback.install).await?;
        }
        Ok(())
    }
}
