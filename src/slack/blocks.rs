//! A reply → Block Kit, and the text that notifications and screen readers use instead.
//!
//! Whatever people or entries wrote goes into rich text and plain text, where Slack reads no mark-up: nothing has to be escaped
//! there, no ping, link or emoji can come alive, and a backtick in a command stays one when it is copied. No mrkdwn is written at
//! all, except for the fallback text, which is escaped.
//!
//! `page`: what fits into a message, and that a cut is said.

use serde_json::{Value, json};

use crate::{
    answer::{
        Answer, AnswerStep, Inline,
        reply::{Block, Choice, ChoiceRow, Reply, Row},
        slack as words,
        text::{self, Paint},
        words as common,
    },
    message::{MessageId, MessageRef},
};

mod page;

pub use page::{BLOCKS, HEADER, SIZE, SMALL};
use page::{Page, Paragraph};

/// Characters of the fallback text. Slack asks for less than 4,000.
pub const TEXT: usize = 3800;
/// Characters on a button.
pub const BUTTON: usize = 75;
/// Characters of a button's `value` that are used; Slack takes 2,000, an option of a menu 150.
pub const VALUE: usize = 150;
/// Buttons beside each other. Slack takes 25; more than a handful is a menu.
const BUTTONS: usize = 5;
/// Options of a menu.
const OPTIONS: usize = 100;
/// What stands before a parcel's key in the id of the message's first block.
const KEY: &str = "npmfix-";

/// What a message holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Block Kit.
    pub blocks: Vec<Value>,
    /// The same in words, for where no blocks are shown; already escaped.
    pub text: String,
}

/// What a message takes from around it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    /// The workspace's address with its last slash, for links to messages.
    pub site: Option<&'a str>,
    /// The files of the reply's pictures, in order, as far as they are uploaded.
    pub files: &'a [Option<String>],
}

/// A message in the thread of another, or one that only one person sees. With a `key` it can be told when it comes back.
#[must_use]
pub fn message(reply: &Reply, key: Option<&str>, around: Around<'_>) -> Message {
    let mut blocks = blocks(reply, around, SIZE);
    mark(&mut blocks, key);
    Message { blocks, text: fallback(reply) }
}

/// The same, small and plain: for when Slack refuses the message as it should be.
#[must_use]
pub fn small(reply: &Reply, key: Option<&str>) -> Message {
    let text = plain(reply);
    let kept = page::cut_at(text.trim(), SMALL);
    let kept = if kept.len() < text.trim().len() { format!("{kept}…\n{}", words::cut()) } else { kept.to_owned() };
    let kept = if kept.is_empty() { words::title().to_owned() } else { kept };
    let mut blocks = vec![json!({ "type": "section", "text": plain_text(&kept) })];
    mark(&mut blocks, key);
    Message { blocks, text: fallback(reply) }
}

/// The blocks of a reply, for any surface. `room` is
/// what the blocks may cost together, in characters of JSON.
#[must_use]
pub fn blocks(reply: &Reply, around: Around<'_>, room: usize) -> Vec<Value> {
    let rows: Vec<Value> = reply.rows.iter().enumerate().filter_map(|(number, each)| row(number, each)).collect();
    let questions = reply.rows.iter().filter_map(|row| row.question.as_ref());
    let kept: usize = rows.iter().map(page::cost_of).sum();
    let asked: usize = questions.map(page::inline_cost).sum();
    let mut page = Page::new(room.saturating_sub(kept + asked), BLOCKS.saturating_sub(2 * rows.len()));
    let mut files = around.files.iter();
    for block in &reply.blocks {
        match block {
            Block::Picture(picture) => match files.next() {
                Some(Some(file)) => page.picture(file, &picture.alt),
                _ => page.inline("", &Inline::plain(&picture.alt)),
            },
            other => push(&mut page, other, around.site),
        }
    }
    let mut blocks = page.end();
    let asks = reply.rows.iter().filter(|row| !row.choices.is_empty());
    for (row, block) in asks.zip(rows) {
        if let Some(question) = &row.question {
            let mut page = Page::new(SMALL, 1);
            page.inline("", question);
            blocks.extend(page.end());
        }
        blocks.push(block);
    }
    if blocks.is_empty() {
        // A message of empty blocks is none.
        let mut page = Page::new(SMALL, 2);
        page.inline("", &Inline::plain(words::title()));
        return page.end();
    }
    blocks
}

/// The key in a message of ours, as Slack hands it back.
#[must_use]
pub fn key(message: &Value) -> Option<&str> {
    let blocks = message.get("blocks")?.as_array()?;
    blocks.iter().find_map(|block| block.get("block_id")?.as_str()?.strip_prefix(KEY))
}

/// Text for a field that Slack reads as mrkdwn: with this, no mention and no link in it comes alive.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn mark(blocks: &mut [Value], key: Option<&str>) {
    if let (Some(key), Some(Value::Object(first))) = (key, blocks.first_mut()) {
        first.insert("block_id".to_owned(), format!("{KEY}{key}").into());
    }
}

/// The reply in words, without what can be chosen under it.
fn plain(reply: &Reply) -> String {
    let said = Reply { blocks: reply.blocks.iter().map(shortened).collect(), rows: Vec::new() };
    text::reply(&said, usize::MAX, Paint::Plain)
}

/// A block of which no more is kept than the fallback text shows.
fn shortened(block: &Block) -> Block {
    match block {
        Block::Quote(quote) => Block::Quote(page::cut_at(quote, SIZE).to_owned()),
        other => other.clone(),
    }
}

