//! Where a value begins and ends, and which values only stand for a secret.

use std::ops::Range;

use super::pattern::Hit;

/// What stands at the front of everything that this room writes in the place of a secret.
pub(super) const MARK: &str = "[redacted";
/// No placeholder but a row of stars is longer.
const LONGEST_PLACEHOLDER: usize = 160;

/// `A-Z a-z 0-9 _ -`.
pub(super) fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Goes on from the end of the head for as long as `class` holds. Dots at the end are the sentence's.
pub(super) fn run(hit: &Hit, class: fn(u8) -> bool) -> Range<usize> {
    let tail = hit.hay.get(hit.head.end..hit.limit).unwrap_or_default();
    let mut end = hit.head.end + tail.iter().take_while(|&&byte| class(byte)).count();
    while end > hit.head.end && hit.hay.get(end - 1) == Some(&b'.') {
        end -= 1;
    }
    hit.from..end
}

/// The rest of the value is letters and digits.
pub(super) fn alnum(hit: &Hit) -> Option<Range<usize>> {
    Some(run(hit, |byte| byte.is_ascii_alphanumeric())).filter(|value| real(hit, value))
}

/// The rest of the value is letters, digits, `_` and `-`.
pub(super) fn token(hit: &Hit) -> Option<Range<usize>> {
    Some(run(hit, url_safe)).filter(|value| real(hit, value))
}

/// The rest of the value is letters, digits, `_`, `-` and dots.
pub(super) fn dotted(hit: &Hit) -> Option<Range<usize>> {
    Some(run(hit, |byte| url_safe(byte) || byte == b'.')).filter(|value| real(hit, value))
}

/// The rest of the value is what RFC 9110 calls `token68`, and slashes.
pub(super) fn token68(byte: u8) -> bool {
    url_safe(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=' | b'%')
}

/// Not a name in words and not one character over and over.
fn real(hit: &Hit, value: &Range<usize>) -> bool {
    let text = hit.hay.get(value.clone()).unwrap_or_default();
    let secret = text.get(text.len().min(8)..).unwrap_or_default();
    random(text) && !secret.windows(2).all(|pair| matches!(pair, [left, right] if left == right))
}

/// Whether a text with neither blanks nor quotes looks made by dice.
pub(super) fn random(text: &[u8]) -> bool {
    let text = text.get(..text.len().min(200)).unwrap_or_default();
    text.iter().any(u8::is_ascii_alphabetic) && !words(text)
}

/// Whether a text is one or more words, with dashes and the like between them: letters with few capitals or nothing but
/// capitals, and perhaps a short number.
pub(super) fn words(text: &[u8]) -> bool {
    let separates = |byte: &u8| matches!(byte, b'-' | b'_' | b'.' | b'/' | b',' | b':');
    text.split(separates).all(|word| {
        let letters = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (letters, number) = word.split_at(letters);
        let capitals = letters.iter().filter(|byte| byte.is_ascii_uppercase()).count();
        let number = number.len() <= 4 && number.iter().all(u8::is_ascii_digit);
        number && (capitals <= 1 || capitals * 4 <= letters.len() || capitals == letters.len())
    })
}

/// Whether a text is letters and dashes only, as what follows a key in prose is (`NPM_TOKEN: missing`).
pub(super) fn letters(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'.' | b',' | b':' | b'/'))
}

/// A value behind a key: what opened it, where it is.
pub(super) struct Setting<'a> {
    pub quote: Option<u8>,
    pub text: &'a [u8],
    pub range: Range<usize>,
}

