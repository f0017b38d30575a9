//! What is said as Block Kit: within what Slack takes, with nothing in it that comes alive, and complete or marked as cut.

use npmfix::{
    answer::{
        Answer, AnswerStep, Inline, Other, answer,
        reply::{Block, Choice, ChoiceRow, Reply, Row},
        slack::cut,
    },
    classifier::{Confidence, Line, explain},
    knowledge::{CauseId, Knowledge, load::public_host, load_embedded},
    message::{ChannelId, MessageId, MessageRef, TeamId},
    slack::blocks::{self, Around, Message, SIZE},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::limits;

/// Where Slack refuses a message's blocks, keys and braces counted; see [`blocks::SIZE`].
const REFUSED: usize = 13_200;

fn said(reply: &Reply) -> Message {
    let message = blocks::message(reply, Some("0k"), Around { site: Some("https://acme.slack.com/"), files: &[] });
    let wrongs = limits::message(&json!({ "text": message.text, "blocks": message.blocks }));
    assert_eq!(wrongs, Vec::<String>::new(), "{:#?}", message.blocks);
    let size = Value::from(message.blocks.clone()).to_string().chars().count();
    assert!(size < REFUSED, "{size} characters of blocks");
    message
}

fn reply(block: Block) -> Reply {
    Reply { blocks: vec![block], rows: Vec::new() }
}

fn choice(label: &str) -> Choice {
    Choice { id: format!("0123456789abcdef:is:where:{label}"), label: label.to_owned() }
}

fn choices(labels: &[&str]) -> ChoiceRow {
    ChoiceRow {
        question: Some(Inline::parse("Where does `npm` run?")),
        choices: labels.iter().map(|l| choice(l)).collect(),
    }
}

/// All text that is shown, as it is shown.
fn shown(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            out.extend(fields.get("text").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| shown(field, out));
        }
        Value::Array(all) => all.iter().for_each(|each| shown(each, out)),
        _ => {}
    }
}

fn texts(message: &Message) -> Vec<String> {
    let mut out = Vec::new();
    message.blocks.iter().for_each(|block| shown(block, &mut out));
    out
}

fn first_answer(cause: &str, knowledge: &Knowledge) -> Answer {
    let cause = knowledge.cause(cause).unwrap();
    let sample = cause.samples.matches.first().unwrap();
    let found = explain(sample.as_bytes(), &knowledge).diagnoses;
    answer(found.iter().find(|d| d.causes.first().is_some_and(|first| first.id == cause.id)).unwrap(), knowledge)
}

#[test]
fn every_answer_fits_a_message_as_a_whole() {
    let knowledge = load_embedded().unwrap();
    for cause in &knowledge.causes {
        let answer = first_answer(cause.id.as_str(), &knowledge);
        let commands: Vec<String> = answer.steps.iter().filter_map(|step| step.command.clone()).collect();
        let reply = Reply {
            blocks: vec![Block::Answer(Box::new(answer))],
            rows: vec![choices(&["laptop", "CI"]), choices(&["a", "b", "c", "d", "e"])],
        };
        let texts = texts(&said(&reply));
        assert!(!texts.iter().any(|text| text == cut()), "{} is cut", cause.id);
        for command in commands {
            assert!(texts.contains(&command), "{}: {command:?} is not shown as it is typed", cause.id);
        }
    }
}

#[test]
fn answers_read_as_reviewed() {
    let knowledge = load_embedded().unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/slack");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for cause in ["github_packages_token_scopes", "npm_otp_required"] {
        let reply = Reply {
            blocks: vec![Block::Answer(Box::new(first_answer(cause, &knowledge)))],
            rows: vec![ChoiceRow { question: None, ..choices(&["That fixed it", "Didn't help", "Save our fix"]) }],
        };
        let message = said(&reply);
        let page = serde_json::to_string_pretty(&json!({ "text": message.text, "blocks": message.blocks })).unwrap();
        settings.bind(|| insta::assert_snapshot!(cause, page.replace(&public_host(), "{{npm}}")));
    }
}

