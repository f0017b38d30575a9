//! Forms that people fill in, and what they wrote into them.

use serde_json::{Value, json};

use crate::{
    answer::discord as said,
    bot::{
        commands::{SaveForm, Target},
        grammar::Sharing,
    },
    discord::{
        render::limits::{MODAL_TEXT, MODAL_TITLE, cut},
        wire::{Component, Data},
    },
    message::Visibility,
    store::fixes::Breadth,
};

/// A form that came back, known by its id: what it is for was settled when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// A long text to explain.
    Paste,
    /// A fix for a reply.
    Save(String),
    /// A saved fix's new text.
    Edit(String),
}

/// The names of the fields, and of the choice to show a fix to everybody.
const TEXT: &str = "text";
const FOR: &str = "for";
const WHO: &str = "who";
const TEAM: &str = "team";

impl Form {
    /// By which a form is known when it comes back.
    fn id(&self) -> String {
        match self {
            Self::Paste => "paste".to_owned(),
            Self::Save(reply) => format!("save:{reply}"),
            Self::Edit(fix) => format!("edit:{fix}"),
        }
    }

    /// The form with this id.
    pub(super) fn parse(id: &str) -> Option<Self> {
        match id.split_once(':') {
            None if id == "paste" => Some(Self::Paste),
            Some((_, "")) => None,
            Some(("save", reply)) => Some(Self::Save(reply.to_owned())),
            Some(("edit", fix)) => Some(Self::Edit(fix.to_owned())),
            _ => None,
        }
    }
}

/// The form into which a failure is pasted.
pub(super) fn paste() -> Value {
    form(&Form::Paste, said::paste_title(), &[input(said::paste_label(), "")])
}

/// The form in which a saved fix is changed.
pub(super) fn edit(fix: &str, text: &str) -> Value {
    form(&Form::Edit(fix.to_owned()), &said::edit_title(fix), &[input(said::save_label(), text)])
}

/// The form in which a fix is written down, with a text that stands in it already.
pub(super) fn save(about: &SaveForm, text: &str) -> Value {
    let target = |target: &Target| {
        let breadth = target.breadth.as_str();
        json!({ "label": said::breadth(target.breadth), "value": breadth, "default": *target == about.suggested })
    };
    let targets: Vec<Value> = about.targets.iter().map(target).collect();
    let mut fields = vec![input(said::save_label(), text), menu(said::breadth_label(), FOR, &targets)];
    if about.visibility == Visibility::Private {
        let [here, everybody] = said::SEEN_BY;
        let options = [
            json!({ "label": here, "value": "channel", "default": true }),
            json!({ "label": everybody, "value": TEAM, "default": false }),
        ];
        fields.push(menu(said::option(WHO), WHO, &options));
    }
    form(&Form::Save(about.reply.clone()), said::save_title(), &fields)
}

fn form(form: &Form, title: &str, fields: &[Value]) -> Value {
    json!({ "custom_id": form.id(), "title": cut(title, MODAL_TITLE), "components": fields })
}

fn input(label: &str, text: &str) -> Value {
    let mut input = json!({ "type": 4, "custom_id": TEXT, "style": 2, "required": true, "max_length": MODAL_TEXT });
    if let Some(object) = input.as_object_mut().filter(|_| !text.trim().is_empty()) {
        object.insert("value".to_owned(), json!(cut(text, MODAL_TEXT)));
    }
    labelled(label, &input)
}

fn menu(label: &str, name: &str, options: &[Value]) -> Value {
    labelled(label, &json!({ "type": 3, "custom_id": name, "required": false, "options": options }))
}

fn labelled(label: &str, component: &Value) -> Value {
    json!({ "type": 18, "label": cut(label, MODAL_TITLE), "component": component })
}

/// What was written into a form and chosen in it.
#[derive(Debug)]
pub(super) struct Filled {
    /// The text.
    pub text: String,
    /// What a fix is for.
    pub breadth: Option<Breadth>,
    /// Who sees it.
    pub sharing: Sharing,
}

impl Filled {
    /// Reads a form that came back.
    pub(super) fn of(data: &Data<'_>) -> Self {
        let find = |name| data.components.0.iter().find_map(|component| field(component, name));
        let chosen = |name| find(name).and_then(|field| field.values.0.first()).map(String::as_str);
        Self {
            text: find(TEXT).map(|field| field.value.as_str().to_owned()).unwrap_or_default(),
            breadth: chosen(FOR).and_then(Breadth::stored),
            sharing: if chosen(WHO) == Some(TEAM) { Sharing::Team } else { Sharing::Channel },
        }
    }
}

/// The field with this name, whether it stands in a label or in a row.
fn field<'c, 'a>(component: &'c Component<'a>, name: &str) -> Option<&'c Component<'a>> {
    if component.custom_id.as_str() == name {
        return Some(component);
    }
    let inner = component.components.0.iter().chain(component.component.get());
    inner.into_iter().find_map(|inner| field(inner, name))
}
