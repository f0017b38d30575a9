//! `/npmfix …`

use serde_json::{Value, json};

use super::{Slack, ephemeral, trouble};
use crate::{
    answer::{Inline, commands as common, digest::words as about_digests, reply::Reply, slack as words},
    bot::{
        commands::{Asked, Audience},
        grammar::{self, Command as Asks, Digest, Saving},
    },
    message::{ChannelId, Visibility},
    slack::{text::mrkdwn, views, wire::Command, workspaces::Workspace},
    store::Result,
};

impl Slack {
    /// Carries out a command. What is returned is the body of the answer, which only whoever gave the command sees.
    pub async fn command(&self, form: &Command) -> Result<Value> {
        let Some(workspace) = self.workspaces.of_install(form.install()).await? else {
            let text = words::not_installed().backticked();
            return Ok(json!({ "response_type": "ephemeral", "text": text }));
        };
        let reply = match self.carry_out(&workspace, form).await {
            Ok(reply) => reply,
            Err(error) => Some(trouble(&error)),
        };
        Ok(reply.map_or_else(|| json!({}), |reply| ephemeral(&reply, &workspace)))
    }

    async fn carry_out(&self, workspace: &Workspace, form: &Command) -> Result<Option<Reply>> {
        let Ok(channel) = ChannelId::parse(&form.channel_id) else { return Ok(None) };
        let Some(author) = self.person(workspace, &form.user_id, &form.user_name).await else { return Ok(None) };
        let event = format!("command {}", form.trigger_id);
        let asked = Asked {
            team: &workspace.team,
            channel: &channel,
            visibility: self.visibility(workspace, &channel).await,
            author: &author,
            event: &event,
            reply: None,
            about: None,
            audience: Audience::Asker,
        };
        let read = readable(&form.text);
        let view = match window(&read) {
            Some(Window::Explain) => Some(views::explain()),
            Some(Window::Save) => match self.bot.save_form(&asked, (self.clock)()).await? {
                Some(filling) => Some(views::save(&filling, channel.as_str(), "")),
                None => return Ok(Some(Reply::say(common::nothing_to_save_for()))),
            },
            None => None,
        };
        let Some(view) = view else {
            let mut zone = None;
            if let Ok(Asks::Digest(Digest::On { zone: named, channel: to, .. })) = grammar::parse(&read) {
                if let Some(to) = to.filter(|to| *to != channel)
                    && let Some(sentence) = self.no_digest_in(workspace, &to).await
                {
                    return Ok(Some(Reply::say(sentence)));
                }
                if named.is_none() {
                    // Whoever switches it on means their own time.
                    zone = self.zone(workspace, &form.user_id).await;
                }
            }
            return self.bot.command_from(&asked, zone.as_deref(), &read, (self.clock)()).await;
        };
        let opened = self.open(workspace, Some(&form.trigger_id), &view).await;
        Ok(opened.err().map(Reply::say))
    }

    /// Why no digest can come to a channel that somebody named, if none can.
    async fn no_digest_in(&self, workspace: &Workspace, channel: &ChannelId) -> Option<Inline> {
        match self.joined_channel(workspace, channel).await {
            None => Some(about_digests::which_channel()),
            Some(Visibility::Shared) => Some(about_digests::not_in_shared()),
            Some(Visibility::Public | Visibility::Private) => None,
        }
    }
}

/// A command that lacks what a window can ask for.
enum Window {
    Explain,
    Save,
}

fn window(command: &str) -> Option<Window> {
    match grammar::parse(command) {
        Ok(Asks::Save(Saving { text: None, .. })) => Some(Window::Save),
        Err(_) if command.trim().eq_ignore_ascii_case("explain") => Some(Window::Explain),
        _ => None,
    }
}

/// The command as its author typed it, where Slack has made links of addresses. Some read mentions themselves.
fn readable(command: &str) -> String {
    let first = command.split_whitespace().next().unwrap_or_default();
    if ["settings", "digest"].iter().any(|name| first.eq_ignore_ascii_case(name)) {
        command.to_owned()
    } else {
        mrkdwn(command)
    }
}
