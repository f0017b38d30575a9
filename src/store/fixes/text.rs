//! The text of a saved fix, fit to be stored and shown anywhere.

use crate::redact::{Redacted, Tally, redact};

/// Characters of a saved text; a longer one is a document, to which a fix can link.
pub const TEXT_LIMIT: usize = 4000;
/// Characters that are read before anything else is done: redaction can shorten a text, but not to a tenth.
const RAW_LIMIT: usize = 10 * TEXT_LIMIT;
/// Characters of a name; platforms allow 32 to 80.
const NAME_LIMIT: usize = 80;

/// What a team wrote down, without secrets and without characters that nobody can see. Mentions (`@everyone`, `<!channel>`)
/// are still in it as text: whoever renders it escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixText(Redacted);

/// Why a text cannot be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// It says nothing.
    Empty,
    /// It is longer than [`TEXT_LIMIT`] characters.
    TooLong,
}

impl FixText {
    /// Takes a text as somebody wrote it. The kinds of secrets that were in it are counted, so that its author can be warned.
    pub fn write(text: &str, secrets: &mut Tally) -> Result<Self, TextError> {
        if text.len() > 4 * RAW_LIMIT {
            return Err(TextError::TooLong);
        }
        // Before redaction: a secret with an invisible character inside must not come together after it.
        let redacted = redact(&cleaned(text), secrets);
        match redacted.as_str().chars().nth(TEXT_LIMIT) {
            Some(_) => Err(TextError::TooLong),
            None if redacted.as_str().is_empty() => Err(TextError::Empty),
            None => Ok(Self(redacted)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The text with plain line breaks, without control characters and without those that turn the writing around.
fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let plain = text.chars().filter_map(|c| match c {
        '\n' | '\t' => Some(c),
        '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        c if c.is_control() || turns(c) => None,
        c => Some(c),
    });
    plain.collect::<String>().trim().to_owned()
}

/// Marks of writing direction, and the byte order mark.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A person's name on one line, for showing.
pub(super) fn name(name: &str) -> String {
    let blank = |c: char| if c.is_control() || turns(c) || c.is_whitespace() { ' ' } else { c };
    let name = redact(name.trim(), &mut Tally::default());
    name.as_str().chars().take(NAME_LIMIT).map(blank).collect::<String>().trim().to_owned()
}

/// As it is searched.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}
