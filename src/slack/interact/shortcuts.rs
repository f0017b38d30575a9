//! Shortcuts: at a message, whose text comes with them so that nothing has to be read from the channel; and the one beside the
//! message field.

use super::{Desk, trouble};
use crate::{
    answer::slack as words,
    bot::commands::{Asked, Audience},
    slack::{manifest::MESSAGE_SHORTCUTS, text, views, wire::text as field},
    store::Result,
};

impl Desk<'_> {
    /// A shortcut at a message.
    pub(super) async fn message_shortcut(&self) -> Result<()> {
        let [explain, save] = MESSAGE_SHORTCUTS;
        let said = self.payload.get("message").map(text::of).unwrap_or_default();
        let said = said.trim();
        let (Some(message), Some(author)) = (self.message(), self.author().await) else { return Ok(()) };
        let event = self.event();
        let asked = Asked {
            team: &self.workspace.team,
            channel: &message.channel,
            visibility: self.slack.visibility(self.workspace, &message.channel).await,
            author: &author,
            event: &event,
            reply: None,
            about: Some(&message),
            audience: Audience::Asker,
        };
        match field(self.payload, "callback_id") {
            Some(callback) if callback == explain => self.explain(&asked, said).await,
            Some(callback) if callback == save => self.write(&asked, said).await,
            _ => {}
        }
        Ok(())
    }

    async fn explain(&self, asked: &Asked<'_>, said: &str) {
        if said.is_empty() {
            return self.say(words::no_text()).await;
        }
        let command = format!("explain {said}");
        match self.slack.bot.command(asked, &command, (self.slack.clock)()).await {
            Ok(Some(reply)) => self.answer(&reply).await,
            Ok(None) => {}
            Err(error) => self.answer(&trouble(&error)).await,
        }
    }

    /// The shortcut beside the message field.
    pub(super) async fn global_shortcut(&self) -> Result<()> {
        self.open(&views::explain()).await;
        Ok(())
    }
}
