//! Shortcuts: at a message, whose text comes with them so that nothing has to be read from the channel; and the one beside the
//! message field.

use std::time::Duration;

use super::{Desk, people::audience, trouble};
use crate::{
    answer::slack as words,
    bot::commands::Asked,
    slack::{files, manifest::MESSAGE_SHORTCUTS, text, views, wire::text as field},
    store::Result,
};

/// How long the files of a message may take: after it, a window still has to open within three seconds.
const FILES: Duration = Duration::from_millis(1200);

impl Desk<'_> {
    /// A shortcut at a message.
    pub(super) async fn message_shortcut(&self) -> Result<()> {
        let [explain, save] = MESSAGE_SHORTCUTS;
        let Some(message) = self.message() else { return Ok(()) };
        let Some(author) = self.author() else { return Ok(()) };
        let callback = field(self.payload, "callback_id");
        // A window waits for nobody but the file that goes into it.
        let visibility = async {
            if callback == Some(explain) {
                self.visibility(&message.channel).await
            } else {
                self.slack.known_visibility(self.workspace, &message.channel)
            }
        };
        let (visibility, said) = tokio::join!(visibility, self.said());
        let said = said.trim();
        let event = self.event();
        let asked = Asked {
            team: &self.workspace.team,
            channel: &message.channel,
            visibility,
            author: &author,
            event: &event,
            reply: None,
            about: Some(&message),
            audience: audience(self.workspace, &message.channel),
        };
        match callback {
            Some(callback) if callback == explain => self.explain(&asked, said).await,
            Some(callback) if callback == save => self.write(&asked, said).await,
            _ => {}
        }
        Ok(())
    }

    /// What the message says, with its files as far as there is time for them.
    async fn said(&self) -> String {
        let Some(message) = self.payload.get("message") else { return String::new() };
        let mut said = text::of(message);
        if files::readable(message).next().is_some() {
            said.push_str(&self.slack.read_files(self.workspace, message, FILES).await.text);
        }
        said
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
