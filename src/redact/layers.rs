//! All views of one text, each laid over another or over the text itself.

use std::ops::Range;

use super::prefilter::{Ranks, broken, search};
use super::view::{Joins, NO_JOINS, View};
use super::{encodings, escapes, wraps};

/// So many layers of escapes are undone: JSON in HTML, JSON in JSON.
const NESTED: usize = 3;

/// A text and the views of it that differ from it.
pub(super) struct Layers<'a> {
    text: &'a [u8],
    views: Vec<Layer>,
    traces: Ranks,
}

struct Layer {
    view: View,
    below: Option<usize>,
}

impl<'a> Layers<'a> {
    /// The views of a text, if it or one of them has the prefix of a pattern.
    ///
    /// The views without line breaks are made only if a prefix is in one of the others or broken in two.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        let mut all = Self { text, views: Vec::new(), traces: search(text) };
        let signs = escapes::signs(text);
        let mut plain = None;
        if signs.odd {
            for _ in 0..NESTED {
                let view = escapes::plain(all.bytes(plain));
                let Some(next) = all.lay(plain, view) else {
                    break;
                };
                plain = Some(next);
            }
        }
        let percent = signs.percent || plain.is_some();
        if percent {
            all.lay_decoded(plain);
        }
        if all.traces == 0 && !all.each().any(|which| broken(all.bytes(which))) {
            return None;
        }
        for unwrapped in [wraps::joined, wraps::spaced] {
            let view = unwrapped(all.bytes(plain));
            let unwrapped = all.lay(plain, view);
            if percent && unwrapped.is_some() {
                all.lay_decoded(unwrapped);
            }
        }
        (all.traces != 0).then_some(all)
    }

    /// The patterns of which there is a prefix.
    pub fn traces(&self) -> Ranks {
        self.traces
    }

    /// The numbers of the text (none) and of its views.
    pub fn each(&self) -> impl Iterator<Item = Option<usize>> + use<> {
        std::iter::once(None).chain((0..self.views.len()).map(Some))
    }

    pub fn bytes(&self, which: Option<usize>) -> &[u8] {
        self.layer(which).map_or(self.text, |layer| &layer.view.bytes)
    }

    pub fn joins(&self, which: Option<usize>) -> &Joins {
        self.layer(which).map_or(&NO_JOINS, |layer| &layer.view.joins)
    }

    /// The range of the text for a range of a view.
    pub fn to_text(&self, mut which: Option<usize>, mut range: Range<usize>) -> Range<usize> {
        while let Some(layer) = self.layer(which) {
            range = layer.view.to_parent(&range);
            which = layer.below;
        }
        range
    }

    fn lay(&mut self, below: Option<usize>, view: Option<View>) -> Option<usize> {
        let view = view?;
        self.traces |= search(&view.bytes);
        self.views.push(Layer { view, below });
        Some(self.views.len() - 1)
    }

    fn lay_decoded(&mut self, below: Option<usize>) {
        let view = encodings::percent_decoded(self.bytes(below));
        let view = view.map(|view| view.with_joins_of(self.joins(below)));
        self.lay(below, view);
    }

    fn layer(&self, which: Option<usize>) -> Option<&Layer> {
        which.and_then(|index| self.views.get(index))
    }
}
