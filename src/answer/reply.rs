//! What the bot says in a conversation: an answer with what the team remembers around it, and what people can choose.

use serde::{Deserialize, Serialize};

use super::{Answer, Inline, picture::Picture};
use crate::message::MessageRef;

pub mod words;

pub use words::*;

/// Something to say, for any platform.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// What stands below each other.
    pub blocks: Vec<Block>,
    /// What can be chosen under it, a row each.
    pub rows: Vec<ChoiceRow>,
}

/// A part of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// A heading of a few words.
    Heading(String),
    /// A sentence or two.
    Say(Inline),
    /// One entry of a list.
    Item(Inline),
    /// What somebody wrote, to be shown literally: no mark-up, no mention, no link comes alive in it.
    Quote(String),
    /// An answer to one failure.
    Answer(Box<Answer>),
    /// A link to where something was said.
    Place(MessageRef),
    /// One entry of a report, with a link and something to choose beside it.
    Row(Box<Row>),
    /// A picture, to be drawn by [`super::picture::png()`] or shown in words.
    Picture(Box<Picture>),
}

/// One entry of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it says.
    pub text: Inline,
    /// A line below it that may stand back.
    pub note: Option<Inline>,
    /// Where it was said last.
    pub place: Option<MessageRef>,
    /// What can be done about it.
    pub choice: Option<Choice>,
}

/// Choices that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChoiceRow {
    /// The question that they answer.
    pub question: Option<Inline>,
    /// The choices.
    pub choices: Vec<Choice>,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back: the reply's id, a colon and [`crate::bot::choices::Pick`] as text; at most 100 ASCII characters.
    pub id: String,
    /// At most 40 characters.
    pub label: String,
}

impl Reply {
    /// Everything that can be chosen, in the order in which it stands.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        let beside = self.blocks.iter().filter_map(|block| match block {
            Block::Row(row) => row.choice.as_ref(),
            _ => None,
        });
        beside.chain(self.rows.iter().flat_map(|row| &row.choices))
    }

    /// The same with nothing to choose.
    #[must_use]
    pub fn without_choices(mut self) -> Self {
        self.rows.clear();
        for block in &mut self.blocks {
            if let Block::Row(row) = block {
                row.choice = None;
            }
        }
        self
    }

    /// One sentence without choices.
    #[must_use]
    pub fn say(sentence: Inline) -> Self {
        Self { blocks: vec![Block::Say(sentence)], rows: Vec::new() }
    }
}
