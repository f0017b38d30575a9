//! The byte sequences that are worth a second look in a log, and the cheap looks that dismiss most of them.
//!
//! Needles are short pieces of longer words, chosen to begin with bytes that are rare in logs, because the vectorised
//! search reads only the first few bytes of each. They hold no blanks where a chat could have put a no-break space or a
//! colour code, except in phrases that only help when the line with the code is missing.

/// What a needle found may be the beginning of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// A package manager's failure.
    Failure,
    /// A secret.
    Secret,
}

/// A piece of text to search for and the look that follows.
pub struct Needle {
    pub(super) text: &'static str,
    look: Look,
}

/// The look after a needle was found.
enum Look {
    /// `E401`: a word of its own, with `code` shortly before it or a bracket around it.
    Code,
    /// The needle is part of this word, which must stand on its own.
    Word(&'static str, usize),
    /// The needle is part of this phrase; the bytes from `usize` before the needle must equal it.
    Phrase(&'static str, usize),
    /// `401 Unauthorized`, `403 403 …`: a status line.
    Status,
    /// `… - 401` at a line's end after a URL.
    Trailing,
}

const fn code(text: &'static str) -> Needle {
    Needle { text, look: Look::Code }
}
const fn word(text: &'static str, word: &'static str, before: usize) -> Needle {
    Needle { text, look: Look::Word(word, before) }
}
const fn phrase(text: &'static str, phrase: &'static str, before: usize) -> Needle {
    Needle { text, look: Look::Phrase(phrase, before) }
}

/// Needles for failures, in groups of about a dozen: more in one group would make the search slower than a second pass.
pub const FAILURES: &[&[Needle]] = &[
    &[
        code("E40"),
        code("E42"),
        Needle { text: "01 U", look: Look::Status },
        Needle { text: "03 F", look: Look::Status },
        Needle { text: "03 4", look: Look::Status },
        Needle { text: "04 N", look: Look::Status },
        Needle { text: "- 40", look: Look::Trailing },
        phrase("H_40", "ERR_PNPM_FETCH_40", 13),
        word("EOTP", "EOTP", 0),
        word("NEEDAUTH", "ENEEDAUTH", 1),
    ],
    &[
        word("EAUTHIP", "EAUTHIP", 0),
        word("LID_AUTH", "ERR_INVALID_AUTH", 8),
        word("NOAUDIT", "ENOAUDIT", 1),
        word("PUBLISHC", "EPUBLISHCONFLICT", 1),
        word("KNOWNCONF", "EUNKNOWNCONFIG", 3),
        word("E_STAGE", "E_STAGE_REQUIRED", 0),
        word("ALLOWREM", "EALLOWREMOTE", 1),
        word("OWNERMUT", "EOWNERMUTATE", 1),
        word("YN0041", "YN0041", 0),
        word("YN0033", "YN0033", 0),
        word("YN0035", "YN0035", 0),
        phrase("M_OTP_", "ERR_PNPM_OTP_NON_INTERACTIVE", 7),
        phrase("_TO_PUBLISH", "ERR_PNPM_FAILED_TO_PUBLISH", 15),
    ],
    &[
        phrase("te, need", "nable to authenticate, need", 19),
        phrase("te, your", "nable to authenticate, your", 19),
        phrase("g password.", "ncorrect or missing password.", 18),
        phrase("ty policy", "forbidden by your security policy", 24),
        phrase("ly published", "reviously published version", 7),
        phrase("e env in", "ailed to replace env in config", 15),
        phrase("t variable not f", "nvironment variable not found (", 9),
        phrase("d auth T", "need auth This command requires", 3),
        phrase("d auth Y", "need auth Your auth token", 3),
        phrase("rror: http", "error Error: http", 7),
        phrase("ed: \"http", "An unexpected error occurred: \"http", 26),
        phrase("ge: \"http", "publish package: \"http", 13),
        phrase("m registries", "rivate npm registries require", 9),
        phrase("te package reg", "rivate package registry without explicit", 4),
        phrase("ith status code 40", "finished with status code 40", 10),
        phrase("or authentication ena", "wo factor authentication enabled", 7),
        phrase("itly apply", "annot implicitly apply the", 12),
        phrase("e-time pass", "one-time pass", 2),
    ],
];

/// How far before a code the word `code` may stand, colour codes included.
const CODE_REACH: usize = 48;
/// How far a status line is looked at.
const STATUS_REACH: usize = 96;
/// How far before ` - 401` the URL may begin.
const TRAILING_REACH: usize = 600;

impl Needle {
    /// Whether the needle found at `at` looks like the real thing. Reads a bounded number of bytes around it.
    pub(super) fn holds(&self, bytes: &[u8], at: usize) -> bool {
        match self.look {
            Look::Code => is_code(bytes, at),
            Look::Word(word, before) => {
                stands(bytes, at, word, before).is_some_and(|start| is_word(bytes, start, start + word.len()))
            }
            Look::Phrase(phrase, before) => stands(bytes, at, phrase, before).is_some(),
            Look::Status => is_status(bytes, at),
            Look::Trailing => is_trailing(bytes, at),
        }
    }
}

/// Where `text` begins if it stands `before` bytes before `at`.
fn stands(bytes: &[u8], at: usize, text: &str, before: usize) -> Option<usize> {
    let start = at.checked_sub(before)?;
    bytes.get(start..start + text.len()).is_some_and(|found| found == text.as_bytes()).then_some(start)
}

fn is_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let outside = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_');
    (start == 0 || outside(bytes.get(start - 1))) && outside(bytes.get(end))
}

/// The part of `bytes` before `at`, at most `reach` long and on the same line.
fn before(bytes: &[u8], at: usize, reach: usize) -> &[u8] {
    let part = bytes.get(at.saturating_sub(reach)..at).unwrap_or_default();
    match memchr::memrchr(b'\n', part) {
        Some(newline) => part.get(newline + 1..).unwrap_or_default(),
        None => part,
    }
}

/// The part of `bytes` from `at`, at most `reach` long and on the same line.
fn after(bytes: &[u8], at: usize, reach: usize) -> &[u8] {
    let part = bytes.get(at..bytes.len().min(at + reach)).unwrap_or_default();
    match memchr::memchr(b'\n', part) {
        Some(newline) => part.get(..newline).unwrap_or_default(),
        None => part,
    }
}

fn is_code(bytes: &[u8], at: usize) -> bool {
    if !bytes.get(at + 3).is_some_and(u8::is_ascii_digit) || !is_word(bytes, at, at + 4) {
        // After a lost escape the code may follow a colour's `m` directly: `[35mE401`.
        if !before(bytes, at, 1).ends_with(b"m") || !is_word(bytes, at + 1, at + 4) {
            return false;
        }
    }
    let lead = before(bytes, at, CODE_REACH);
    lead.ends_with(b"[") || lead.windows(4).any(|w| w.eq_ignore_ascii_case(b"code"))
}

fn is_status(bytes: &[u8], at: usize) -> bool {
    let Some(start) = at.checked_sub(1).filter(|start| bytes.get(*start) == Some(&b'4')) else { return false };
    if start > 0 && bytes.get(start - 1).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let rest = after(bytes, start + 4, STATUS_REACH);
    // `403 403 Forbidden - PUT` is npm's alone; otherwise a method or a URL must follow the reason phrase.
    rest.starts_with(b"403 ")
        || [&b" - GET"[..], b" - PUT", b" - POST", b" - DELETE", b": http", b"d\"", b"d\\\"", b"d)"]
            .iter()
            .any(|tail| memchr::memmem::find(rest, tail).is_some())
}

fn is_trailing(bytes: &[u8], at: usize) -> bool {
    let digits = bytes.get(at + 4).copied().unwrap_or_default();
    if !matches!(digits, b'1' | b'3') || bytes.get(at + 5).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    memchr::memmem::find(before(bytes, at, TRAILING_REACH), b"http").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_needle_stands_where_its_word_says() {
        for needle in FAILURES.iter().copied().flatten() {
            if let Look::Word(text, before) | Look::Phrase(text, before) = needle.look {
                assert_eq!(text.find(needle.text), Some(before), "{}", needle.text);
                let line = format!("x {text} y");
                assert!(needle.holds(line.as_bytes(), before + 2), "{text}");
            }
        }
    }
}
