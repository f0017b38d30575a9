//! What is put into the outbox: the bodies of its rows.

use serde::{Deserialize, Serialize};

use crate::{
    answer::reply::Reply,
    message::{MessageRef, UserId, Where},
};

/// Something to say, as an outbox row holds it. The row's kind says whether it is a post, an edit, a removal or a notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Say {
    /// Where a post goes; of everything else, the message that it is about.
    pub to: Where,
    /// For a notice: the one person who is to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// For a notice: whether a line in the channel may stand in for it where the person takes none. It may for a secret that
    /// everybody sees there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_channel: bool,
    /// What it says; empty for a removal.
    #[serde(default)]
    pub content: Reply,
}

impl Say {
    /// A post.
    #[must_use]
    pub fn new(to: Where, content: Reply) -> Self {
        Self { to, user: None, in_channel: false, content }
    }

    /// A post under a message, or what becomes of one.
    #[must_use]
    pub fn under(message: &MessageRef, content: Reply) -> Self {
        Self::new(Where::Under(message.clone()), content)
    }

    /// For one person, about a message.
    #[must_use]
    pub fn notice(message: &MessageRef, who: &UserId, content: Reply) -> Self {
        Self { user: Some(who.clone()), ..Self::under(message, content) }
    }

    /// For one person, about no message: where they alone read it, and not in the channel.
    #[must_use]
    pub fn directly(to: Where, who: &UserId, content: Reply) -> Self {
        Self { user: Some(who.clone()), ..Self::new(to, content) }
    }

    /// As JSON. A NUL character, which PostgreSQL refuses, is escaped there.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only maps with keys other than text fail to become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}
