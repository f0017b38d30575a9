//! Buttons and menus under what the bot said.

use super::{Desk, trouble};
use crate::{
    answer::commands as common,
    bot::{
        choices::{Chosen, Click},
        commands::{Asked, Audience},
    },
    message::ChannelId,
    slack::{
        views,
        wire::{list, text},
    },
    store::Result,
};

impl Desk<'_> {
    /// Takes in a click.
    pub(super) async fn click(&self) -> Result<()> {
        let Some(action) = list(self.payload, "actions").next() else { return Ok(()) };
        if text(action, "action_id") == Some(views::EXPLAIN) {
            self.open(&views::explain()).await;
            return Ok(());
        }
        let chosen = text(action, "value").or_else(|| text(action.get("selected_option")?, "value"));
        // Links and fields in windows come here as well.
        let Some(choice) = chosen else { return Ok(()) };
        let Some(author) = self.author().await else { return Ok(()) };
        let event = self.event();
        let click = Click { team: &self.workspace.team, event: &event, author: &author, choice };
        match self.slack.bot.choose(&click, (self.slack.clock)()).await {
            Ok(Chosen::Said(reply)) => self.answer(&reply).await,
            Ok(Chosen::Done | Chosen::Again) => {}
            Ok(Chosen::Write(reply)) => {
                let nowhere = ChannelId::parse(author.id.as_str()).ok();
                let Some(channel) = self.channel().or(nowhere) else { return Ok(()) };
                let asked = Asked {
                    team: &self.workspace.team,
                    channel: &channel,
                    visibility: self.slack.visibility(self.workspace, &channel).await,
                    author: &author,
                    event: &event,
                    reply: Some(&reply),
                    about: None,
                    audience: Audience::Asker,
                };
                self.write(&asked, "").await;
            }
            Err(error) => self.answer(&trouble(&error)).await,
        }
        Ok(())
    }

    /// Opens the window for a fix; `text` stands in it already.
    pub(super) async fn write(&self, asked: &Asked<'_>, text: &str) {
        match self.slack.bot.save_form(asked, (self.slack.clock)()).await {
            Ok(Some(form)) => self.open(&views::save(&form, asked.channel.as_str(), text)).await,
            Ok(None) => self.say(common::nothing_to_save_for()).await,
            Err(error) => self.answer(&trouble(&error)).await,
        }
    }
}
