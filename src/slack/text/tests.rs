//! Messages as Slack sends them, and what people saw.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{mrkdwn, of};

/// The public registry's host, which no file spells out.
fn npm() -> String {
    ["registry", "npmjs", "org"].join(".")
}

#[test]
fn blocks_and_text_of_a_paste_say_what_was_typed() {
    let url = format!("https://{}/@acme%2fwidget", npm());
    let typed =
        format!("npm ERR! 403 403 Forbidden - PUT {url} - You may not <publish> & \"x\", see README.md or a@b.example");
    let text = format!(
        "npm ERR! 403 403 Forbidden - PUT <{url}> - You may not &lt;publish&gt; &amp; \"x\", see \
         <http://README.md|README.md> or <mailto:a@b.example|a@b.example>"
    );
    let blocks = json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
        {"type": "text", "text": "npm ERR! 403 403 Forbidden - PUT "},
        {"type": "link", "url": url},
        {"type": "text", "text": " - You may not <publish> & \"x\", see "},
        {"type": "link", "url": "http://README.md", "text": "README.md"},
        {"type": "text", "text": " or "},
        {"type": "link", "url": "mailto:a@b.example", "text": "a@b.example"},
    ]}]}]);
    assert_eq!(of(&json!({"text": text})), typed);
    assert_eq!(of(&json!({"text": text, "blocks": blocks})), typed);
}

#[test]
fn a_code_block_keeps_its_lines_and_links() {
    let blocks = json!([{"type": "rich_text", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "help"}]},
        {"type": "rich_text_preformatted", "language": "shell", "border": 0, "elements": [
            {"type": "text", "text": "npm ERR! code E401\nnpm ERR! "},
            {"type": "link", "url": "https://npm.pkg.github.com/x"},
        ]},
        {"type": "rich_text_list", "style": "bullet", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
            {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U1"}]},
        ]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "two", "style": {"code": true}}]},
    ]}]);
    let seen = "help\nnpm ERR! code E401\nnpm ERR! https://npm.pkg.github.com/x\none\n@U1\ntwo";
    assert_eq!(of(&json!({"text": "ignored", "blocks": blocks})), seen);
}

#[rstest::rstest]
#[case::code("```npm ERR! code E401\nnpm ERR! <https://x.y/z>```", "```npm ERR! code E401\nnpm ERR! https://x.y/z```")]
#[case::decoded_once("&amp;lt; literal", "&lt; literal")]
#[case::people("<@U1> <@U2|ann> <#C1|general> <#C2|> <!here>", "@U1 @ann #general #C2 @here")]
#[case::groups("<!subteam^S1|@ops> <!subteam^S2> <!date^1^{date}|Jan 1>", "@ops @subteam Jan 1")]
#[case::bare("a < b", "a < b")]
#[case::ampersand("a & b &c &amp", "a & b &c &amp")]
#[case::unescaped("//host/:_authToken=<TOKEN>", "//host/:_authToken=<TOKEN>")]
#[case::lines("a <b\nc> d", "a <b\nc> d")]
#[case::query("<https://a.b/?x=1&amp;y=2>", "https://a.b/?x=1&y=2")]
#[case::nothing("<>", "<>")]
fn mark_up(#[case] markup: &str, #[case] seen: &str) {
    assert_eq!(mrkdwn(markup), seen);
}

#[test]
fn ci_apps_say_it_in_attachments_and_in_blocks_within() {
    let message = json!({"text": "Build failed", "attachments": [
        {"id": "1", "pretext": "main", "title": "publish", "text": "npm ERR! code E403", "fallback": "never shown",
         "fields": [{"title": "Step", "value": "npm ERR! 403 &lt;x&gt;"}, {"title": "Try", "value": 3}]},
        {"id": 2, "fallback": "npm ERR! code E401"},
        {"blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "A &amp; B"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "<https://ci.example/1|log>"},
             "fields": [{"type": "mrkdwn", "text": "&lt;f&gt;"}]},
            {"type": "context", "elements": [{"type": "plain_text", "text": "by ci"}, {"type": "image"}]},
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Retry"}}]},
        ]},
    ]});
    let seen = "Build failed\nmain\npublish\nnpm ERR! code E403\nStep\nnpm ERR! 403 <x>\nTry\nnpm ERR! code E401\n\
                A & B\nlog\n<f>\nby ci";
    assert_eq!(of(&message), seen);
}

#[test]
fn what_slack_shows_of_a_link_is_nobodys_word() {
    let message = json!({"text": "see <https://a.example>", "attachments": [
        {"from_url": "https://a.example", "text": "npm ERR! code E401"},
        {"is_msg_unfurl": true, "text": "npm ERR! code E401"},
    ]});
    assert_eq!(of(&message), "see https://a.example");
}

#[test]
fn blocks_of_kinds_yet_unknown_say_what_can_be_read() {
    let message = json!({"text": "fallback", "blocks": [
        {"type": "hologram", "text": {"type": "mrkdwn", "text": "one"}},
        {"type": "rich_text", "elements": [{"type": "rich_text_scroll", "elements": [{"type": "rune", "text": "two"}]}]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]},
        {"type": "markdown", "text": "**three** <four>"},
    ]});
    assert_eq!(of(&message), "one\ntwo\na b \n**three** <four>");
    assert_eq!(of(&json!({"text": "fallback", "blocks": [{"type": "hologram"}]})), "fallback");
    assert_eq!(of(&json!({"text": null, "blocks": {}, "attachments": "x"})), "");
}

/// Text as people type it, with what mark-up has to escape.
fn typed() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![Just("<"), Just(">"), Just("&"), Just("&lt;"), Just("npm ERR! "), Just("é"), Just("a"), Just(" ")],
        1..30,
    )
    .prop_map(|parts| parts.concat())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn tree() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("type"),
        Just("text"),
        Just("elements"),
        Just("blocks"),
        Just("attachments"),
        Just("fields"),
        Just("rows"),
        Just("url"),
        Just("value"),
        Just("fallback"),
    ];
    let word = prop_oneof![
        Just("rich_text"),
        Just("section"),
        Just("text"),
        Just("link"),
        Just("mrkdwn"),
        Just("table"),
        Just("emoji"),
        Just("rich_text_list"),
        Just("<a|b>"),
        Just("<!"),
        Just("&"),
        Just("<@\u{1f600}>"),
    ];
    let leaf = prop_oneof![
        word.prop_map(Value::from),
        ".*".prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null)
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((name.clone(), inner), 0..6).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn escaped_text_and_blocks_agree(typed in typed()) {
        let blocks = json!([{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": typed}]}]}]);
        prop_assume!(!typed.trim().is_empty());
        prop_assert_eq!(of(&json!({"text": escaped(&typed)})), typed.clone());
        prop_assert_eq!(of(&json!({"text": "x", "blocks": blocks})), typed);
    }

    #[test]
    fn any_message_has_a_text(message in tree()) {
        let written = serde_json::to_string(&message).map_or(0, |json| json.len());
        // Nothing grows: what is shown was sent.
        prop_assert!(of(&message).len() <= 2 * written + 2);
    }

    #[test]
    fn any_mark_up_can_be_read(markup in ".*") {
        prop_assert!(mrkdwn(&markup).len() <= markup.len() + 1);
    }
}
