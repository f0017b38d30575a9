//! Windows that were sent: what stands in them is taken in, and what came of it is shown in their place.

use serde_json::Value;

use super::{Desk, from_nowhere, trouble};
use crate::{
    bot::{
        commands::{self, Asked, Audience, Saved},
        grammar::Sharing,
    },
    message::ChannelId,
    slack::{
        views::{self, Filled, Memo},
        wire::text,
    },
    store::Result,
};

impl Desk<'_> {
    /// Takes in a window; returns what Slack is to do with it.
    pub(super) async fn window(&self) -> Result<Option<Value>> {
        let Some(view) = self.payload.get("view") else { return Ok(None) };
        match text(view, "callback_id") {
            Some(views::SAVE) => self.save(view).await,
            Some(views::EXPLAIN) => self.explain_pasted(view).await,
            _ => Ok(None),
        }
    }

    async fn save(&self, view: &Value) -> Result<Option<Value>> {
        let (memo, filled) = (Memo::of(view), Filled::of(view));
        let Some(author) = self.author() else { return Ok(None) };
        let channel = memo.channel.as_deref().unwrap_or(author.id.as_str());
        let Ok(channel) = ChannelId::parse(channel) else { return Ok(None) };
        let event = self.event();
        let asked = Asked {
            team: &self.workspace.team,
            channel: &channel,
            visibility: self.visibility(&channel).await,
            author: &author,
            event: &event,
            reply: memo.reply.as_deref(),
            about: None,
            audience: Audience::Asker,
        };
        let sharing = if filled.whole_team { Sharing::Team } else { Sharing::Channel };
        let filled = commands::Filled { text: &filled.text, breadth: filled.breadth, sharing };
        let saved = self.slack.bot.save_filled(&asked, filled, (self.slack.clock)()).await;
        Ok(match saved {
            Ok(Saved::Said(reply)) => Some(views::instead(&views::shown(&reply, self.workspace.url.as_deref()))),
            Ok(Saved::Wrong(what)) => Some(views::error(views::TEXT, &what)),
            Ok(Saved::Again) => None,
            Err(error) => Some(views::instead(&views::shown(&trouble(&error), None))),
        })
    }

    async fn explain_pasted(&self, view: &Value) -> Result<Option<Value>> {
        let pasted = Filled::of(view).text;
        let Some(author) = self.author() else { return Ok(None) };
        let Ok(nowhere) = ChannelId::parse(author.id.as_str()) else { return Ok(None) };
        let event = self.event();
        let asked = from_nowhere(self.workspace, &author, &nowhere, &event);
        let command = format!("explain {pasted}");
        let reply = match self.slack.bot.command(&asked, &command, (self.slack.clock)()).await {
            Ok(Some(reply)) => reply,
            Ok(None) => return Ok(None),
            Err(error) => trouble(&error),
        };
        Ok(Some(views::instead(&views::shown(&reply, self.workspace.url.as_deref()))))
    }
}
