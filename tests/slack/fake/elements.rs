//! What Slack documents about buttons, menus, inputs and rich text; a part of the check in `limits`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::limits::Check;

impl Check {
    pub(super) fn element(&mut self, element: &Value) {
        let kind = element["type"].as_str().unwrap_or_default().to_owned();
        self.id(&kind, element, "action_id");
        if let Some(id) = element["action_id"].as_str()
            && !self.action_ids.insert(id.to_owned())
        {
            self.wrong(format!("action_id {id:?} twice"));
        }
        if let Some(confirm) = element.get("confirm") {
            self.keys("confirm", confirm, &["title", "text", "confirm", "deny", "style"]);
            self.plain("confirm title", confirm.get("title"), 100, true);
            self.text("confirm text", &confirm["text"], 300);
            self.plain("confirm", confirm.get("confirm"), 30, true);
            self.plain("deny", confirm.get("deny"), 30, true);
        }
        self.plain("placeholder", element.get("placeholder"), 150, false);
        match kind.as_str() {
            "button" => {
                let keys = ["type", "text", "action_id", "value", "url", "style", "confirm", "accessibility_label"];
                self.keys("button", element, &keys);
                self.plain("button", element.get("text"), 75, true);
                for (name, most) in [("value", 2000), ("url", 3000), ("accessibility_label", 75)] {
                    if let Some(value) = element.get(name) {
                        self.length(name, value.as_str().unwrap_or_default(), 1, most);
                    }
                }
                if element.get("style").is_some_and(|s| *s != "primary" && *s != "danger") {
                    self.wrong(format!("a button of style {}", element["style"]));
                }
            }
            "plain_text_input" => {
                let keys = [
                    "type",
                    "action_id",
                    "initial_value",
                    "multiline",
                    "min_length",
                    "max_length",
                    "placeholder",
                    "focus_on_load",
                    "dispatch_action_config",
                ];
                self.keys("plain_text_input", element, &keys);
                let most = element.get("max_length").map_or(3000, |most| most.as_u64().unwrap_or(0));
                if !(1..=3000).contains(&most) {
                    self.wrong(format!("max_length {most}"));
                }
                if let Some(initial) = element.get("initial_value") {
                    let most = usize::try_from(most).unwrap_or_default();
                    self.length("initial_value", initial.as_str().unwrap_or_default(), 0, most);
                }
            }
            "static_select" | "multi_static_select" | "overflow" | "radio_buttons" | "checkboxes" => {
                self.options(&kind, element);
            }
            "users_select"
            | "channels_select"
            | "conversations_select"
            | "timepicker"
            | "datepicker"
            | "multi_users_select"
            | "multi_conversations_select" => {}
            other => self.wrong(format!("no element of type {other:?}")),
        }
    }

    fn options(&mut self, kind: &str, element: &Value) {
        let most = match kind {
            "overflow" => 5,
            "radio_buttons" | "checkboxes" => 10,
            _ => 100,
        };
        let rich = matches!(kind, "radio_buttons" | "checkboxes");
        let keys: &[&str] = if kind == "overflow" {
            &["type", "action_id", "options", "confirm"]
        } else {
            &[
                "type",
                "action_id",
                "options",
                "option_groups",
                "initial_option",
                "initial_options",
                "placeholder",
                "confirm",
                "focus_on_load",
                "max_selected_items",
            ]
        };
        self.keys(kind, element, keys);
        if element.get("option_groups").is_some() {
            return self.wrong("option groups are not checked here");
        }
        let options = self.array(kind, element.get("options"), 1, most).to_vec();
        let mut values = BTreeSet::new();
        for option in &options {
            self.keys("option", option, &["text", "value", "description", "url"]);
            match option.get("text") {
                Some(text) if rich => self.text("option", text, 75),
                text => self.plain("option", text, 75, true),
            }
            if let Some(description) = option.get("description") {
                self.text("option description", description, 75);
            }
            let value = option["value"].as_str().unwrap_or_default();
            self.length("option value", value, 1, 150);
            if !values.insert(value.to_owned()) {
                self.wrong(format!("option value {value:?} twice"));
            }
        }
        let one = element.get("initial_option").into_iter();
        let more = element.get("initial_options").and_then(Value::as_array).into_iter().flatten();
        for initial in one.chain(more) {
            if !options.contains(initial) {
                self.wrong(format!("an initial option that is none: {initial}"));
            }
        }
    }

    pub(super) fn rich(&mut self, element: &Value) {
        match element["type"].as_str().unwrap_or_default() {
            "rich_text_section" | "rich_text_quote" | "rich_text_preformatted" | "rich_text_list" => {
                let keys = ["type", "elements", "border", "style", "indent", "offset", "language"];
                self.keys("rich_text element", element, &keys);
                for inner in self.array("rich_text", element.get("elements"), 1, 1000).to_vec() {
                    self.rich(&inner);
                }
            }
            "text" => {
                self.keys("rich text", element, &["type", "text", "style"]);
                let text = element["text"].as_str().unwrap_or_default();
                self.length("rich text", text, 1, 3000);
                self.characters += text.chars().count();
            }
            "link" => {
                self.keys("rich link", element, &["type", "url", "text", "style", "unsafe"]);
                self.length("rich link", element["url"].as_str().unwrap_or_default(), 1, 3000);
                self.characters += element["url"].as_str().unwrap_or_default().chars().count();
            }
            "channel" => {
                self.keys("rich channel", element, &["type", "channel_id", "style"]);
                let id = element["channel_id"].as_str().unwrap_or_default();
                if !id.starts_with(['C', 'G', 'D']) || !id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                {
                    self.wrong(format!("no channel is called {id:?}"));
                }
            }
            "emoji" | "color" | "date" => {}
            other => self.wrong(format!("rich text may not hold {other:?}")),
        }
        let known = ["bold", "italic", "strike", "code", "underline"];
        let style = element.get("style").and_then(Value::as_object);
        if style.is_some_and(|style| style.keys().any(|name| !known.contains(&name.as_str()))) {
            self.wrong(format!("no such style: {}", element["style"]));
        }
    }
}
