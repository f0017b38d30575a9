//! Joins lines that a terminal, a frame or an editor broke in the middle of a token.

use std::ops::Range;

use super::value::{random, url_safe};
use super::view::{Builder, View};

/// A line narrower than this is seldom broken by a terminal's edge.
const NARROWEST: usize = 40;
/// By so much may a continuation line be wider than the line before it: indents and frames are not counted by who wraps.
const SLACK: usize = 8;
/// Longest first word looked at to tell a line of its own from the rest of a token.
const FIRST_WORD: usize = 64;

/// Words that begin a line of its own: what package managers, shells and `.npmrc` files write.
const OPENERS: &[&str] = &[
    "npm", "npx", "pnpm", "yarn", "bun", "bunx", "node", "error", "err!", "info", "warn", "warning", "verbose", "verb",
    "silly", "http", "notice", "timing", "at", "code", "get", "put", "post", "delete", "remote:", "export", "set",
    "curl", "run", "help", "hint",
];

/// The same for prose; in small letters only, or capitals of a token would be taken for them.
const PROSE: &[&str] =
    &["and", "the", "in", "is", "to", "of", "for", "or", "if", "it", "with", "from", "that", "this", "on"];

/// Keys of `.npmrc` and its relatives that come before `=` or `:`.
const KEYS: &[&str] = &[
    "registry",
    "always-auth",
    "email",
    "strict-ssl",
    "cafile",
    "ca",
    "proxy",
    "https-proxy",
    "noproxy",
    "save-exact",
    "engine-strict",
    "package-lock",
    "fund",
    "audit",
    "username",
    "access",
    "tag",
    "prefix",
    "cache",
    "loglevel",
    "url",
    "node-linker",
    "legacy-peer-deps",
    "auto-install-peers",
    "shamefully-hoist",
    "npmregistryserver",
    "npmauthtoken",
    "npmauthident",
    "_authtoken",
    "_auth",
    "_password",
    "npmalwaysauth",
];

/// The text with such breaks taken out; nothing if there are none.
pub(super) fn joined(text: &[u8]) -> Option<View> {
    let mut view = Builder::new(text);
    for (lines, newline) in breaks(text) {
        if let Some((gap, firm)) = lines.joint() {
            view.skip(newline - gap.start..newline + 1 + gap.end);
            if firm {
                view.join();
            } else {
                view.join_loosely();
            }
        }
    }
    view.finish()
}

/// The text with a blank for each line break that a terminal's edge or a word wrap has most likely put in the place of one.
pub(super) fn spaced(text: &[u8]) -> Option<View> {
    let mut view = Builder::new(text);
    for (lines, newline) in breaks(text) {
        if lines.wrapped() && !lines.logged() && !lines.next.is_empty() {
            let end = newline - (lines.whole.len() - lines.above.trim_ascii_end().len());
            view.put(end..newline + 1 + lines.indent, b" ");
        }
    }
    view.finish()
}

/// Two neighbouring lines.
struct Lines<'a> {
    /// The line above with all that it ends in.
    whole: &'a [u8],
    /// The line above without a frame's border.
    above: &'a [u8],
    /// The line below with its indent or frame.
    below: &'a [u8],
    /// How wide that indent or frame is, in bytes.
    indent: usize,
    /// The line below, as far as it is its own text.
    next: &'a [u8],
}

/// Every line break with the lines on its two sides.
fn breaks(text: &[u8]) -> impl Iterator<Item = (Lines<'_>, usize)> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text).filter_map(move |newline| {
        let whole = text.get(start..newline)?;
        start = newline + 1;
        let rest = text.get(start..)?;
        let below = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
        let indent = frame(below);
        let lines = Lines { whole, above: without_border(whole), below, indent, next: below.get(indent..)? };
        Some((lines, newline))
    })
}

impl Lines<'_> {
    /// Whether the line above is wide enough to have been broken and the line below is no wider.
    fn wrapped(&self) -> bool {
        let wide = width(self.above);
        wide >= NARROWEST && width(self.below) <= wide + SLACK
    }

    /// How many bytes to drop before and behind the line break if it may be in the middle of a token, and whether it most
    /// likely is.
    fn joint(&self) -> Option<(Range<usize>, bool)> {
        let (&last, &first) = (self.above.last()?, self.next.first()?);
        // A scope begins a line more often than the `@` of a URL does.
        if (first == b'@' && !in_url(last_word(self.above))) || self.apart() {
            return None;
        }
        let token = inside(last) && inside(first);
        let firm = self.wrapped() || (token && random_start(self.next));
        let gap = self.whole.len() - self.above.len()..self.indent;
        (firm || token).then_some((gap, firm))
    }
}