#[test]
fn what_people_wrote_is_shown_as_they_wrote_it() {
    let written =
        "<!channel> <@U0ROOT> @here *bold* _it_ ~no~ `npm i` ```fence``` :tada: https://a.example &amp; a < b > c";
    let inline = Inline::plain(written);
    for block in [
        Block::Quote(written.to_owned()),
        Block::Say(inline.clone()),
        Block::Item(inline),
        Block::Heading(written.to_owned()),
    ] {
        let message = said(&reply(block.clone()));
        assert!(texts(&message).contains(&written.to_owned()), "{block:?}: {:#?}", message.blocks);
        assert!(!message.text.contains("<!channel>"), "{}", message.text);
        assert!(message.text.contains("&lt;!channel&gt; &lt;@U0ROOT&gt;"), "{}", message.text);
    }
}

#[test]
fn a_command_is_copied_letter_by_letter() {
    let command = "npm config set \"//npm.pkg.github.com/:_authToken\" '`cat token`'\n\tnpm publish   --access public";
    let step = AnswerStep { text: Inline::parse("Set `it`:"), command: Some(command.to_owned()) };
    let answer = Answer { steps: vec![step.clone()], check: step, ..bare() };
    let texts = texts(&said(&reply(Block::Answer(Box::new(answer)))));
    assert_eq!(texts.iter().filter(|text| *text == command).count(), 2);
}

#[test]
fn what_is_too_long_is_cut_and_says_so() {
    let quote = "line of a fix that somebody wrote\n".repeat(20_000);
    let rows = vec![choices(&["That fixed it"])];
    let message = said(&Reply { blocks: vec![Block::Quote(quote), Block::Say(Inline::plain("behind it"))], rows });
    let texts = texts(&message);
    assert!(texts.iter().any(|text| text == cut()) && message.text.ends_with(cut()));
    assert!(!texts.contains(&"behind it".to_owned()), "what stands behind a cut reads as if it followed");
    assert!(texts.contains(&"That fixed it".to_owned()));
    let many = Reply { blocks: (0..500).map(|n| Block::Heading(format!("heading {n}"))).collect(), rows: Vec::new() };
    let message = said(&many);
    assert!(message.blocks.len() <= 50 && self::texts(&message).contains(&cut().to_owned()));
}

#[test]
fn ten_megabytes_are_cut_at_once() {
    let huge = "\u{1f600}<@U1>`x`".repeat(1_000_000);
    for block in [Block::Quote(huge.clone()), Block::Say(Inline::parse(&huge)), Block::Heading(huge)] {
        let texts = texts(&said(&reply(block)));
        assert!(texts.iter().map(String::len).sum::<usize>() <= SIZE);
    }
}

