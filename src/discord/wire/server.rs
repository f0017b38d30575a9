//! Servers, their channels and roles, and what is told about all of them.

use serde::Deserialize;

use super::{
    User,
    loose::{Flag, Many, Maybe, Number, Text, Texts},
};

/// Messages that were deleted, one or many.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deleted<'a> {
    /// The message.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// The messages.
    pub ids: Texts,
    /// The channel or thread.
    #[serde(borrow)]
    pub channel_id: Text<'a>,
    /// The server.
    #[serde(borrow)]
    pub guild_id: Text<'a>,
}

/// A session has begun.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ready<'a> {
    /// The bot.
    #[serde(borrow)]
    pub user: Maybe<User<'a>>,
    /// Where to go on with this session.
    #[serde(borrow)]
    pub resume_gateway_url: Text<'a>,
    /// The servers that it is in.
    #[serde(borrow)]
    pub guilds: Many<Guild<'a>>,
}

/// A server.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Guild<'a> {
    /// Its id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// Whether Discord cannot reach it now.
    pub unavailable: Flag,
    /// When the bot came, in RFC 3339.
    #[serde(borrow)]
    pub joined_at: Text<'a>,
    /// Where Discord itself writes.
    #[serde(borrow)]
    pub system_channel_id: Text<'a>,
    /// What its members may do, by their roles.
    #[serde(borrow)]
    pub roles: Many<Role<'a>>,
    /// Its channels.
    #[serde(borrow)]
    pub channels: Many<Channel<'a>>,
    /// Its open threads.
    #[serde(borrow)]
    pub threads: Many<Channel<'a>>,
}

/// A channel or a thread.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Channel<'a> {
    /// Its id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// What it is: 1 a direct message, 3 one with several people, 10 to 12 a thread, 12 a private one.
    #[serde(rename = "type")]
    pub kind: Number,
    /// The server.
    #[serde(borrow)]
    pub guild_id: Text<'a>,
    /// The category, or the channel of a thread.
    #[serde(borrow)]
    pub parent_id: Text<'a>,
    /// The last message, which need not exist any more.
    #[serde(borrow)]
    pub last_message_id: Text<'a>,
    /// What differs here from the server's roles.
    #[serde(borrow)]
    pub permission_overwrites: Many<Overwrite<'a>>,
}

/// What a role or member may do differently in a channel.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Overwrite<'a> {
    /// The role or member.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// What they may do in any case.
    pub allow: Number,
    /// What they may not do.
    pub deny: Number,
}

/// A role.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Role<'a> {
    /// Its id; everybody's role has the server's.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// What it may do.
    pub permissions: Number,
}
