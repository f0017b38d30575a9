//! One event, taken in by the bot.

use std::{borrow::Cow, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Job, What, is_addressed};
use crate::{
    bot::{Bot, amend::Aftermath, outbox::Clock},
    discord::{
        facts::{Facts, team},
        fetch::{FILES, fetch},
        rest::{Rest, RestError, Route, route::PAGE},
        text::{logs, text},
        wire::{Deleted, Event, Message, loose::Many},
    },
    message::{self, Address, Author, ChannelId, IdError, MessageId, MessageRef, Rights, Speaker, UserId},
    store::{StoreError, channels, findings, replies},
};

/// For how long, and with what pauses, answers are looked for before they are taken for what was never said.
const LATE: Duration = Duration::from_millis(400);
const BETWEEN: Duration = Duration::from_millis(50);

/// What is needed to take in events.
pub struct Taker {
    /// The bot.
    pub bot: Arc<Bot>,
    /// Discord.
    pub rest: Arc<Rest>,
    /// What is known about channels.
    pub facts: Arc<Facts>,
    /// The bot's own id.
    pub me: String,
    /// The time.
    pub clock: Clock,
}

/// How long is waited when messages are deleted.
#[derive(Clone, Copy)]
struct Until {
    /// For answers that are still being said.
    said: Instant,
    /// For Discord's limits, when it is asked who replied.
    told: Instant,
}

/// Why an event is not taken in yet.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An id that cannot be one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Discord did not say where the event was.
    #[error(transparent)]
    Rest(#[from] RestError),
}

impl TakeError {
    /// Whether Discord does not take the token any more.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Rest(RestError::Unauthorized))
    }

    /// Whether another try may succeed.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Store(error) => error.passes(),
            Self::Id(_) => false,
            Self::Rest(error) => !matches!(error, RestError::Unauthorized | RestError::Refused { .. }),
        }
    }
}

