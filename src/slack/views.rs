//! Slack's windows and the App Home: forms → JSON, and what was filled in → back. What is kept in a window are ids, nothing else:
//! it passes through the browser.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    blocks::{self, Around, plain_text},
    wire,
};
use crate::{
    answer::{
        Inline,
        reply::{Block, Reply},
        slack as words,
    },
    bot::commands::{SaveForm, Target},
    message::Visibility,
    store::fixes::Breadth,
};

/// The window for a fix.
pub const SAVE: &str = "save_fix";
/// The window for a paste.
pub const EXPLAIN: &str = "explain_text";
/// The field for what somebody writes; an error about it is shown there.
pub const TEXT: &str = "text";
/// The choice of what a fix is for.
const BREADTH: &str = "breadth";
/// The tick for the whole team.
const TEAM: &str = "team";

/// Characters of a field; Slack takes no more.
const FIELD: usize = 3000;
/// Characters of an option and of what stands below it.
const OPTION: usize = 75;
/// Blocks of a window or the App Home.
const BLOCKS: usize = 100;
/// What the blocks of a window may cost together. A view as a whole has 250 kB.
const SIZE: usize = 30_000;

/// What a window remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memo {
    /// The answer that a fix is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// The channel that it was opened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

impl Memo {
    /// What a window that was sent back remembers.
    #[must_use]
    pub fn of(view: &Value) -> Self {
        let memo = wire::text(view, "private_metadata").unwrap_or_default();
        serde_json::from_str(memo).unwrap_or_default()
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The window in which a fix is written down. `text` is what stands in the field already.
#[must_use]
pub fn save(form: &SaveForm, channel: &str, text: &str) -> Value {
    let memo = Memo { reply: Some(form.reply.clone()), channel: Some(channel.to_owned()) };
    let seen = match form.visibility {
        Visibility::Public => words::shown_to_all(),
        Visibility::Private => words::shown_here(),
        Visibility::Shared => words::shown_to_who_asks(),
    };
    let intro = Reply {
        blocks: vec![Block::Say(words::fix_for(&form.family, &form.title)), Block::Say(seen)],
        rows: Vec::new(),
    };
    let mut all = blocks::blocks(&intro, Around::default(), SIZE);
    all.push(field(words::fix_label(), words::fix_hint(), text));
    // A fix that stands in no answer need not say in which.
    all.extend((form.visibility != Visibility::Shared).then(|| {
        json!({
            "type": "input",
            "block_id": BREADTH,
            "label": plain_text(words::breadth_label()),
            "element": {
                "type": "radio_buttons",
                "action_id": BREADTH,
                "options": form.targets.iter().map(|target| option(target, &form.family)).collect::<Vec<_>>(),
                "initial_option": option(&form.suggested, &form.family),
            },
        })
    }));
    if form.visibility == Visibility::Private {
        all.push(json!({
            "type": "input",
            "block_id": TEAM,
            "optional": true,
            "label": plain_text(words::team_label()),
            "element": {
                "type": "checkboxes",
                "action_id": TEAM,
                "options": [{ "text": plain_text(words::team_tick()), "value": TEAM }],
            },
        }));
    }
    modal(SAVE, words::save_title(), Some(words::save()), &memo, &all)
}

fn option(target: &Target, family: &str) -> Value {
    json!({
        "text": plain_text(&short(&words::breadth(target.breadth, &target.value), OPTION)),
        "value": target.breadth.as_str(),
        "description": plain_text(&short(&words::shown(family, target.breadth), OPTION)),
    })
}

/// The window in which an error is pasted.
#[must_use]
pub fn explain() -> Value {
    let all = vec![field(words::paste_label(), words::paste_hint(), "")];
    modal(EXPLAIN, words::explain_title(), Some(words::explain()), &Memo::default(), &all)
}

/// A window that shows something.
#[must_use]
pub fn shown(reply: &Reply, site: Option<&str>) -> Value {
    let mut all = blocks::blocks(reply, Around { site, files: &[] }, SIZE);
    all.truncate(BLOCKS);
    modal("shown", words::title(), None, &Memo::default(), &all)
}

/// The App Home.
#[must_use]
pub fn home(reply: &Reply, site: Option<&str>) -> Value {
    let button = json!({
        "type": "actions",
        "elements": [{ "type": "button", "action_id": EXPLAIN, "text": plain_text(words::explain_button()) }],
    });
    let mut all = vec![button];
    all.extend(blocks::blocks(reply, Around { site, files: &[] }, SIZE));
    all.truncate(BLOCKS);
    json!({ "type": "home", "blocks": all })
}

/// What a window is answered when a field cannot be taken.
#[must_use]
pub fn error(field: &str, what: &Inline) -> Value {
    json!({ "response_action": "errors", "errors": { field: what.backticked() } })
}

/// What a window is answered to show something in its place.
#[must_use]
pub fn instead(view: &Value) -> Value {
    json!({ "response_action": "update", "view": view })
}

fn modal(callback: &str, title: &str, submit: Option<&str>, memo: &Memo, blocks: &[Value]) -> Value {
    let mut view = json!({
        "type": "modal",
        "callback_id": callback,
        "title": plain_text(title),
        "close": plain_text(if submit.is_some() { words::cancel() } else { words::close() }),
        "private_metadata": memo.to_json(),
        "blocks": blocks,
    });
    if let (Some(submit), Value::Object(fields)) = (submit, &mut view) {
        fields.insert("submit".to_owned(), plain_text(submit));
    }
    view
}

fn field(label: &str, hint: &str, text: &str) -> Value {
    let mut element = json!({ "type": "plain_text_input", "action_id": TEXT, "multiline": true, "max_length": FIELD });
    let text: String = text.trim().chars().take(FIELD).collect();
    if let (false, Value::Object(fields)) = (text.is_empty(), &mut element) {
        fields.insert("initial_value".to_owned(), text.into());
    }
    json!({
        "type": "input",
        "block_id": TEXT,
        "label": plain_text(label),
        "hint": plain_text(hint),
        "element": element,
    })
}

/// At most `limit` characters.
fn short(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    text.chars().take(limit - 1).chain(['…']).collect()
}

/// What somebody filled into a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// What was written.
    pub text: String,
    /// What the fix is for.
    pub breadth: Option<Breadth>,
    /// Whether the whole team is to see it.
    pub whole_team: bool,
}

impl Filled {
    /// Reads a window that was sent.
    #[must_use]
    pub fn of(view: &Value) -> Self {
        let of = |name: &str| view.get("state")?.get("values")?.get(name)?.get(name);
        let text = of(TEXT).and_then(|field| wire::text(field, "value")).unwrap_or_default();
        let breadth = of(BREADTH).and_then(|field| wire::text(field.get("selected_option")?, "value"));
        let ticked = of(TEAM).is_some_and(|field| wire::list(field, "selected_options").next().is_some());
        Self { text: text.to_owned(), breadth: breadth.and_then(Breadth::stored), whole_team: ticked }
    }
}
