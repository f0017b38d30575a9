//! A page of blocks that grows until it is full. What does not fit is left out, and the page says so at its end.

use serde_json::{Value, json};

use crate::{
    answer::{Inline, Span, slack as words},
    message::{ChannelId, Platform},
};

mod cost;

pub(super) use cost::{cost, cost_of, cut_at, inline_cost, one_line};

use cost::{AROUND, FRAME, lines};

/// What a message may cost; see `cost`. Slack refuses blocks past some 13,200 characters, containers and keys counted, and
/// documents no number.
pub const SIZE: usize = 10_000;
/// What a message costs at most that Slack takes in any case.
pub const SMALL: usize = 2_500;
/// What one piece of text may cost. Sections end at 3,000.
const PIECE: usize = 3_000;
/// Blocks of a message.
pub const BLOCKS: usize = 50;
/// Characters of a header.
pub const HEADER: usize = 150;
/// Characters of the words that stand for a picture; Slack takes 2,000.
const ALT: usize = 1000;

/// Blocks below each other.
pub(super) struct Page {
    blocks: Vec<Value>,
    /// What may still be spent.
    room: usize,
    /// How many blocks there may be, one for the note that something was cut included.
    most: usize,
    cut: bool,
}

impl Page {
    pub(super) fn new(size: usize, most: usize) -> Self {
        let note = 2 * FRAME + AROUND + cost(words::cut());
        Self { blocks: Vec::new(), room: size.saturating_sub(note), most, cut: false }
    }

    /// The blocks, and a note if something is missing.
    pub(super) fn end(mut self) -> Vec<Value> {
        if self.cut {
            self.blocks.push(json!({ "type": "rich_text", "elements": [section(&[text(words::cut(), false)])] }));
        }
        self.blocks
    }

    /// Whether one more block fits; the last place is the note's.
    fn fits(&mut self) -> bool {
        let fits = self.blocks.len() + 1 < self.most.max(2) && self.room > 2 * FRAME && !self.cut;
        self.cut |= !fits;
        fits
    }

    pub(super) fn header(&mut self, heading: &str) {
        let heading = one_line(heading);
        let heading = heading.trim();
        if heading.is_empty() || !self.fits() {
            return;
        }
        let shown = cut_at(heading, HEADER.min(self.room - FRAME));
        let shown = if shown.len() < heading.len() {
            format!("{}…", cut_at(heading, (HEADER - 3).min(self.room - FRAME)))
        } else {
            shown.to_owned()
        };
        self.room = self.room.saturating_sub(FRAME + AROUND + cost(&shown));
        self.blocks.push(json!({ "type": "header", "text": super::plain_text(&shown) }));
    }

    pub(super) fn inline(&mut self, label: &str, inline: &Inline) {
        self.paragraph(|p| {
            if !label.is_empty() {
                p.label(label);
            }
            p.spans(inline);
        });
    }

    /// One more entry of a list; entries that follow each other are one list.
    pub(super) fn item(&mut self, inline: &Inline) {
        let goes_on = self.blocks.last().is_some_and(is_list);
        if !goes_on && !self.fits() {
            return;
        }
        let before = if goes_on { self.blocks.pop() } else { None };
        let before = before.as_ref().and_then(|list| list.pointer("/elements/0/elements")).and_then(Value::as_array);
        let mut entries = before.cloned().unwrap_or_default();
        let mut p = Paragraph { page: self, elements: Vec::new(), line: Vec::new() };
        p.spans(inline);
        let line = std::mem::take(&mut p.line);
        if !line.is_empty() {
            self.room = self.room.saturating_sub(FRAME);
            entries.push(section(&line));
        }
        if !entries.is_empty() {
            self.blocks.push(json!({ "type": "rich_text", "elements": [bullets(&entries)] }));
        }
    }

    pub(super) fn quote(&mut self, quote: &str) {
        self.paragraph(|p| {
            let kept = p.page.take(&lines(quote.trim_end()));
            if !kept.trim().is_empty() {
                p.push(json!({ "type": "rich_text_quote", "elements": [text(&kept, false)] }));
            }
        });
    }

    /// A button by itself; made with a number that no other block has.
    pub(super) fn button(&mut self, make: impl FnOnce(usize) -> Value) {
        if !self.fits() {
            return;
        }
        let block = json!({ "type": "actions", "elements": [make(self.blocks.len())] });
        self.room = self.room.saturating_sub(cost_of(&block));
        self.blocks.push(block);
    }

    /// A picture that was uploaded.
    pub(super) fn picture(&mut self, file: &str, alt: &str) {
        if !self.fits() {
            return;
        }
        let alt = one_line(cut_at(alt, ALT));
        let alt = if alt.trim().is_empty() { words::title().to_owned() } else { alt };
        let block = json!({ "type": "image", "slack_file": { "id": file }, "alt_text": alt });
        self.room = self.room.saturating_sub(cost_of(&block));
        self.blocks.push(block);
    }

