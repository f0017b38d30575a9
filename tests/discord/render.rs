//! Replies as Discord gets them: within its limits, and without anything in them coming alive.

use npmfix::{
    answer::{
        Inline,
        reply::{Block, Choice, ChoiceRow, Reply},
    },
    discord::render,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::fake::{limits, schema};

fn shown(reply: &Reply) -> Value {
    let body = render::message(reply);
    assert_eq!(limits::message(&body), Vec::<String>::new(), "{body}");
    assert_eq!(schema::against("post", &body), Vec::<String>::new(), "{body}");
    body
}

fn description(body: &Value) -> &str {
    body["embeds"][0]["description"].as_str().unwrap()
}

#[test]
fn what_people_wrote_stays_what_they_wrote() {
    for (said, shown_as) in [
        ("@everyone look", "@\u{200b}everyone look"),
        (
            "<@123> <#4> </npmfix:5> <:x:6> <t:7>",
            "\\<@\u{200b}123\\> \\<\\#4\\> \\</npmfix\\:5\\> \\<\\:x\\:6\\> \\<t\\:7\\>",
        ),
        ("**bold** _it_ ~~no~~ ||spoiler||", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|spoiler\|\|"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1. one", r"1\. one"),
        ("> quote", r"\> quote"),
        ("see https://evil.example/x now", "see `https://evil.example/x` now"),
        ("[text](https://evil.example)", r"\[`text](https://evil.example`)"),
        ("mail me@acme.example.", "mail `me@acme.example`."),
        ("10:30 :smile:", r"10\:30 \:smile:"),
        ("back`tick", r"back\`tick"),
    ] {
        let body = shown(&Reply::say(Inline::plain(said)));
        assert_eq!(description(&body), shown_as, "{said}");
    }
}

#[test]
fn nothing_ends_a_code_block_or_a_piece_of_code_early() {
    let body = shown(&Reply { blocks: vec![Block::Quote("a\n```\n@everyone ````x".to_owned())], rows: Vec::new() });
    let fence = description(&body).strip_prefix("```\n").unwrap().strip_suffix("\n```").unwrap();
    assert!(!fence.contains("```"), "{fence}");
    let body = shown(&Reply::say(Inline::parse("run `npm login` now")));
    assert_eq!(description(&body), "run `npm login` now");
}

#[test]
fn a_long_reply_is_cut_and_says_so() {
    let line = Block::Say(Inline::plain(&"word ".repeat(200)));
    let body = shown(&Reply { blocks: vec![line; 50], rows: Vec::new() });
    assert!(body["embeds"].as_array().unwrap().len() > 1);
    let last = body["embeds"].as_array().unwrap().last().unwrap()["description"].as_str().unwrap();
    assert!(last.ends_with("There is more than fits here; `npmfix explain` on the log shows all of it."), "{last}");
    let quote = Block::Quote("a line of a log\n".repeat(1000));
    let body = shown(&Reply { blocks: vec![quote], rows: Vec::new() });
    assert!(description(&body).contains("a line of a log\n```"), "{body}");
}

#[test]
fn many_choices_become_a_menu() {
    let choices = |n: usize| ChoiceRow {
        question: Some(Inline::plain("Which one?")),
        choices: (0..n).map(|i| Choice { id: format!("r:is:q:{i}"), label: format!("option {i}") }).collect(),
    };
    let reply = Reply { blocks: vec![], rows: vec![choices(5), choices(0)] };
    let body = shown(&reply);
    assert_eq!(body["components"][0]["components"].as_array().unwrap().len(), 5);
    assert_eq!(description(&body), "Which one?");
    let body = shown(&Reply { blocks: vec![], rows: vec![choices(30)] });
    assert_eq!(body["components"][0]["components"][0]["type"], 3);
}

#[test]
fn the_commands_are_as_discord_takes_them() {
    let commands = npmfix::discord::commands::all();
    assert_eq!(schema::against("commands", &commands), Vec::<String>::new());
}

fn any_block() -> impl Strategy<Value = Block> {
    prop_oneof![
        ".{0,300}".prop_map(Block::Heading),
        ".{0,3000}".prop_map(|text| Block::Say(Inline::plain(&text))),
        "[`a@<:. ]{0,300}".prop_map(|text| Block::Item(Inline::parse(&text))),
        "(?s).{0,5000}".prop_map(Block::Quote),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_reply_fits(blocks in prop::collection::vec(any_block(), 0..20)) {
        let body = render::message(&Reply { blocks, rows: Vec::new() });
        prop_assert_eq!(limits::message(&body), Vec::<String>::new());
    }
}
