//! Finds, in bytes of any size, the few places that deserve reading, and cuts windows around them.
//!
//! Text without an anchor is never decoded, copied or looked at again. See [`super::anchors`] for what is searched.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, packed};

use super::{
    anchors::{FAILURES, Needle, Sight},
    traces::{self, Trace},
};

/// How much of the text before a failure belongs to it: notices, the command, verbose lines.
const BEFORE: usize = 6 * 1024;
/// How much of the text after it: pnpm's header notes, Bun's server text, npm's late notices.
const AFTER: usize = 2 * 1024;
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
/// The longest look behind or ahead that [`Needle::holds`] and the search itself may need at a seam.
pub(super) const SEAM: usize = 1024;

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

/// One group of needles with its compiled search.
struct Group {
    search: Search,
    kinds: Kinds,
}

enum Search {
    Vector(packed::Searcher),
    Automaton(AhoCorasick),
}

enum Kinds {
    Failures(&'static [Needle]),
    Secrets(Vec<Trace>),
}

/// How many traces of secrets one search takes: alike ones stand beside each other and cost little together.
const TRACES: usize = 36;

fn groups() -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let failures = FAILURES.iter().map(|needles| Group {
            search: Search::new(needles.iter().map(|n| n.text)),
            kinds: Kinds::Failures(needles),
        });
        let mut groups: Vec<Group> = failures.collect();
        let mut traces = traces::traces().into_iter().peekable();
        while traces.peek().is_some() {
            let part: Vec<Trace> = traces.by_ref().take(TRACES).collect();
            groups
                .push(Group { search: Search::new(part.iter().map(|t| t.stem.as_str())), kinds: Kinds::Secrets(part) });
        }
        groups
    })
}

impl Search {
    #[expect(clippy::expect_used, reason = "a dozen short literals cannot exceed the automaton's limits")]
    fn new<'a>(needles: impl Iterator<Item = &'a str> + Clone) -> Self {
        // The vector search exists only for some processors; the automaton runs everywhere.
        match packed::Config::new().builder().extend(needles.clone()).build() {
            Some(searcher) => Self::Vector(searcher),
            None => Self::Automaton(AhoCorasick::new(needles).expect("needles fit an automaton")),
        }
    }

    fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, usize)) {
        match self {
            Self::Vector(s) => s.find_iter(bytes).for_each(|m| found(m.pattern().as_usize(), m.start())),
            Self::Automaton(s) => s.find_iter(bytes).for_each(|m| found(m.pattern().as_usize(), m.start())),
        }
    }
}

/// An anchor that held.
#[derive(Debug, Clone, Copy)]
struct Hit {
    at: usize,
    sight: Sight,
    /// For an opening: where its line begins, if that is not far.
    line: Option<usize>,
}

/// How far before an opening its line may begin: colours and the prefixes of CI systems.
const OPENING_REACH: usize = 512;

/// Collects the anchors of `bytes` that begin in `from..to`, in order. Looks behind and ahead of that range.
fn sight(bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
    hits.clear();
    let mut at = from;
    while at < to {
        let next = to.min(at + BLOCK);
        sight_block(bytes, at, next, hits);
        at = next;
    }
    hits.sort_unstable_by_key(|hit| hit.at);
}

/// How much every search looks at before the next one does: it stays in the processor's nearest caches meanwhile.
const BLOCK: usize = 64 * 1024;

fn sight_block(bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
    let end = bytes.len().min(to + SEAM);
    let Some(part) = bytes.get(from..end) else { return };
    for group in groups() {
        group.search.each(part, |needle, at| {
            let at = from + at;
            if at >= to {
                return;
            }
            match &group.kinds {
                Kinds::Failures(needles) => {
                    if let Some(needle) = needles.get(needle).filter(|n| n.holds(bytes, at)) {
                        let sight = needle.sight();
                        let line = (sight == Sight::Opening).then(|| line_start(bytes, at)).flatten();
                        hits.push(Hit { at, sight, line });
                    }
                }
                Kinds::Secrets(traces) => {
                    if traces.get(needle).is_some_and(|t| t.holds(bytes, at)) {
                        hits.push(Hit { at, sight: Sight::Secret, line: None });
                    }
                }
            }
        });
    }
}

fn line_start(bytes: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(OPENING_REACH);
    memchr::memrchr(b'\n', bytes.get(from..at)?).map(|newline| from + newline + 1)
}

/// Grows and closes spans as anchors arrive in order.
#[derive(Debug, Default)]
struct Cutter {
    pending: Option<Span>,
    /// Nothing before this byte may be cut again.
    floor: usize,
}

impl Cutter {
    /// Takes an anchor; returns a span that it closed.
    fn take(&mut self, Hit { at, sight, line }: Hit) -> Option<Span> {
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
    fn close(&mut self) -> Option<Span> {
        let span = self.pending.take()?;
        self.floor = span.end;
        Some(span)
    }
}

/// A window of the input, ready to be cleaned.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// The bytes, from line start to line end where lines are not absurdly long.
    pub bytes: &'a [u8],
    /// The number of the first line, counted from 1.
    pub first_line: u64,
    /// Whether a failure was sighted; otherwise the window is only searched for secrets.
    pub failure: bool,
}

