//! What people ask for by a command, a click, a shortcut or a window, and what they are shown for it. Slack waits three seconds;
//! what is said here only its asker sees. Repeats of the same request change nothing: each has a `trigger_id` of its own.
//!
//! - `people`: who asks, and who else reads along. `commands`, `clicks`, `shortcuts`, `windows`, `home`: what they use.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    Slack,
    api::ApiError,
    blocks::{self, Around},
    wire::text,
    workspaces::Workspace,
};
use crate::{
    answer::{
        Inline,
        reply::{self, Reply},
        slack as words,
    },
    bot::commands::{Asked, Audience},
    message::{Author, ChannelId, MessageId, MessageRef, Visibility},
    store::{Result, StoreError},
};

mod clicks;
mod commands;
mod home;
mod people;
mod shortcuts;
mod windows;

pub use home::Homes;
pub use people::People;

// Slack waits three seconds for an acknowledgement, and a `trigger_id` lives as long. All of these count from when a request came.
/// Until when Slack is asked about people and channels, all at the same time.
const ASK: Duration = Duration::from_millis(1200);
/// Until when a window may be opened.
const OPEN: Duration = Duration::from_millis(2500);
/// Until when something may be said beside the acknowledgement.
const BESIDE: Duration = Duration::from_millis(2900);

impl Slack {
    /// Takes in an interaction. When this returns, what it led to is stored; what is returned is the body of the answer.
    pub async fn interaction(&self, payload: &Value) -> Result<Option<Value>> {
        let begun = Instant::now();
        let Some(kind) = text(payload, "type") else { return Ok(None) };
        let Some(workspace) = self.workspaces.of_install(super::wire::install(payload)).await? else {
            tracing::info!(kind, "an interaction from where the bot is not installed");
            return Ok(None);
        };
        let desk = Desk { slack: self, workspace: &workspace, payload, begun };
        match kind {
            "block_actions" => desk.click().await.map(|()| None),
            "message_action" => desk.message_shortcut().await.map(|()| None),
            "shortcut" => desk.global_shortcut().await.map(|()| None),
            "view_submission" => desk.window().await,
            // Closed windows, and what newer Slacks may send.
            _ => Ok(None),
        }
    }
}

/// Where an interaction is dealt with.
#[derive(Clone, Copy)]
struct Desk<'a> {
    slack: &'a Slack,
    workspace: &'a Workspace,
    payload: &'a Value,
    /// When it came.
    begun: Instant,
}

impl Desk<'_> {
    fn field(&self, pointer: &str) -> Option<&str> {
        self.payload.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// The channel that it happened in.
    fn channel(&self) -> Option<ChannelId> {
        let channel = self.field("/channel/id").or_else(|| self.field("/container/channel_id"))?;
        ChannelId::parse(channel).ok()
    }

    /// The message that it happened at.
    fn message(&self) -> Option<MessageRef> {
        let id = self.field("/message_ts").or_else(|| self.field("/container/message_ts"))?;
        let thread = self.field("/message/thread_ts").or_else(|| self.field("/container/thread_ts"));
        Some(MessageRef {
            team: self.workspace.team.clone(),
            channel: self.channel()?,
            thread: thread.filter(|thread| *thread != id).and_then(|thread| MessageId::parse(thread).ok()),
            id: MessageId::parse(id).ok()?,
        })
    }

    /// Who it was. What they may do is not asked.
    fn author(&self) -> Option<Author> {
        let name = self.field("/user/name").or_else(|| self.field("/user/username")).unwrap_or_default();
        self.slack.somebody(self.workspace, self.field("/user/id")?, name)
    }

    async fn visibility(&self, channel: &ChannelId) -> Visibility {
        self.slack.visibility(self.workspace, channel, self.begun + ASK).await
    }

    /// The id of this interaction: Slack's repeats and those of others have it, too.
    fn event(&self) -> String {
        let id = self.field("/trigger_id").or_else(|| self.field("/view/id")).unwrap_or_default();
        format!("interaction {id}")
    }

    /// Says something to whoever asked, in the thread that it was asked in.
    async fn answer(&self, reply: &Reply) {
        let Some(to) = self.field("/response_url") else { return };
        let mut body = ephemeral(reply, self.workspace);
        if let Value::Object(fields) = &mut body {
            fields.insert("replace_original".to_owned(), false.into());
            if let Some(thread) = self.message().and_then(|message| message.thread) {
                fields.insert("thread_ts".to_owned(), thread.as_str().into());
            }
        }
        // Slack waits for us meanwhile; what takes longer is not worth a warning sign on what was chosen.
        match timeout_at(self.begun + BESIDE, self.slack.api.respond(to, &body)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(team = %self.workspace.team, %error, "cannot answer an interaction"),
            Err(_) => tracing::warn!(team = %self.workspace.team, "no time to answer an interaction"),
        }
    }

    async fn say(&self, sentence: Inline) {
        self.answer(&Reply::say(sentence)).await;
    }

    /// Opens a window, or says why there is none.
    async fn open(&self, view: &Value) {
        let trigger = Trigger { id: self.field("/trigger_id"), begun: self.begun };
        if let Err(sentence) = self.slack.open(self.workspace, trigger, view).await {
            self.say(sentence).await;
        }
    }
}

/// What lets a window be opened.
#[derive(Clone, Copy)]
struct Trigger<'a> {
    id: Option<&'a str>,
    /// When it came.
    begun: Instant,
}

impl Slack {
    /// Opens a window for whoever has just done something; else what to tell them.
    async fn open(&self, workspace: &Workspace, trigger: Trigger<'_>, view: &Value) -> std::result::Result<(), Inline> {
        let Some(id) = trigger.id else { return Err(words::no_window()) };
        let body = json!({ "trigger_id": id, "view": view });
        let opened = timeout_at(trigger.begun + OPEN, self.api.call(&workspace.token, "views.open", &body)).await;
        let late = || Err(ApiError::Unclear("no answer in time".to_owned()));
        let Err(error) = opened.unwrap_or_else(|_| late()) else { return Ok(()) };
        tracing::warn!(team = %workspace.team, %error, "cannot open a window");
        Err(match error {
            // Slack spells these in two ways.
            ApiError::Refused(word) if !word.contains("trigger") => words::window_refused(),
            _ => words::no_window(),
        })
    }
}

/// A message that only whoever asked sees.
fn ephemeral(reply: &Reply, workspace: &Workspace) -> Value {
    let message = blocks::message(reply, None, Around { site: workspace.url.as_deref(), files: &[] });
    json!({ "response_type": "ephemeral", "text": message.text, "blocks": message.blocks })
}

/// What somebody is told when the database did not take what they asked for.
fn trouble(error: &StoreError) -> Reply {
    tracing::error!(%error, "an interaction was not stored");
    Reply::say(reply::trouble())
}

/// A question from somewhere that is no channel: nothing that is kept to one is shown there.
fn from_nowhere<'a>(workspace: &'a Workspace, author: &'a Author, channel: &'a ChannelId, event: &'a str) -> Asked<'a> {
    Asked {
        team: &workspace.team,
        channel,
        visibility: Visibility::Private,
        author,
        event,
        reply: None,
        about: None,
        audience: Audience::Everybody,
    }
}
