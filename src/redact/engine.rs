//! Runs the table over the text and its views, and writes the result.

use std::ops::Range;

use super::layers::Layers;
use super::pattern::Prefix;
use super::value::MARK;
use super::{Redacted, Tally, patterns};

/// What was redacted may bring two harmless halves together, or make a line so narrow that a break looks like a wrap. So the
/// table runs until it finds nothing more, which is nearly always the second time; hostile text does not get more than this.
const PASSES: usize = 4;
/// Longer text than this is nothing that anybody reads, and gets two passes.
const LONG: usize = 1 << 20;

/// Removes every secret from a text and counts it.
///
/// Takes the text of one window, cleaned or not. Each secret is replaced by `[redacted <kind>]`; the newlines inside it stay,
/// so the result has as many lines. Takes time linear in the length of the text. Text without a trace of a secret is copied
/// once and otherwise only looked at.
pub fn redact(text: &str, tally: &mut Tally) -> Redacted {
    let mut current = None;
    let passes = if text.len() > LONG { 2 } else { PASSES };
    for _ in 0..passes {
        let now = current.as_deref().unwrap_or(text);
        let finds = finds(now);
        if finds.is_empty() {
            break;
        }
        let next = replaced(now, &finds);
        for find in &finds {
            tally.add(find.kind);
        }
        current = Some(next);
    }
    Redacted(current.unwrap_or_else(|| text.to_owned()))
}

/// The literals worth looking for in a log: where one of them stands, there is hardly ever anything but a secret or the key
/// of one. Those of the table that ordinary logs are full of (`token`, `basic`, `://`) are left out.
pub fn prefixes() -> impl Iterator<Item = &'static Prefix> {
    patterns().flat_map(|pattern| pattern.prefixes).filter(|prefix| prefix.distinctive)
}

/// A secret: where it is in the text and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Find {
    range: Range<usize>,
    /// The place of its pattern in the table.
    rank: usize,
    kind: &'static str,
}

/// All secrets of a text, from front to back, none touching another's bytes.
fn finds(text: &str) -> Vec<Find> {
    let Some(layers) = Layers::of(text.as_bytes()) else {
        return Vec::new();
    };
    let mut finds = Vec::new();
    for (rank, pattern) in patterns().enumerate().filter(|(rank, _)| layers.traces() >> rank & 1 == 1) {
        for which in layers.each() {
            pattern.find(layers.bytes(which), layers.joins(which), |range| {
                let range = whole_characters(text, layers.to_text(which, range));
                if !range.is_empty() {
                    finds.push(Find { range, rank, kind: pattern.kind });
                }
            });
        }
    }
    merged(finds)
}

/// The range, widened to the boundaries of characters.
fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// Sorted, and overlapping ones made one, named by the earliest pattern of the table.
fn merged(mut finds: Vec<Find>) -> Vec<Find> {
    finds.sort_unstable_by_key(|find| (find.range.start, find.rank));
    let mut merged: Vec<Find> = Vec::with_capacity(finds.len());
    for find in finds {
        match merged.last_mut() {
            Some(last) if find.range.start < last.range.end => {
                last.range.end = last.range.end.max(find.range.end);
                if find.rank < last.rank {
                    last.rank = find.rank;
                    last.kind = find.kind;
                }
            }
            _ => merged.push(find),
        }
    }
    merged
}

fn replaced(text: &str, finds: &[Find]) -> String {
    let mut out = String::with_capacity(text.len() + finds.len() * 8);
    let mut done = 0;
    for find in finds {
        out.push_str(text.get(done..find.range.start).unwrap_or_default());
        out.push_str(MARK);
        out.push(' ');
        out.push_str(find.kind);
        out.push(']');
        let secret = text.get(find.range.clone()).unwrap_or_default();
        out.extend(secret.bytes().filter(|&byte| byte == b'\n').map(char::from));
        done = find.range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
