//! Who speaks where, and to whom.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    message::{Address, Author, ChannelId, MessageId, MessageRef, Rights, Speaker, UserId, Visibility},
    slack::{
        channels::told,
        wire::{Callback, text},
        workspaces::Workspace,
    },
};

/// An event in its workspace.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub callback: &'a Callback<'a>,
    pub workspace: &'a Arc<Workspace>,
}

/// Slack's own helper writes as a person would.
const SLACKBOT: &str = "USLACKBOT";

impl Scene<'_> {
    /// Our own user.
    pub fn bot_user(&self) -> &str {
        self.callback.bot_user.unwrap_or(&self.workspace.bot_user)
    }

    /// The channel of the event.
    pub fn channel(&self) -> Option<ChannelId> {
        ChannelId::parse(text(self.callback.event, "channel")?).ok()
    }

    /// Where a message stands.
    pub fn place(&self, message: &Value) -> Option<MessageRef> {
        self.at(text(message, "ts")?, text(message, "thread_ts"))
    }

    /// Where the message with this id stands. The first message of a thread stands in none.
    pub fn at(&self, id: &str, thread: Option<&str>) -> Option<MessageRef> {
        let thread = thread.filter(|thread| *thread != id);
        Some(MessageRef {
            team: self.workspace.team.clone(),
            channel: self.channel()?,
            thread: thread.and_then(|thread| MessageId::parse(thread).ok()),
            id: MessageId::parse(id).ok()?,
        })
    }

    /// Who reads the channel, where the event tells.
    pub fn told(&self, channel: &ChannelId) -> Option<Visibility> {
        told(channel, text(self.callback.event, "channel_type"), self.callback.shared)
    }

    /// Whether we said it.
    pub fn is_own(&self, message: &Value) -> bool {
        let profile = message.get("bot_profile").unwrap_or(&Value::Null);
        let app = self.callback.app.or(self.workspace.app.as_deref());
        let by = |said: Option<&str>, ours: Option<&str>| said.is_some() && said == ours;
        by(text(message, "user"), Some(self.bot_user()))
            || by(text(message, "user"), Some(&self.workspace.bot_user))
            || by(text(message, "bot_id"), self.workspace.bot_id.as_deref())
            || by(text(message, "app_id").or_else(|| text(profile, "app_id")), app)
    }

    /// Whom a message is meant for: us, in a direct message or with a mention.
    pub fn address(&self, message: &Value) -> Address {
        let event = self.callback.event;
        let direct = matches!(text(event, "channel_type"), Some("im" | "app_home"))
            || text(event, "channel").is_some_and(|channel| channel.starts_with('D'));
        let ours = |rest: &str| rest.strip_prefix(self.bot_user()).is_some_and(|after| after.starts_with(['>', '|']));
        let mentioned = || text(message, "text").is_some_and(|said| said.split("<@").skip(1).any(ours));
        if direct || mentioned() { Address::Addressed } else { Address::Overheard }
    }
}

/// Who said it, if that can be told.
pub(super) fn author(message: &Value) -> Option<Author> {
    let bot = text(message, "bot_id");
    let user = text(message, "user").or(bot)?;
    let automatic = bot.is_some() || user == SLACKBOT || text(message, "subtype") == Some("bot_message");
    let profile = message.get("user_profile").unwrap_or(&Value::Null);
    let name = text(profile, "display_name").or_else(|| text(profile, "real_name")).unwrap_or(user);
    Some(Author {
        id: UserId::parse(user).ok()?,
        name: name.to_owned(),
        speaker: if automatic { Speaker::Bot } else { Speaker::Person },
        rights: Rights::Member,
    })
}
