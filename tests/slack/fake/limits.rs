//! What Slack documents about blocks and views, as one check that says what is wrong; and what this app promises beyond it: no
//! ping, no text that a link is made of, no answer longer than Slack takes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::judges;

/// Characters of a message; beyond about 13,200 Slack says `msg_blocks_too_long`.
const MESSAGE: usize = 10_000;
/// Characters of the text beside the blocks.
const FALLBACK: usize = 4_000;
/// Bytes of a view.
const VIEW: usize = 250_000;

/// What is wrong with a message.
pub fn message(body: &Value) -> Vec<String> {
    let mut check = Check::default();
    let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        check.wrong("a message without `text` shows nothing in notifications");
    }
    check.length("text", text, 1, FALLBACK);
    check.no_ping("text", text);
    if let Some(blocks) = body.get("blocks") {
        check.blocks(blocks, 50);
    }
    if check.characters > MESSAGE {
        check.wrong(format!("{} characters in one message", check.characters));
    }
    if let Some(blocks) = body.get("blocks").filter(|_| check.wrongs.is_empty()) {
        judges::keep("message", &json!({ "blocks": blocks }));
    }
    check.wrongs
}

/// What is wrong with a modal or an App Home.
pub fn view(view: &Value) -> Vec<String> {
    let mut check = Check::default();
    let home = view["type"] == "home";
    let keys: &[&str] = if home {
        &["type", "blocks", "private_metadata", "callback_id", "external_id"]
    } else {
        &[
            "type",
            "title",
            "blocks",
            "submit",
            "close",
            "private_metadata",
            "callback_id",
            "external_id",
            "clear_on_close",
            "notify_on_close",
            "submit_disabled",
        ]
    };
    check.keys("view", view, keys);
    if !home {
        if view["type"] != "modal" {
            check.wrong(format!("a view of type {}", view["type"]));
        }
        check.plain("view title", view.get("title"), 24, true);
        check.plain("view submit", view.get("submit"), 24, false);
        check.plain("view close", view.get("close"), 24, false);
    }
    for (name, most) in [("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)] {
        if let Some(value) = view.get(name) {
            check.length(name, value.as_str().unwrap_or("?"), 0, most);
        }
    }
    let blocks = view.get("blocks").unwrap_or(&Value::Null);
    check.blocks(blocks, 100);
    let has_input = blocks.as_array().into_iter().flatten().any(|b| b["type"] == "input");
    if has_input && !home && view.get("submit").is_none() {
        check.wrong("a modal with an input needs `submit`");
    }
    if view.to_string().len() > VIEW {
        check.wrong("a view of more than 250 kB");
    }
    if check.wrongs.is_empty() {
        judges::keep(if home { "home" } else { "modal" }, view);
    }
    check.wrongs
}

/// Gathers what is wrong. Buttons, menus and rich text are checked in `elements`.
#[derive(Default)]
pub(super) struct Check {
    wrongs: Vec<String>,
    pub(super) characters: usize,
    markdown: usize,
    block_ids: BTreeSet<String>,
    pub(super) action_ids: BTreeSet<String>,
}

impl Check {
    pub(super) fn wrong(&mut self, what: impl Into<String>) {
        self.wrongs.push(what.into());
    }

    pub(super) fn keys(&mut self, what: &str, value: &Value, known: &[&str]) {
        let Some(object) = value.as_object() else {
            return self.wrong(format!("{what} is no object: {value}"));
        };
        for (name, value) in object {
            if !known.contains(&name.as_str()) {
                self.wrong(format!("{what} has no {name:?}"));
            } else if value.is_null() {
                self.wrong(format!("{what}: {name} is null"));
            }
        }
    }

    pub(super) fn length(&mut self, what: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if !(least..=most).contains(&length) {
            self.wrong(format!("{what} of {length} characters, {least} to {most} are allowed: {text:.100?}"));
        }
    }

    pub(super) fn no_ping(&mut self, what: &str, text: &str) {
        if let Some(ping) = ["<!", "<@", "<#"].iter().find(|ping| text.contains(**ping)) {
            self.wrong(format!("{what} holds {ping}: {text:.200}"));
        }
    }

    pub(super) fn array<'a>(&mut self, what: &str, value: Option<&'a Value>, least: usize, most: usize) -> &'a [Value] {
        let Some(array) = value.and_then(Value::as_array) else {
            self.wrong(format!("{what} is no list"));
            return &[];
        };
        if !(least..=most).contains(&array.len()) {
            self.wrong(format!("{what}: {} of them, {least} to {most} are allowed", array.len()));
        }
        array
    }

    pub(super) fn plain(&mut self, what: &str, value: Option<&Value>, most: usize, required: bool) {
        match value {
            None if required => self.wrong(format!("{what} is missing")),
            None => {}
            Some(value) if value["type"] != "plain_text" => self.wrong(format!("{what} has to be plain_text: {value}")),
            Some(value) => self.text(what, value, most),
        }
    }

    pub(super) fn text(&mut self, what: &str, value: &Value, most: usize) {
        let text = value["text"].as_str().unwrap_or_default();
        self.length(what, text, 1, most);
        self.characters += text.chars().count();
        match value["type"].as_str() {
            Some("plain_text") => self.keys(what, value, &["type", "text", "emoji"]),
            Some("mrkdwn") => {
                self.keys(what, value, &["type", "text", "verbatim"]);
                self.no_ping(what, text);
                if value["verbatim"] != true {
                    self.wrong(format!("{what}: mrkdwn that is not verbatim makes links of file names"));
                }
                self.escaped(what, text);
            }
            other => self.wrong(format!("{what}: no text object of type {other:?}")),
        }
    }

    /// `&`, `<` and `>` are entities or Slack's own links.
    pub(super) fn escaped(&mut self, what: &str, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<']) {
            let tail = rest.get(at..).unwrap_or_default();
            let good = if tail.starts_with('&') {
                ["&amp;", "&lt;", "&gt;"].iter().any(|entity| tail.starts_with(entity))
            } else {
                ["<https://", "<http://", "<mailto:"].iter().any(|link| tail.starts_with(link)) && tail.contains('>')
            };
            if !good {
                return self.wrong(format!("{what} is not escaped at {tail:.40?}"));
            }
            rest = tail.get(1..).unwrap_or_default();
        }
    }

    pub(super) fn id(&mut self, what: &str, value: &Value, name: &str) {
        let Some(id) = value.get(name) else { return };
        self.length(&format!("{what} {name}"), id.as_str().unwrap_or_default(), 1, 255);
    }

    pub(super) fn blocks(&mut self, blocks: &Value, most: usize) {
        for block in self.array("blocks", Some(blocks), 1, most).to_vec() {
            self.block(&block);
        }
    }

    pub(super) fn block(&mut self, block: &Value) {
        self.id("block", block, "block_id");
        if let Some(id) = block["block_id"].as_str()
            && !self.block_ids.insert(id.to_owned())
        {
            self.wrong(format!("block_id {id:?} twice"));
        }
        let kind = block["type"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "header" => {
                self.keys("header", block, &["type", "block_id", "text", "level"]);
                self.plain("header", block.get("text"), 150, true);
            }
            "divider" => self.keys("divider", block, &["type", "block_id"]),
            "section" => self.section(block),
            "context" => {
                self.keys("context", block, &["type", "block_id", "elements"]);
                for element in self.array("context", block.get("elements"), 1, 10).to_vec() {
                    if element["type"] == "image" { self.image(&element) } else { self.text("context", &element, 3000) }
                }
            }
            "actions" => {
                self.keys("actions", block, &["type", "block_id", "elements"]);
                for element in self.array("actions", block.get("elements"), 1, 25).to_vec() {
                    self.element(&element);
                }
            }
            "image" => self.image(block),
            "input" => {
                self.keys(
                    "input",
                    block,
                    &["type", "block_id", "label", "element", "hint", "optional", "dispatch_action"],
                );
                self.plain("label", block.get("label"), 2000, true);
                self.plain("hint", block.get("hint"), 2000, false);
                self.element(&block["element"]);
            }
            "rich_text" => {
                self.keys("rich_text", block, &["type", "block_id", "elements"]);
                for element in self.array("rich_text", block.get("elements"), 1, 1000).to_vec() {
                    self.rich(&element);
                }
            }
            "markdown" => {
                self.keys("markdown", block, &["type", "block_id", "text"]);
                let text = block["text"].as_str().unwrap_or_default();
                self.markdown += text.chars().count();
                self.characters += text.chars().count();
                if text.is_empty() || self.markdown > 12_000 {
                    self.wrong("markdown of no or of more than 12,000 characters");
                }
            }
            other => self.wrong(format!("no block of type {other:?}")),
        }
    }

    pub(super) fn section(&mut self, block: &Value) {
        self.keys("section", block, &["type", "block_id", "text", "fields", "accessory", "expand"]);
        if block.get("text").is_none() && block.get("fields").is_none() {
            self.wrong("a section without text and fields");
        }
        if let Some(text) = block.get("text") {
            self.text("section", text, 3000);
        }
        if block.get("fields").is_some() {
            for field in self.array("fields", block.get("fields"), 1, 10).to_vec() {
                self.text("field", &field, 2000);
            }
        }
        if let Some(accessory) = block.get("accessory") {
            if accessory["type"] == "image" { self.image(accessory) } else { self.element(accessory) }
        }
    }

    pub(super) fn image(&mut self, image: &Value) {
        self.keys("image", image, &["type", "block_id", "image_url", "slack_file", "alt_text", "title"]);
        self.length("alt_text", image["alt_text"].as_str().unwrap_or_default(), 1, 2000);
        self.plain("image title", image.get("title"), 2000, false);
        if image.get("image_url").is_some() == image.get("slack_file").is_some() {
            self.wrong("an image is an image_url or a slack_file");
        }
    }
}
