//! Saved fixes as the bot sees them, and who asks for them.

use jiff::Timestamp;

use super::FixText;
use crate::{knowledge::CauseId, message::ChannelId, store::people::Who};

/// How much a saved fix is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breadth {
    /// One package.
    Package,
    /// Every package of a scope.
    Scope,
    /// Everything on a registry.
    Registry,
}

impl Breadth {
    /// All of them, the most specific first.
    pub const ALL: [Self; 3] = [Self::Package, Self::Scope, Self::Registry];

    /// The name, as typed and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Scope => "scope",
            Self::Registry => "registry",
        }
    }

    /// By its name.
    #[must_use]
    pub fn stored(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|breadth| breadth.as_str() == name)
    }
}

/// Which errors a fix is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FixKey {
    /// The code family: `E401`, see [`crate::classifier::Report::family`].
    pub family: String,
    /// What `value` names.
    pub breadth: Breadth,
    /// A package's full name, a scope with its `@`, or a registry's host.
    pub value: String,
}

/// What a team wrote down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFix {
    /// Its number in the team, from 1; never used again.
    pub id: i64,
    /// Which errors it is for.
    pub key: FixKey,
    /// The cause that was diagnosed when it was saved.
    pub cause: Option<CauseId>,
    /// What to do. Without secrets; mentions in it are not escaped.
    pub text: String,
    /// The name of whoever saved it.
    pub author: String,
    /// The same person, to tell whether somebody is them.
    pub who: Who,
    /// The private channel it is kept to.
    pub channel: Option<ChannelId>,
    /// How often it led an answer.
    pub uses: i64,
    /// How often somebody said that it helped.
    pub helped: i64,
    /// How often it did not, since it last helped or was edited.
    pub failed: i64,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// When it last helped.
    pub helped_at: Option<Timestamp>,
}

/// From where fixes are looked at.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// From a channel: what is kept to another one is not there.
    From(&'a ChannelId),
    /// By whoever runs the database.
    Everything,
}

impl<'a> View<'a> {
    /// As the statements take it: nothing is everything.
    pub(super) fn bound(self) -> Option<&'a str> {
        match self {
            Self::From(channel) => Some(channel.as_str()),
            Self::Everything => None,
        }
    }
}

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The name that others see.
    pub name: &'a str,
    /// The person.
    pub who: &'a Who,
}

/// A fix to save.
#[derive(Debug, Clone, Copy)]
pub struct NewFix<'a> {
    /// Which errors it is for.
    pub key: &'a FixKey,
    /// The cause that was diagnosed.
    pub cause: Option<&'a CauseId>,
    /// What to do.
    pub text: &'a FixText,
    /// Who saves it.
    pub author: Writer<'a>,
    /// The private channel to keep it to.
    pub channel: Option<&'a ChannelId>,
}

/// What a fix said before an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Counted from 1.
    pub edition: i64,
    /// What it said.
    pub text: String,
    /// The name of whoever changed it.
    pub editor: String,
    /// When it was changed.
    pub edited_at: Timestamp,
}
