//! Looks for many short literals at once.

use aho_corasick::{AhoCorasick, packed};

/// The literals, compiled.
pub(super) enum Search {
    Vector(packed::Searcher),
    Automaton(AhoCorasick),
}

impl Search {
    #[expect(clippy::expect_used, reason = "a few dozen short literals cannot exceed the automaton's limits")]
    pub(super) fn new<'a>(needles: impl Iterator<Item = &'a str> + Clone) -> Self {
        // The vector search exists only for some processors; the automaton runs everywhere.
        match packed::Config::new().builder().extend(needles.clone()).build() {
            Some(searcher) => Self::Vector(searcher),
            None => Self::Automaton(AhoCorasick::new(needles).expect("needles fit an automaton")),
        }
    }

    /// Calls `found` with the number and the place of each literal, none of them overlapping.
    pub(super) fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, usize)) {
        match self {
            Self::Vector(s) => s.find_iter(bytes).for_each(|m| found(m.pattern().as_usize(), m.start())),
            Self::Automaton(s) => s.find_iter(bytes).for_each(|m| found(m.pattern().as_usize(), m.start())),
        }
    }

    /// Whether one of the literals is in the text.
    pub(super) fn any(&self, text: &str) -> bool {
        match self {
            Self::Vector(s) => s.find(text).is_some(),
            Self::Automaton(s) => s.is_match(text),
        }
    }
}
