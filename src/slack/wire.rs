//! What Slack sends. Payloads differ between kinds of workspaces and from what is documented, so that nothing here fails on a
//! field that is missing, null or of another type: it counts as absent.

use serde_json::Value;

use super::workspaces::Install;

/// Reads JSON. Halves of characters, which Slack's cut texts may end in and strict readers refuse, become U+FFFD.
#[must_use]
pub fn json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok().or_else(|| serde_json::from_slice(&mended(bytes)).ok())
}

/// The bytes with invalid UTF-8 and lone surrogates replaced.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = match (surrogate(after, *b"89ab"), surrogate(after, *b"cdef")) {
            (Some((high, tail)), _) => {
                if let Some((low, tail)) = tail.strip_prefix('\\').and_then(|low| surrogate(low, *b"cdef")) {
                    out.extend(["\\", high, "\\", low]);
                    tail
                } else {
                    out.push('\u{fffd}');
                    tail
                }
            }
            (None, Some((_, tail))) => {
                out.push('\u{fffd}');
                tail
            }
            (None, None) => {
                let next = after.chars().next();
                out.push('\\');
                out.extend(next);
                after.strip_prefix(|_| true).unwrap_or(after)
            }
        };
    }
    out.push_str(rest);
    out.into_bytes()
}

/// `uD8..` and what follows, if the third character is one of `thirds`.
fn surrogate(escape: &str, thirds: [u8; 4]) -> Option<(&str, &str)> {
    let (code, rest) = escape.split_at_checked(5)?;
    let [b'u', b'd' | b'D', third, fourth, fifth] = code.as_bytes() else { return None };
    let surrogate =
        thirds.contains(&third.to_ascii_lowercase()) && [fourth, fifth].iter().all(|b| b.is_ascii_hexdigit());
    surrogate.then_some((code, rest))
}

/// A field that holds text; empty text counts as absent.
#[must_use]
pub fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// The entries of a field that holds a list.
pub fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// Whether a field is a yes, be it a boolean or the word.
#[must_use]
pub fn yes(value: &Value, field: &str) -> bool {
    match value.get(field) {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(word)) => word == "true" || word == "1",
        _ => false,
    }
}

/// An event with what surrounds it.
#[derive(Clone, Copy)]
pub struct Callback<'a> {
    /// The same for all deliveries of the event.
    pub id: Option<&'a str>,
    /// Our app.
    pub app: Option<&'a str>,
    /// Whose installation sees it.
    pub install: Install<'a>,
    /// Our own user there.
    pub bot_user: Option<&'a str>,
    /// Whether people of other organisations read the channel.
    pub shared: bool,
    /// The event itself.
    pub event: &'a Value,
}

impl<'a> Callback<'a> {
    /// Takes the body of an `event_callback` apart.
    #[must_use]
    pub fn of(body: &'a Value) -> Self {
        let authorization = list(body, "authorizations").next().unwrap_or(&Value::Null);
        let workspace = text(authorization, "team_id");
        Self {
            id: text(body, "event_id"),
            app: text(body, "api_app_id"),
            install: Install {
                // In a shared channel the outer team may be the other side.
                workspace: workspace.or_else(|| text(body, "team_id")),
                enterprise: text(authorization, "enterprise_id").or_else(|| text(body, "enterprise_id")),
                org_wide: yes(authorization, "is_enterprise_install"),
            },
            bot_user: text(authorization, "user_id"),
            shared: yes(body, "is_ext_shared_channel"),
            event: body.get("event").unwrap_or(&Value::Null),
        }
    }
}

