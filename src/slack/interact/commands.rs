//! `/npmfix …`

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{ASK, Slack, Trigger, ephemeral, people::audience, trouble};
use crate::{
    answer::{Inline, commands as common, digest::words as about_digests, reply::Reply, slack as words},
    bot::{
        commands::Asked,
        grammar::{self, Command as Asks, Digest, Misread, Saving},
    },
    message::{Author, ChannelId, Visibility},
    slack::{text::mrkdwn, views, wire::Command, workspaces::Workspace},
    store::Result,
};

impl Slack {
    /// Carries out a command. What is returned is the body of the answer, which only whoever gave the command sees.
    pub async fn command(&self, form: &Command) -> Result<Value> {
        let begun = Instant::now();
        let Some(workspace) = self.workspaces.of_install(form.install()).await? else {
            let text = words::not_installed().backticked();
            return Ok(json!({ "response_type": "ephemeral", "text": text }));
        };
        let reply = match self.carry_out(&workspace, form, begun).await {
            Ok(reply) => reply,
            Err(error) => Some(trouble(&error)),
        };
        Ok(reply.map_or_else(|| json!({}), |reply| ephemeral(&reply, &workspace)))
    }

    async fn carry_out(&self, workspace: &Workspace, form: &Command, begun: Instant) -> Result<Option<Reply>> {
        let Ok(channel) = ChannelId::parse(&form.channel_id) else { return Ok(None) };
        let Some(author) = self.somebody(workspace, &form.user_id, &form.user_name) else { return Ok(None) };
        let read = readable(&form.text);
        let asks = grammar::parse(&read);
        let event = format!("command {}", form.trigger_id);
        let asked = Asked {
            team: &workspace.team,
            channel: &channel,
            visibility: self.known_visibility(workspace, &channel),
            author: &author,
            event: &event,
            reply: None,
            about: None,
            audience: audience(workspace, &channel),
        };
        let view = match window(&read, asks.as_ref()) {
            Some(Window::Explain) => Some(views::explain()),
            Some(Window::Save) => match self.bot.save_form(&asked, (self.clock)()).await? {
                Some(filling) => Some(views::save(&filling, channel.as_str(), "")),
                None => return Ok(Some(Reply::say(common::nothing_to_save_for()))),
            },
            None => None,
        };
        if let Some(view) = view {
            let trigger = Trigger { id: Some(&form.trigger_id), begun };
            let opened = self.open(workspace, trigger, &view).await;
            return Ok(opened.err().map(Reply::say));
        }
        let asks = asks.ok();
        let until = begun + ASK;
        let (visibility, (author, zone), no_digest) = tokio::join!(
            self.visibility(workspace, &channel, until),
            self.about_asker(workspace, author.clone(), asks.as_ref(), until),
            self.no_digest(workspace, &channel, asks.as_ref(), until),
        );
        if let Some(sentence) = no_digest {
            return Ok(Some(Reply::say(sentence)));
        }
        let asked = Asked { visibility, author: &author, ..asked };
        self.bot.command_from(&asked, zone.as_deref(), &read, (self.clock)()).await
    }

    /// What somebody may do, where their command depends on it, and their time zone, where they mean their own.
    async fn about_asker(
        &self,
        workspace: &Workspace,
        author: Author,
        asks: Option<&Asks>,
        until: Instant,
    ) -> (Author, Option<String>) {
        match asks {
            Some(Asks::Digest(Digest::On { zone: None, .. })) => {
                let zone = self.zone(workspace, author.id.as_str(), until).await;
                (author, zone)
            }
            Some(asks) if asks.needs_rights() => (self.with_rights(workspace, author, until).await, None),
            _ => (author, None),
        }
    }

    /// Why no digest can come to the channel that a command names, if it names one and none can.
    async fn no_digest(
        &self,
        workspace: &Workspace,
        here: &ChannelId,
        asks: Option<&Asks>,
        until: Instant,
    ) -> Option<Inline> {
        let Some(Asks::Digest(Digest::On { channel: Some(channel), .. })) = asks else { return None };
        if channel == here {
            return None;
        }
        match self.joined_channel(workspace, channel, until).await {
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

fn window(command: &str, asks: std::result::Result<&Asks, &Misread>) -> Option<Window> {
    match asks {
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
