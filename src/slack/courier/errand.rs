//! One row of the outbox, as Slack's Web API takes it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::pictures::Uploaded;
use crate::{
    answer::reply::Reply,
    bot::{outbox::LookUp, say::Say},
    message::{MessageId, MessageRef, UserId, Visibility, Where},
    slack::{
        api::{Api, ApiError},
        blocks::{self, Around, Message},
        channels::described,
        workspaces::Workspace,
    },
    store::{
        digests,
        outbox::{Parcel, made},
    },
};

/// Messages that are asked for at a time. Apps outside Slack's directory get fifteen.
const PAGE: &str = "200";
/// Pages that are looked through for a post.
const PAGES: usize = 5;
/// How far back a channel is looked through before a row was made. By far more than clocks differ: what is not found is said again.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);
/// What Slack says when a message is too long, or has a block that it does not take.
const TOO_MUCH: [&str; 5] =
    ["msg_blocks_too_long", "msg_too_long", "invalid_blocks", "invalid_blocks_format", "slack_files_not_allowed"];

/// One row being said.
pub(super) struct Errand<'a> {
    pub api: &'a Api,
    pub workspace: &'a Workspace,
    pub parcel: &'a Parcel,
    pub say: &'a Say,
    pub uploaded: &'a Uploaded,
}

type Said = Result<Option<String>, ApiError>;

