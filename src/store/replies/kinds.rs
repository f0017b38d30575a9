//! The rows of answers as the bot sees them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    classifier::{Answers, Diagnosis},
    knowledge::CauseId,
    message::{MessageRef, Visibility},
    store::{Result, StoreError, people::Who},
};

/// What is said first about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The full answer.
    Answer,
    /// One line that names an earlier answer.
    Pointer,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Pointer => "pointer",
        }
    }
}

/// How the conversation under an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody said that it fixed it.
    Fixed,
    /// Somebody had it removed.
    Dismissed,
    /// Somebody said that the message is about something else.
    False,
    /// The message holds no error any more.
    Withdrawn,
}

impl Outcome {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Dismissed => "dismissed",
            Self::False => "false",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn stored(outcome: &str) -> Result<Self> {
        [Self::Fixed, Self::Dismissed, Self::False, Self::Withdrawn]
            .into_iter()
            .find(|o| o.as_str() == outcome)
            .ok_or_else(|| StoreError::Row {
                what: "an answer's outcome".to_owned(),
                why: format!("{outcome:?} is not known"),
            })
    }
}

/// What the conversation has brought so far. Unknown fields of a newer version are left out when it is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What was answered to the narrowing questions.
    pub answers: Answers,
    /// Causes that did not help.
    pub tried: Vec<CauseId>,
    /// Saved fixes that did not help.
    pub failed_fixes: Vec<i64>,
    /// The saved fix that leads the answer now.
    pub fix: Option<i64>,
    /// How often the team had met the error when it was answered, this time included.
    pub seen: i64,
    /// When the team had met it before.
    pub last: Option<Timestamp>,
    /// Whether people of other organisations read the channel: then nothing that the team remembers is shown there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// Since when the error had been taken for fixed when it came again.
    pub resolved: Option<Timestamp>,
    /// When the answer asked whether it helped, because nobody had said anything.
    pub asked: Option<Timestamp>,
}

impl State {
    /// How many causes and fixes did not help so far: tells a choice made under what is shown now from an earlier one.
    #[must_use]
    pub fn step(&self) -> usize {
        self.tried.len() + self.failed_fixes.len()
    }
}

/// A new answer.
#[derive(Debug, Clone)]
pub struct NewReply {
    /// Its id, at most 32 ASCII letters and digits.
    pub id: String,
    /// What it says.
    pub kind: Kind,
    /// The message that is answered.
    pub place: MessageRef,
    /// The error it is about.
    pub fingerprint: String,
    /// How the conversation stands.
    pub state: State,
    /// When it was decided on.
    pub at: Timestamp,
}

/// An answer that was given.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its id.
    pub id: String,
    /// What it says.
    pub kind: Kind,
    /// The message that is answered.
    pub place: MessageRef,
    /// The error it is about.
    pub fingerprint: String,
    /// How the conversation stands.
    pub state: State,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// When it was decided on.
    pub at: Timestamp,
    /// Who can read the channel.
    pub visibility: Visibility,
    /// Who wrote the message.
    pub asker: Who,
    /// The failures of the message; empty once it was deleted.
    pub diagnoses: Vec<Diagnosis>,
}