impl Taker {
    /// Takes an event in. When this returns without an error, what it led to is stored.
    pub async fn take(&self, job: &Job) -> Result<(), TakeError> {
        match job.what {
            What::Said | What::Edited => {
                let Ok(event) = serde_json::from_str::<Event<Message<'_>>>(&job.json) else { return Ok(()) };
                match event.d.get() {
                    Some(message) => self.message(message, job).await,
                    None => Ok(()),
                }
            }
            What::Deleted => {
                let Ok(event) = serde_json::from_str::<Event<Deleted<'_>>>(&job.json) else { return Ok(()) };
                match event.d.get() {
                    Some(deleted) => self.deleted(deleted).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn message(&self, message: &Message<'_>, job: &Job) -> Result<(), TakeError> {
        let (Some(user), guild) = (message.author.get(), message.guild_id.as_str()) else { return Ok(()) };
        // After a restart much comes again, and Discord need not say where each of it stands.
        if job.what == What::Said && job.again && self.is_known(guild, message).await? {
            return Ok(());
        }
        let spot = self.facts.of(guild, message.channel_id.as_str()).await?;
        let place = spot.place(guild, message.id.as_str())?;
        let member = message.member.get();
        let bot = user.bot.0 || message.webhook_id.some().is_some();
        let author = Author {
            id: UserId::parse(user.id.as_str())?,
            name: member.and_then(|member| member.nick.some()).unwrap_or(user.name()).to_owned(),
            speaker: if bot { Speaker::Bot } else { Speaker::Person },
            rights: Rights::Member,
        };
        let address = if is_addressed(message, &self.me) { Address::Addressed } else { Address::Overheard };
        let text = self.all_text(message, &place, address).await?;
        let heard = message::Message { place, visibility: spot.visibility, author, address, text: &text };
        let now = (self.clock)();
        let outcome = match job.what {
            What::Edited => self.bot.edited(&heard, now).await?,
            _ => self.bot.hear(&heard, now).await?,
        };
        tracing::debug!(message = message.id.as_str(), ?outcome, "heard");
        Ok(())
    }

    /// Whether a message was heard before; one in a thread goes by the channel above it, which is not known yet.
    async fn is_known(&self, guild: &str, message: &Message<'_>) -> Result<bool, TakeError> {
        let channel = message.channel_id.as_str();
        let place = MessageRef {
            team: team(guild, channel)?,
            channel: ChannelId::parse(channel)?,
            thread: None,
            id: MessageId::parse(message.id.as_str())?,
        };
        Ok(findings::is_heard(&mut *self.bot.store().read().await?, &place).await?)
    }

    /// What was written, and the ends of the logs beside it. In a channel that is not read, nobody's files are fetched.
    async fn all_text<'m>(
        &self,
        message: &'m Message<'_>,
        place: &MessageRef,
        address: Address,
    ) -> Result<Cow<'m, [u8]>, TakeError> {
        let written = match text(message) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        if logs(message).next().is_none() || !self.reads(place, address).await? {
            return Ok(written);
        }
        let mut all = written.into_owned();
        for file in logs(message).take(FILES) {
            if let Some(log) = fetch(&self.rest, file).await {
                all.push(b'\n');
                all.extend_from_slice(log.as_bytes());
            }
        }
        Ok(Cow::Owned(all))
    }

    async fn reads(&self, place: &MessageRef, address: Address) -> Result<bool, TakeError> {
        let here = (place.team.clone(), place.channel.clone());
        let all = channels::settings(&mut *self.bot.store().read().await?, &[here].into()).await?;
        let mode = all.values().next().map(|settings| settings.mode);
        Ok(match address {
            Address::Addressed => mode != Some(channels::Mode::Off),
            Address::Overheard => mode == Some(channels::Mode::Auto),
        })
    }

    async fn deleted(&self, deleted: &Deleted<'_>) -> Result<(), TakeError> {
        let guild = deleted.guild_id.as_str();
        let ids = deleted.ids.0.iter().map(String::as_str).chain(deleted.id.some());
        let spot = self.facts.of(guild, deleted.channel_id.as_str()).await?;
        // A hundred may go at once: what is waited for is waited for once.
        let now = Instant::now();
        let until = Until { said: now + LATE, told: now + crate::discord::PATIENCE };
        for id in ids {
            let place = spot.place(guild, id)?;
            if findings::is_heard(&mut *self.bot.store().read().await?, &place).await? {
                let aftermath = self.aftermath(&place, deleted.channel_id.as_str(), until).await?;
                self.bot.deleted(&place, aftermath, (self.clock)()).await?;
            }
        }
        Ok(())
    }

    /// The answer to a message. One that was said just now may still be on its way into the database.
    async fn answer_to(&self, place: &MessageRef, until: Instant) -> Result<Option<String>, StoreError> {
        loop {
            let answer = replies::answer_to(&mut *self.bot.store().read().await?, place).await?;
            if answer.is_some() || Instant::now() >= until {
                return Ok(answer);
            }
            sleep(BETWEEN).await;
        }
    }

    /// Whether somebody replied to the answer, as far as the hundred messages after it show.
    async fn aftermath(&self, place: &MessageRef, channel: &str, until: Until) -> Result<Aftermath, TakeError> {
        let Some(answer) = self.answer_to(place, until.said).await? else { return Ok(Aftermath::Quiet) };
        let patience = until.told.saturating_duration_since(Instant::now());
        let page = match self.rest.call_again(&Route::messages_after(channel, &answer), None, patience).await {
            Ok(page) => page.to_string(),
            Err(_) => return Ok(Aftermath::Unknown),
        };
        let page: Many<Message<'_>> = serde_json::from_str(&page).unwrap_or_default();
        let replied = |m: &Message<'_>| m.message_reference.get().is_some_and(|r| r.message_id.as_str() == answer);
        let unknown = page.0.len() >= PAGE || page.0.iter().any(replied);
        Ok(if unknown { Aftermath::Unknown } else { Aftermath::Quiet })
    }
}
