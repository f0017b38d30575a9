//! A view is a changed copy of a text that knows, for each of its bytes, which bytes of the text it stands for.

use std::ops::Range;

/// A changed copy of a text (its parent).
#[derive(Debug, Default)]
pub(super) struct View {
    pub bytes: Vec<u8>,
    pub joins: Joins,
    pieces: Vec<Piece>,
}

/// Where line breaks were taken out of a view: offsets, ascending.
#[derive(Debug, Default)]
pub(super) struct Joins {
    all: Vec<usize>,
    /// Those of them that need not have been wraps.
    loose: Vec<usize>,
}

/// No line break was taken out.
pub(super) static NO_JOINS: Joins = Joins { all: Vec::new(), loose: Vec::new() };

impl Joins {
    /// The first one at this offset or behind it.
    pub fn after(&self, offset: usize) -> Option<usize> {
        self.all.get(self.all.partition_point(|&at| at < offset)).copied()
    }

    /// The first one at this offset or behind it that need not have been a wrap.
    pub fn loose_after(&self, offset: usize) -> Option<usize> {
        self.loose.get(self.loose.partition_point(|&at| at < offset)).copied()
    }
}

/// A run of the view and the run of the parent that it stands for.
#[derive(Debug, Clone, Copy)]
struct Piece {
    at: usize,
    from: usize,
    to: usize,
    /// Byte for byte; otherwise the whole run stands for the whole run.
    copied: bool,
}

impl View {
    /// The range of the parent that a range of this view stands for.
    pub fn to_parent(&self, range: &Range<usize>) -> Range<usize> {
        let start = self
            .piece(range.start)
            .map_or(0, |piece| if piece.copied { piece.from + (range.start - piece.at) } else { piece.from });
        let last = range.end.saturating_sub(1);
        let end = self.piece(last).map_or(
            0,
            |piece| {
                if piece.copied { piece.from + (last - piece.at) + 1 } else { piece.to }
            },
        );
        start..end.max(start)
    }

    /// The offset of this view for an offset of its parent that was not changed.
    fn offset_of(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.from <= offset);
        after.checked_sub(1).and_then(|last| self.pieces.get(last)).map_or(0, |piece| {
            if piece.copied { piece.at + (offset - piece.from).min(piece.to - piece.from) } else { piece.at }
        })
    }

    fn piece(&self, offset: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.at <= offset);
        self.pieces.get(after.checked_sub(1)?)
    }

    /// Takes over the joins of the parent.
    pub fn with_joins_of(mut self, parent: &Joins) -> Self {
        let moved = |offsets: &[usize]| offsets.iter().map(|&at| self.offset_of(at)).collect();
        self.joins = Joins { all: moved(&parent.all), loose: moved(&parent.loose) };
        self
    }
}

/// Makes a view, change by change, from the front to the back.
pub(super) struct Builder<'a> {
    parent: &'a [u8],
    view: View,
    done: usize,
}

impl<'a> Builder<'a> {
    pub fn new(parent: &'a [u8]) -> Self {
        Self { parent, view: View::default(), done: 0 }
    }

    /// Leaves a range of the parent out.
    pub fn skip(&mut self, range: Range<usize>) {
        self.copy_up_to(range.start);
        self.done = range.end;
    }

    /// Puts other bytes in the place of a range of the parent.
    pub fn put(&mut self, range: Range<usize>, bytes: &[u8]) {
        self.copy_up_to(range.start);
        let at = self.view.bytes.len();
        self.view.pieces.push(Piece { at, from: range.start, to: range.end, copied: false });
        self.view.bytes.extend_from_slice(bytes);
        self.done = range.end;
    }

    /// Marks the place reached as one where a line break was taken out, which most likely was a wrap.
    pub fn join(&mut self) {
        self.view.joins.all.push(self.view.bytes.len());
    }

    /// The same for one that need not have been a wrap.
    pub fn join_loosely(&mut self) {
        self.join();
        self.view.joins.loose.push(self.view.bytes.len());
    }

    /// The view, or nothing if it would be the same as its parent.
    pub fn finish(mut self) -> Option<View> {
        if self.done == 0 && self.view.pieces.is_empty() {
            return None;
        }
        self.copy_up_to(self.parent.len());
        Some(self.view)
    }

    fn copy_up_to(&mut self, end: usize) {
        if let Some(run) = self.parent.get(self.done..end).filter(|run| !run.is_empty()) {
            if self.view.bytes.capacity() == 0 {
                self.view.bytes.reserve(self.parent.len());
            }
            let at = self.view.bytes.len();
            self.view.pieces.push(Piece { at, from: self.done, to: end, copied: true });
            self.view.bytes.extend_from_slice(run);
        }
    }
}