/// Calls `window` for each window of a text that is in memory as a whole. Allocates nothing when there is none.
pub fn windows(bytes: &[u8], mut window: impl FnMut(Window<'_>)) {
    let mut hits = Vec::new();
    sight(bytes, 0, bytes.len(), &mut hits);
    let mut cutter = Cutter::default();
    let mut lines = LineCount::default();
    let mut emit = |span: Span| {
        let (start, end) = whole_lines(bytes, span);
        window(Window {
            bytes: bytes.get(start..end).unwrap_or_default(),
            first_line: lines.at(bytes, start),
            failure: span.failure,
        });
    };
    for hit in hits {
        if let Some(span) = cutter.take(hit) {
            emit(span);
        }
    }
    if let Some(span) = cutter.close() {
        emit(span);
    }
}

/// Moves a span's ends to line breaks near them. Only ever inwards, so that neighbouring spans stay apart; a span without
/// line breaks at its ends keeps them.
fn whole_lines(bytes: &[u8], span: Span) -> (usize, usize) {
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
struct LineCount {
    /// Up to here the breaks are counted.
    counted: usize,
    breaks: u64,
}

impl LineCount {
    fn at(&mut self, bytes: &[u8], position: usize) -> u64 {
        if let Some(part) = bytes.get(self.counted..position) {
            self.breaks += memchr::memchr_iter(b'\n', part).count() as u64;
            self.counted = position;
        }
        self.breaks + 1
    }
}

/// How much is read at once: it stays in the processor's caches while every search looks at it.
const CHUNK: usize = 64 * 1024;

/// Cuts windows out of a stream. Its memory does not depend on the stream's length.
#[derive(Debug)]
pub struct Scanner {
    buffer: Vec<u8>,
    filled: usize,
    scanned: usize,
    cutter: Cutter,
    lines: LineCount,
    hits: Vec<Hit>,
    ready: Vec<Span>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            buffer: vec![0; 2 * CHUNK + HARD_LIMIT + AFTER + 2 * BEFORE + SEAM],
            filled: 0,
            scanned: 0,
            cutter: Cutter::default(),
            lines: LineCount::default(),
            hits: Vec::new(),
            ready: Vec::new(),
        }
    }
}

impl Scanner {
    /// Where to put the next bytes; never empty.
    pub fn space(&mut self) -> &mut [u8] {
        let end = self.buffer.len().min(self.filled + CHUNK);
        self.buffer.get_mut(self.filled..end).unwrap_or_default()
    }

    /// Says that the first `read` bytes of [`Self::space`] are filled; calls `window` for each window that is complete.
    pub fn advance(&mut self, read: usize, window: impl FnMut(Window<'_>)) {
        self.filled = self.buffer.len().min(self.filled + read);
        let to = self.filled.saturating_sub(SEAM);
        if to > self.scanned {
            self.step(to);
        }
        self.emit(false, window);
        self.shift();
    }

    /// Says that the stream has ended; calls `window` for the windows that are left. The scanner is then as new.
    pub fn finish(&mut self, window: impl FnMut(Window<'_>)) {
        self.step(self.filled);
        self.ready.extend(self.cutter.close());
        self.emit(true, window);
        self.filled = 0;
        self.scanned = 0;
        self.cutter = Cutter::default();
        self.lines = LineCount::default();
    }

    fn step(&mut self, to: usize) {
        let bytes = self.buffer.get(..self.filled).unwrap_or_default();
        sight(bytes, self.scanned, to, &mut self.hits);
        self.scanned = to;
        self.ready.extend(self.hits.drain(..).filter_map(|hit| self.cutter.take(hit)));
        if self.cutter.pending.is_some_and(|open| open.end + BEFORE < to) {
            self.ready.extend(self.cutter.close());
        }
    }

    fn emit(&mut self, last: bool, mut window: impl FnMut(Window<'_>)) {
        let bytes = self.buffer.get(..self.filled).unwrap_or_default();
        for span in self.ready.drain(..) {
            debug_assert!(last || span.end <= self.filled, "a span is emitted once its bytes are here");
            let (start, end) = whole_lines(bytes, span);
            window(Window {
                bytes: bytes.get(start..end).unwrap_or_default(),
                first_line: self.lines.at(bytes, start),
                failure: span.failure,
            });
        }
    }

    /// Drops what no later window can need.
    fn shift(&mut self) {
        let keep = self.scanned.saturating_sub(BEFORE + SEAM);
        let keep = self.cutter.pending.map_or(keep, |open| keep.min(open.start.saturating_sub(1)));
        if keep < CHUNK / 2 {
            return;
        }
        self.lines.at(self.buffer.get(..self.filled).unwrap_or_default(), keep);
        self.buffer.copy_within(keep..self.filled, 0);
        self.filled -= keep;
        self.scanned -= keep;
        self.lines.counted -= keep;
        self.cutter.floor = self.cutter.floor.saturating_sub(keep);
        if let Some(open) = &mut self.cutter.pending {
            open.start -= keep;
            open.end -= keep;
            open.first -= keep;
            open.last -= keep;
        }
    }
}
