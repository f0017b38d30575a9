//! The questions that tell probable causes apart: `questions.toml`, in the order in which they are asked.

use serde::Deserialize;

use super::Applies;

/// One question to the person who met the failure. What its options mean stands in the entries, see
/// [`super::Cause::holds`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// A word or two joined by `_`; entries and stored answers use it.
    pub id: String,
    /// One sentence that ends in `?`; code in backticks, placeholders only inside them. Never asked while the value of
    /// one of its placeholders is unknown.
    pub text: String,
    /// What can be answered, two to four.
    pub options: Vec<Choice>,
    /// Where the question makes sense; absent means everywhere.
    #[serde(default)]
    pub when: Option<Applies>,
    /// What in a text makes the question needless.
    #[serde(default)]
    pub shown_by: Option<Fact>,
    /// Addresses of what the question rests on, if it rests on anything but the asker's situation.
    #[serde(default)]
    pub sources: Vec<String>,
}

impl Question {
    /// The option with this id.
    #[must_use]
    pub fn option(&self, id: &str) -> Option<&Choice> {
        self.options.iter().find(|option| option.id == id)
    }
}

/// One possible answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// One word, as entries write it.
    pub id: String,
    /// What a button says, at most 40 characters.
    pub label: String,
}

/// A fact of a [`crate::classifier::Report`] that can stand in for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// The text shows where it ran. The options are then places: `ci` (any) or `laptop`.
    Place,
    /// The text shows that no credential was sent.
    NothingSent,
}
