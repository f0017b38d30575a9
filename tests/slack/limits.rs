//! The check of blocks and views is itself checked: what Slack refuses is refused.

use serde_json::{Value, json};

use crate::fake::limits::{message, view};

fn one(block: &Value) -> Vec<String> {
    message(&json!({"text": "t", "blocks": [block]}))
}

#[test]
fn what_slack_takes_is_good_and_what_it_refuses_is_not() {
    let mrkdwn = |text: &str| json!({"type": "mrkdwn", "text": text, "verbatim": true});
    let section = |text: &str| json!({"type": "section", "text": mrkdwn(text)});
    assert_eq!(one(&section("fine &amp; <https://a.example|a>")), Vec::<String>::new());
    for bad in [
        section(&"x".repeat(3001)),
        section(""),
        section("<!channel>"),
        section("<@U1>"),
        section("a & b"),
        section("a < b"),
        json!({"type": "section", "text": {"type": "mrkdwn", "text": "links README.md"}}),
        json!({"type": "section"}),
        json!({"type": "section", "text": mrkdwn("x"), "odd": 1}),
        json!({"type": "header", "text": mrkdwn("x")}),
        json!({"type": "header", "text": {"type": "plain_text", "text": "x".repeat(151)}}),
        json!({"type": "actions", "elements": []}),
        json!({"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x".repeat(76)}}]}),
        json!({"type": "context", "elements": vec![mrkdwn("x"); 11]}),
        json!({"type": "image", "image_url": "https://a.example/a.png"}),
        json!({"type": "card"}),
        json!({"type": "divider", "block_id": "x".repeat(256)}),
    ] {
        assert!(!one(&bad).is_empty(), "{bad}");
    }
    let many = json!({"text": "t", "blocks": vec![json!({"type": "divider"}); 51]});
    assert!(!message(&many).is_empty());
    let long = json!({"text": "t", "blocks": vec![section(&"x".repeat(2900)); 4]});
    assert!(!message(&long).is_empty());
    assert!(!message(&json!({"blocks": [section("x")]})).is_empty(), "no text");
}

#[test]
fn a_modal_needs_a_short_title_and_a_way_to_submit() {
    let plain = |text: &str| json!({"type": "plain_text", "text": text});
    let input =
        json!({"type": "input", "label": plain("L"), "element": {"type": "plain_text_input", "action_id": "a"}});
    let modal = |title: &str| json!({"type": "modal", "title": plain(title), "submit": plain("S"), "blocks": [input]});
    assert_eq!(view(&modal("T")), Vec::<String>::new());
    assert!(!view(&modal(&"T".repeat(25))).is_empty());
    assert!(!view(&json!({"type": "modal", "title": plain("T"), "blocks": [input]})).is_empty());
    assert!(!view(&json!({"type": "home", "title": plain("T"), "blocks": [{"type": "divider"}]})).is_empty());
}