fn fallback(reply: &Reply) -> String {
    let text = plain(reply);
    let text = text.trim();
    let mut room = TEXT;
    let mut kept = String::new();
    for c in text.chars() {
        let mut own = [0; 4];
        let shown: &str = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            other => other.encode_utf8(&mut own),
        };
        let Some(left) = room.checked_sub(shown.chars().count()) else {
            kept.push_str("…\n");
            kept.push_str(words::cut());
            break;
        };
        room = left;
        kept.push_str(shown);
    }
    // Slack takes no message without a text.
    if kept.is_empty() { words::title().to_owned() } else { kept }
}

/// A text object in which nothing comes alive. It must not be empty.
#[must_use]
pub fn plain_text(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

fn push(page: &mut Page, block: &Block, site: Option<&str>) {
    match block {
        Block::Heading(heading) => page.header(heading),
        Block::Say(sentence) => page.inline("", sentence),
        Block::Item(item) => page.item(item),
        Block::Quote(quote) => page.quote(quote),
        Block::Answer(answer) => push_answer(page, answer),
        Block::Place(place) => {
            if let Some(site) = site {
                page.paragraph(|p| p.link(&link(site, place), words::go_there()));
            }
        }
        Block::Row(row) => push_row(page, row, site),
        Block::Picture(_) => {}
    }
}

/// An entry of a report: what it says, where it was said last, and what can be done about it on a line of its own.
fn push_row(page: &mut Page, row: &Row, site: Option<&str>) {
    page.paragraph(|p| {
        p.spans(&row.text);
        if let Some(note) = &row.note {
            p.line();
            p.spans(note);
        }
        if let (Some(place), Some(site)) = (&row.place, site) {
            p.line();
            p.link(&link(site, place), words::go_there());
        }
    });
    if let Some(choice) = &row.choice {
        page.button(|number| button(&format!("choose-row-{number}"), choice));
    }
}

/// The address of a message, as *Copy link* gives it.
fn link(site: &str, place: &MessageRef) -> String {
    let id = place.id.as_str().replace('.', "");
    let thread = place.thread.as_ref().map(MessageId::as_str);
    let thread = thread.map(|thread| format!("?thread_ts={thread}&cid={}", place.channel)).unwrap_or_default();
    format!("{site}archives/{}/p{id}{thread}", place.channel)
}

fn push_answer(page: &mut Page, answer: &Answer) {
    page.header(&answer.title);
    page.paragraph(|p| {
        p.label(common::lead(answer.confidence));
        p.spans(&answer.cause);
        if let Some(seen) = common::seen(answer.count) {
            p.text(&format!(" {seen}"));
        }
        if let Some(line) = &answer.evidence {
            p.code(&line.text);
        }
    });
    page.paragraph(|p| {
        if !answer.steps.is_empty() {
            p.heading(common::do_this());
        }
        for (i, step) in answer.steps.iter().enumerate() {
            push_step(p, &words::step(i + 1), step);
        }
    });
    page.paragraph(|p| {
        p.label(common::check());
        p.spans(&answer.check.text);
        if let Some(command) = &answer.check.command {
            p.code(command);
        }
    });
    if let Some(caveat) = &answer.caveat {
        page.paragraph(|p| {
            p.label(common::not_shown());
            p.spans(caveat);
        });
    }
    page.paragraph(|p| {
        let others: Vec<Inline> = answer.others.iter().map(|other| Inline::plain(&other.title)).collect();
        if !others.is_empty() {
            p.heading(common::could_also_be());
            for other in &others {
                p.item(other);
            }
        }
    });
    if let Some(url) = &answer.learn_more {
        page.paragraph(|p| {
            p.label(common::more_on_this());
            p.link(url, url);
        });
    }
}

fn push_step(p: &mut Paragraph<'_>, number: &str, step: &AnswerStep) {
    p.line();
    p.text(number);
    p.spans(&step.text);
    if let Some(command) = &step.command {
        p.code(command);
    }
}

/// Choices beside each other, or as a menu when they are many.
fn row(number: usize, row: &ChoiceRow) -> Option<Value> {
    if row.choices.is_empty() {
        return None;
    }
    if row.choices.len() <= BUTTONS {
        let buttons: Vec<Value> =
            row.choices.iter().enumerate().map(|(i, choice)| button(&format!("choose-{number}-{i}"), choice)).collect();
        return Some(json!({ "type": "actions", "elements": buttons }));
    }
    let option =
        |choice: &Choice| json!({ "text": plain_text(&label(choice)), "value": page::cut_at(&choice.id, VALUE) });
    let options: Vec<Value> = row.choices.iter().take(OPTIONS).map(option).collect();
    Some(json!({ "type": "actions", "elements": [{
        "type": "static_select",
        "action_id": format!("choose-{number}"),
        "placeholder": plain_text(words::choose()),
        "options": options,
    }] }))
}

fn button(action: &str, choice: &Choice) -> Value {
    json!({
        "type": "button",
        "action_id": action,
        "text": plain_text(&label(choice)),
        "value": page::cut_at(&choice.id, VALUE),
    })
}

/// At most [`BUTTON`] characters; a button without words cannot be sent.
fn label(choice: &Choice) -> String {
    let shown = page::one_line(&choice.label);
    let shown = shown.trim();
    if shown.is_empty() { words::choose().to_owned() } else { page::cut_at(shown, BUTTON).to_owned() }
}
