//! Drawing the picture as a PNG. Everything is as large as a phone needs that shows it a third as wide.

use std::sync::Once;

use jiff::civil::Date;
use plotters::{
    backend::{BitMapBackend, DrawingBackend},
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _},
    element::Rectangle,
    style::{
        Color as _, FontStyle, IntoFont as _, RGBColor, TextStyle, register_font,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Picture,
    palette::{self, BAND, CARD, INK, LINE, QUIET},
};

/// Pixels across.
pub const WIDTH: u32 = 1080;
/// Pixels down.
pub const HEIGHT: u32 = 900;

static FONT: &[u8] = include_bytes!("DejaVuSans.ttf");
const FAMILY: &str = "DejaVu Sans";

/// Pixels of a letter; a phone shows a third of it.
const TITLE: i32 = 44;
const TEXT: i32 = 34;
/// Pixels around everything.
const MARGIN: i32 = 40;
/// Where the bars stand.
const LEFT: i32 = 120;
const TOP: i32 = 120;
const BOTTOM: i32 = 600;
/// Rows of the legend.
const LEGEND: i32 = 690;
const LEGEND_STEP: i32 = 66;
/// More characters of a label than ever fit.
const MOST: usize = 60;
/// Where a label begins, behind its colour.
const LABEL: i32 = 46;

/// Why a picture could not be drawn. Never expected: the picture's text says the same.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the picture: {0}")]
pub struct DrawError(String);

/// The picture as a PNG of [`WIDTH`] by [`HEIGHT`] pixels.
pub fn png(picture: &Picture) -> Result<Vec<u8>, DrawError> {
    let mut pixels = vec![0; (WIDTH * HEIGHT * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (WIDTH, HEIGHT)).into_drawing_area();
        Canvas { area: &area }.draw(picture).map_err(|error| DrawError(error.to_string()))?;
        area.present().map_err(|error| DrawError(error.to_string()))?;
    }
    encode(&pixels)
}

fn encode(pixels: &[u8]) -> Result<Vec<u8>, DrawError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let bad = |error: png::EncodingError| DrawError(error.to_string());
    let mut writer = encoder.write_header().map_err(bad)?;
    writer.write_image_data(pixels).map_err(bad)?;
    writer.finish().map_err(bad)?;
    Ok(out)
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<<BitMapBackend<'static> as DrawingBackend>::ErrorType>>;

struct Canvas<'a, 'b> {
    area: &'a Area<'b>,
}

/// What the bars are measured by.
struct Scale {
    days: i32,
    most: u32,
}

impl Scale {
    fn left(&self, day: i32) -> i32 {
        let width = WIDTH.cast_signed() - MARGIN - LEFT;
        LEFT + width * day / self.days.max(1)
    }

    fn height(&self, count: u32) -> i32 {
        let height = u64::from(count) * u64::from((BOTTOM - TOP).cast_unsigned()) / u64::from(self.most.max(1));
        BOTTOM - i32::try_from(height).unwrap_or_default()
    }
}

impl Canvas<'_, '_> {
    fn draw(&self, picture: &Picture) -> Drawn {
        self.area.fill(&CARD)?;
        self.text(&picture.title, TITLE, INK, (MARGIN, MARGIN), HPos::Left)?;
        let totals = picture.totals();
        let step = step(totals.iter().copied().max().unwrap_or_default());
        let most = totals.iter().copied().max().unwrap_or_default().div_ceil(step).max(1).saturating_mul(step);
        let scale = Scale { days: i32::try_from(picture.days()).unwrap_or(i32::MAX), most };
        self.rectangle((scale.left(scale.days - 7), TOP), (scale.left(scale.days), BOTTOM), BAND)?;
        for line in 0..=most / step {
            let (count, y) = (line * step, scale.height(line * step));
            self.rectangle((LEFT, y), (WIDTH.cast_signed() - MARGIN, y + 2), LINE)?;
            self.text(&count.to_string(), TEXT, QUIET, (LEFT - 16, y - TEXT / 2), HPos::Right)?;
        }
        self.bars(picture, &scale)?;
        self.weeks(picture.first, &scale)?;
        for (number, series) in picture.series.iter().enumerate() {
            self.label(number, &series.label)?;
        }
        Ok(())
    }