    /// A block of rich text.
    pub(super) fn paragraph(&mut self, write: impl FnOnce(&mut Paragraph<'_>)) {
        if !self.fits() {
            return;
        }
        self.room = self.room.saturating_sub(FRAME);
        let mut p = Paragraph { page: self, elements: Vec::new(), line: Vec::new() };
        write(&mut p);
        p.line();
        let elements = p.elements;
        if !elements.is_empty() {
            self.blocks.push(json!({ "type": "rich_text", "elements": elements }));
        }
    }

    /// As much of a text as there is room for.
    fn take(&mut self, text: &str) -> String {
        if self.cut {
            return String::new();
        }
        let room = self.room.saturating_sub(AROUND).min(PIECE);
        let kept = cut_at(text, room);
        if kept.len() == text.len() {
            self.room = self.room.saturating_sub(AROUND + cost(kept));
            return kept.to_owned();
        }
        // What comes after a cut would read as if it followed.
        self.cut = true;
        let kept = cut_at(text, room.saturating_sub(3)).trim_end();
        if kept.is_empty() { String::new() } else { format!("{kept}…") }
    }
}

fn is_list(block: &Value) -> bool {
    block.pointer("/elements/0/type").and_then(Value::as_str) == Some("rich_text_list")
}

fn section(elements: &[Value]) -> Value {
    json!({ "type": "rich_text_section", "elements": elements })
}

fn bullets(entries: &[Value]) -> Value {
    json!({ "type": "rich_text_list", "style": "bullet", "elements": entries })
}

fn text(text: &str, bold: bool) -> Value {
    if bold {
        json!({ "type": "text", "text": text, "style": { "bold": true } })
    } else {
        json!({ "type": "text", "text": text })
    }
}

/// A block of rich text while it is written.
pub(super) struct Paragraph<'a> {
    page: &'a mut Page,
    elements: Vec<Value>,
    line: Vec<Value>,
}

impl Paragraph<'_> {
    /// Ends the line that is being written.
    pub(super) fn line(&mut self) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.push(section(&line));
        }
    }

    fn push(&mut self, element: Value) {
        self.page.room = self.page.room.saturating_sub(FRAME);
        self.elements.push(element);
    }

    /// A line of its own in bold.
    pub(super) fn heading(&mut self, heading: &str) {
        self.line();
        self.piece(heading, |kept| text(kept, true));
        self.line();
    }

    /// The bold beginning of a line.
    pub(super) fn label(&mut self, label: &str) {
        self.line();
        self.piece(&words::label(label), |kept| text(kept, true));
    }

    /// Words.
    pub(super) fn text(&mut self, words: &str) {
        self.piece(words, |kept| text(kept, false));
    }

    /// A sentence with its code.
    pub(super) fn spans(&mut self, inline: &Inline) {
        for span in inline.spans() {
            match span {
                Span::Plain(words) => self.piece(&one_line(words), |kept| text(kept, false)),
                Span::Code(code) => self
                    .piece(&one_line(code), |kept| json!({ "type": "text", "text": kept, "style": { "code": true } })),
                Span::Channel(channel) => self.channel(channel),
            }
        }
    }

    /// A channel, which Slack shows by its name to whoever may know it.
    fn channel(&mut self, channel: &ChannelId) {
        if !Platform::Slack.could_name(channel) {
            return self.text(&format!("#{channel}"));
        }
        // A part of an id names nothing.
        if AROUND + cost(channel.as_str()) > self.page.room {
            self.page.cut = true;
        } else if !self.page.cut {
            self.page.room = self.page.room.saturating_sub(AROUND + cost(channel.as_str()));
            self.line.push(json!({ "type": "channel", "channel_id": channel.as_str() }));
        }
    }

    /// An address of our own choosing.
    pub(super) fn link(&mut self, url: &str, label: &str) {
        let room = self.page.room.saturating_sub(2 * AROUND);
        if cost(url) + cost(label) > room {
            self.page.cut = true;
            return;
        }
        self.page.room = self.page.room.saturating_sub(2 * AROUND + cost(url) + cost(label));
        self.line.push(json!({ "type": "link", "url": url, "text": label }));
    }

    /// What is typed or was printed, to be copied as it is.
    pub(super) fn code(&mut self, code: &str) {
        self.line();
        let kept = self.page.take(lines(code).trim_end());
        if !kept.trim().is_empty() {
            self.push(json!({ "type": "rich_text_preformatted", "elements": [text(&kept, false)] }));
        }
    }

    /// One entry of a list.
    pub(super) fn item(&mut self, inline: &Inline) {
        self.line();
        self.spans(inline);
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        self.page.room = self.page.room.saturating_sub(FRAME);
        let list =
            self.elements.last_mut().filter(|last| last.get("type").and_then(Value::as_str) == Some("rich_text_list"));
        match list.and_then(|list| list.get_mut("elements")).and_then(Value::as_array_mut) {
            Some(entries) => entries.push(section(&line)),
            None => self.push(bullets(&[section(&line)])),
        }
    }

    fn piece(&mut self, text: &str, element: impl FnOnce(&str) -> Value) {
        let kept = self.page.take(text);
        if !kept.is_empty() {
            self.line.push(element(&kept));
        }
    }
}
