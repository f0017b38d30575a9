//! Finds, in bytes of any size, the few places that deserve reading, and cuts windows around them.
//!
//! Text without an anchor is never decoded, copied or looked at again. See [`super::anchors`] for what is searched.

mod cut;
mod stream;

use std::sync::OnceLock;

use super::{
    anchors::{FAILURES, Needle, Sight},
    search::Search,
    traces::{self, Trace},
};
use cut::{Cutter, LineCount, whole_lines};

pub(crate) use stream::CHUNK;
pub use stream::Scanner;

/// The longest look behind or ahead that [`Needle::holds`] and the search itself may need at a seam.
pub(super) const SEAM: usize = 1024;

/// Needles that are searched for together.
struct Group {
    search: Search,
    finders: Vec<Finder>,
}

/// What a search looks for.
enum Finder {
    Failure(&'static Needle),
    Secret(Trace),
}

impl Finder {
    fn text(&self) -> &str {
        match self {
            Self::Failure(needle) => needle.text,
            Self::Secret(trace) => &trace.stem,
        }
    }

    /// What was found at `at`, if a closer look confirms it.
    fn sight(&self, bytes: &[u8], at: usize) -> Option<Sight> {
        match self {
            Self::Failure(needle) => needle.holds(bytes, at).then(|| needle.sight()),
            Self::Secret(trace) => trace.holds(bytes, at).then_some(Sight::Secret),
        }
    }
}

fn groups() -> &'static [Group; 2] {
    static GROUPS: OnceLock<[Group; 2]> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let [alone, shared] = FAILURES.map(|needles| needles.iter().map(Finder::Failure));
        let traces = traces::traces().into_iter().map(Finder::Secret);
        [alone.collect(), shared.chain(traces).collect()]
            .map(|finders: Vec<Finder>| Group { search: Search::new(finders.iter().map(Finder::text)), finders })
    })
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
        group.search.each(part, |finder, at| {
            let at = from + at;
            if at >= to {
                return;
            }
            if let Some(sight) = group.finders.get(finder).and_then(|finder| finder.sight(bytes, at)) {
                let line = (sight == Sight::Opening).then(|| line_start(bytes, at)).flatten();
                hits.push(Hit { at, sight, line });
            }
        });
    }
}

fn line_start(bytes: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(OPENING_REACH);
    memchr::memrchr(b'\n', bytes.get(from..at)?).map(|newline| from + newline + 1)
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
    let mut emit = |span: cut::Span| {
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
