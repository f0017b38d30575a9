//! The weekly digest: what it holds, and every sentence in it. Everybody in a channel reads it, so nobody is named but those who
//! saved fixes, and nothing is quoted.

use jiff::{SignedDuration, civil::Date};
use serde::Serialize;

use super::{
    Inline,
    picture::{Picture, SERIES, Series},
    reply::{Block, Choice, Reply, Row, words as common},
};
use crate::message::MessageRef;

pub mod words;

/// A digest, for any platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Digest {
    /// The first of the seven UTC days that it is about.
    pub first: Date,
    /// The last.
    pub last: Date,
    /// Errors met in them.
    pub times: u64,
    /// Errors met in the seven days before.
    pub before: u64,
    /// Errors that the team had met before, the most frequent first.
    pub recurring: Vec<Entry>,
    /// Of these, how many are not listed.
    pub more_recurring: usize,
    /// Errors that the team met for the first time.
    pub new: Vec<Entry>,
    /// Of these, how many are not listed.
    pub more_new: usize,
    /// Errors of which somebody said that they are fixed.
    pub resolved: usize,
    /// The time from their coming to that, in the middle: seconds.
    pub median_seconds: Option<i64>,
    /// Errors that stayed away for so long that they count as resolved.
    pub quiet: i64,
    /// How often a saved fix helped.
    pub helped: i64,
    /// The saved fixes that helped: their numbers and who saved them.
    pub helpful: Vec<(i64, String)>,
    /// Secrets pasted.
    pub secrets: i64,
    /// The hosts of the registries that failed most, with their errors.
    pub registries: Vec<(String, u64)>,
    /// Weeks whose digests could not be said.
    pub unsaid: Vec<String>,
    /// Counts by day, for the picture.
    pub days: Days,
}

/// An error in a digest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its key.
    pub fingerprint: String,
    /// The code family.
    pub code: String,
    /// What was refused: a package, a scope or a registry; empty when nobody knows.
    pub target: String,
    /// What is behind it, in a few words.
    pub cause: Option<String>,
    /// How often it was met.
    pub times: u64,
    /// How often in the week before.
    pub before: u64,
    /// How many people met it.
    pub people: i64,
    /// In how many channels.
    pub channels: usize,
    /// The saved fix that leads: its number and who saved it.
    pub fix: Option<(i64, String)>,
    /// Where it was met last.
    #[serde(skip)]
    pub place: Option<MessageRef>,
    /// What *Save our fix* comes back as, if there is an answer to save it under.
    #[serde(skip)]
    pub save: Option<String>,
}

/// Four weeks of counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Days {
    /// The first day; absent without days.
    pub first: Option<Date>,
    /// Errors with a count for each day, the most frequent first.
    pub errors: Vec<(String, Vec<u32>)>,
}

impl Digest {
    /// Whether there is nothing worth a message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times == 0 && self.secrets == 0 && self.resolved == 0 && self.helped == 0
    }

    /// The picture; `None` when there is nothing to draw.
    #[must_use]
    pub fn picture(&self) -> Option<Picture> {
        let first = self.days.first?;
        let (shown, rest) = self.days.errors.split_at_checked(SERIES - 1).unwrap_or((&self.days.errors, &[]));
        let mut series: Vec<Series> =
            shown.iter().map(|(label, counts)| Series { label: label.clone(), counts: counts.clone() }).collect();
        if !rest.is_empty() {
            let length = rest.iter().map(|(_, counts)| counts.len()).max().unwrap_or_default();
            let sum = |day: usize| {
                rest.iter().filter_map(|(_, counts)| counts.get(day)).fold(0_u32, |a, b| a.saturating_add(*b))
            };
            series.push(Series { label: words::others(rest.len()), counts: (0..length).map(sum).collect() });
        }
        (!series.is_empty()).then(|| Picture {
            title: words::picture_title(first, self.last),
            alt: words::picture_alt(first, self.last, &series),
            first,
            series,
        })
    }

    /// The digest as it is said.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let mut blocks = vec![
            Block::Heading(words::heading(self.first, self.last)),
            Block::Say(words::total(self.times, self.before)),
        ];
        blocks.extend(words::unsaid(&self.unsaid).map(Block::Say));
        blocks.extend(self.picture().map(|picture| Block::Picture(Box::new(picture))));
        for (heading, entries, more) in
            [(words::recurring(), &self.recurring, self.more_recurring), (words::new(), &self.new, self.more_new)]
        {
            if !entries.is_empty() {
                blocks.push(Block::Heading(heading.to_owned()));
                blocks.extend(entries.iter().map(|entry| Block::Row(Box::new(entry.row()))));
            }
            if more > 0 {
                blocks.push(Block::Item(words::more(more)));
            }
        }
        let sums = self.sums();
        if !sums.is_empty() {
            blocks.push(Block::Heading(words::sums().to_owned()));
            blocks.extend(sums.into_iter().map(Block::Item));
        }
        Reply { blocks, rows: Vec::new() }
    }

    fn sums(&self) -> Vec<Inline> {
        let mut lines = Vec::new();
        if self.resolved > 0 {
            lines.push(words::resolved(self.resolved, self.median_seconds.map(SignedDuration::from_secs)));
        }
        if self.quiet > 0 {
            lines.push(words::quiet(self.quiet));
        }
        if self.helped > 0 {
            lines.push(words::helped(self.helped, &self.helpful));
        }
        if self.registries.len() > 1 {
            lines.push(words::registries(&self.registries));
        }
        if self.secrets > 0 {
            lines.push(words::secrets(self.secrets));
        }
        lines
    }
}

impl Entry {
    fn row(&self) -> Row {
        let save = self.save.as_ref().filter(|_| self.fix.is_none());
        Row {
            text: words::entry(self),
            note: Some(words::about(self.cause.as_deref(), self.fix.as_ref())),
            place: self.place.clone(),
            choice: save.map(|id| Choice { id: id.clone(), label: common::save().to_owned() }),
        }
    }

    /// The error in a few words.
    #[must_use]
    pub fn label(code: &str, target: &str) -> String {
        [code, target].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}
