//! The picture of a digest: what it looks like is kept in `snapshots/digest.png`. When that changes, the new one is written beside
//! it, to be looked at on a light and on a dark page and moved over it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, io::Cursor, path::PathBuf};

use jiff::civil::date;
use npmfix::answer::picture::{HEIGHT, Picture, SERIES, Series, WIDTH, png};
use proptest::prelude::*;

fn counts(seed: u32, most: u32) -> Vec<u32> {
    (0..28).map(|day| (day * 7 + seed * 13) % 11 * most / 10 * u32::from(day % 7 < 5 || seed == 1)).collect()
}

fn picture() -> Picture {
    let labels = [
        "E401 npm.pkg.github.com",
        "E403 @acme",
        "E404 @acme/widget-server-side-rendering",
        "ENEEDAUTH npm.acme.example",
        "E401",
        "12 others",
    ];
    let series =
        labels.iter().zip(0_u32..).map(|(label, n)| Series { label: (*label).to_owned(), counts: counts(n, 9 - n) });
    Picture {
        title: "Errors by day, 26 October – 22 November 2026".to_owned(),
        alt: String::new(),
        first: date(2026, 10, 26),
        series: series.collect(),
    }
}

fn pixels(png: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (WIDTH, HEIGHT));
    pixels
}

#[test]
fn it_looks_as_it_did_and_is_small() {
    let drawn = png(&picture()).unwrap();
    assert!(drawn.len() <= 100 * 1024, "{} bytes", drawn.len());
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/digest.png");
    if fs::read(&kept).map(|kept| pixels(&kept)).ok() != Some(pixels(&drawn)) {
        let new = kept.with_extension("new.png");
        fs::write(&new, &drawn).unwrap();
        panic!("it looks different now: see {}", new.display());
    }
}

#[test]
fn a_single_error_and_nothing_at_all_are_drawn_too() {
    let one = Picture {
        series: vec![Series { label: "E401".to_owned(), counts: [vec![0; 27], vec![1]].concat() }],
        ..picture()
    };
    let none = Picture { series: Vec::new(), ..picture() };
    assert_ne!(pixels(&png(&one).unwrap()), pixels(&png(&none).unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_is_counted_and_whatever_it_is_called_is_drawn(
        series in prop::collection::vec(("\\PC{0,60}", prop::collection::vec(any::<u32>(), 0..30)), 0..=SERIES),
    ) {
        let series = series.into_iter().map(|(label, counts)| Series { label, counts }).collect();
        let drawn = png(&Picture { series, ..picture() }).unwrap();
        prop_assert!(drawn.len() <= 100 * 1024);
    }
}
