//! All views of one text, each laid over another or over the text itself.

use std::ops::Range;

use super::view::View;
use super::{escapes, wraps};

/// So many layers of escapes are undone: JSON in HTML, JSON in JSON.
const NESTED: usize = 3;

/// A text and the views of it that differ from it.
pub(super) struct Layers<'a> {
    text: &'a [u8],
    layers: Vec<Layer>,
    /// How many of the layers, from the bottom, undo escapes.
    unescaped: usize,
    /// The text as it was before escapes were put in.
    plain: Option<usize>,
}

struct Layer {
    view: View,
    below: Option<usize>,
}

impl<'a> Layers<'a> {
    pub fn of(text: &'a [u8]) -> Self {
        let mut all = Self {
            text,
            layers: Vec::new(),
            unescaped: 0,
            plain: None,
        };
        let signs = escapes::signs(text);
        let mut plain = None;
        if signs.odd {
            for _ in 0..NESTED {
                let Some(view) = escapes::plain(all.bytes(plain)) else {
                    break;
                };
                plain = Some(all.lay(plain, view));
            }
            all.unescaped = all.layers.len();
        }
        all.plain = plain;
        let joined = wraps::joined(all.bytes(plain)).map(|view| all.lay(plain, view));
        if signs.percent || plain.is_some() {
            for below in std::iter::once(plain).chain(joined.map(Some)) {
                if let Some(view) = escapes::percent_decoded(all.bytes(below)) {
                    let view = view.with_seams_of(all.seams(below));
                    all.lay(below, view);
                }
            }
        }
        all
    }

    /// Adds the view that has blanks for the line breaks of a wrap, which matters only where there may be a secret.
    pub fn add_spaced(&mut self) {
        let Some(view) = wraps::spaced(self.bytes(self.plain)) else {
            return;
        };
        let spaced = self.lay(self.plain, view);
        if let Some(view) = escapes::percent_decoded(self.bytes(Some(spaced))) {
            self.lay(Some(spaced), view);
        }
    }

    /// The numbers of the text (none) and of its views.
    pub fn each(&self) -> impl Iterator<Item = Option<usize>> {
        std::iter::once(None).chain((0..self.layers.len()).map(Some))
    }

    /// Those that together have every literal that any of them has. A view only takes away what stands between characters,
    /// so the last one has what those below it have; but undoing an escape may take a character away from a literal.
    pub fn richest(&self) -> impl Iterator<Item = Option<usize>> {
        let escaped = (0..self.unescaped).map(|index| index.checked_sub(1));
        let last = self.layers.len().checked_sub(1);
        escaped.chain(std::iter::once(last))
    }

    pub fn bytes(&self, which: Option<usize>) -> &[u8] {
        self.layer(which)
            .map_or(self.text, |layer| &layer.view.bytes)
    }

    pub fn seams(&self, which: Option<usize>) -> &[usize] {
        self.layer(which).map_or(&[], |layer| &layer.view.seams)
    }

    /// The range of the text for a range of a view.
    pub fn to_text(&self, mut which: Option<usize>, mut range: Range<usize>) -> Range<usize> {
        while let Some(layer) = self.layer(which) {
            range = layer.view.to_parent(&range);
            which = layer.below;
        }
        range
    }

    fn lay(&mut self, below: Option<usize>, view: View) -> usize {
        self.layers.push(Layer { view, below });
        self.layers.len() - 1
    }

    fn layer(&self, which: Option<usize>) -> Option<&Layer> {
        which.and_then(|index| self.layers.get(index))
    }
}
