//! Windows out of a stream, in a buffer of fixed size.

use super::{
    Hit, SEAM, Window,
    cut::{AFTER, BEFORE, Cutter, HARD_LIMIT, LineCount, Span, whole_lines},
    sight,
};

/// How much is read at once: it stays in the processor's caches while every search looks at it.
pub(crate) const CHUNK: usize = 64 * 1024;
/// The most that is kept of what came before: a window at its limit and what the next one may begin with.
const HISTORY: usize = HARD_LIMIT + AFTER + 2 * BEFORE + SEAM + CHUNK;
/// The operating system copies faster to the beginning of a page.
const PAGE: usize = 4096;

/// Cuts windows out of a stream. Its memory does not depend on the stream's length.
///
/// New bytes arrive at a fixed place, `home`; what is still needed of the older ones is moved before it.
#[derive(Debug)]
pub struct Scanner {
    buffer: Vec<u8>,
    home: usize,
    filled: usize,
    scanned: usize,
    cutter: Cutter,
    lines: LineCount,
    hits: Vec<Hit>,
    ready: Vec<Span>,
}

impl Default for Scanner {
    fn default() -> Self {
        let buffer = vec![0; HISTORY + PAGE + 2 * CHUNK];
        let home = HISTORY + buffer.get(HISTORY..).map_or(0, |b| b.as_ptr().align_offset(PAGE).min(PAGE));
        let mut scanner = Self {
            buffer,
            home,
            filled: home,
            scanned: home,
            cutter: Cutter::default(),
            lines: LineCount::default(),
            hits: Vec::new(),
            ready: Vec::new(),
        };
        scanner.restart();
        scanner
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
        if self.filled - self.home >= CHUNK / 2 {
            self.shift();
        }
    }

    /// Says that the stream has ended; calls `window` for the windows that are left. The scanner is then as new.
    pub fn finish(&mut self, window: impl FnMut(Window<'_>)) {
        self.step(self.filled);
        self.ready.extend(self.cutter.close());
        self.emit(true, window);
        self.restart();
    }

    /// Nothing is read yet. The break before the first byte parts it from whatever the buffer held.
    fn restart(&mut self) {
        (self.filled, self.scanned) = (self.home, self.home);
        self.cutter = Cutter::from(self.home);
        self.lines = LineCount::from(self.home);
        if let Some(edge) = self.buffer.get_mut(self.home - 1) {
            *edge = b'\n';
        }
    }

    fn step(&mut self, to: usize) {
        let bytes = self.buffer.get(..self.filled).unwrap_or_default();
        sight(bytes, self.scanned, to, &mut self.hits);
        self.scanned = to;
        self.ready.extend(self.hits.drain(..).filter_map(|hit| self.cutter.take(hit)));
        if self.cutter.pending().is_some_and(|open| open.end + BEFORE < to) {
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

    /// Moves what a later window may need before `home`, and drops the rest.
    fn shift(&mut self) {
        let keep = self.scanned.saturating_sub(BEFORE + SEAM);
        let keep = self.cutter.pending().map_or(keep, |open| keep.min(open.start.saturating_sub(1)));
        let back = self.filled - self.home;
        debug_assert!(keep >= back, "the history has room for what is kept");
        let keep = keep.max(back);
        self.lines.at(self.buffer.get(..self.filled).unwrap_or_default(), keep);
        self.buffer.copy_within(keep..self.filled, keep - back);
        self.filled -= back;
        self.scanned -= back;
        self.lines.shift(back);
        self.cutter.shift(back);
    }
}