/// Characters of tokens, of URLs and of percent escapes.
fn inside(byte: u8) -> bool {
    url_safe(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'%')
}

fn width(line: &[u8]) -> usize {
    line.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// The line without its carriage return and without a frame's right border.
pub(super) fn without_border(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let inner = ["│", "┃", "║"]
        .iter()
        .find_map(|border| line.strip_suffix(border.as_bytes()))
        .or_else(|| line.strip_suffix(b" |"));
    inner.map_or(line, <[u8]>::trim_ascii_end)
}

/// How many bytes of blanks and frame stand before a line's own text.
pub(super) fn frame(line: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = line.get(at..) {
        at += match rest {
            [b' ' | b'\t' | b'|' | b'>', ..] => 1,
            // No-break space.
            [0xc2, 0xa0, ..] => 2,
            // Box drawing, U+2500 to U+257F.
            [0xe2, 0x94 | 0x95, _, ..] => 3,
            _ => break,
        };
    }
    at
}

fn last_word(line: &[u8]) -> &[u8] {
    let start = line.iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
    line.get(start..).unwrap_or_default()
}

fn random_start(next: &[u8]) -> bool {
    let run = next.iter().take(FIRST_WORD).take_while(|&&byte| url_safe(byte)).count();
    let run = next.get(..run).unwrap_or_default();
    run.len() >= 12 && random(run)
}

impl Lines<'_> {
    /// Whether the line below stands for itself, so that the break before it was no wrap.
    fn apart(&self) -> bool {
        // A key may itself have been broken; it stands for itself only where the line above ends in a value.
        let above = last_word(self.above);
        let value = above.iter().any(|byte| byte.is_ascii_digit() || *byte == b'=') || in_url(above);
        let (word, rest) = first_word(self.next);
        self.logged() || (value && key(word, rest))
    }

    /// Whether the line below begins as a log's or as prose does.
    fn logged(&self) -> bool {
        let (word, rest) = first_word(self.next);
        // A word alone on the last line may be the end of a token; not so with something behind it.
        let word_of_log = !rest.is_empty() && opener(word);
        // The line numbers of npm's debug log, and dates.
        let number = word.iter().all(u8::is_ascii_digit) && opener(first_word(rest.trim_ascii_start()).0);
        let bracket = matches!(word, [b'[', next, ..] if next.is_ascii_alphanumeric());
        bracket || word_of_log || number || matches!(word, [b'2', b'0', _, _, b'-', _, _, b'-', ..])
    }
}

/// Whether a line that begins with this word is one of a configuration: `registry=…`, `//host/:_authToken=…`, `help: …`.
fn key(word: &[u8], rest: &[u8]) -> bool {
    let starts = [&b"//"[..], b"http://", b"https://", b"ERR_", b"HTTP/", b"-----"];
    if starts.iter().any(|start| word.starts_with(start)) {
        return true;
    }
    let name = word.iter().take_while(|&&byte| url_safe(byte)).count();
    let (name, then) = word.split_at(name);
    let known = KEYS.iter().any(|key| name.eq_ignore_ascii_case(key.as_bytes()));
    match (then, rest) {
        ([b'=' | b':', ..], _) if known => true,
        ([], [b' ', b'=' | b':', ..]) => known || variable(name),
        ([b'=', value, ..], _) => *value != b'=' && variable(name),
        ([b':'], [_, ..]) => name.first().is_some_and(u8::is_ascii_alphabetic),
        _ => false,
    }
}

fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let word = line.iter().take(FIRST_WORD);
    line.split_at(word.take_while(|byte| !byte.is_ascii_whitespace()).count())
}

fn in_url(word: &[u8]) -> bool {
    word.windows(3).any(|window| window == b"://")
}

fn opener(word: &[u8]) -> bool {
    OPENERS.iter().any(|opener| word.eq_ignore_ascii_case(opener.as_bytes()))
        || PROSE.iter().any(|opener| word == opener.as_bytes())
}

/// The name of an environment variable. One without `_` could as well be the end of a base 64 text.
fn variable(name: &[u8]) -> bool {
    let capitals = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let common = [&b"PATH"[..], b"HOME", b"USER", b"SHELL", b"CI"].contains(&name);
    common || (name.contains(&b'_') && name.len() >= 3 && name.iter().all(capitals))
}
