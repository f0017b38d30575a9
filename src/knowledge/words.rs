//! All words that entries look for, found in one pass over a text.

use aho_corasick::AhoCorasick;

use super::Cause;

/// The words of every signal, compiled.
#[derive(Debug, Clone)]
pub struct Words {
    /// `None` when no entry asks for words.
    search: Option<AhoCorasick>,
    all: Vec<String>,
}

/// The words that a text holds, each with the first line that does, in the order of these lines.
#[derive(Debug, Clone)]
pub struct Sightings<'w>(Vec<(&'w str, usize)>);

impl Words {
    /// Compiles the words of these entries.
    pub(super) fn new(causes: &[Cause]) -> Self {
        let conditions =
            causes.iter().flat_map(|c| &c.signals).flat_map(|s| [Some(&s.when), s.unless.as_ref()]).flatten();
        let mut all: Vec<String> = conditions.flat_map(|c| c.said.iter().chain(&c.around)).cloned().collect();
        all.sort();
        all.dedup();
        let search = AhoCorasick::new(&all).ok().filter(|_| !all.is_empty());
        Self { search, all }
    }

    /// How many different words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether no entry asks for words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Which of the words stand in which of these lines.
    #[must_use]
    pub fn sight(&self, lines: impl Iterator<Item = impl AsRef<str>>) -> Sightings<'_> {
        let mut first: Vec<(&str, usize)> = Vec::new();
        for (number, line) in lines.enumerate() {
            for found in self.search.iter().flat_map(|s| s.find_overlapping_iter(line.as_ref())) {
                let word = self.all.get(found.pattern().as_usize());
                if let Some(word) = word.filter(|word| !first.iter().any(|(known, _)| known == word)) {
                    first.push((word, number));
                }
            }
        }
        Sightings(first)
    }
}

impl Sightings<'_> {
    /// The first line that holds one of these words.
    #[must_use]
    pub fn line_with(&self, words: &[String]) -> Option<usize> {
        self.0.iter().find(|(word, _)| words.iter().any(|wanted| wanted == word)).map(|(_, line)| *line)
    }
}