macro_rules! command {
    ($($(#[$doc:meta])* $field:ident,)+) => {
        /// A slash command. It prints nothing of itself, because people write secrets into commands.
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct Command {
            $($(#[$doc])* pub $field: String,)+
        }

        impl Command {
            /// Reads the form of an HTTP request; of a field that is there twice, the first counts.
            #[must_use]
            pub fn of_form(body: &[u8]) -> Self {
                let mut command = Self::default();
                for (name, value) in url::form_urlencoded::parse(body) {
                    match name.as_ref() {
                        $(stringify!($field) if command.$field.is_empty() => command.$field = value.into_owned(),)+
                        _ => {}
                    }
                }
                command
            }

            /// Reads the payload of Socket Mode.
            #[must_use]
            pub fn of_json(payload: &Value) -> Self {
                let field = |name: &str| match payload.get(name) {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Bool(yes)) => yes.to_string(),
                    _ => String::new(),
                };
                Self { $($field: field(stringify!($field)),)+ }
            }
        }
    };
}

command! {
    /// The workspace.
    team_id,
    /// The organisation, if it belongs to one.
    enterprise_id,
    /// `true` if the organisation has installed the app.
    is_enterprise_install,
    /// Where it was given.
    channel_id,
    /// The name of that channel: `directmessage` and `privategroup` are no names.
    channel_name,
    /// Who gave it.
    user_id,
    /// The name of the account.
    user_name,
    /// The command's own name, `/npmfix`.
    command,
    /// What stands behind it.
    text,
    /// Where more can be said about it.
    response_url,
    /// Opens a modal within three seconds; each command has its own.
    trigger_id,
    /// Our app.
    api_app_id,
    /// Asked by Slack's check of our certificate: not a command at all.
    ssl_check,
}

impl Command {
    /// Whose installation it is for.
    #[must_use]
    pub fn install(&self) -> Install<'_> {
        Install {
            workspace: some(&self.team_id),
            enterprise: some(&self.enterprise_id),
            org_wide: self.is_enterprise_install == "true",
        }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Whose installation a click, a shortcut or a modal is for.
#[must_use]
pub fn install(interaction: &Value) -> Install<'_> {
    let of = |name: &str, field: &str| interaction.get(name).and_then(|found| text(found, field));
    Install {
        // Of a window in a shared channel, the person's team may be the other side.
        workspace: of("view", "app_installed_team_id").or_else(|| of("team", "id")).or_else(|| of("user", "team_id")),
        enterprise: of("enterprise", "id").or_else(|| of("team", "enterprise_id")),
        org_wide: yes(interaction, "is_enterprise_install"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn halves_of_characters_are_mended_and_nothing_else_is() {
        for (sent, read) in [
            (r#"{"a":"x\ud83d"}"#, json!({"a": "x\u{fffd}"})),
            (r#"{"a":"\udce6x"}"#, json!({"a": "\u{fffd}x"})),
            (r#"{"a":"\uD83D\uDCE6 \ud83d\n \ud83d\ud83d\udce6"}"#, json!({"a": "📦 \u{fffd}\n \u{fffd}📦"})),
            (r#"{"a":"\\ud83d"}"#, json!({"a": "\\ud83d"})),
            (r#"{"a":"\\\ud83d"}"#, json!({"a": "\\\u{fffd}"})),
        ] {
            assert_eq!(json(sent.as_bytes()), Some(read), "{sent}");
        }
        assert_eq!(json(b"{\"a\":\"\xff\"}"), Some(json!({"a": "\u{fffd}"})));
        for broken in [&b""[..], b"{", b"\\", b"{\"a\":\"\\ud83\"}", b"\\ud83d"] {
            assert_eq!(json(broken), None);
        }
    }

    #[test]
    fn an_event_is_for_whoever_installed_the_app() {
        let team = |body: &Value| Callback::of(body).install.teams().next().map(|team| team.to_string());
        let workspace = json!({"team_id": "T9", "authorizations": [
            {"team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": false, "user_id": "U1"}]});
        assert_eq!(team(&workspace).as_deref(), Some("slack:T1"));
        let organisation = json!({"team_id": null, "enterprise_id": "E1", "authorizations": [
            {"team_id": null, "enterprise_id": "E1", "is_enterprise_install": true, "user_id": "U1"}]});
        assert_eq!(team(&organisation).as_deref(), Some("slack:E1"));
        assert_eq!(Callback::of(&organisation).bot_user, Some("U1"));
        assert_eq!(team(&json!({"team_id": "T1"})).as_deref(), Some("slack:T1"));
        for nobody in [json!(null), json!({"team_id": 1}), json!({"authorizations": [null]})] {
            assert_eq!(team(&nobody), None);
        }
        let click =
            json!({"team": null, "enterprise": {"id": "E1"}, "is_enterprise_install": true, "user": {"team_id": "T1"}});
        assert_eq!(install(&click).teams().next().map(|team| team.to_string()).as_deref(), Some("slack:E1"));
    }

    #[test]
    fn a_command_reads_the_same_from_both_ways() {
        let form =
            Command::of_form(b"team_id=T1&text=a+%26+b&text=second&is_enterprise_install=false&other=1&enterprise_id=");
        let json = Command::of_json(&json!({
            "team_id": "T1", "text": "a & b", "is_enterprise_install": false, "enterprise_id": null, "user_id": 3,
        }));
        assert!(form == json);
        assert_eq!(
            (form.text.as_str(), form.install().workspace, form.install().enterprise),
            ("a & b", Some("T1"), None)
        );
        assert!(Command::of_form(b"%%%&=&\xff") == Command::default());
    }
}
