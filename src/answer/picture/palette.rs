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

/// Five of the colours of Okabe and Ito (2008), made for people who lack any one kind of cones, and a pale grey for all the rest.
/// Their green and their purple are left out: beside a grey, and beside each other, whoever lacks the second kind sees three greys.
/// Neighbours also differ in brightness, for whoever sees no colours at all.
const SERIES: [RGBColor; super::SERIES] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    INK,
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0xc4, 0xca, 0xd0),
];

/// The colour of a series.
pub(super) fn series(number: usize) -> RGBColor {
    SERIES.get(number).or(SERIES.last()).copied().unwrap_or(INK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the three kinds of cones see a colour, and how people see it who lack the first, the second or the third kind, by
    /// Machado, Oliveira and Fernandes (2009).
    const EYES: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ];

    fn times(matrix: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// A colour in Ottosson's Oklab, where distances are about as large as they look: black and white are 1 apart.
    fn seen(RGBColor(red, green, blue): RGBColor, eyes: [[f64; 3]; 3]) -> [f64; 3] {
        let linear = |channel: u8| ((f64::from(channel) / 255.0 + 0.055) / 1.055).powf(2.4);
        let light = times(eyes, [red, green, blue].map(linear)).map(|part| part.clamp(0.0, 1.0));
        let cones = [
            [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
            [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
            [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
        ];
        let lab = [
            [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
        ];
        times(lab, times(cones, light).map(f64::cbrt))
    }

    #[test]
    fn series_are_told_apart_whatever_colours_somebody_sees() {
        let mut pairs = 0;
        for eyes in EYES {
            for (n, one) in SERIES.iter().enumerate() {
                for other in SERIES.iter().skip(n + 1) {
                    let (one, other) = (seen(*one, eyes), seen(*other, eyes));
                    let apart = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(apart > 0.1, "{one:?} and {other:?} look alike: {apart:.3}");
                    pairs += 1;
                }
            }
        }
        assert_eq!(pairs, 60);
    }
}
