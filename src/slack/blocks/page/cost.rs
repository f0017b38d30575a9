//! What a text costs in a message, and how much of it fits.

use serde_json::Value;

use crate::answer::{Inline, Span, visible};

/// What the JSON around a piece of text costs.
pub const AROUND: usize = 50;
/// What the JSON around a block or a part of one costs.
pub const FRAME: usize = 60;

/// What a text costs: its bytes, and the escapes that JSON adds. Slack does not say how it counts; this is never less than
/// its characters.
pub fn cost(text: &str) -> usize {
    text.chars().map(cost_of_char).sum()
}

fn cost_of_char(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\t' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    }
}

/// What a finished block costs.
pub fn cost_of(block: &Value) -> usize {
    cost(&block.to_string())
}

/// What a sentence costs as a block.
pub fn inline_cost(inline: &Inline) -> usize {
    let span = |span: &Span| match span {
        Span::Plain(text) | Span::Code(text) => AROUND + cost(text),
        Span::Channel(channel) => AROUND + cost(channel.as_str()),
    };
    2 * FRAME + inline.spans().iter().map(span).sum::<usize>()
}

/// The longest beginning of a text that costs no more than `limit`.
pub fn cut_at(text: &str, limit: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += cost_of_char(*c);
        used > limit
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// The text on one line, without what moves a cursor or turns the writing around.
pub fn one_line(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// The text with its line breaks, otherwise as [`one_line`] leaves it.
pub fn lines(text: &str) -> String {
    text.chars().filter(|c| *c != '\r').map(|c| if c == '\n' || c == '\t' { c } else { visible(c) }).collect()
}
