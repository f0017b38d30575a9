//! The words with which npm begins each of its lines, and newlines found with their help.

use std::{borrow::Cow, sync::OnceLock};

use aho_corasick::AhoCorasick;

use crate::classifier::search::Search;

/// The level of one of npm's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `npm ERR!` until 10.5, `npm error` from 10.6.
    Error,
    /// `npm WARN`, `npm warn`.
    Warn,
    /// `npm notice`.
    Notice,
    /// `http`, `info`, `verb`, `verbose`, `sill`, `silly`, `timing`.
    Detail,
}

const WORDS: &[(&str, Level)] = &[
    ("ERR!", Level::Error),
    ("error", Level::Error),
    ("WARN", Level::Warn),
    ("notice", Level::Notice),
    ("http", Level::Detail),
    ("info", Level::Detail),
    ("verbose", Level::Detail),
    ("verb", Level::Detail),
    ("silly", Level::Detail),
    ("sill", Level::Detail),
    ("timing", Level::Detail),
];

/// The level and the rest of a line that begins with a marker: `npm error code E401` → (error, `code E401`).
#[must_use]
pub fn level(line: &str) -> Option<(Level, &str)> {
    if let Some(rest) = line.strip_prefix("ERR! ") {
        // The beginning of the first line was not copied.
        return Some((Level::Error, rest.trim()));
    }
    let rest = strip_word(line, "npm")?.strip_prefix(' ')?.trim_start();
    let end = rest.bytes().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
    let (first, after) = rest.split_at_checked(end)?;
    let (_, level) = WORDS.iter().find(|(word, _)| first.eq_ignore_ascii_case(word))?;
    Some((*level, after.trim()))
}

/// The level and the rest of a line of npm's debug log: `20 error code E401`. The words are written out there.
#[must_use]
pub fn debug_level(line: &str) -> Option<(Level, &str)> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = line.split_at_checked(digits)?;
    let rest = rest.strip_prefix(' ').filter(|_| (1..=7).contains(&number.len()))?;
    for (word, level) in WORDS {
        if word.bytes().all(|b| b.is_ascii_lowercase())
            && *word != "verb"
            && let Some(after) = rest.strip_prefix(word)
            && (after.is_empty() || after.starts_with(' '))
        {
            return Some((*level, after.trim()));
        }
    }
    rest.strip_prefix("warn ").map(|after| (Level::Warn, after.trim()))
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(tail)
}

/// Whether a line begins with a marker.
#[must_use]
pub fn begins(line: &str) -> bool {
    level(line).is_some()
}

/// Words by which a line is worth unfolding; the first one is only the ending of a marker.
const TELLING: &[&str] = &[
    "pm ",
    "ERR_PNPM_",
    "YN0041",
    "YN0033",
    "YN0035",
    "error: GET http",
    "Couldn't publish package",
    "An unexpected error occurred: ",
    "error Error: http",
];

/// Whether a line holds a package manager's words at all.
#[must_use]
pub fn is_telling(line: &str) -> bool {
    static SEARCH: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let search = SEARCH.get_or_init(|| AhoCorasick::builder().ascii_case_insensitive(true).build(TELLING).ok());
    let Some(search) = search else { return find(line).is_some() };
    search.find_iter(line).any(|m| m.pattern().as_usize() > 0 || find(line).is_some())
}

/// Where the first marker stands in a line.
fn find(line: &str) -> Option<usize> {
    find_level(line, |_| true)
}

/// Where the first marker of a wanted level stands in a line.
fn find_level(line: &str, wanted: impl Fn(Level) -> bool) -> Option<usize> {
    let bytes = line.as_bytes();
    memchr::memchr2_iter(b'm', b'M', bytes).find_map(|at| {
        let start = at.checked_sub(2)?;
        if bytes.get(at + 1) != Some(&b' ') {
            return None;
        }
        let escape = start >= 2
            && bytes.get(start - 2) == Some(&b'\\')
            && bytes.get(start - 1).is_some_and(|b| matches!(b, b'n' | b'r' | b't'));
        let free = escape
            || start == 0
            || bytes
                .get(start - 1)
                .is_some_and(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'_' | b'/' | b'@' | b'.'));
        (free && line.get(start..).and_then(level).is_some_and(|(level, _)| wanted(level))).then_some(start)
    })
}

