//! Takes out what stands between the characters of a token without being seen: colour codes, control characters.

use super::encodings::{backslash, entity, wide};
use super::view::{Builder, View};

/// What in a text calls for a view; found in one pass that the compiler turns into vector code.
pub(super) struct Signs {
    /// Control characters, entities, backslashes or anything outside ASCII.
    pub odd: bool,
    /// A percent sign.
    pub percent: bool,
}

/// Which views a text may need.
pub(super) fn signs(text: &[u8]) -> Signs {
    let mut odd = false;
    let mut percent = false;
    for &byte in text {
        odd |= strange(byte);
        percent |= byte == b'%';
    }
    // A bracket is odd only as the start of a colour code whose escape character got lost.
    let colour = |at: usize| text.get(at + 1).is_some_and(u8::is_ascii_digit);
    let odd = odd || memchr::memchr_iter(b'[', text).any(colour);
    Signs { odd, percent }
}

fn strange(byte: u8) -> bool {
    !matches!(byte, b'\n' | b'\r' | b'\t' | b' '..=b'%' | b'\''..=b'[' | b']'..=b'~')
}

/// The text without colour codes, control characters and invisible characters, with plain quotes, blanks and dashes, and with
/// HTML entities and backslash escapes undone. Nothing if that changes nothing.
pub(super) fn plain(text: &[u8]) -> Option<View> {
    let mut view = Builder::new(text);
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        // `^` and `[` begin a colour code, but nothing strange.
        let calls = |byte: &u8| strange(*byte) || matches!(byte, b'[' | b'^');
        let Some(next) = rest.iter().position(calls) else {
            break;
        };
        at += next;
        let step = step(rest.get(next..).unwrap_or_default());
        let range = at..at + step.len;
        at = range.end;
        match step.becomes {
            Becomes::Same => {}
            Becomes::Nothing => view.skip(range),
            Becomes::Text(text) => view.put(range, text.as_bytes()),
            Becomes::Byte(byte) => view.put(range, &[byte]),
        }
    }
    view.finish()
}

pub(super) struct Step {
    pub len: usize,
    pub becomes: Becomes,
}

pub(super) enum Becomes {
    Same,
    Nothing,
    Text(&'static str),
    Byte(u8),
}

impl Step {
    pub fn same(len: usize) -> Self {
        Self { len, becomes: Becomes::Same }
    }

    pub fn nothing(len: usize) -> Self {
        Self { len, becomes: Becomes::Nothing }
    }

    pub fn text(len: usize, text: &'static str) -> Self {
        Self { len, becomes: Becomes::Text(text) }
    }
}

fn step(rest: &[u8]) -> Step {
    match rest {
        [b'\n' | b'\r' | b'\t', ..] => Step::same(1),
        [0x1b, ..] => escape(rest, 1),
        // The same introducer as a C1 character, and as the picture of one.
        [0xc2, 0x9b, ..] => Step::nothing(2 + parameters(rest, 2)),
        [0xe2, 0x90, 0x9b, ..] => escape(rest, 3),
        [b'^', b'[', b'[', ..] => match colour(rest, 3) {
            0 => Step::same(1),
            len => Step::nothing(3 + len),
        },
        // A colour code whose escape character got lost.
        [b'[', ..] => match colour(rest, 1) {
            0 => Step::same(1),
            len => Step::nothing(1 + len),
        },
        [b'&', ..] => entity(rest).unwrap_or_else(|| Step::same(1)),
        [b'\\', ..] => backslash(rest),
        [0..0x20 | 0x7f, ..] => Step::nothing(1),
        [0x20..0x7f, ..] => Step::same(1),
        _ => wide(rest),
    }
}

/// A sequence that begins with an escape character of `len` bytes.
fn escape(rest: &[u8], len: usize) -> Step {
    match rest.get(len) {
        Some(b'[') => Step::nothing(len + 1 + parameters(rest, len + 1)),
        // The text of a title or a link stays in view; its end keeps it apart from what follows.
        Some(b'\\') => Step::text(len + 1, " "),
        Some(b'(' | b')' | b'#') => Step::nothing((len + 2).min(rest.len())),
        Some(b']' | b'=' | b'>' | b'7' | b'8' | b'M' | b'c') => Step::nothing(len + 1),
        _ => Step::nothing(len),
    }
}

/// The length of a control sequence's parameters and final character, from `start`.
pub(super) fn parameters(rest: &[u8], start: usize) -> usize {
    let tail = rest.get(start..).unwrap_or_default();
    let len = tail.iter().take(32).take_while(|&&byte| (0x20..0x40).contains(&byte)).count();
    len + usize::from(tail.get(len).is_some_and(|byte| (0x40..0x7f).contains(byte)))
}

/// The length of `31m`, `0;1m`, `2K` and the like from `start`, or 0.
fn colour(rest: &[u8], start: usize) -> usize {
    let tail = rest.get(start..).unwrap_or_default();
    let len = tail.iter().take(16).take_while(|&&byte| byte.is_ascii_digit() || byte == b';').count();
    if len > 0 && matches!(tail.get(len), Some(b'm' | b'K' | b'G')) { len + 1 } else { 0 }
}
