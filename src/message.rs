//! Who said what where: the words that the adapters, the bot and the store share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A chat platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// `npmfix chat`.
    Terminal,
}

impl Platform {
    /// The name, as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Terminal => "terminal",
        }
    }

    /// Whether its ids of channels look like this; the name of a channel, as somebody types it, does not.
    #[must_use]
    pub fn could_name(self, channel: &ChannelId) -> bool {
        let id = channel.as_str();
        match self {
            Self::Slack => {
                id.starts_with(['C', 'G', 'D']) && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            }
            Self::Discord => id.bytes().all(|b| b.is_ascii_digit()),
            Self::Terminal => true,
        }
    }
}

/// What is wrong with an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no {1}: 1 to 100 printable ASCII characters without blanks are expected")]
pub struct IdError(String, &'static str);

/// The longest id of any platform is much shorter.
const LONGEST_ID: usize = 100;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes 1 to 100 printable ASCII characters without blanks.
            pub fn parse(id: &str) -> Result<Self, IdError> {
                let good = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
                good.then(|| Self(id.to_owned())).ok_or_else(|| IdError(id.chars().take(LONGEST_ID).collect(), $what))
            }

            /// The id as the platform writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

ids! {
    /// A Slack workspace (`slack:T…`), a Discord guild (`discord:…`), or `local` for the terminal.
    TeamId = "team";
    /// A channel, as its platform names it.
    ChannelId = "channel";
    /// A person or a bot, as the platform names it. Stored as a keyed hash; in clear only where they are to be told something later: in
    /// a notice that is yet to be sent, with a fix that they saved, and with a digest that they set.
    UserId = "user";
    /// A message, as its platform names it within its channel.
    MessageId = "message";
}

impl TeamId {
    /// The team of the terminal.
    #[must_use]
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    /// The platform, by the id's prefix.
    #[must_use]
    pub fn platform(&self) -> Platform {
        match self.0.split_once(':') {
            Some(("slack", _)) => Platform::Slack,
            Some(("discord", _)) => Platform::Discord,
            _ => Platform::Terminal,
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    /// The team.
    pub team: TeamId,
    /// The channel.
    pub channel: ChannelId,
    /// The thread's first message, if it stands in a thread.
    pub thread: Option<MessageId>,
    /// The message.
    pub id: MessageId,
}

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Where {
    /// As a reply to a message, or in the thread that begins with it.
    Under(MessageRef),
    /// On its own in a channel.
    Channel {
        /// The team.
        team: TeamId,
        /// The channel.
        channel: ChannelId,
    },
}

impl Where {
    /// The team.
    #[must_use]
    pub fn team(&self) -> &TeamId {
        match self {
            Self::Under(place) => &place.team,
            Self::Channel { team, .. } => team,
        }
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        match self {
            Self::Under(place) => &place.channel,
            Self::Channel { channel, .. } => channel,
        }
    }

    /// The message that it is a reply to.
    #[must_use]
    pub fn message(&self) -> Option<&MessageRef> {
        match self {
            Self::Under(place) => Some(place),
            Self::Channel { .. } => None,
        }
    }
}

/// Who can read a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visibility {
    /// Everybody in the team. What is heard here may be shown anywhere in the team.
    Public,
    /// Its members. What is heard here is shown only here.
    Private,
    /// Its members, people of other organisations among them. What is heard here is shown only here, and what the team
    /// remembers is shown to nobody here but to who asks for it.
    Shared,
}

/// What kind of account speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// A person.
    Person,
    /// Another bot.
    Bot,
    /// npmfix.
    Itself,
}

/// What the platform lets somebody do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Speak, save and use fixes.
    Member,
    /// Change the team's settings and others' fixes as well.
    Admin,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The platform's id.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
    /// What kind of account it is.
    pub speaker: Speaker,
    /// What it may do.
    pub rights: Rights,
}

/// Whom a message is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// Nobody in particular.
    Overheard,
    /// npmfix: a mention, or a direct message.
    Addressed,
}

/// Something that was said. The text is raw: [`crate::bot::Bot::hear`] reads it once, redacts it and drops it.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// Where it stands.
    pub place: MessageRef,
    /// Who can read it.
    pub visibility: Visibility,
    /// Who said it.
    pub author: Author,
    /// Whom it is meant for.
    pub address: Address,
    /// What was said, as it came.
    pub text: &'a [u8],
}