/// Cuts a line before each marker in it and calls `piece` with the parts: a line that lost its newlines holds several.
pub(super) fn split(line: &str, mut piece: impl FnMut(&str)) {
    // `npm info` and the like are words of ordinary sentences; they begin a line only among lines of an error.
    let broken = find_level(line, |level| level == Level::Error).is_some();
    let mut rest = line;
    loop {
        // Beyond the marker it begins with, where is the next one?
        let skip = if begins(rest) { 4 } else { 0 };
        let wanted = |level| broken || level != Level::Detail;
        let own = rest.get(skip..).and_then(|tail| find_level(tail, wanted)).map(|at| at + skip);
        let next = own.into_iter().chain(find_other(rest)).min();
        let Some((head, tail)) = next.and_then(|at| rest.split_at_checked(at)) else {
            piece(rest);
            return;
        };
        if !head.trim().is_empty() {
            piece(head.trim_end());
        }
        rest = tail;
    }
}

/// How the failures of other package managers begin, and what must follow on the same line.
const OTHERS: &[(&str, &str)] = &[
    ("[ERR_PNPM_FETCH_4", "GET http"),
    ("ERR_PNPM_FETCH_4", "GET http"),
    ("YN0041: ", "nvalid authentication"),
    ("YN0033: ", "o authentication configured"),
    ("error: GET http", " - 40"),
    ("error An unexpected error occurred: ", "http"),
    ("error Couldn't publish package: ", "http"),
    ("error Error: http", ": "),
];

/// Where, in the middle of a line, another package manager's failure begins.
fn find_other(line: &str) -> Option<usize> {
    static SEARCH: OnceLock<Search> = OnceLock::new();
    if !SEARCH.get_or_init(|| Search::new(OTHERS.iter().map(|(start, _)| *start))).any(line) {
        return None;
    }
    let begins = |(start, sign): &(&str, &str)| {
        let at = memchr::memmem::find(line.as_bytes(), start.as_bytes())?;
        let bracketed = start.starts_with("ERR_") && line.get(..at).is_some_and(|head| head.ends_with('['));
        let rest = line.get(at + start.len()..)?;
        (at > 0 && !bracketed && memchr::memmem::find(rest.as_bytes(), sign.as_bytes()).is_some()).then_some(at)
    };
    OTHERS.iter().filter_map(begins).min()
}

/// The lines of a text whose newlines are written as `\n`, or `None` when it has none of that kind.
pub(super) fn unescape(line: &str) -> Option<Vec<String>> {
    if !line.contains("\\n") || !is_telling(line) {
        return None;
    }
    let mut pieces = vec![String::new()];
    let mut rest = line;
    while let Some((head, tail)) = rest.split_once('\\') {
        push(&mut pieces, head);
        let slashes = tail;
        let tail = tail.trim_start_matches('\\');
        let ends_path = head.is_empty() || head.ends_with([':', '\\']);
        if let Some(after) = tail.strip_prefix("r\\n").or_else(|| tail.strip_prefix('n'))
            && is_new_line(after, ends_path)
        {
            pieces.push(String::new());
            rest = after;
        } else if let Some(after) = tail.strip_prefix('"') {
            push(&mut pieces, "\"");
            rest = after;
        } else {
            push(&mut pieces, "\\");
            rest = slashes;
        }
    }
    push(&mut pieces, rest);
    (pieces.len() > 1).then_some(pieces)
}

fn push(pieces: &mut [String], text: &str) {
    if let Some(last) = pieces.last_mut() {
        last.push_str(text);
    }
}

/// Whether what follows a written `\n` looks like a new line and not like a folder of a Windows path (`\npm-cache`).
fn is_new_line(after: &str, ends_path: bool) -> bool {
    let path = ends_path && !after.starts_with('\\');
    !path
        && (begins(after)
            || after.starts_with([' ', '\\', '"', '\'', '{', '}', '│'])
            || after.is_empty()
            || after.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// A line in lower case with its blanks folded, as rules compare it.
#[must_use]
pub fn fold(line: &str) -> Cow<'_, str> {
    let folded = line.is_ascii() && !line.contains("  ") && !line.contains('\t');
    if folded && !line.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Borrowed(line);
    }
    if folded && line.trim().len() == line.len() && !line.bytes().any(|b| b.is_ascii_control()) {
        return Cow::Owned(line.to_ascii_lowercase());
    }
    let mut out = String::with_capacity(line.len());
    let mut blank = false;
    for c in line.chars() {
        if c.is_whitespace() {
            blank = !out.is_empty();
        } else {
            if std::mem::take(&mut blank) {
                out.push(' ');
            }
            out.extend(c.to_lowercase());
        }
    }
    Cow::Owned(out)
}