/// Reads the value of a key: up to the closing quote if one opens it, else up to a blank.
pub(super) fn setting<'a>(hit: &Hit<'a>) -> Option<Setting<'a>> {
    let tail = hit.hay.get(hit.from..hit.limit.max(hit.from))?;
    let slashes = tail.iter().take(8).take_while(|&&byte| byte == b'\\').count();
    let quote = tail.get(slashes).copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'<'));
    let open = quote.map_or(0, |_| slashes + 1);
    let inner = tail.get(open..)?;
    let closed = quote.and_then(|quote| {
        let quote = if quote == b'<' { b'>' } else { quote };
        let end = memchr::memchr2(quote, b'\n', inner).filter(|&end| inner.get(end) == Some(&quote))?;
        let escapes = inner.get(..end)?.iter().rev().take_while(|&&byte| byte == b'\\').count();
        Some(end - escapes)
    });
    let end = closed.unwrap_or_else(|| unquoted(inner));
    let start = hit.from + open;
    let text = inner.get(..end)?;
    Some(Setting { quote: quote.filter(|_| closed.is_some()), text, range: start..start + end })
}

fn unquoted(inner: &[u8]) -> usize {
    let stops = |byte: u8| byte <= b' ' || byte == 0x7f || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\');
    let end = inner.iter().take_while(|&&byte| !stops(byte)).count();
    let whole = inner.get(..end).unwrap_or_default();
    if placeholder(whole, None) {
        return end;
    }
    end - whole.iter().rev().take_while(|byte| matches!(byte, b',' | b';' | b'.' | b')' | b']' | b'}')).count()
}

/// Whether a value stands for a secret without being one: a variable, a mask, or what this room has written.
pub(super) fn placeholder(value: &[u8], quote: Option<u8>) -> bool {
    if value.is_empty() || value.starts_with(MARK.as_bytes()) {
        return true;
    }
    if mask(value) {
        return true;
    }
    let Some(text) = std::str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST_PLACEHOLDER) else {
        return false;
    };
    let letters =
        |inner: &str| inner.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b' '));
    let between = |open: char, close: char| {
        text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(letters)
    };
    if between('[', ']') || between('(', ')') || between('<', '>') || quote == Some(b'<') && letters(text) {
        return true;
    }
    // pnpm leaves the first four characters.
    let hidden = text.strip_suffix("[hidden]").is_some_and(|start| start.len() <= 4);
    let start = ["npm_", "ghp_", "glpat-"].iter().find_map(|start| text.strip_prefix(start));
    hidden || start.is_some_and(|rest| mask(rest.as_bytes())) || variable(text)
}

/// Stars, a row of the same letter x, dots.
fn mask(value: &[u8]) -> bool {
    let stars = !value.is_empty() && value.iter().all(|byte| *byte == b'*');
    // The last four bytes are parts of a bullet and of an ellipsis.
    let others =
        value.iter().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'-' | b'.' | b'#' | 0xe2 | 0x80 | 0xa2 | 0xa6));
    stars || (others && value.len() >= 3)
}

/// Whether a value is a reference to a variable, in the words of a shell, a config file or a CI system.
fn variable(text: &str) -> bool {
    if text.starts_with("${{") || text.starts_with("$(") || text.starts_with("$[") {
        return true;
    }
    if text.starts_with("${") {
        return without_braces(text).is_some_and(|rest| rest <= 2);
    }
    if let Some(name) = text.strip_prefix("$env:").or_else(|| text.strip_prefix("$Env:")) {
        return identifier(name);
    }
    if let Some(name) = text.strip_prefix('$') {
        return identifier(name) && (capitals(name) || about_secrets(name));
    }
    if let Some(name) = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
        return identifier(name);
    }
    ["process.env.", "secrets.", "env.", "vars.", "import.meta.env."]
        .iter()
        .find_map(|start| text.strip_prefix(start))
        .is_some_and(|name| identifier(name) && capitals(name))
}

/// How much is left of a text without its `${…}`; nothing if one is not closed.
fn without_braces(text: &str) -> Option<usize> {
    let mut rest = text;
    let mut left = 0;
    while let Some((before, after)) = rest.split_once("${") {
        left += before.len();
        rest = after.split_once('}')?.1;
    }
    Some(left + rest.len())
}

fn identifier(name: &str) -> bool {
    name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn capitals(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// `$npm_token`, as Bun's manual has it; a password that begins with `$` has no underscore and such a word.
fn about_secrets(name: &str) -> bool {
    name.contains('_') && ["token", "auth", "pass", "secret", "key", "user"].iter().any(|word| name.contains(word))
}
