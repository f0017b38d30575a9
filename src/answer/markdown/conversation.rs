//! A reply as Markdown, for files and pages: its choices are left out.

use super::{markdown, push_heading, push_inline, push_text};
use crate::answer::{
    picture::Picture,
    reply::{Block, Reply, Row},
};

/// The reply as Markdown, with a line break at the end.
#[must_use]
pub fn reply(reply: &Reply) -> String {
    let mut out = String::with_capacity(1500);
    let mut before: Option<&Block> = None;
    for block in reply.blocks.iter().filter(|block| !matches!(block, Block::Place(_))) {
        let list = |block: &Block| matches!(block, Block::Item(_) | Block::Row(_));
        if before.is_some_and(|before| !(list(before) && list(block))) {
            out.push('\n');
        }
        push_block(&mut out, block);
        before = Some(block);
    }
    out
}

fn push_block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(heading) => {
            let mut plain = String::new();
            push_text(&mut plain, heading);
            push_heading(out, &plain);
        }
        Block::Say(sentence) => {
            push_inline(out, sentence);
            out.push('\n');
        }
        Block::Item(item) => {
            out.push_str("- ");
            push_inline(out, item);
            out.push('\n');
        }
        Block::Quote(quote) => super::push_fence(out, quote),
        Block::Answer(answer) => out.push_str(&markdown(answer)),
        Block::Place(_) => {}
        Block::Row(row) => push_row(out, row),
        Block::Picture(picture) => push_picture(out, picture),
    }
}

fn push_row(out: &mut String, row: &Row) {
    out.push_str("- ");
    push_inline(out, &row.text);
    if let Some(note) = &row.note {
        out.push_str("  \n  ");
        push_inline(out, note);
    }
    out.push('\n');
}

/// There is no file beside the text, so the picture is there in words.
fn push_picture(out: &mut String, picture: &Picture) {
    push_text(out, &picture.alt);
    out.push('\n');
}
