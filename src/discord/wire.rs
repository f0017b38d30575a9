//! What Discord sends, as far as it is read here. Every field is lenient: new kinds and odd values are passed over, and the
//! event is still read. Field names and numbers are those of API version 10.

use serde::Deserialize;

pub mod loose;

use loose::{Flag, Many, Maybe, Number, Table, Text, Texts};

/// Kinds of messages that people and bots write: ordinary ones and replies. The others are notes of Discord's own, or the
/// results of commands.
pub const WRITTEN: [u64; 2] = [0, 19];

/// An event around its data.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Event<T> {
    /// The data.
    #[serde(default)]
    pub d: Maybe<T>,
}

/// A message. In an update, what did not change may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    /// Its id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// The channel or thread.
    #[serde(borrow)]
    pub channel_id: Text<'a>,
    /// The server; empty in direct messages.
    #[serde(borrow)]
    pub guild_id: Text<'a>,
    /// Who wrote it.
    #[serde(borrow)]
    pub author: Maybe<User<'a>>,
    /// The webhook that wrote it, if one did.
    #[serde(borrow)]
    pub webhook_id: Text<'a>,
    /// Its author as a member of the server.
    #[serde(borrow)]
    pub member: Maybe<Member<'a>>,
    /// What was written.
    #[serde(borrow)]
    pub content: Text<'a>,
    /// One of [`WRITTEN`], or something else.
    #[serde(rename = "type")]
    pub kind: Number,
    /// When it was changed; empty when only a link's preview came.
    #[serde(borrow)]
    pub edited_timestamp: Text<'a>,
    /// Who is mentioned.
    #[serde(borrow)]
    pub mentions: Many<User<'a>>,
    /// Files.
    #[serde(borrow)]
    pub attachments: Many<Attachment<'a>>,
    /// Cards.
    #[serde(borrow)]
    pub embeds: Many<Embed<'a>>,
    /// Components: the text of those of the second version, and what can be chosen.
    #[serde(borrow)]
    pub components: Many<Component<'a>>,
    /// What was forwarded.
    #[serde(borrow)]
    pub message_snapshots: Many<Snapshot<'a>>,
    /// What it replies to.
    #[serde(borrow)]
    pub message_reference: Maybe<Reference<'a>>,
    /// What its sender gave it to be known by; only in the event that follows a post.
    #[serde(borrow)]
    pub nonce: Text<'a>,
}

/// A person or a bot.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct User<'a> {
    /// Its id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// The name.
    #[serde(borrow)]
    pub username: Text<'a>,
    /// The name that is shown, if it is another.
    #[serde(borrow)]
    pub global_name: Text<'a>,
    /// Whether it is a bot.
    pub bot: Flag,
}

/// A user in a server.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Member<'a> {
    /// Who; absent in messages.
    #[serde(borrow)]
    pub user: Maybe<User<'a>>,
    /// The name here.
    #[serde(borrow)]
    pub nick: Text<'a>,
    /// What they may do in the channel; only in interactions.
    pub permissions: Number,
}

/// A file.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Attachment<'a> {
    /// Its name.
    #[serde(borrow)]
    pub filename: Text<'a>,
    /// Bytes, as Discord says.
    pub size: Number,
    /// Where it lies, for a few hours.
    #[serde(borrow)]
    pub url: Text<'a>,
    /// What kind of file it is; often missing.
    #[serde(borrow)]
    pub content_type: Text<'a>,
}

/// A card.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Embed<'a> {
    /// What it was made from: `rich` when a bot wrote it.
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// The heading.
    #[serde(borrow)]
    pub title: Text<'a>,
    /// The text.
    #[serde(borrow)]
    pub description: Text<'a>,
    /// Smaller parts.
    #[serde(borrow)]
    pub fields: Many<Field<'a>>,
    /// The line below.
    #[serde(borrow)]
    pub footer: Maybe<Footer<'a>>,
}

/// A part of a card.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Field<'a> {
    /// Its heading.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its text.
    #[serde(borrow)]
    pub value: Text<'a>,
}

/// The line below a card.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Footer<'a> {
    /// What it says.
    #[serde(borrow)]
    pub text: Text<'a>,
}

