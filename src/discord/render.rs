//! A reply → a message of Discord's: cards for what is said, buttons and menus for what can be chosen.
//!
//! `sheet`: the cards. `escape`: text that stays text. `limits`: how much fits. What does not fit is left out at the end, with a word
//! about it.

use serde_json::{Value, json};

use crate::answer::{
    picture::Picture,
    reply::{Block, Choice, ChoiceRow, Reply},
};

mod escape;
pub mod limits;
mod sheet;

use limits::cut;
use sheet::Sheet;

/// Beginnings of a button's id that make it green: what everybody hopes to press.
const HOPED_FOR: &str = ":fixed";

/// The body of a message: its cards, its choices, and that it pings nobody. Pictures are told in words.
#[must_use]
pub fn message(reply: &Reply) -> Value {
    drawn(reply, &[])
}

/// The same with the names of the files that hold its pictures, in order.
#[must_use]
pub fn drawn(reply: &Reply, names: &[String]) -> Value {
    let mut sheet = Sheet::with(names);
    for block in &reply.blocks {
        sheet.block(block);
    }
    let beside = ChoiceRow { question: None, choices: std::mem::take(&mut sheet.beside) };
    let rows = std::iter::once(&beside).chain(&reply.rows);
    let rows: Vec<&ChoiceRow> = rows.filter(|row| !row.choices.is_empty()).take(limits::ROWS).collect();
    for row in &rows {
        if let Some(question) = &row.question {
            sheet.gap();
            sheet.sentence("", question);
        }
    }
    let components: Vec<Value> = rows.iter().enumerate().map(|(index, row)| choices(index, &row.choices)).collect();
    let attached = attachments(reply, names);
    let mut body = json!({ "embeds": sheet.cards(), "components": components, "allowed_mentions": { "parse": [] } });
    if let Some(object) = body.as_object_mut().filter(|_| !attached.is_empty()) {
        object.insert("attachments".to_owned(), Value::Array(attached));
    }
    body
}

/// The files of a reply's pictures, with what each shows in words.
fn attachments(reply: &Reply, names: &[String]) -> Vec<Value> {
    let pictures = reply.blocks.iter().filter_map(|block| match block {
        Block::Picture(picture) => Some(&**picture),
        _ => None,
    });
    let attachment = |(id, (name, picture)): (usize, (&String, &Picture))| json!({ "id": id.to_string(), "filename": name, "description": cut(&picture.alt, limits::ALT) });
    names.iter().zip(pictures).enumerate().map(attachment).collect()
}

/// A row of buttons, or a menu when there are too many for that.
fn choices(index: usize, choices: &[Choice]) -> Value {
    let components: Vec<Value> = if choices.len() <= limits::BUTTONS {
        choices.iter().map(|choice| button(&choice.id, &choice.label)).collect()
    } else {
        let option = |choice: &Choice| json!({ "label": cut(&choice.label, limits::OPTION), "value": choice.id });
        let options: Vec<Value> = choices.iter().take(limits::OPTIONS).map(option).collect();
        vec![json!({ "type": 3, "custom_id": format!("menu:{index}"), "options": options })]
    };
    json!({ "type": 1, "components": components })
}

/// A button.
#[must_use]
pub fn button(id: &str, label: &str) -> Value {
    let style = if id.ends_with(HOPED_FOR) { 3 } else { 2 };
    json!({ "type": 2, "style": style, "label": cut(label, limits::LABEL), "custom_id": id })
}
