//! A reply for a terminal: its blocks below each other, its choices numbered.

use super::{LABEL, MIN_WIDTH, Page, Paint, QUOTE, TITLE, text};
use crate::answer::reply::{Block, Reply};

/// The reply as text, with a line break at the end. Its choices are numbered from 1 through all rows.
#[must_use]
pub fn reply(reply: &Reply, width: usize, paint: Paint) -> String {
    let mut page = Page { out: String::with_capacity(2000), width: width.max(MIN_WIDTH), paint };
    let mut before: Option<&Block> = None;
    for block in reply.blocks.iter().filter(|block| !matches!(block, Block::Place(_))) {
        let list = matches!((before, block), (Some(Block::Item(_)), Block::Item(_)));
        let headed = matches!(before, Some(Block::Heading(_)));
        if before.is_some() && !list && !headed {
            page.out.push('\n');
        }
        page.block(block);
        before = Some(block);
    }
    let mut number = 0;
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
    fn block(&mut self, block: &Block) {
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
