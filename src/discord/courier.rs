//! Says on Discord what the outbox holds. A post carries its row's key as its nonce, so that Discord itself drops a repeat made
//! within a few minutes; later than that, the channel's own history is asked (`find`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    identity::Identity,
    render,
    rest::{File, Rest, RestError, Route},
};
use crate::{
    answer::{
        discord as said,
        reply::{Choice, ChoiceRow, Reply},
    },
    bot::{
        outbox::{Courier, Delivery, LookUp, Soon},
        say::Say,
    },
    message::{MessageRef, Platform, Where},
    store::outbox::{Kind, Parcel},
};

mod find;
mod pictures;

/// Waited within one delivery for a rate limit; more is left to the outbox, which lets other lanes go first.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long nothing is sent to a channel that refused.
const COOLING: Duration = Duration::from_mins(10);
/// Channels that are remembered as cooling.
const COOLED: usize = 10_000;
/// Between two rows of a lane. Discord takes five a second in a channel and says so when it is less.
const PACE: SignedDuration = SignedDuration::from_millis(250);
/// Marks a message that notifies nobody.
const SILENT: u64 = 1 << 12;
/// How the button that explains how to revoke begins; the message's id follows.
pub(super) const REVOKE: &str = "revoke:";

/// Who carries what is said to Discord.
pub struct Messenger {
    rest: Arc<Rest>,
    identity: Arc<Identity>,
    cooled: Mutex<HashMap<String, Instant>>,
}

impl Messenger {
    /// A courier for a bot.
    #[must_use]
    pub fn new(rest: Arc<Rest>, identity: Arc<Identity>) -> Self {
        Self { rest, identity, cooled: Mutex::default() }
    }

    async fn send(&self, parcel: &Parcel) -> Delivery {
        let say: Say = match serde_json::from_str(&parcel.body) {
            Ok(say) => say,
            Err(error) => return Delivery::Refused(format!("cannot read what to say: {error}")),
        };
        let channel = channel(&say.to).to_owned();
        // Changes, removals and what one person is told are not what a channel refuses.
        if parcel.kind == Kind::Post && self.cools(&channel) {
            return Delivery::Refused("the channel refused a moment ago".to_owned());
        }
        let done = match parcel.kind {
            Kind::Post => self.say(&channel, &say, &parcel.key).await.map(Some),
            Kind::Edit => {
                let Some(answer) = &parcel.answer else { return Delivery::Refused("it was never posted".to_owned()) };
                let body = render::message(&say.content);
                self.rest.call_again(&Route::edit(&channel, answer), Some(&body), PATIENCE).await.map(|_| None)
            }
            Kind::Remove => {
                let Some(answer) = &parcel.answer else { return Delivery::Done(None) };
                match self.rest.call_again(&Route::delete(&channel, answer), None, PATIENCE).await {
                    // Somebody else has removed it.
                    Err(RestError::Refused { status: 404, .. }) => Ok(None),
                    other => other.map(|_| None),
                }
            }
            Kind::Notice => self.notice(&channel, &say, &parcel.key).await.map(|()| None),
        };
        match done {
            Ok(id) => Delivery::Done(id),
            Err(error) => self.trouble(&channel, error),
        }
    }

    /// Says something in a channel, with its pictures where files may be sent, else in words alone.
    async fn say(&self, channel: &str, say: &Say, key: &str) -> Result<String, RestError> {
        let files = pictures::draw(&say.content).await;
        if !files.is_empty() {
            let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
            match self.post_with(channel, post(say, render::drawn(&say.content, &names), key), &files).await {
                Err(RestError::Refused { status, code }) => {
                    tracing::info!(status, code, "a channel takes no picture");
                }
                outcome => return outcome,
            }
        }
        self.post(channel, post(say, render::message(&say.content), key)).await
    }

    async fn post(&self, channel: &str, body: Value) -> Result<String, RestError> {
        self.post_with(channel, body, &[]).await
    }

