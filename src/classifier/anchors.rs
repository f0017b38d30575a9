//! The byte sequences that are worth a second look in a log, and the cheap looks that dismiss most of them.
//!
//! Needles are short pieces of longer words, chosen to begin with four bytes that are rare in logs, because the vectorised
//! search tells candidates apart by no more than that. Where a colour or a no-break space may stand in a word's place, each
//! form has a needle. The phrases help when the line with the code is missing.

/// What a needle found may be the beginning of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// A package manager's failure.
    Failure,
    /// The first telling line of one: a new failure begins on this line.
    Opening,
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
    /// The end of `code` and the beginning of what follows it: `code E401`, with a colour or a no-break space between.
    Code,
    /// `[E403]`: pnpm 11.
    Bracket,
    /// The needle is part of this word, which must stand on its own.
    Word(&'static str, usize),
    /// The needle is part of this phrase, which begins so many bytes before it.
    Phrase(&'static str, usize),
    /// `401 Unauthorized`, `403 403 …`: a status line.
    Status,
    /// `… - 401` at a line's end after a URL.
    Trailing,
}

const fn needle(text: &'static str, look: Look) -> Needle {
    Needle { text, look }
}
const fn word(text: &'static str, word: &'static str, before: usize) -> Needle {
    needle(text, Look::Word(word, before))
}
const fn phrase(text: &'static str, phrase: &'static str, before: usize) -> Needle {
    needle(text, Look::Phrase(phrase, before))
}

/// Needles for failures, for two searches; the second looks for the traces of secrets as well. A search of up to 32 needles
/// takes bytes twice as fast as a longer one. Which needle is in which, its order and where its phrase is cut were chosen by
/// counting how often the search would stop for nothing in CI logs.
pub const FAILURES: [&[Needle]; 2] = [
    &[
        needle("de  E", Look::Code),
        needle("de\tE", Look::Code),
        phrase("PNPM_FAILED_TO_PUBLISH", "ERR_PNPM_FAILED_TO_PUBLISH", 4),
        phrase("PNPM_OTP_NON_INTERACTIVE", "ERR_PNPM_OTP_NON_INTERACTIVE", 4),
        phrase("thenticate, need", "nable to authenticate, need", 11),
        phrase("by your security policy", "forbidden by your security policy", 10),
        phrase("pm registries require", "rivate npm registries require", 8),
        needle("de\u{a0}", Look::Code),
        needle("de\u{1b}[", Look::Code),
        needle("04 N", Look::Status),
        word("N0033", "YN0033", 1),
        phrase("h Your auth token", "need auth Your auth token", 8),
        phrase("pass", "one-time pass", 9),
        phrase("e, your", "nable to authenticate, your", 20),
        phrase("R_PNPM_FETCH_40", "ERR_PNPM_FETCH_40", 2),
        needle("de[0", Look::Code),
        phrase("nv in config", "ailed to replace env in config", 18),
        needle("01 U", Look::Status),
        phrase("thentication (run", "missing authentication (run", 10),
        needle("de\": \"E", Look::Code),
        phrase("variable not found (", "nvironment variable not found (", 11),
        phrase("ked. Please try", "expired or revoked. Please try", 15),
        phrase("a ERR! E4", "lerna ERR! E4", 4),
        needle("03 F", Look::Status),
        phrase("mplicitly apply the", "annot implicitly apply the", 7),
        needle("de E", Look::Code),
        phrase("occurred: ", "An unexpected error occurred: ", 20),
        phrase("password.", "ncorrect or missing password.", 20),
        word("N0035", "YN0035", 1),
        phrase("ed version", "reviously published version", 17),
        phrase("r Error: http", "error Error: http", 4),
        needle("03 4", Look::Status),
    ],
    &[
        phrase("hile publishing ", "occurred while publishing ", 10),
        phrase("tor authentication enabled", "wo factor authentication enabled", 6),
        word("N0041", "YN0041", 1),
        phrase("nknown error code: E4", "unknown error code: E4", 1),
        needle("de&nbsp;", Look::Code),
        phrase("ge: ", "publish package: ", 13),
        needle("- 40", Look::Trailing),
        needle("[E40", Look::Bracket),
        phrase("explicit", "rivate package registry without explicit", 32),
        phrase("quires", "need auth This command requires", 25),
        phrase("nished with status code 40", "finished with status code 40", 2),
    ],
];

/// How far after `code` the code itself may stand, colour codes included.
const CODE_REACH: usize = 40;
/// How far a status line is looked at.
const STATUS_REACH: usize = 96;
/// How far before a status the marker of its line may stand.
const LEVEL_REACH: usize = 40;
/// How far before ` - 401` the URL may begin.
const TRAILING_REACH: usize = 600;

impl Needle {
    /// What the needle stands for when it holds.
    pub(super) fn sight(&self) -> Sight {
        match self.look {
            Look::Code | Look::Bracket | Look::Word(..) => Sight::Opening,
            Look::Phrase(phrase, _) if phrase.starts_with("ERR_PNPM_") => Sight::Opening,
            _ => Sight::Failure,
        }
    }

    /// Whether the needle found at `at` looks like the real thing. Reads a bounded number of bytes around it.
    pub(super) fn holds(&self, bytes: &[u8], at: usize) -> bool {
        match self.look {
            Look::Code => is_code(bytes, at),
            Look::Bracket => is_bracket(bytes, at),
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
    (start == 0 || outside(bytes.get(start - 1)) || follows_colour(bytes, start)) && outside(bytes.get(end))
}

/// The longest colour sequence.
const COLOUR_REACH: usize = 20;

/// Whether a colour sequence ends at `at`, with or without its escape character: `[35mYN0041`.
fn follows_colour(bytes: &[u8], at: usize) -> bool {
    let lead = bytes.get(at.saturating_sub(COLOUR_REACH)..at).unwrap_or_default();
    lead.strip_suffix(b"m").is_some_and(|lead| {
        lead.iter().rev().find(|b| !b.is_ascii_digit() && **b != b';').is_some_and(|open| *open == b'[')
    })
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

/// npm's codes that are about being let in.
pub const CODES: &[&str] = &[
    "E400",
    "E401",
    "E402",
    "E403",
    "E404",
    "E405",
    "E407",
    "E409",
    "E422",
    "E429",
    "ENEEDAUTH",
    "EOTP",
    "EAUTHIP",
    "ERR_INVALID_AUTH",
    "EOWNERMUTATE",
    "ENOAUDIT",
    "EPUBLISHCONFLICT",
    "EALLOWREMOTE",
    "EUNKNOWNCONFIG",
    "E_STAGE_REQUIRED",
];

fn is_code(bytes: &[u8], at: usize) -> bool {
    if !before(bytes, at, 2).eq_ignore_ascii_case(b"co") {
        return false;
    }
    let rest = after(bytes, at + 2, CODE_REACH);
    let Some(lead) = rest.iter().position(|b| *b == b'E') else { return false };
    let code = rest.get(lead..).unwrap_or_default();
    let length = code.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let code = code.get(..length).unwrap_or_default();
    if !CODES.iter().any(|known| known.as_bytes() == code) || !ends_statement(bytes, at + 2 + lead + length) {
        return false;
    }
    // A 404 is a plain miss unless it answers a write; what the public registry says beside it is an anchor of its own.
    code != b"E404" || writes(bytes, at)
}

fn is_bracket(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 5) == Some(&b']') && (bytes.get(at + 4) != Some(&b'4') || writes(bytes, at))
}

/// Whether a line, a string or a tag ends here, give or take closing marks; after a code in a sentence, words follow.
fn ends_statement(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..bytes.len().min(at + 16)).unwrap_or_default();
    let skip = rest
        .iter()
        .take_while(|b| {
            matches!(
                b,
                b' ' | b'"' | b'\'' | b'`' | b',' | b'}' | b')' | 0xc2 | 0xa0 | 0xe2 | 0x80 | 0x8b
                    ..=0x8d | 0xef | 0xbb | 0xbf
            )
        })
        .count();
    // A line's end; or, where newlines are lost, the next line's marker; or the type that PowerShell adds to what it repeats.
    matches!(
        rest.get(skip..).unwrap_or_default(),
        [] | [b'\n' | b'\r' | 0x1b | b'\\' | b'<' | b'[' | b'&', ..]
            | [b'n' | b'N', b'p' | b'P', b'm' | b'M', ..]
            | [b':', b'S', b't', b'r', ..]
    )
}

/// How far after a code the line with the method may stand.
const METHOD_REACH: usize = 400;

fn writes(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..bytes.len().min(at + METHOD_REACH)).unwrap_or_default();
    // Blanks and dashes around the method come in many forms.
    let method = |word: &[u8]| {
        memchr::memmem::find(rest, word).is_some_and(|at| {
            let behind = rest.get(at + word.len()..rest.len().min(at + 24)).unwrap_or_default();
            memchr::memmem::find(behind, b"http").is_some()
        })
    };
    [&b"PUT"[..], b"POST", b"DELETE"].iter().any(|word| method(word))
        || memchr::memmem::find(rest, b"?write=true").is_some()
}

fn is_status(bytes: &[u8], at: usize) -> bool {
    let Some(start) = at.checked_sub(1).filter(|start| bytes.get(*start) == Some(&b'4')) else { return false };
    if start > 0 && bytes.get(start - 1).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let rest = after(bytes, start + 4, STATUS_REACH);
    let has = |tail: &[u8]| memchr::memmem::find(rest, tail).is_some();
    if rest.starts_with(b"403 ") || has(b": http") {
        return true;
    }
    let (method, quoted) =
        ([&b" - GET"[..], b" - PUT", b" - POST", b" - DELETE"].iter().any(|m| has(m)), has(b"d\"") || has(b"d\\\""));
    if !method && !quoted {
        return false;
    }
    if bytes.get(start + 2) == Some(&b'4') && (has(b" - GET") || !method) {
        return false;
    }
    // Other programs print such lines as well: a package manager's name or level stands before its own.
    let lead = before(bytes, start, LEVEL_REACH);
    [&b"npm"[..], b"rror", b"ERR", b"YN00", b"audit", b"age: ", b": E4"]
        .iter()
        .any(|word| memchr::memmem::find(lead, word).is_some())
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
        for needle in FAILURES.into_iter().flatten() {
            if let Look::Word(text, before) | Look::Phrase(text, before) = needle.look {
                assert_eq!(text.find(needle.text), Some(before), "{}", needle.text);
                let line = format!("x {text} y");
                assert!(needle.holds(line.as_bytes(), before + 2), "{text}");
            }
        }
    }
}
