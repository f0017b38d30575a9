//! A reply for a terminal: its blocks below each other, its choices numbered.

use super::{LABEL, MIN_WIDTH, Page, Paint, QUOTE, TITLE, text};
use crate::answer::{
    picture::Picture,
    reply::{Block, Reply, Row},
};

/// The reply as text, with a line break at the end. Its choices are numbered from 1 through all rows.
#[must_use]
pub fn reply(reply: &Reply, width: usize, paint: Paint) -> String {
    let mut page = Page { out: String::with_capacity(2000), width: width.max(MIN_WIDTH), paint };
    let mut before: Option<&Block> = None;
    let mut number = 0;
    for block in reply.blocks.iter().filter(|block| !matches!(block, Block::Place(_))) {
        let list = matches!((before, block), (Some(Block::Item(_) | Block::Row(_)), Block::Item(_) | Block::Row(_)));
        let headed = matches!(before, Some(Block::Heading(_)));
        if before.is_some() && !list && !headed {
            page.out.push('\n');
        }
        page.block(block, &mut number);
        before = Some(block);
    }
    for row in &reply.rows {
        if row.choices.is_empty() {
            continue;
        }
        page.out.push('\n');
        if let Some(question) = &row.question {
            page.prose("", 2, question);
        }
        let labels: Vec<String> = row
            .choices
            .iter()
            .map(|choice| {
                number += 1;
                format!("[{number}] {}", choice.label)
            })
            .collect();
        page.flow(&labels);
    }
    page.out
}

impl Page {
    /// Writes a block; `number` is that of the last choice so far.
    fn block(&mut self, block: &Block, number: &mut usize) {
        match block {
            Block::Heading(heading) => {
                self.styled(TITLE, heading);
                self.out.push('\n');
            }
            Block::Say(sentence) => self.prose("", 0, sentence),
            Block::Item(item) => self.prose("  - ", 4, item),
            Block::Quote(quote) => {
                for line in quote.lines() {
                    self.out.push_str("  | ");
                    let shown: String = line.chars().map(super::super::inline::visible).collect();
                    self.styled(QUOTE, &shown);
                    self.out.push('\n');
                }
            }
            Block::Answer(answer) => {
                let page = text(answer, self.width, self.paint);
                self.out.push_str(&page);
            }
            // There is nothing to follow on a screen: it stands above.
            Block::Place(_) => {}
            Block::Row(row) => self.row(row, number),
            Block::Picture(picture) => self.picture(picture),
        }
    }

    fn row(&mut self, row: &Row, number: &mut usize) {
        self.prose("  - ", 4, &row.text);
        if let Some(note) = &row.note {
            self.prose("    ", 4, note);
        }
        if let Some(choice) = &row.choice {
            *number += 1;
            self.out.push_str("    ");
            self.styled(LABEL, &format!("[{number}] {}", choice.label));
            self.out.push('\n');
        }
    }

    /// A bar of eighths for each day, and the same in words.
    fn picture(&mut self, picture: &Picture) {
        self.styled(LABEL, &picture.title);
        self.out.push('\n');
        let most = picture.series.iter().flat_map(|series| &series.counts).copied().max().unwrap_or_default();
        for series in &picture.series {
            let bars: String = series.counts.iter().map(|count| bar(*count, most)).collect();
            let sum = series.counts.iter().fold(0_u32, |sum, count| sum.saturating_add(*count));
            let label: String = series.label.chars().map(super::super::inline::visible).collect();
            self.out.extend(["  ", &bars, " ", &sum.to_string(), " ", &label, "\n"]);
        }
    }

    /// Short pieces beside each other, as many as fit a line.
    fn flow(&mut self, pieces: &[String]) {
        let mut used = 0;
        for piece in pieces {
            let length = piece.chars().count();
            if used > 0 && used + 3 + length > self.width {
                self.out.push('\n');
                used = 0;
            }
            self.out.push_str(if used == 0 { "  " } else { "   " });
            used += length + 3;
            self.styled(LABEL, piece);
        }
        self.out.push('\n');
    }
}

/// A count as the part of a line's height, so that one is seen and nothing is a dot.
fn bar(count: u32, most: u32) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let height = (u64::from(count) * 8).div_ceil(u64::from(most.max(1)));
    let bar = usize::try_from(height).ok().and_then(|height| BARS.get(height.checked_sub(1)?));
    bar.copied().unwrap_or('·')
}
