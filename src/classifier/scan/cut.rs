//! Where a window begins and ends around the anchors that were sighted.

use super::Hit;
use crate::classifier::anchors::Sight;

/// How much of the text before a failure belongs to it: notices, the command, verbose lines.
pub(super) const BEFORE: usize = 6 * 1024;
/// How much of the text after it: pnpm's header notes, Bun's server text, npm's late notices.
pub(super) const AFTER: usize = 2 * 1024;
/// Around a secret outside any failure's window: enough for a wrapped token or a private key.
const SECRET_BEFORE: usize = 512;
/// See [`SECRET_BEFORE`].
const SECRET_AFTER: usize = 4 * 1024;
/// A window that has grown to this size is closed at the next quiet place.
const SOFT_LIMIT: usize = 64 * 1024;
/// A quiet place: this many bytes without an anchor.
const QUIET: usize = 2 * 1024;
/// A window never grows beyond this.
pub(super) const HARD_LIMIT: usize = 192 * 1024;
/// A part of the input around one or more anchors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Whether a failure was sighted in it; otherwise only a possible secret.
    pub failure: bool,
    /// Where the first anchor in it stands.
    first: usize,
    /// Where the last anchor in it stands.
    last: usize,
}

/// Grows and closes spans as anchors arrive in order.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    pending: Option<Span>,
    /// Nothing before this byte may be cut again.
    floor: usize,
}

impl Cutter {
    /// Cuts nothing before `floor`.
    pub(super) fn from(floor: usize) -> Self {
        Self { pending: None, floor }
    }

    /// What is open.
    pub(super) fn pending(&self) -> Option<Span> {
        self.pending
    }

    /// Follows the bytes as they move back by `back`.
    pub(super) fn shift(&mut self, back: usize) {
        self.floor = self.floor.saturating_sub(back);
        if let Some(open) = &mut self.pending {
            open.start -= back;
            open.end -= back;
            open.first -= back;
            open.last -= back;
        }
    }

    /// Takes an anchor; returns a span that it closed.
    pub(super) fn take(&mut self, Hit { at, sight, line }: Hit) -> Option<Span> {
        let (before, after) = match sight {
            Sight::Failure | Sight::Opening => (BEFORE, AFTER),
            Sight::Secret => (SECRET_BEFORE, SECRET_AFTER),
        };
        let failure = sight != Sight::Secret;
        let fresh =
            Span { start: at.saturating_sub(before).max(self.floor), end: at + after, failure, first: at, last: at };
        let Some(open) = &mut self.pending else {
            self.pending = Some(fresh);
            return None;
        };
        let size = at - open.start.min(at);
        // Between two failures that follow each other without a quiet place.
        let between = line.filter(|line| size > SOFT_LIMIT && *line > open.last);
        let full = size > HARD_LIMIT - AFTER || between.is_some() || (size > SOFT_LIMIT && at - open.last > QUIET);
        if fresh.start <= open.end && !full {
            open.start = open.start.min(fresh.start.max(self.floor));
            open.end = open.end.max(fresh.end);
            open.failure |= failure;
            open.last = at;
            return None;
        }
        let mut closed = *open;
        // A full span gives up its tail where the next one begins, so that no byte is read twice.
        let seam = match between {
            Some(line) => line,
            None if full => at.saturating_sub(QUIET / 2).max(closed.last + 1),
            None => closed.end,
        };
        closed.end = closed.end.min(seam);
        self.floor = closed.end;
        self.pending = Some(Span { start: fresh.start.max(self.floor), ..fresh });
        Some(closed)
    }

    /// Closes what is open.
    pub(super) fn close(&mut self) -> Option<Span> {
        let span = self.pending.take()?;
        self.floor = span.end;
        Some(span)
    }
}

/// Moves a span's ends to line breaks near them. Only ever inwards, so that neighbouring spans stay apart; a span without
/// line breaks at its ends keeps them.
pub(super) fn whole_lines(bytes: &[u8], span: Span) -> (usize, usize) {
    let (mut start, mut end) = (span.start, span.end.min(bytes.len()));
    if start > 0
        && let Some(part) = bytes.get(start - 1..span.first.min(end))
    {
        start += match memchr::memchr(b'\n', part) {
            Some(newline) => newline,
            // Inside a line: a word cut in two, or cut from the word that announces it, may be a secret unrecognised.
            None => memchr::memchr_iter(b' ', part).nth(2).map_or(part.len().saturating_sub(1), |blank| blank),
        };
    }
    if end < bytes.len()
        && let Some(part) = bytes.get(span.last.min(end)..end)
        && let Some(newline) = memchr::memrchr(b'\n', part)
    {
        end = span.last + newline + 1;
    }
    (start, end.max(start))
}

/// Counts lines up to positions that only grow.
#[derive(Debug, Default)]
pub(super) struct LineCount {
    /// Up to here the breaks are counted.
    counted: usize,
    breaks: u64,
}

impl LineCount {
    /// The first line begins at `start`.
    pub(super) fn from(start: usize) -> Self {
        Self { counted: start, breaks: 0 }
    }

    /// Follows the bytes as they move back by `back`; all before the new beginning are counted.
    pub(super) fn shift(&mut self, back: usize) {
        self.counted -= back;
    }

    /// The number of the line at `position`, counted from 1.
    pub(super) fn at(&mut self, bytes: &[u8], position: usize) -> u64 {
        if let Some(part) = bytes.get(self.counted..position) {
            self.breaks += memchr::memchr_iter(b'\n', part).count() as u64;
            self.counted = position;
        }
        self.breaks + 1
    }
}
