//! Joins lines that a terminal, a frame or an editor broke in the middle of a token.

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
    "npm", "npx", "pnpm", "yarn", "bun", "bunx", "node", "error", "err!", "info", "warn",
    "warning", "verbose", "verb", "silly", "http", "notice", "timing", "at", "code", "get", "put",
    "post", "delete", "remote:", "export", "set", "curl", "run", "help", "hint", "and", "the",
    "in", "is", "to", "of", "for", "or", "if", "a", "it",
];

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
    "npmalwaysauth",
];

/// The text with such breaks taken out; nothing if there are none.
pub(super) fn joined(text: &[u8]) -> Option<View> {
    let mut view = Builder::new(text);
    let mut line = 0;
    for newline in memchr::memchr_iter(b'\n', text) {
        if let Some(joint) = joint(text, line, newline) {
            view.skip(joint.end_of_line..joint.start_of_next);
            if !joint.firm {
                view.seam();
            }
        }
        line = newline + 1;
    }
    view.finish()
}

struct Joint {
    end_of_line: usize,
    start_of_next: usize,
    /// Most likely a wrap; otherwise just not ruled out.
    firm: bool,
}

fn joint(text: &[u8], line: usize, newline: usize) -> Option<Joint> {
    let above = text.get(line..newline)?;
    let below = text.get(newline + 1..)?;
    let above = without_border(above);
    let indent = frame(below);
    let next = below.get(indent..)?;
    let (&last, &first) = (above.last()?, next.first()?);
    let in_url = || last_word(above).windows(3).any(|window| window == b"://");
    if !(inside(last) || separates(last))
        || !(inside(first) || separates(first) || quotes(last, first))
    {
        return None;
    }
    if matches!(first, b'@' | b':') && !in_url() && last != b'/' {
        return None;
    }
    if own_line(next) {
        return None;
    }
    let end = memchr::memchr(b'\n', below).unwrap_or(below.len());
    let wide = width(above);
    let firm =
        (wide >= NARROWEST && width(below.get(..end)?) <= wide + SLACK) || random_start(next);
    if !firm && !(inside(last) && inside(first)) {
        return None;
    }
    Some(Joint {
        end_of_line: line + above.len(),
        start_of_next: newline + 1 + indent,
        firm,
    })
}

/// Characters of tokens, of URLs and of percent escapes.
fn inside(byte: u8) -> bool {
    url_safe(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'%')
}

/// Characters between a key, a user or a host and a secret.
fn separates(byte: u8) -> bool {
    matches!(byte, b'=' | b':' | b'@')
}

/// A quoted value pushed to the next line.
fn quotes(last: u8, first: u8) -> bool {
    matches!(last, b'=' | b':') && matches!(first, b'"' | b'\'')
}

fn width(line: &[u8]) -> usize {
    line.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// The line without its carriage return and without a frame's right border.
fn without_border(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let inner = ["│", "┃", "║"]
        .iter()
        .find_map(|border| line.strip_suffix(border.as_bytes()))
        .or_else(|| line.strip_suffix(b" |"));
    inner.map_or(line, <[u8]>::trim_ascii_end)
}

/// How many bytes of blanks and frame stand before a line's own text.
fn frame(line: &[u8]) -> usize {
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
    let start = line
        .iter()
        .rposition(u8::is_ascii_whitespace)
        .map_or(0, |blank| blank + 1);
    line.get(start..).unwrap_or_default()
}

fn random_start(next: &[u8]) -> bool {
    let run = next
        .iter()
        .take(FIRST_WORD)
        .take_while(|&&byte| url_safe(byte))
        .count();
    let run = next.get(..run).unwrap_or_default();
    run.len() >= 12 && random(run)
}

/// Whether this is the start of a line that stands for itself, so that the break before it was no wrap.
fn own_line(line: &[u8]) -> bool {
    let word = line
        .iter()
        .take(FIRST_WORD)
        .take_while(|byte| !byte.is_ascii_whitespace())
        .count();
    let (word, rest) = line.split_at(word);
    if [
        &b"//"[..],
        b"http://",
        b"https://",
        b"_auth",
        b"npmAuth",
        b"ERR_",
        b"HTTP/",
        b"-----",
    ]
    .iter()
    .any(|start| word.starts_with(start))
    {
        return true;
    }
    // A word alone on the last line may be the end of a token; with something behind it, it is prose or a log.
    if !rest.is_empty()
        && OPENERS
            .iter()
            .any(|opener| word.eq_ignore_ascii_case(opener.as_bytes()))
    {
        return true;
    }
    if word.iter().all(u8::is_ascii_digit) && rest.first() == Some(&b' ') {
        return true;
    }
    if let [b'2', b'0', _, _, b'-', _, _, b'-', ..] = word {
        return true;
    }
    let name = word.iter().take_while(|&&byte| url_safe(byte)).count();
    let (name, then) = word.split_at(name);
    let spaced = || then.is_empty() && matches!(rest, [b' ', b'=' | b':', ..]);
    match then {
        [b'=' | b':', ..] | []
            if KEYS
                .iter()
                .any(|key| name.eq_ignore_ascii_case(key.as_bytes())) =>
        {
            !then.is_empty() || spaced()
        }
        [b'=', value, ..] => *value != b'=' && variable(name),
        // `help: …`, `Authorization: …`
        [b':'] => !rest.is_empty() && name.first().is_some_and(u8::is_ascii_alphabetic),
        [] => spaced() && variable(name),
        _ => false,
    }
}

/// The name of an environment variable.
fn variable(name: &[u8]) -> bool {
    name.len() >= 3
        && name.first().is_some_and(u8::is_ascii_uppercase)
        && name
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
        && (name.contains(&b'_') || name.len() <= 8)
}
