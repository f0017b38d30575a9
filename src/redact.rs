//! Removes secrets from text.
//!
//! Everything that people paste passes through [`redact`] before it is stored, logged, hashed, matched or echoed. What comes
//! out is a [`Redacted`], which only this room can make, so no later room can be handed raw text by mistake.
//!
//! - `pattern`: what one entry of the table holds. `tokens`, `clouds`, `formats`, `transport`, `urls`, `settings`: the table.
//! - `value`: where a value ends, and which values only stand for a secret.
//! - `escapes`, `encodings`, `wraps`, `view`, `layers`: the text as it was before terminals, chats and encoders got
//!   at it, with a way back to the offsets of the text as it is.
//! - `prefilter`, `engine`: which entries are worth trying, where they hit, and what is written instead.
//! - `fake`: made-up secrets for the tests, so that none has to stand in the source.

use std::collections::BTreeMap;

mod clouds;
mod encodings;
mod engine;
mod escapes;
mod fake;
mod formats;
mod layers;
mod pattern;
mod prefilter;
mod settings;
mod tokens;
mod transport;
mod urls;
mod value;
mod view;
mod wraps;

#[cfg(test)]
mod tests;

pub use engine::{prefixes, redact};
pub use fake::{Dice, Example};
pub use pattern::{Pattern, Prefix};

/// Text without secrets.
///
/// Keys, hosts and placeholders (`${NPM_TOKEN}`, `***`, `[hidden]`) are still there; a value is replaced by
/// `[redacted <kind>]`. It has as many newlines as the text it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Redacted(String);

impl Redacted {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lines of the text, as [`str::lines`] splits them.
    pub fn lines(&self) -> std::str::Lines<'_> {
        self.0.lines()
    }
}

/// Which kinds of secret were removed, and how many of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally(BTreeMap<&'static str, u32>);

impl Tally {
    /// Counts one more secret of a kind.
    pub fn add(&mut self, kind: &'static str) {
        let count = self.0.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    /// Kinds with their counts, in the order of the kinds' names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        self.0.iter().map(|(&kind, &count)| (kind, count))
    }

    /// Whether nothing was removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: &Self) {
        for (kind, count) in other.iter() {
            let sum = self.0.entry(kind).or_default();
            *sum = sum.saturating_add(count);
        }
    }
}

/// All entries of the table. Where two claim the same text, the earlier one names it.
pub fn patterns() -> impl Iterator<Item = &'static Pattern> {
    let shapes = tokens::TABLE.iter().chain(&clouds::TABLE).chain(&formats::TABLE);
    let places = transport::TABLE.iter().chain(&urls::TABLE).chain(&settings::TABLE);
    shapes.chain(places)
}

/// The entry for a kind, as it stands in a [`Tally`]: says what the secret was and how to revoke it.
#[must_use]
pub fn pattern(kind: &str) -> Option<&'static Pattern> {
    patterns().find(|pattern| pattern.kind == kind)
}