    fn bars(&self, picture: &Picture, scale: &Scale) -> Drawn {
        for day in 0..picture.days() {
            let at = i32::try_from(day).unwrap_or_default();
            let (left, right) = (scale.left(at) + 3, scale.left(at + 1) - 3);
            let mut below = 0_u32;
            for (number, series) in picture.series.iter().enumerate() {
                let count = series.counts.get(day).copied().unwrap_or_default();
                let (bottom, top) = (scale.height(below), scale.height(below.saturating_add(count)));
                below = below.saturating_add(count);
                // A gap of the card's colour tells neighbours apart without their colours.
                let gap = if bottom - top > 6 { 2 } else { 0 };
                if count > 0 {
                    self.rectangle((left, top + gap), (right, bottom.max(top + gap + 1)), palette::series(number))?;
                }
            }
        }
        self.rectangle((LEFT, BOTTOM), (WIDTH.cast_signed() - MARGIN, BOTTOM + 3), QUIET)
    }

    /// The first day of each week, under its bar.
    fn weeks(&self, first: Date, scale: &Scale) -> Drawn {
        for week in 0..scale.days / 7 {
            let Ok(date) = first.checked_add(jiff::Span::new().weeks(week)) else { continue };
            let x = scale.left(week * 7);
            self.rectangle((x, BOTTOM), (x + 3, BOTTOM + 14), QUIET)?;
            self.text(&date.strftime("%-d %b").to_string(), TEXT, QUIET, (x + 12, BOTTOM + 12), HPos::Left)?;
        }
        Ok(())
    }

    fn label(&self, number: usize, label: &str) -> Drawn {
        let at = i32::try_from(number).unwrap_or_default();
        let x = if at % 2 == 0 { MARGIN } else { WIDTH.cast_signed() / 2 + MARGIN / 2 };
        let y = LEGEND + at / 2 * LEGEND_STEP;
        let room = (WIDTH.cast_signed() - MARGIN) / 2 - MARGIN - LABEL;
        self.rectangle((x, y + 4), (x + 30, y + 34), palette::series(number))?;
        self.text(&short(label, room), TEXT, INK, (x + LABEL, y), HPos::Left)
    }

    fn text(&self, text: &str, size: i32, colour: RGBColor, at: (i32, i32), side: HPos) -> Drawn {
        font();
        let style = TextStyle::from((FAMILY, size).into_font()).color(&colour).pos(Pos::new(side, VPos::Top));
        self.area.draw_text(text, &style, at)
    }

    fn rectangle(&self, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Drawn {
        self.area.draw(&Rectangle::new([from, to], colour.filled()))
    }
}

fn font() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        if register_font(FAMILY, FontStyle::Normal, FONT).is_err() {
            tracing::error!("the font inside this program is damaged");
        }
    });
}

/// Between two lines: 1, 2 or 5 and noughts, so that there are at most six of them.
fn step(most: u32) -> u32 {
    let mut step = 1_u32;
    for factor in [2, 5, 10].iter().cycle().take(27) {
        if most.div_ceil(step) <= 5 {
            break;
        }
        let power = 10_u32.saturating_pow(step.checked_ilog10().unwrap_or_default());
        step = power.saturating_mul(*factor);
    }
    step
}

/// As much of a label as fits so many pixels.
fn short(label: &str, room: i32) -> String {
    font();
    let style = (FAMILY, TEXT).into_font();
    let fits = |text: &str| style.box_size(text).is_ok_and(|(width, _)| i32::try_from(width).is_ok_and(|w| w <= room));
    if fits(label) {
        return label.to_owned();
    }
    let mut kept: String = label.chars().take(MOST).collect();
    while !kept.is_empty() && !fits(&format!("{kept}…")) {
        kept.pop();
    }
    format!("{}…", kept.trim_end())
}
