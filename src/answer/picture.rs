//! The picture of a digest: what it shows, and how it is drawn.
//!
//! Adapters call [`png()`]; where nothing can be drawn, [`Picture::alt`] says the same in words.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

mod draw;
mod palette;

pub use draw::{DrawError, HEIGHT, WIDTH, png};

/// Counts by day, one series on top of the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// A few words over it.
    pub title: String,
    /// The same as the picture shows, in words.
    pub alt: String,
    /// The day of the first count.
    pub first: Date,
    /// At most [`SERIES`], the one with the most first; what is beyond is summed up in the last.
    pub series: Vec<Series>,
}

/// Series that can be told apart.
pub const SERIES: usize = 6;

/// One error by day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// What is counted.
    pub label: String,
    /// A count for each day from the picture's first; all series are of one length.
    pub counts: Vec<u32>,
}

impl Picture {
    /// How many days it shows.
    #[must_use]
    pub fn days(&self) -> usize {
        self.series.iter().map(|series| series.counts.len()).max().unwrap_or_default()
    }

    /// The sum of each day.
    #[must_use]
    pub fn totals(&self) -> Vec<u32> {
        let sum = |day| self.series.iter().filter_map(|s| s.counts.get(day)).fold(0_u32, |a, b| a.saturating_add(*b));
        (0..self.days()).map(sum).collect()
    }
}
