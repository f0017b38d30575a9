//! Forms that people fill in, and what they wrote into them.

use serde_json::{Value, json};

use crate::{
    answer::discord as said,
    discord::{
        render::limits::{MODAL_TEXT, MODAL_TITLE, cut},
        wire::{Component, Data},
    },
};

/// What a form is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// A long text to explain.
    Paste,
    /// A fix for a reply, or for the last one in the channel.
    Save(Option<String>),
    /// A saved fix's new text.
    Edit(String),
}

/// The names of the fields.
const TEXT: &str = "text";
const FOR: &str = "for";

impl Form {
    /// By which a form is known when it comes back.
    fn id(&self) -> String {
        match self {
            Self::Paste => "paste".to_owned(),
            Self::Save(reply) => format!("save:{}", reply.as_deref().unwrap_or_default()),
            Self::Edit(fix) => format!("edit:{fix}"),
        }
    }

    /// The form with this id.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        match id.split_once(':') {
            None if id == "paste" => Some(Self::Paste),
            Some(("save", reply)) => Some(Self::Save(some(reply))),
            Some(("edit", fix)) => Some(Self::Edit(some(fix)?)),
            _ => None,
        }
    }

    /// The form as Discord takes it, with a text that stands in it already.
    pub(super) fn json(&self, text: &str) -> Value {
        let (title, label) = match self {
            Self::Paste => (said::paste_title().to_owned(), said::paste_label()),
            Self::Save(_) => (said::save_title().to_owned(), said::save_label()),
            Self::Edit(fix) => (said::edit_title(fix), said::save_label()),
        };
        let mut input = json!({ "type": 4, "custom_id": TEXT, "style": 2, "required": true, "max_length": MODAL_TEXT });
        if let Some(object) = input.as_object_mut().filter(|_| !text.trim().is_empty()) {
            object.insert("value".to_owned(), json!(cut(text, MODAL_TEXT)));
        }
        let mut fields = vec![labelled(label, &input)];
        if matches!(self, Self::Save(_)) {
            let option = |(index, (value, label)): (usize, &(&str, &str))| json!({ "label": label, "value": value, "default": index == 0 });
            let options: Vec<Value> = said::BREADTHS.iter().enumerate().map(option).collect();
            let menu = json!({ "type": 3, "custom_id": FOR, "required": false, "options": options });
            fields.push(labelled(said::breadth_label(), &menu));
        }
        json!({ "custom_id": self.id(), "title": cut(&title, MODAL_TITLE), "components": fields })
    }
}

fn labelled(label: &str, component: &Value) -> Value {
    json!({ "type": 18, "label": cut(label, MODAL_TITLE), "component": component })
}

/// What was written into a form, and what it is for.
pub(super) fn filled(data: &Data<'_>) -> (String, Option<String>) {
    let text = data.components.0.iter().find_map(|component| field(component, TEXT));
    let breadth = data.components.0.iter().find_map(|component| field(component, FOR));
    (
        text.map(|field| field.value.as_str().to_owned()).unwrap_or_default(),
        breadth.and_then(|field| field.values.0.first().cloned()),
    )
}

/// The field with this name, whether it stands in a label or in a row.
fn field<'c, 'a>(component: &'c Component<'a>, name: &str) -> Option<&'c Component<'a>> {
    if component.custom_id.as_str() == name {
        return Some(component);
    }
    let inner = component.components.0.iter().chain(component.component.get());
    inner.into_iter().find_map(|inner| field(inner, name))
}
