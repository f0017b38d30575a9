//! Undoes what terminals, chats and CI systems do to a text, and remembers which line of the input each line came from.
//!
//! In order: characters and entities (`mend`), lines wrapped at a terminal's width (`wrap`), prefixes of CI systems and
//! quoting (`prefix`), log lines in JSON (`json`), newlines written as `\n` or lost altogether ([`marker`]). Cleaning
//! what is clean changes nothing.

mod json;
pub mod marker;
mod mend;
mod prefix;
mod wrap;

use std::{borrow::Cow, ops::Range};

/// Clean text; its lines are separated by `\n`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clean {
    /// The lines.
    pub text: String,
    /// For each line of the text, the number of the input's line that it came from, counted from 1. One line of the input
    /// may become several here and the other way round.
    pub numbers: Vec<u64>,
}

impl Clean {
    fn push(&mut self, number: u64, line: &str) {
        if !self.numbers.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line.trim_end());
        self.numbers.push(number);
    }

    /// Drops empty lines at the end: the last of them would read as the end of the line before it.
    fn end(&mut self) {
        while self.text.ends_with('\n') {
            self.text.pop();
            self.numbers.pop();
        }
    }
}

/// A line of the mended text.
struct Mended {
    number: u64,
    range: Range<usize>,
}

/// Cleans the bytes of one window whose first line has the number `first_line`.
#[must_use]
pub fn clean(bytes: &[u8], first_line: u64) -> Clean {
    // Checking is quicker than repairing.
    let raw = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    let mut text = String::with_capacity(raw.len());
    let mut lines = Vec::new();
    for (number, line) in (first_line..).zip(raw.strip_suffix('\n').unwrap_or(&raw).split('\n')) {
        let start = text.len();
        mend::mend(line, &mut text);
        let mut from = start;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find('\n')) {
            lines.push(Mended { number, range: from..from + at });
            from += at + 1;
        }
        lines.push(Mended { number, range: from..text.len() });
    }
    let mut out = Clean { text: String::with_capacity(text.len()), numbers: Vec::with_capacity(lines.len()) };
    let (mut joined, mut mended) = (String::new(), String::new());
    let mut rest = lines.as_slice();
    while let Some((line, tail)) = rest.split_first() {
        let parts = wrap::parts(&text, rest);
        if parts == 1 {
            settle(text.get(line.range.clone()).unwrap_or_default(), line.number, &mut out, 0);
            rest = tail;
            continue;
        }
        joined.clear();
        let (taken, after) = rest.split_at(parts);
        for part in taken {
            wrap::append(&mut joined, text.get(part.range.clone()).unwrap_or_default());
        }
        // A link that was broken becomes one only now.
        mended.clear();
        mend::mend(&joined, &mut mended);
        mended.split('\n').for_each(|piece| settle(piece, line.number, &mut out, 0));
        rest = after;
    }
    out.end();
    out
}

/// How often a line may unfold into lines that need the same treatment (JSON inside a prefix, `\n` inside JSON).
const DEPTH: u8 = 3;

/// Takes prefixes off a line, unfolds it, and adds what is left.
fn settle(line: &str, number: u64, out: &mut Clean, depth: u8) {
    let line = prefix::strip(line);
    if line.contains('\t') {
        return settle(&line.replace('\t', " "), number, out, depth);
    }
    if depth < DEPTH {
        if let Some(inner) = json::message(line) {
            let mut text = String::with_capacity(inner.len());
            for part in inner.strip_suffix('\n').unwrap_or(&inner).split('\n') {
                text.clear();
                mend::mend(part, &mut text);
                text.split('\n').for_each(|piece| settle(piece, number, out, depth + 1));
            }
            return;
        }
        if let Some(pieces) = marker::unescape(line) {
            for piece in &pieces {
                settle(piece, number, out, depth + 1);
            }
            return;
        }
    }
    marker::split(line, |piece| {
        // Once a marker begins a line of its own, what stood before it is a line, too, and may be nothing but a fence.
        if depth < DEPTH && piece.len() < line.len() && !marker::begins(piece) {
            settle(piece, number, out, depth + 1);
        } else {
            out.push(number, prefix::strip(piece));
        }
    });
}

#[cfg(test)]
mod tests;