impl Errand<'_> {
    async fn call(&self, method: &'static str, body: &Value) -> Result<Value, ApiError> {
        self.api.call(&self.workspace.token, method, body).await
    }

    fn content(&self) -> &Reply {
        &self.say.content
    }

    /// Calls with the message, and once more with a small and plain one if Slack does not take it.
    async fn speak(&self, method: &'static str, mut body: Value, key: Option<&str>) -> Result<Value, ApiError> {
        let files = self.uploaded.files(self.api, self.workspace, (&self.parcel.key, self.content())).await;
        let site = self.workspace.url.as_deref();
        put(&mut body, blocks::message(self.content(), key, Around { site, files: &files }));
        let mut outcome = self.call(method, &body).await;
        if files.iter().any(Option::is_some) && is_too_much(&outcome) {
            // A picture that was just uploaded may not be ready yet; words are.
            put(&mut body, blocks::message(self.content(), key, Around { site, files: &[] }));
            outcome = self.call(method, &body).await;
        }
        if is_too_much(&outcome) {
            tracing::warn!(key = %self.parcel.key, "Slack does not take a message as it should be");
            put(&mut body, blocks::small(self.content(), key));
            outcome = self.call(method, &body).await;
        }
        outcome
    }

    pub async fn post(&self) -> Said {
        if digests::is_lane(&self.parcel.lane) && self.is_shared().await? {
            return Err(ApiError::Refused("people of other organisations read this channel".to_owned()));
        }
        let mut body = json!({
            "channel": self.say.to.channel().as_str(),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        if let Some(message) = self.say.to.message() {
            set(&mut body, "thread_ts", thread(message).as_str().into());
        }
        let answer = self.speak("chat.postMessage", body, Some(&self.parcel.key)).await?;
        Ok(id(&answer))
    }

    /// Whether people of other organisations read the channel by now.
    async fn is_shared(&self) -> Result<bool, ApiError> {
        let fields = [("channel", self.say.to.channel().as_str())];
        match self.api.form(Some(&self.workspace.token), "conversations.info", &fields).await {
            Ok(answer) => Ok(described(&answer) == Visibility::Shared),
            // Where the bot may not ask, there is nothing to go by.
            Err(ApiError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub async fn edit(&self) -> Said {
        let body = json!({ "channel": self.say.to.channel().as_str(), "ts": self.answer()? });
        self.speak("chat.update", body, Some(&self.parcel.key)).await.map(|_| None)
    }

    pub async fn remove(&self) -> Said {
        let body = json!({ "channel": self.say.to.channel().as_str(), "ts": self.answer()? });
        match self.call("chat.delete", &body).await {
            Ok(_) => Ok(None),
            // Somebody was faster.
            Err(ApiError::Refused(word)) if word == "message_not_found" => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub async fn notice(&self) -> Said {
        let Some(user) = &self.say.user else { return Err(ApiError::Refused("nobody is named".to_owned())) };
        if self.say.to.message().is_none() {
            return self.directly(user).await;
        }
        let channel = self.say.to.channel().as_str();
        let mut body = json!({ "channel": channel });
        // Between two there is nobody to hide anything from.
        let method = if channel.starts_with('D') { "chat.postMessage" } else { "chat.postEphemeral" };
        if method == "chat.postEphemeral" {
            set(&mut body, "user", user.as_str().into());
        } else {
            set(&mut body, "unfurl_links", false.into());
            set(&mut body, "unfurl_media", false.into());
        }
        // A notice in a thread that does not exist yet would be seen by nobody.
        if let Some(thread) = self.say.to.message().and_then(|message| message.thread.as_ref()) {
            set(&mut body, "thread_ts", thread.as_str().into());
        }
        match self.speak(method, body, None).await {
            // Whoever saved a fix may have left the channel since, or never was in it.
            Err(ApiError::Refused(word)) if word == "user_not_in_channel" => self.directly(user).await,
            outcome => outcome.map(|_| None),
        }
    }

    /// Tells one person in the direct messages between them and the bot, which stand under the person's own id.
    async fn directly(&self, user: &UserId) -> Said {
        let body = json!({ "channel": user.as_str(), "unfurl_links": false, "unfurl_media": false });
        self.speak("chat.postMessage", body, None).await.map(|_| None)
    }

    /// Slack's id of the post that is changed or removed.
    fn answer(&self) -> Result<&str, ApiError> {
        self.parcel
            .answer
            .as_deref()
            .ok_or_else(|| ApiError::Refused("it is not known which message it was".to_owned()))
    }

    /// Looks through what was said since.
    pub async fn find(&self) -> Result<LookUp, ApiError> {
        let (method, since) = match &self.say.to {
            // An answer is younger than its message by Slack's own clock, too.
            Where::Under(message) => ("conversations.replies", Some(message.id.to_string())),
            Where::Channel { .. } => ("conversations.history", made(&self.parcel.key).map(|at| seconds(at - BEFORE))),
        };
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut fields = vec![("channel", self.say.to.channel().as_str()), ("limit", PAGE), ("inclusive", "true")];
            fields.extend(self.say.to.message().map(|message| ("ts", thread(message).as_str())));
            fields.extend(since.as_deref().map(|since| ("oldest", since)));
            fields.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
            let page = self.api.form(Some(&self.workspace.token), method, &fields).await?;
            let messages = page.get("messages").and_then(Value::as_array).into_iter().flatten();
            let ours = messages.into_iter().find(|message| blocks::key(message) == Some(&self.parcel.key));
            if let Some(message) = ours {
                return Ok(LookUp::Found(id(message)));
            }
            let next = page.pointer("/response_metadata/next_cursor").and_then(Value::as_str).unwrap_or_default();
            if next.is_empty() {
                return Ok(LookUp::Absent);
            }
            next.clone_into(&mut cursor);
        }
        Ok(LookUp::Unknown)
    }
}

fn is_too_much(outcome: &Result<Value, ApiError>) -> bool {
    matches!(outcome, Err(ApiError::Refused(word)) if TOO_MUCH.contains(&word.as_str()))
}

fn put(body: &mut Value, message: Message) {
    set(body, "text", message.text.into());
    set(body, "blocks", message.blocks.into());
    // Names and addresses in the text stay text. `chat.update` reads them otherwise.
    set(body, "parse", "none".into());
    set(body, "link_names", false.into());
}

fn set(body: &mut Value, field: &str, value: Value) {
    if let Value::Object(fields) = body {
        fields.insert(field.to_owned(), value);
    }
}

/// The first message of the thread that an answer to this message stands in.
fn thread(message: &MessageRef) -> &MessageId {
    message.thread.as_ref().unwrap_or(&message.id)
}

fn id(message: &Value) -> Option<String> {
    let id = message.get("ts").and_then(Value::as_str)?;
    MessageId::parse(id).ok().map(|id| id.to_string())
}

fn seconds(at: Timestamp) -> String {
    format!("{}.000000", at.as_second())
}
