//! Lines that a terminal or a frame has broken.

use super::{Mended, marker, prefix};

/// Widths at which terminals commonly wrap; one full line is enough to believe it.
const WIDTHS: &[usize] = &[72, 76, 78, 79, 80, 100, 120, 132, 160];
/// At other widths, from this one on, two full lines must show it.
const NARROWEST: usize = 60;
/// How many lines around a line are looked at to find the width.
const REACH: usize = 24;
/// The most pieces one line may have been broken into.
const PIECES: usize = 48;

/// How many lines from the first one on are one line that was broken; at least 1.
pub(super) fn parts(text: &str, lines: &[Mended]) -> usize {
    let Some(first) = lines.first() else { return 1 };
    let line = at(text, first);
    if is_frame_start(line) {
        return 1 + lines.iter().skip(1).take(PIECES).take_while(|l| is_frame_rest(at(text, l))).count();
    }
    if line.len() < NARROWEST || !marker::is_telling(line) {
        return 1;
    }
    let width = line.chars().count();
    // Where a prefix was put before each line, a line with one is no rest of the line above.
    let prefixed = prefix::has(line);
    let mut parts = 1;
    for pair in lines.windows(2).take(PIECES) {
        let [this, next] = pair else { break };
        let (this, next) = (at(text, this), at(text, next));
        if this.chars().count() != width || next.is_empty() || next.chars().count() > width || marker::begins(next) {
            break;
        }
        if prefixed && prefix::has(next) {
            break;
        }
        parts += 1;
    }
    let believed = WIDTHS.contains(&width)
        || parts > 2
        || lines.iter().skip(parts).take(REACH).filter(|l| at(text, l).chars().count() == width).count() > 0;
    if believed && width >= NARROWEST { parts } else { 1 }
}

/// Adds the next piece of a broken line.
pub(super) fn append(joined: &mut String, piece: &str) {
    if joined.is_empty() || !is_frame_rest(piece) {
        joined.push_str(piece);
        return;
    }
    // Frames break at blanks, which they drop, and inside addresses, where nothing is dropped.
    let piece = piece.trim_start_matches([' ', '│']);
    if !joined.ends_with(['/', '-', '=', '?', '&', '%']) {
        joined.push(' ');
    }
    joined.push_str(piece);
}

fn at<'a>(text: &'a str, line: &Mended) -> &'a str {
    text.get(line.range.clone()).unwrap_or_default()
}

/// A line of a box-drawing frame that begins a message: `  ├─▶ …`, `  × …`, `  ╰─▶ …`.
fn is_frame_start(line: &str) -> bool {
    let line = line.trim_start();
    ["├─", "╰─", "×"].iter().any(|start| line.starts_with(start)) && line.contains(' ')
}

/// A line of a frame that continues the message above it: `  │   …`.
fn is_frame_rest(line: &str) -> bool {
    line.strip_prefix("  ")
        .and_then(|l| l.strip_prefix('│'))
        .is_some_and(|rest| rest.starts_with(' ') && !rest.trim().is_empty() && !marker::begins(rest.trim_start()))
}
