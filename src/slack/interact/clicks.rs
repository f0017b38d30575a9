//! Buttons and menus under what the bot said.

use super::{ASK, Desk, people::Sharing, trouble};
use crate::{
    answer::commands as common,
    bot::{
        choices::{Chosen, Click, Pick},
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
        let Some(author) = self.author() else { return Ok(()) };
        let author = match Pick::parse(choice) {
            Some((_, Pick::Share)) if !self.may_share(choice).await? => return Ok(()),
            Some((_, Pick::Share | Pick::Save)) | None => author,
            // Nobody but an admin may remove what somebody else asked.
            Some((_, Pick::Dismiss)) => self.slack.with_rights(self.workspace, author, self.begun + ASK).await,
            Some(_) => {
                // The answer is said anew, and others may have come to read it.
                if let Some(channel) = self.channel() {
                    self.visibility(&channel).await;
                }
                author
            }
        };
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
                    visibility: self.slack.known_visibility(self.workspace, &channel),
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

    /// Whether what its choice would share may be posted here by now; if not, whoever chose it is told why.
    async fn may_share(&self, choice: &str) -> Result<bool> {
        let Some(channel) = self.channel() else { return Ok(false) };
        let Err((sharing, why)) = self.slack.may_share(self.workspace, &channel, self.begun + ASK).await else {
            return Ok(true);
        };
        if sharing == Sharing::Never {
            self.slack.bot.withhold(&self.workspace.team, choice).await?;
        }
        self.say(why).await;
        Ok(false)
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
