//! Colours that people tell apart whatever colours they see, on a card of its own so that it reads the same on a light and on
//! a dark page.

use plotters::style::RGBColor;

/// The card.
pub(super) const CARD: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// Words and numbers: 15 to 1 on the card.
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
/// Words that may stand back: 6 to 1.
pub(super) const QUIET: RGBColor = RGBColor(0x57, 0x60, 0x6a);
/// Lines.
pub(super) const LINE: RGBColor = RGBColor(0xd8, 0xde, 0xe4);
/// Behind the days of the last week.
pub(super) const BAND: RGBColor = RGBColor(0xf0, 0xf3, 0xf6);

/// By Okabe and Ito (2008), in an order in which neighbours also differ in brightness; the last is for all the rest.
const SERIES: [RGBColor; super::SERIES] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x8c, 0x95, 0x9f),
];

/// The colour of a series.
pub(super) fn series(number: usize) -> RGBColor {
    SERIES.get(number).or(SERIES.last()).copied().unwrap_or(INK)
}
