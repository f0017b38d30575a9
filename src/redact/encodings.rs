//! Undoes encodings of characters: percent escapes, HTML entities, backslash escapes, and characters outside ASCII that stand
//! for one inside or for nothing.

use super::escapes::{Becomes, Step, parameters};
use super::view::{Builder, View};

/// Longest HTML entity looked for, without `&` and `;`.
const LONGEST_ENTITY: usize = 16;
/// So many layers of `&amp;amp;` or `%2525` are undone.
const LAYERS: usize = 8;

/// The text with percent escapes of ASCII characters undone; nothing if there are none.
pub(super) fn percent_decoded(text: &[u8]) -> Option<View> {
    let mut view = Builder::new(text);
    for at in memchr::memchr_iter(b'%', text) {
        let mut digits = at + 1;
        for _ in 0..LAYERS {
            let nested = text.get(digits..digits + 2) == Some(b"25")
                && text.get(digits + 2..digits + 4).is_some_and(|two| hex(two).is_some());
            if !nested {
                break;
            }
            digits += 2;
        }
        let byte = text.get(digits..digits + 2).and_then(hex).and_then(|code| u8::try_from(code).ok());
        if let Some(byte) = byte.filter(u8::is_ascii) {
            view.put(at..digits + 2, &[byte]);
        }
    }
    view.finish()
}

pub(super) fn entity(rest: &[u8]) -> Option<Step> {
    let mut start = 1;
    for _ in 0..LAYERS {
        if rest.get(start..start + 4) != Some(b"amp;") {
            break;
        }
        start += 4;
    }
    let nested = start > 1;
    let tail = rest.get(start..)?;
    let inner = if let Some(number) = tail.strip_prefix(b"#") {
        let (digits, radix, lead) = match number {
            [b'x' | b'X', hex @ ..] => (hex, 16, 2),
            _ => (number, 10, 1),
        };
        let count = digits.iter().take(8).take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let code = digits.get(..count).and_then(|code| number_of(code, radix));
        let end = start + lead + count + usize::from(digits.get(count) == Some(&b';'));
        code.and_then(|code| character(end, code))
    } else {
        let name = tail.iter().take(LONGEST_ENTITY).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let closed = tail.get(name) == Some(&b';');
        let text = tail.get(..name).filter(|_| closed).and_then(named);
        text.map(|text| match text {
            "" => Step::nothing(start + name + 1),
            _ => Step::text(start + name + 1, text),
        })
    };
    inner.or_else(|| nested.then(|| Step::text(start, "&")))
}

fn named(name: &[u8]) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"lt" => "<",
        b"gt" => ">",
        b"quot" | b"ldquo" | b"rdquo" => "\"",
        b"apos" | b"lsquo" | b"rsquo" => "'",
        b"nbsp" | b"tab" | b"newline" | b"ensp" | b"emsp" | b"thinsp" => " ",
        b"lowbar" | b"underbar" => "_",
        b"equals" => "=",
        b"colon" => ":",
        b"sol" => "/",
        b"commat" => "@",
        b"period" => ".",
        b"hyphen" | b"dash" => "-",
        b"ndash" | b"mdash" => "--",
        b"plus" => "+",
        b"percnt" => "%",
        b"dollar" => "$",
        b"num" => "#",
        b"grave" => "`",
        b"bsol" => "\\",
        b"vert" | b"verbar" => "|",
        b"lsqb" | b"lbrack" => "[",
        b"rsqb" | b"rbrack" => "]",
        b"shy" | b"zwnj" | b"zwj" | b"lrm" | b"rlm" | b"zerowidthspace" | b"nobreak" => "",
        _ => return None,
    })
}

pub(super) fn backslash(rest: &[u8]) -> Step {
    let run = rest.iter().take_while(|&&byte| byte == b'\\').count();
    let tail = rest.get(run..).unwrap_or_default();
    let control = |len: usize| match tail.get(len) {
        // `\x1b[31m` as printed by a logger.
        Some(b'[') => Step::nothing(run + len + 1 + parameters(tail, len + 1)),
        _ => Step::nothing(run + len),
    };
    let coded = |lead: usize, count: usize| {
        let code = tail.get(lead..lead + count).and_then(|digits| number_of(digits, 16))?;
        if code == 0x1b { Some(control(lead + count)) } else { character(run + lead + count, code) }
    };
    let decoded = match tail {
        [b'u', b'{', ..] => None,
        [b'u', ..] => coded(1, 4),
        [b'x', ..] => coded(1, 2),
        [b'0', b'3', b'3', ..] => Some(control(3)),
        [b'e', b'[', ..] => Some(control(1)),
        [b'n' | b'r' | b't', ..] => Some(Step::text(run + 1, " ")),
        [byte, ..] if byte.is_ascii_punctuation() => Some(Step::nothing(run)),
        _ => None,
    };
    decoded.unwrap_or_else(|| Step::same(run))
}

/// What a character outside ASCII becomes.
pub(super) fn wide(rest: &[u8]) -> Step {
    let len = match rest.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    let decoded = rest.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    decoded
        .and_then(|text| text.chars().next())
        .and_then(|found| character(len, u32::from(found)))
        .unwrap_or_else(|| Step::same(len.min(rest.len())))
}

/// What the character `code`, written in `len` bytes, becomes in view; nothing if it stays as it is.
#[expect(clippy::match_same_arms, reason = "blanks among the control characters come before the control characters")]
fn character(len: usize, code: u32) -> Option<Step> {
    Some(match code {
        0x09 | 0x0a | 0x0d => Step::text(len, " "),
        0x20..=0x7e => Step { len, becomes: Becomes::Byte(u8::try_from(code).ok()?) },
        // Control characters, soft hyphen, joiners, direction marks, byte order mark, variation selectors, tags.
        0x00..=0x1f
        | 0x7f..=0x9f
        | 0xad
        | 0x34f
        | 0x61c
        | 0x115f
        | 0x1160
        | 0x17b4
        | 0x17b5
        | 0x180b..=0x180f
        | 0x200b..=0x200f
        | 0x202a..=0x202e
        | 0x2060..=0x206f
        | 0x3164
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xffa0
        | 0xfff9..=0xfffb
        | 0xe0000..=0xe0fff => Step::nothing(len),
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x205f | 0x3000 => Step::text(len, " "),
        0x2010 | 0x2011 => Step::text(len, "-"),
        0x2013 | 0x2014 => Step::text(len, "--"),
        0x2018..=0x201b => Step::text(len, "'"),
        0x201c..=0x201f => Step::text(len, "\""),
        // Full-width forms of ASCII.
        0xff01..=0xff5e => Step { len, becomes: Becomes::Byte(u8::try_from(code - 0xfee0).ok()?) },
        _ => return None,
    })
}

fn hex(digits: &[u8]) -> Option<u32> {
    number_of(digits, 16)
}

fn number_of(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |sum, &digit| sum.checked_mul(radix)?.checked_add(char::from(digit).to_digit(radix)?))
}
