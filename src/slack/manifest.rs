//! The app manifest: everything that Slack has to know about the app, to be pasted where one is made.

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    oauth,
    scopes::{self, Need, Reach},
};
use crate::answer::slack_app as words;

/// How Slack's events come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Over a connection that this program opens. Nothing has to be reachable from outside.
    #[default]
    Socket,
    /// To an address of this program.
    Http,
}

/// Which manifest.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// How events come.
    pub mode: Mode,
    /// Where this program is reached from outside, if it is: events go there with [`Mode::Http`], and people come back there when
    /// they install the app in further workspaces.
    pub url: Option<Url>,
    /// How much the app hears.
    pub reach: Reach,
}

/// The address in the manifest when nobody has named one.
pub const PLACEHOLDER: &str = "https://npmfix.example.com";

/// Shortcuts under a message: what comes back, and their names.
pub const MESSAGE_SHORTCUTS: [&str; 2] = ["explain_message", "save_message"];
/// The shortcut beside the message field.
pub const GLOBAL_SHORTCUT: &str = "explain_paste";

/// The manifest.
#[must_use]
pub fn manifest(wanted: &Wanted) -> Value {
    let events: Vec<_> = scopes::events(wanted.reach).into_iter().collect();
    let mut subscriptions = json!({ "bot_events": events });
    let mut interactivity = json!({ "is_enabled": true });
    let mut command = json!({
        "command": "/npmfix",
        "description": words::COMMAND,
        "usage_hint": words::COMMAND_HINT,
        "should_escape": true,
    });
    if wanted.mode == Mode::Http {
        let at = |page: &str| match &wanted.url {
            Some(url) => oauth::address(url, page),
            None => format!("{PLACEHOLDER}{page}"),
        };
        set(&mut subscriptions, "request_url", at("/slack/events"));
        set(&mut interactivity, "request_url", at("/slack/interactions"));
        set(&mut command, "url", at("/slack/commands"));
    }
    json!({
        "_metadata": { "major_version": 2, "minor_version": 1 },
        "display_information": {
            "name": "npmfix",
            "description": words::DESCRIPTION,
            "long_description": words::about(wanted.reach == Reach::Full),
            "background_color": "#7a1f1f",
        },
        "features": {
            "app_home": { "home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": wanted.reach == Reach::Minimal },
            "bot_user": { "display_name": "npmfix", "always_online": true },
            "shortcuts": shortcuts(),
            "slash_commands": [command],
        },
        "oauth_config": oauth_config(wanted),
        "settings": {
            "event_subscriptions": subscriptions,
            "interactivity": interactivity,
            "org_deploy_enabled": wanted.url.is_some(),
            "socket_mode_enabled": wanted.mode == Mode::Socket,
            "token_rotation_enabled": false,
        },
    })
}

fn set(object: &mut Value, key: &str, value: String) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value.into());
    }
}

fn shortcuts() -> Value {
    let [explain, save] = MESSAGE_SHORTCUTS;
    let list = [
        ("message", explain, words::EXPLAIN),
        ("message", save, words::SAVE),
        ("global", GLOBAL_SHORTCUT, words::PASTE),
    ];
    let shortcut = |(kind, callback, (name, description))| json!({ "type": kind, "callback_id": callback, "name": name, "description": description });
    list.into_iter().map(shortcut).collect()
}

fn oauth_config(wanted: &Wanted) -> Value {
    let (mut all, mut optional) = (Vec::new(), Vec::new());
    for scope in scopes::wanted(wanted.reach) {
        all.push(scope.name);
        if scope.need == Need::Optional {
            optional.push(scope.name);
        }
    }
    let mut scopes = Map::from_iter([("bot".to_owned(), json!(all))]);
    if !optional.is_empty() {
        scopes.insert("bot_optional".to_owned(), json!(optional));
    }
    let mut config = Map::from_iter([("scopes".to_owned(), Value::Object(scopes))]);
    if let Some(url) = &wanted.url {
        config.insert("redirect_urls".to_owned(), json!([oauth::address(url, oauth::CALLBACK)]));
    }
    Value::Object(config)
}