/// A component, in a message or filled in in a modal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Component<'a> {
    /// The text of a text display.
    #[serde(borrow)]
    pub content: Text<'a>,
    /// What stands in it.
    #[serde(borrow)]
    pub components: Many<Component<'a>>,
    /// What a label is for.
    #[serde(borrow)]
    pub component: Maybe<Component<'a>>,
    /// What stands beside a section.
    #[serde(borrow)]
    pub accessory: Maybe<Component<'a>>,
    /// By which it is known.
    #[serde(borrow)]
    pub custom_id: Text<'a>,
    /// What was written into it.
    #[serde(borrow)]
    pub value: Text<'a>,
    /// What was chosen in it.
    pub values: Texts,
}

/// A forwarded message as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Snapshot<'a> {
    /// The message; it has no id and no author.
    #[serde(borrow)]
    pub message: Maybe<Message<'a>>,
}

/// A pointer to a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reference<'a> {
    /// 0 for a reply, 1 for a forwarded message.
    #[serde(rename = "type")]
    pub kind: Number,
    /// The message.
    #[serde(borrow)]
    pub message_id: Text<'a>,
}

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

/// Somebody uses a command, a button, a menu or a modal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Interaction<'a> {
    /// Its id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// 1 a ping, 2 a command, 3 a component, 4 a command being typed, 5 a modal.
    #[serde(rename = "type")]
    pub kind: Number,
    /// With which it is answered.
    #[serde(borrow)]
    pub token: Text<'a>,
    /// The server.
    #[serde(borrow)]
    pub guild_id: Text<'a>,
    /// The channel or thread.
    #[serde(borrow)]
    pub channel_id: Text<'a>,
    /// The same with more about it.
    #[serde(borrow)]
    pub channel: Maybe<Channel<'a>>,
    /// Who, in a server.
    #[serde(borrow)]
    pub member: Maybe<Member<'a>>,
    /// Who, elsewhere.
    #[serde(borrow)]
    pub user: Maybe<User<'a>>,
    /// What.
    #[serde(borrow)]
    pub data: Maybe<Data<'a>>,
    /// The message under which it was.
    #[serde(borrow)]
    pub message: Maybe<Message<'a>>,
}

/// What was used, and how.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Data<'a> {
    /// The command's name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// 1 a command, 3 one in a message's menu.
    #[serde(rename = "type")]
    pub kind: Number,
    /// The message whose menu it was.
    #[serde(borrow)]
    pub target_id: Text<'a>,
    /// What the ids stand for.
    #[serde(borrow)]
    pub resolved: Maybe<Resolved<'a>>,
    /// What was given.
    #[serde(borrow)]
    pub options: Many<Given<'a>>,
    /// The component or modal.
    #[serde(borrow)]
    pub custom_id: Text<'a>,
    /// What was chosen in a menu.
    pub values: Texts,
    /// What was filled in.
    #[serde(borrow)]
    pub components: Many<Component<'a>>,
}

/// What the ids stand for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resolved<'a> {
    /// Messages.
    #[serde(borrow)]
    pub messages: Table<Message<'a>>,
    /// Files.
    #[serde(borrow)]
    pub attachments: Table<Attachment<'a>>,
}

/// A subcommand or an option of a command.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Given<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// What was given.
    #[serde(borrow)]
    pub value: Text<'a>,
    /// Whether it is being typed.
    pub focused: Flag,
    /// The options of a subcommand.
    #[serde(borrow)]
    pub options: Many<Given<'a>>,
}

impl User<'_> {
    /// The name to show.
    #[must_use]
    pub fn name(&self) -> &str {
        self.global_name.some().unwrap_or(self.username.as_str())
    }
}

impl<'a> Interaction<'a> {
    /// Who did it.
    #[must_use]
    pub fn who(&self) -> Option<&User<'a>> {
        self.member.get().and_then(|member| member.user.get()).or(self.user.get())
    }
}

/// When a snowflake was made, in milliseconds since 1970; 0 for what is none.
#[must_use]
pub fn made(snowflake: &str) -> i64 {
    /// The first second of 2015, Discord's own beginning of time.
    const EPOCH: i64 = 1_420_070_400_000;
    let id: u64 = snowflake.parse().unwrap_or_default();
    if id == 0 { 0 } else { i64::try_from(id >> 22).unwrap_or_default().saturating_add(EPOCH) }
}

/// The smallest snowflake of a time.
#[must_use]
pub fn snowflake_at(millis: i64) -> u64 {
    const EPOCH: i64 = 1_420_070_400_000;
    u64::try_from(millis.saturating_sub(EPOCH)).unwrap_or_default() << 22
}

#[cfg(test)]
mod tests;
