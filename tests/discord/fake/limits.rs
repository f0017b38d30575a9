//! What Discord would refuse, as far as its documents and its own description of its API say.

use std::collections::HashSet;

use npmfix::discord::render::limits::{
    ALL_CARDS, ALT, BUTTONS, CARDS, DESCRIPTION, LABEL, MODAL_TEXT, MODAL_TITLE, OPTION, OPTIONS, ROWS, TITLE, length,
};
use serde_json::Value;

/// Everything that is wrong with the body of a message.
pub fn message(body: &Value) -> Vec<String> {
    let mut wrong = Wrong(Vec::new());
    let cards = list(body, "embeds");
    let components = list(body, "components");
    let content = text(body, "content");
    wrong.within("content", content, 2000);
    wrong.check(!(content.is_empty() && cards.is_empty()), "nothing is said");
    wrong.check(cards.len() <= CARDS, "too many cards");
    let mut all = 0;
    for card in cards {
        let (title, description) = (text(card, "title"), text(card, "description"));
        wrong.within("title", title, TITLE);
        wrong.within("description", description, DESCRIPTION);
        wrong.check(!title.trim().is_empty() || !description.is_empty(), "an empty card");
        let file = text(&card["image"], "url").strip_prefix("attachment://");
        let attached = |name: &str| list(body, "attachments").iter().any(|file| file["filename"] == name);
        wrong.check(card["image"].is_null() || file.is_some_and(attached), "a picture from nowhere");
        all += length(title) + length(description);
    }
    wrong.check(all <= ALL_CARDS, &format!("{all} characters in all cards"));
    wrong.check(components.len() <= ROWS, "too many rows");
    let mut ids = HashSet::new();
    for row in components {
        wrong.row(row, &mut ids);
    }
    for file in list(body, "attachments") {
        wrong.within("description", text(file, "description"), ALT);
    }
    wrong.check(body["allowed_mentions"] == serde_json::json!({ "parse": [] }), "it may ping");
    if let Some(nonce) = body.get("nonce") {
        wrong.check((1..=25).contains(&nonce.as_str().unwrap_or_default().len()), "the nonce");
        wrong.check(body["enforce_nonce"] == true, "a nonce that is not enforced");
    }
    wrong.0
}

/// Everything that is wrong with a modal.
pub fn modal(form: &Value) -> Vec<String> {
    let mut wrong = Wrong(Vec::new());
    wrong.within("title", text(form, "title"), MODAL_TITLE);
    wrong.check(!text(form, "title").is_empty(), "no title");
    wrong.within("custom_id", text(form, "custom_id"), 100);
    let fields = list(form, "components");
    wrong.check((1..=5).contains(&fields.len()), "fields");
    for field in fields {
        wrong.check(field["type"] == 18, "a field without a label");
        wrong.within("label", text(field, "label"), MODAL_TITLE);
        let inner = &field["component"];
        match inner["type"].as_u64() {
            Some(4) => wrong.within("value", text(inner, "value"), MODAL_TEXT),
            Some(3) => {
                for option in list(inner, "options") {
                    wrong.within("label", text(option, "label"), OPTION);
                }
            }
            other => wrong.0.push(format!("a field of type {other:?}")),
        }
    }
    wrong.0
}

struct Wrong(Vec<String>);

impl Wrong {
    fn check(&mut self, good: bool, what: &str) {
        if !good {
            self.0.push(what.to_owned());
        }
    }

    fn within(&mut self, what: &str, text: &str, limit: usize) {
        self.check(length(text) <= limit, &format!("{what}: {} characters", length(text)));
    }

    fn row(&mut self, row: &Value, ids: &mut HashSet<String>) {
        let inner = list(row, "components");
        self.check(row["type"] == 1 && !inner.is_empty(), "no row, or an empty one");
        let menus = inner.iter().filter(|component| component["type"] == 3).count();
        self.check(inner.len() <= if menus > 0 { 1 } else { BUTTONS }, "too much in a row");
        for component in inner {
            let id = text(component, "custom_id");
            self.check((1..=100).contains(&id.len()), "the id of a component");
            self.check(ids.insert(id.to_owned()), "an id twice");
            match component["type"].as_u64() {
                Some(2) => {
                    let label = text(component, "label");
                    self.check(!label.trim().is_empty() && length(label) <= LABEL, "a button's label");
                }
                Some(3) => {
                    let options = list(component, "options");
                    self.check((1..=OPTIONS).contains(&options.len()), "options");
                    let mut values = HashSet::new();
                    for option in options {
                        let (label, value) = (text(option, "label"), text(option, "value"));
                        self.check(!label.is_empty() && length(label) <= OPTION, "an option's label");
                        self.check(!value.is_empty() && length(value) <= OPTION, "an option's value");
                        self.check(values.insert(value), "an option twice");
                    }
                }
                other => self.0.push(format!("a component of type {other:?}")),
            }
        }
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