#[test]
fn many_choices_are_a_menu() {
    let labels: Vec<String> = (0..130).map(|n| format!("option {n}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let row = |count: usize| Reply {
        blocks: vec![Block::Say(Inline::plain("x"))],
        rows: vec![choices(labels.get(..count).unwrap())],
    };
    let element = |count| said(&row(count)).blocks.last().unwrap()["elements"].clone();
    assert_eq!(element(5).as_array().unwrap().len(), 5);
    assert_eq!(element(5)[0]["value"], "0123456789abcdef:is:where:option 0");
    assert_eq!(element(6)[0]["type"], "static_select");
    assert_eq!(element(6)[0]["options"][5]["value"], "0123456789abcdef:is:where:option 5");
    assert_eq!(element(130)[0]["options"].as_array().unwrap().len(), 100);
}

#[test]
fn a_message_of_ours_is_told_by_its_key() {
    let reply = Reply::say(Inline::plain("hello"));
    for message in [blocks::message(&reply, Some("0k3"), Around::default()), blocks::small(&reply, Some("0k3"))] {
        assert_eq!(blocks::key(&json!({ "blocks": message.blocks })), Some("0k3"));
    }
    for other in [json!({}), json!({"blocks": null}), json!({"blocks": [{"block_id": "x"}, {"block_id": 3}]})] {
        assert_eq!(blocks::key(&other), None);
    }
}

#[test]
fn a_small_message_is_plain_and_short() {
    let reply = reply(Block::Quote("<!here> ".repeat(5_000)));
    let message = blocks::small(&reply, Some("0k"));
    let wrongs = limits::message(&json!({ "text": message.text, "blocks": message.blocks }));
    assert_eq!(wrongs, Vec::<String>::new());
    assert!(message.blocks[0]["text"]["text"].as_str().unwrap().ends_with(cut()));
}

#[test]
fn a_place_is_a_link_to_the_message() {
    let place = |thread: Option<&str>| MessageRef {
        team: TeamId::parse("slack:T1").unwrap(),
        channel: ChannelId::parse("C1").unwrap(),
        thread: thread.map(|t| MessageId::parse(t).unwrap()),
        id: MessageId::parse("1700000000.000200").unwrap(),
    };
    let url = |thread| said(&reply(Block::Place(place(thread)))).blocks[0]["elements"][0]["elements"][0]["url"].clone();
    assert_eq!(url(None), "https://acme.slack.com/archives/C1/p1700000000000200");
    assert_eq!(
        url(Some("1699999999.000100")),
        "https://acme.slack.com/archives/C1/p1700000000000200?thread_ts=1699999999.000100&cid=C1"
    );
}

fn bare() -> Answer {
    Answer {
        id: None,
        title: "A title".to_owned(),
        confidence: Confidence::Likely,
        count: 2,
        cause: Inline::plain("The cause."),
        evidence: Some(Line { number: 3, text: "npm error code E401".to_owned() }),
        steps: Vec::new(),
        check: AnswerStep::default(),
        others: Vec::new(),
        caveat: None,
        learn_more: None,
    }
}

/// Text of any script, with what platforms read as mentions and mark-up.
fn odd() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[\u{5d0}-\u{5ea}\u{202e}\u{2066}]{0,20}",
        "[\u{1f600}-\u{1f64f}]{0,40}",
        "[<>&`*_~|@#!:\\\\\"\n\r\t\0 ]{0,60}",
        Just("<!subteam^S1|x> <@!1> @everyone <#C1> <https://a|b> [x](y)".to_owned()),
        "[a-z ]{0,3000}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn odd_answer() -> impl Strategy<Value = Answer> {
    let step =
        || (odd(), prop::option::of(odd())).prop_map(|(t, command)| AnswerStep { text: Inline::parse(&t), command });
    let steps = prop::collection::vec(step(), 0..6);
    (odd(), odd(), odd(), steps, step(), prop::option::of(odd())).prop_map(
        |(title, cause, line, steps, check, caveat)| Answer {
            title,
            cause: Inline::parse(&cause),
            evidence: Some(Line { number: 1, text: line.clone() }),
            steps,
            check,
            others: vec![Other { id: CauseId::from("x"), title: line, explanation: Inline::default() }],
            caveat: caveat.map(|text| Inline::parse(&text)),
            learn_more: Some("https://docs.example.com/x".to_owned()),
            ..bare()
        },
    )
}

fn odd_block() -> impl Strategy<Value = Block> {
    prop_oneof![
        odd().prop_map(Block::Heading),
        odd().prop_map(|t| Block::Say(Inline::parse(&t))),
        odd().prop_map(|t| Block::Item(Inline::parse(&t))),
        odd().prop_map(Block::Quote),
        odd_answer().prop_map(|a| Block::Answer(Box::new(a))),
        (odd(), prop::option::of(odd()), odd()).prop_map(|(text, note, label)| {
            let note = note.map(|note| Inline::parse(&note));
            let choice = Some(Choice { id: "0:save".to_owned(), label });
            Block::Row(Box::new(Row { text: Inline::parse(&text), note, place: None, choice }))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_is_taken(
        blocks in prop::collection::vec(odd_block(), 0..12),
        labels in prop::collection::vec(odd(), 0..12),
        question in prop::option::of(odd()),
    ) {
        let choices: Vec<Choice> =
            labels.iter().enumerate().map(|(n, label)| Choice { id: format!("0:is:q:{n}"), label: label.clone() }).collect();
        let offered = choices.len();
        let rows = vec![ChoiceRow { question: question.map(|q| Inline::parse(&q)), choices }];
        let message = said(&Reply { blocks, rows });
        let last = message.blocks.last().unwrap();
        if offered > 0 {
            let elements = last["elements"].as_array().unwrap();
            let kept = elements[0].get("options").map_or(elements.len(), |all| all.as_array().unwrap().len());
            prop_assert_eq!(kept, offered, "choices are never cut off");
        }
    }
}