    /// Posts, and repeats under the same nonce when nobody knows what became of it.
    async fn post_with(&self, channel: &str, body: Value, files: &[File]) -> Result<String, RestError> {
        let answer = self.rest.post_files(&Route::post(channel), &body, files, PATIENCE).await?;
        let id = answer.get("id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| RestError::Unclear("the answer does not say under which id".to_owned()))
    }

    /// Tells one person alone. Where they take no direct messages and a line in the channel may stand in for it, that names
    /// neither them nor what it is about.
    async fn notice(&self, channel: &str, say: &Say, key: &str) -> Result<(), RestError> {
        let Some(user) = &say.user else { return Ok(()) };
        let direct = json!({ "recipient_id": user.as_str() });
        let opened = self.rest.call_again(&Route::direct(), Some(&direct), PATIENCE).await;
        let sent = match opened {
            Ok(direct) => {
                let direct = direct.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.post(&direct, keyed(render::message(&say.content), key)).await
            }
            Err(error) => Err(error),
        };
        match sent {
            Err(RestError::Refused { .. }) => {
                let wanted = say.in_channel && !self.cools(channel);
                let Some(about) = say.to.message().filter(|_| wanted) else { return Ok(()) };
                let line = Say { user: None, content: in_channel(about), ..say.clone() };
                self.post(channel, post(&line, render::message(&line.content), key)).await.map(|_| ())
            }
            other => other.map(|_| ()),
        }
    }

    fn trouble(&self, channel: &str, error: RestError) -> Delivery {
        match error {
            RestError::Limited(wait) => Delivery::Later(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)),
            // The bot stops; what is left to say waits for a valid token.
            RestError::Unauthorized => Delivery::Later(SignedDuration::from_mins(1)),
            RestError::Failed(why) => Delivery::Failed(why),
            RestError::Unclear(why) => Delivery::Unclear(why),
            RestError::Refused { status, .. } => {
                if status == 403 {
                    self.cool(channel);
                }
                Delivery::Refused(error.to_string())
            }
        }
    }

    fn cools(&self, channel: &str) -> bool {
        let cooled = self.cooled.lock().unwrap_or_else(PoisonError::into_inner);
        cooled.get(channel).is_some_and(|until| *until > Instant::now())
    }

    fn cool(&self, channel: &str) {
        let now = Instant::now();
        let mut cooled = self.cooled.lock().unwrap_or_else(PoisonError::into_inner);
        if cooled.len() >= COOLED {
            cooled.retain(|_, until| *until > now);
        }
        cooled.insert(channel.to_owned(), now + COOLING);
    }
}

/// Where something is said: in the thread, which on Discord is a channel of its own.
fn channel(to: &Where) -> &str {
    let thread = to.message().and_then(|message| message.thread.as_ref());
    thread.map_or(to.channel().as_str(), |thread| thread.as_str())
}

/// A new message with its key; a reply to the one that it is about, also when that is gone. What nobody asked for comes without
/// a sound.
fn post(say: &Say, body: Value, key: &str) -> Value {
    let mut body = keyed(body, key);
    let Some(object) = body.as_object_mut() else { return body };
    match say.to.message() {
        // A thread's own id stands for the thread as a whole.
        Some(about) if about.thread.as_ref() == Some(&about.id) => {}
        Some(about) => {
            let reference = json!({ "type": 0, "message_id": about.id.as_str(), "fail_if_not_exists": false });
            object.insert("message_reference".to_owned(), reference);
        }
        None => {
            object.insert("flags".to_owned(), json!(SILENT));
        }
    }
    body
}

fn keyed(mut body: Value, key: &str) -> Value {
    if let Some(object) = body.as_object_mut() {
        object.insert("nonce".to_owned(), json!(key));
        object.insert("enforce_nonce".to_owned(), json!(true));
    }
    body
}

/// The line in the channel about a secret whose author cannot be told in private.
fn in_channel(about: &MessageRef) -> Reply {
    let choice = Choice { id: format!("{REVOKE}{}", about.id), label: said::how_to_revoke().to_owned() };
    Reply { rows: vec![ChoiceRow { question: None, choices: vec![choice] }], ..Reply::say(said::secret_in_channel()) }
}

impl Courier for Messenger {
    fn platform(&self) -> Platform {
        Platform::Discord
    }

    fn pace(&self) -> SignedDuration {
        PACE
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(self.send(parcel))
    }

    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(self.find(parcel))
    }
}
