//! What is said, changed and deleted in channels.

use std::{collections::HashSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;

use super::{EventError, Scene, scene::author};
use crate::{
    bot::amend::Aftermath,
    message::{Address, ChannelId, Message, MessageRef, Platform, Speaker, Visibility},
    slack::{
        Slack, blocks, files, text,
        wire::{list, text as field},
    },
    store::channels::{self, Mode, Settings},
};

/// How long the files of a message may take: Slack wants its events acknowledged within three seconds.
const FILES: Duration = Duration::from_secs(2);
/// How long Slack may take to say who reads a channel.
const READERS: Duration = Duration::from_millis(1200);
/// Until when a file that could not be had may still come: Slack delivers an event again at once, after a minute and after five,
/// and what is not there by the last of these never will be.
const PATIENCE: SignedDuration = SignedDuration::from_mins(3);

impl Slack {
    /// A `message` event, by its subtype.
    pub(super) async fn message(&self, scene: &Scene<'_>) -> Result<(), EventError> {
        let event = scene.callback.event;
        match field(event, "subtype") {
            None | Some("file_share" | "thread_broadcast" | "bot_message" | "me_message") => {
                self.said(scene, event, scene.address(event)).await
            }
            Some("message_changed") => self.changed(scene).await,
            Some("message_deleted") => {
                let before = event.get("previous_message").unwrap_or(&Value::Null);
                self.deleted(scene, before, field(event, "deleted_ts")).await
            }
            // Joins, topics, pins and the like.
            Some(_) => Ok(()),
        }
    }

    /// The same message comes as a `message`, too, and whichever is first counts.
    pub(super) async fn mentioned(&self, scene: &Scene<'_>) -> Result<(), EventError> {
        self.said(scene, scene.callback.event, Address::Addressed).await
    }

    async fn said(&self, scene: &Scene<'_>, message: &Value, address: Address) -> Result<(), EventError> {
        let Some(place) = scene.place(message) else { return Ok(()) };
        if scene.is_own(message) {
            return self.echoed(message, &place).await;
        }
        let Some(author) = author(message) else { return Ok(()) };
        let visibility = self.readers(scene, &place.channel).await?;
        let said = self.whole(scene, message, &place, author.speaker).await?;
        let message = Message { place, visibility, author, address, text: said.as_bytes() };
        let heard = self.bot.hear(&message, (self.clock)()).await?;
        tracing::debug!(team = %message.place.team, id = %message.place.id, ?heard, "heard");
        Ok(())
    }

    /// Who reads the channel. A mention does not tell; then another event may have told, or Slack is asked.
    async fn readers(&self, scene: &Scene<'_>, channel: &ChannelId) -> Result<Visibility, EventError> {
        let Some(told) = scene.told(channel) else {
            return Ok(self.visibility(scene.workspace, channel, Instant::now() + READERS).await);
        };
        self.learn(&scene.workspace.team, channel, told).await?;
        Ok(told)
    }

    /// Our own post came back: whatever its sender knows, it was said.
    async fn echoed(&self, message: &Value, place: &MessageRef) -> Result<(), EventError> {
        if let Some(key) = blocks::key(message) {
            self.worker.echo(&place.team, key, place.id.as_str()).await?;
        }
        Ok(())
    }

    /// Slack tells of a change when somebody edits, and also when it shows a preview of a link or counts replies.
    async fn changed(&self, scene: &Scene<'_>) -> Result<(), EventError> {
        let event = scene.callback.event;
        let (Some(message), before) = (event.get("message"), event.get("previous_message")) else { return Ok(()) };
        if field(message, "subtype") == Some("tombstone") {
            // A message with replies leaves a stone where it was.
            return self.deleted(scene, before.unwrap_or(&Value::Null), field(message, "ts")).await;
        }
        let Some(place) = scene.place(message) else { return Ok(()) };
        let same = match before {
            Some(before) => text::of(before) == text::of(message) && files::ids(before).eq(files::ids(message)),
            None => message.get("edited").is_none(),
        };
        if same || scene.is_own(message) {
            return Ok(());
        }
        let Some(author) = author(message) else { return Ok(()) };
        let visibility = self.readers(scene, &place.channel).await?;
        let address = scene.address(message);
        let said = self.whole(scene, message, &place, author.speaker).await?;
        let message = Message { place, visibility, author, address, text: said.as_bytes() };
        let heard = self.bot.edited(&message, (self.clock)()).await?;
        tracing::debug!(team = %message.place.team, id = %message.place.id, ?heard, "edited");
        Ok(())
    }

    async fn deleted(&self, scene: &Scene<'_>, before: &Value, id: Option<&str>) -> Result<(), EventError> {
        let Some(id) = id.or_else(|| field(before, "ts")) else { return Ok(()) };
        let Some(place) = scene.at(id, field(before, "thread_ts")) else { return Ok(()) };
        if scene.is_own(before) {
            return Ok(());
        }
        self.bot.deleted(&place, aftermath(before, scene.bot_user()), (self.clock)()).await?;
        Ok(())
    }

    /// What a message says, together with its text files; of a message that nobody listens to, no file is fetched.
    async fn whole(
        &self,
        scene: &Scene<'_>,
        message: &Value,
        place: &MessageRef,
        speaker: Speaker,
    ) -> Result<String, EventError> {
        let mut said = text::of(message);
        if files::readable(message).next().is_none() || !self.listens(place, speaker).await? {
            return Ok(said);
        }
        let attached = self.read_files(scene.workspace, message, FILES).await;
        if let Some(trouble) = attached.trouble
            && self.bot.is_chatter(attached.text.as_bytes())
            && self.bot.is_chatter(said.as_bytes())
            && self.is_fresh(place)
        {
            // What is known of it may be enough; if not, Slack's next delivery is another chance.
            return Err(EventError::File(trouble));
        }
        said.push_str(&attached.text);
        Ok(said)
    }

    async fn listens(&self, place: &MessageRef, speaker: Speaker) -> Result<bool, EventError> {
        let asked = HashSet::from([(place.team.clone(), place.channel.clone())]);
        let settings = channels::settings(&mut *self.bot.store().read().await?, &asked).await?;
        let settings = settings.into_values().next().unwrap_or(Settings::default_on(Platform::Slack));
        Ok(settings.mode != Mode::Off && (speaker == Speaker::Person || settings.bots))
    }

    /// Whether a file of this message may still come.
    fn is_fresh(&self, place: &MessageRef) -> bool {
        let seconds = place.id.as_str().split('.').next().and_then(|seconds| seconds.parse().ok());
        let said = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        said.is_some_and(|said| (self.clock)().duration_since(said) < PATIENCE)
    }
}

/// Whether anybody but us replied to a message that was deleted.
fn aftermath(before: &Value, bot_user: &str) -> Aftermath {
    let in_thread = field(before, "thread_ts").is_some_and(|thread| Some(thread) != field(before, "ts"));
    if field(before, "ts").is_none() || in_thread {
        // Who replied further down in the same thread is not told.
        return Aftermath::Unknown;
    }
    let count = before.get("reply_count").and_then(Value::as_u64).unwrap_or(0);
    let ours_alone = || {
        let told = before.get("reply_users_count").and_then(Value::as_u64);
        let mut users = list(before, "reply_users").peekable();
        users.peek().is_some() && told.is_none_or(|told| told == 1) && users.all(|user| user.as_str() == Some(bot_user))
    };
    if count <= 1 || ours_alone() { Aftermath::Quiet } else { Aftermath::Unknown }
}
