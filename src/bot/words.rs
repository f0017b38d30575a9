//! The words of a message, as people mean them.

/// Characters of a word that are looked at; the longest word of the grammar has twenty.
const WORD_LIMIT: usize = 40;

/// Characters of a name; platforms' ids have at most 100.
const NAME_LIMIT: usize = 120;

/// The words of a text, in lower case and without the quotes around them, and what is left of the text.
pub(super) struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// What is left, without the blanks around it.
    pub(super) fn rest(&self) -> &'a str {
        self.0.trim_matches(is_blank)
    }

    /// Passes over what is left.
    pub(super) fn end(&mut self) {
        self.0 = "";
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<String> {
        self.split().map(|(word, _)| bare(&plain(word)))
    }

    /// The next word with the quotes around it, which stays.
    pub(super) fn peek_exact(&self) -> Option<String> {
        self.split().map(|(word, _)| plain(word))
    }

    /// The next words as they are written: names do not bear another case.
    pub(super) fn raw(&mut self, most: usize) -> Vec<String> {
        let mut all = Vec::new();
        while let Some((word, rest)) = self.split().filter(|_| all.len() < most) {
            self.0 = rest;
            all.push(word.chars().take(NAME_LIMIT).collect());
        }
        all
    }

    fn split(&self) -> Option<(&'a str, &'a str)> {
        let text = self.0.trim_start_matches(is_blank);
        let (word, rest) = text.split_at_checked(text.find(char::is_whitespace).unwrap_or(text.len()))?;
        (!word.is_empty()).then_some((word, rest))
    }
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let (word, rest) = self.split()?;
        self.0 = rest;
        Some(bare(&plain(word)))
    }
}

/// The first characters of a text. It ends with a word unless one word is most of it: half a secret would not be seen to
/// be one.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(limit) else { return text };
    let kept = text.get(..end).unwrap_or_default();
    let whole = kept.rfind(char::is_whitespace).filter(|blank| *blank > end / 2).and_then(|blank| kept.get(..blank));
    whole.unwrap_or(kept).trim_end_matches(is_blank)
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !is_invisible(*c)).take(WORD_LIMIT).flat_map(char::to_lowercase).take(WORD_LIMIT).collect()
}

/// Without quotes, and without what ends a sentence. A word of nothing else stays as it is.
fn bare(word: &str) -> String {
    let quote = |c: char| {
        matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2039}' | '\u{203a}')
    };
    let end = |c: char| quote(c) || matches!(c, '.' | ',' | ':' | ';' | '!' | '?');
    let bare = word.trim_start_matches(quote).trim_end_matches(end);
    if bare.is_empty() { word.to_owned() } else { bare.to_owned() }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Whether a character takes no room: controls, marks of writing direction and zero-width characters.
fn is_invisible(c: char) -> bool {
    let zero_width = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    zero_width || (c.is_control() && !c.is_whitespace())
}
