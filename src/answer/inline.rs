//! A sentence with code and channels in it.

use serde::{Deserialize, Serialize};

use crate::message::ChannelId;

/// A sentence as spans, on one line and free of control characters. Entries write code in backticks; what is not closed
/// stays as written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inline {
    spans: Vec<Span>,
}

/// A part of a sentence; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// Words.
    Plain(String),
    /// Something to read letter by letter.
    Code(String),
    /// A channel, under the name that its platform shows. Nobody is told that it was named.
    Channel(ChannelId),
}

impl Inline {
    /// Reads a text with code between single backticks.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut spans = Vec::new();
        let mut parts = text.split('`').peekable();
        let mut in_code = false;
        while let Some(part) = parts.next() {
            if !in_code {
                push_plain(&mut spans, part);
            } else if parts.peek().is_none() {
                push_plain(&mut spans, "`");
                push_plain(&mut spans, part);
            } else if part.is_empty() {
                push_plain(&mut spans, "``");
            } else {
                spans.push(Span::Code(one_line(part)));
            }
            in_code = !in_code;
        }
        Self { spans }
    }

    /// Words without code.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        let mut spans = Vec::new();
        push_plain(&mut spans, text);
        Self { spans }
    }

    /// The same with a channel behind it.
    #[must_use]
    pub fn channel(mut self, channel: &ChannelId) -> Self {
        self.spans.push(Span::Channel(channel.clone()));
        self
    }

    /// The same with more behind it.
    #[must_use]
    pub fn then(mut self, more: Self) -> Self {
        for span in more.spans {
            match span {
                Span::Plain(text) => push_plain(&mut self.spans, &text),
                other => self.spans.push(other),
            }
        }
        self
    }

    /// The parts, in order.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// One string, with backticks around code.
    #[must_use]
    pub fn backticked(&self) -> String {
        let mut out = String::new();
        for span in &self.spans {
            match span {
                Span::Plain(text) => out.push_str(text),
                Span::Code(code) => push_code(&mut out, code),
                Span::Channel(channel) => out.extend(["#", channel.as_str()]),
            }
        }
        out
    }
}

fn push_plain(spans: &mut Vec<Span>, text: &str) {
    if text.is_empty() {
        return;
    }
    let text = one_line(text);
    if let Some(Span::Plain(last)) = spans.last_mut() {
        last.push_str(&text);
    } else {
        spans.push(Span::Plain(text));
    }
}

/// The text with a blank for each line break and for each other character that could move a cursor or turn the writing
/// around.
pub(super) fn one_line(text: &str) -> String {
    let plain = |b: u8| matches!(b, b' '..=b'~');
    // Looking at every byte is vector code, stopping at the first odd one is not.
    if text.bytes().fold(true, |all, b| all & plain(b)) { text.to_owned() } else { text.chars().map(visible).collect() }
}

/// A blank for a character that [`one_line`] does not let through.
pub(crate) fn visible(c: char) -> char {
    match c {
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// The longest run of backticks in a text.
pub(super) fn backtick_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for b in text.bytes() {
        run = if b == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A Markdown code span that ends where the code ends, whatever the code is.
pub(super) fn push_code(out: &mut String, code: &str) {
    if code.is_empty() {
        return;
    }
    if out.ends_with('`') {
        // Two fences side by side would read as one longer fence.
        out.push('\u{200b}');
    }
    let fence = backtick_run(code) + 1;
    let pad = if code.starts_with(['`', ' ']) || code.ends_with(['`', ' ']) { " " } else { "" };
    out.extend(std::iter::repeat_n('`', fence));
    out.extend([pad, code, pad]);
    out.extend(std::iter::repeat_n('`', fence));
}
