//! What is known about channels: whether one is a thread and of which channel, and who can read it. Asked from Discord when the
//! first failure is met in a channel, and again after it changed; chatter asks nothing. Of watched channels their server tells.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    rest::{Rest, RestError, Route},
    wire::{Channel, Guild, Role, loose::Many},
};
use crate::message::{ChannelId, IdError, MessageId, MessageRef, TeamId, Visibility};

/// Waited for rate limits: a command has been told to wait by then.
const PATIENCE: Duration = Duration::from_secs(5);
/// Channels that are remembered.
const REMEMBERED: usize = 20_000;
/// Discord's number for what lets people see a channel, and for what lets them do everything.
const VIEW: u64 = 1 << 10;
const ADMINISTRATOR: u64 = 1 << 3;
/// Kinds of channels: threads, and those that only some see.
const THREADS: [u64; 3] = [10, 11, 12];
const PRIVATE_THREAD: u64 = 12;

/// Where something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The channel; for a thread, the one that it belongs to.
    pub channel: String,
    /// The thread, which on Discord is a channel too.
    pub thread: Option<String>,
    /// Who can read it.
    pub visibility: Visibility,
}

/// What was learned so far.
#[derive(Debug)]
pub struct Facts {
    rest: Arc<Rest>,
    known: Mutex<HashMap<String, (String, Spot)>>,
    /// Whether everybody in a server sees its channels unless one says otherwise.
    open: Mutex<HashMap<String, bool>>,
}

impl Facts {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(rest: Arc<Rest>) -> Self {
        Self { rest, known: Mutex::default(), open: Mutex::default() }
    }

    /// Where a channel of a server stands; of a direct message, `guild` is empty. A channel that the bot may not see is taken for
    /// a private one.
    pub async fn of(&self, guild: &str, channel: &str) -> Result<Spot, RestError> {
        let alone = || Spot { channel: channel.to_owned(), thread: None, visibility: Visibility::Private };
        if guild.is_empty() {
            return Ok(alone());
        }
        if let Some((_, spot)) = lock(&self.known).get(channel) {
            return Ok(spot.clone());
        }
        let spot = match self.ask(guild, channel).await {
            // Asking again and again would count against the bot; it may see the channel once that has changed.
            Err(RestError::Refused { .. }) => alone(),
            other => other?,
        };
        self.remember(guild, channel, spot.clone());
        Ok(spot)
    }

    fn remember(&self, guild: &str, channel: &str, spot: Spot) {
        let mut known = lock(&self.known);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(channel.to_owned(), (guild.to_owned(), spot));
    }

    /// Takes in what a server tells of these channels as it comes, so that nothing need be asked about them.
    pub fn learn(&self, guild: &Guild<'_>, channels: &HashSet<String>) {
        let id = guild.id.as_str();
        let Some(open) = is_open(&guild.roles, id) else { return };
        lock(&self.open).insert(id.to_owned(), open);
        for channel in guild.channels.0.iter().filter(|channel| channels.contains(channel.id.as_str())) {
            let spot = Spot {
                channel: channel.id.as_str().to_owned(),
                thread: None,
                visibility: visibility(open, id, channel),
            };
            self.remember(id, channel.id.as_str(), spot);
        }
    }

    /// Whether a channel that somebody named is one of a server, and no thread.
    pub async fn is_in(&self, guild: &str, channel: &str) -> Result<bool, RestError> {
        if !channel.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(false);
        }
        let told = match self.rest.call_again(&Route::channel(channel), None, PATIENCE).await {
            Err(RestError::Refused { .. }) => return Ok(false),
            told => told?.to_string(),
        };
        let told: Channel<'_> = serde_json::from_str(&told).unwrap_or_default();
        Ok(told.guild_id.as_str() == guild && !THREADS.contains(&told.kind.0))
    }

    async fn ask(&self, guild: &str, channel: &str) -> Result<Spot, RestError> {
        let told = self.rest.call_again(&Route::channel(channel), None, PATIENCE).await?.to_string();
        let told: Channel<'_> = serde_json::from_str(&told).unwrap_or_default();
        if !THREADS.contains(&told.kind.0) {
            let visibility = self.visibility(guild, &told).await?;
            return Ok(Spot { channel: channel.to_owned(), thread: None, visibility });
        }
        // A private thread is a channel of its own: the people of the channel around it are not to meet what was said there.
        if told.kind.0 == PRIVATE_THREAD {
            return Ok(Spot { channel: channel.to_owned(), thread: None, visibility: Visibility::Private });
        }
        let parent = told.parent_id.as_str();
        let above = self.rest.call_again(&Route::channel(parent), None, PATIENCE).await?.to_string();
        let above: Channel<'_> = serde_json::from_str(&above).unwrap_or_default();
        let visibility = self.visibility(guild, &above).await?;
        Ok(Spot { channel: parent.to_owned(), thread: Some(channel.to_owned()), visibility })
    }

    async fn visibility(&self, guild: &str, channel: &Channel<'_>) -> Result<Visibility, RestError> {
        Ok(visibility(self.is_open(guild).await?, guild, channel))
    }

    async fn is_open(&self, guild: &str) -> Result<bool, RestError> {
        if let Some(open) = lock(&self.open).get(guild) {
            return Ok(*open);
        }
        let roles = self.rest.call_again(&Route::roles(guild), None, PATIENCE).await?.to_string();
        let roles: Many<Role<'_>> = serde_json::from_str(&roles).unwrap_or_default();
        let open = is_open(&roles, guild).unwrap_or_default();
        lock(&self.open).insert(guild.to_owned(), open);
        Ok(open)
    }

    /// A channel or thread has changed.
    pub fn forget_channel(&self, channel: &str) {
        lock(&self.known).retain(|id, (_, spot)| id != channel && spot.channel != channel);
    }

    /// What people may do in a server has changed.
    pub fn forget_guild(&self, guild: &str) {
        lock(&self.open).remove(guild);
        lock(&self.known).retain(|_, (of, _)| of != guild);
    }
}

/// Whether everybody sees a server's channels unless one says otherwise; `None` when the roles do not tell.
fn is_open(roles: &Many<Role<'_>>, guild: &str) -> Option<bool> {
    let everybody = roles.0.iter().find(|role| role.id.as_str() == guild)?;
    Some(everybody.permissions.0 & (VIEW | ADMINISTRATOR) != 0)
}

/// Whether everybody in the server sees the channel: what everybody may do, as the channel changes it.
fn visibility(open: bool, guild: &str, channel: &Channel<'_>) -> Visibility {
    let here = channel.permission_overwrites.0.iter().find(|overwrite| overwrite.id.as_str() == guild);
    let open = here.map_or(open, |here| (open && here.deny.0 & VIEW == 0) || here.allow.0 & VIEW != 0);
    if open { Visibility::Public } else { Visibility::Private }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spot {
    /// The place of a message here.
    pub fn place(&self, guild: &str, message: &str) -> Result<MessageRef, IdError> {
        Ok(MessageRef {
            team: team(guild, &self.channel)?,
            channel: ChannelId::parse(&self.channel)?,
            thread: self.thread.as_deref().map(MessageId::parse).transpose()?,
            id: MessageId::parse(message)?,
        })
    }
}

/// A server is a team. A direct message is one of its own, so that what is said there is shown nowhere else; it goes by its
/// channel, which every event and interaction names, and which is the same for as long as the two know each other.
pub fn team(guild: &str, channel: &str) -> Result<TeamId, IdError> {
    if guild.is_empty() {
        TeamId::parse(&format!("discord:dm-{channel}"))
    } else {
        TeamId::parse(&format!("discord:{guild}"))
    }
}
