//! Messages and what they are made of.

use serde::Deserialize;

use super::loose::{Flag, Many, Maybe, Number, Text, Texts};

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
    /// One of [`super::WRITTEN`], or something else.
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

impl User<'_> {
    /// The name to show.
    #[must_use]
    pub fn name(&self) -> &str {
        self.global_name.some().unwrap_or(self.username.as_str())
    }
}
