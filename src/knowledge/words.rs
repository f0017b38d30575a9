//! All words that entries look for, found in one pass over a text.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::Cause;

/// The words of every signal, compiled.
#[derive(Debug, Clone)]
pub struct Words {
    /// `None` when no entry asks for words.
    search: Option<AhoCorasick>,
    ids: HashMap<String, usize>,
}

/// For each of the words, the first line that holds it.
#[derive(Debug, Clone)]
pub struct Sightings<'w> {
    words: &'w Words,
    lines: Vec<Option<usize>>,
}

impl Words {
    /// Compiles the words of these entries.
    pub(super) fn new(causes: &[Cause]) -> Self {
        let conditions =
            causes.iter().flat_map(|c| &c.signals).flat_map(|s| [Some(&s.when), s.unless.as_ref()]).flatten();
        let mut all: Vec<&String> = conditions.flat_map(|c| c.said.iter().chain(&c.around)).collect();
        all.sort();
        all.dedup();
        let search = AhoCorasick::new(&all).ok().filter(|_| !all.is_empty());
        Self { search, ids: all.into_iter().enumerate().map(|(id, word)| (word.clone(), id)).collect() }
    }

    /// How many different words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether no entry asks for words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Which of the words stand in which of these lines.
    #[must_use]
    pub fn sight(&self, lines: &[String]) -> Sightings<'_> {
        let mut first = vec![None; self.ids.len()];
        for (number, line) in lines.iter().enumerate() {
            for found in self.search.iter().flat_map(|s| s.find_overlapping_iter(line)) {
                if let Some(slot) = first.get_mut(found.pattern().as_usize()) {
                    slot.get_or_insert(number);
                }
            }
        }
        Sightings { words: self, lines: first }
    }
}

impl Sightings<'_> {
    /// The first line that holds one of these words.
    #[must_use]
    pub fn line_with(&self, words: &[String]) -> Option<usize> {
        words.iter().filter_map(|word| *self.lines.get(*self.words.ids.get(word)?)?).min()
    }
}
