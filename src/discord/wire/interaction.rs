//! What people use: commands, components and forms.

use serde::Deserialize;

use super::{
    Attachment, Channel, Component, Member, Message, User,
    loose::{Flag, Many, Maybe, Number, Table, Text, Texts},
};

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

impl<'a> Interaction<'a> {
    /// Who did it.
    #[must_use]
    pub fn who(&self) -> Option<&User<'a>> {
        self.member.get().and_then(|member| member.user.get()).or(self.user.get())
    }
}
