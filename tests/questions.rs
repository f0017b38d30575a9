//! The questions that ship, and what the check says about questions that cannot be right.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, helpers included")]

use std::{fs, path::Path};

use jiff::civil::date;
use npmfix::knowledge::{Choice, Knowledge, Question, check::check, load_dir, load_embedded};
use rstest::rstest;
use tempfile::TempDir;

/// A folder of knowledge without causes.
fn folder(questions: Option<&str>) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("causes")).unwrap();
    fs::write(folder.path().join("registries.toml"), "registries = []").unwrap();
    if let Some(text) = questions {
        fs::write(folder.path().join("questions.toml"), text).unwrap();
    }
    folder
}

const COLOUR: &str = r#"
[[question]]
id = "colour"
text = "Which colour has `{host}`?"
options = [{ id = "red", label = "Red" }, { id = "blue", label = "Blue" }]
"#;

#[test]
fn the_built_in_questions_are_those_of_the_folder_in_the_same_order() {
    let ids = |knowledge: &Knowledge| knowledge.questions.iter().map(|q| q.id.clone()).collect::<Vec<_>>();
    let shipped = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge")).unwrap();
    assert_eq!(ids(&load_embedded().unwrap()), ids(&shipped));
    assert_eq!(ids(&shipped), ["place", "registry", "published", "others", "token", "whoami"]);
}

#[test]
fn a_folder_without_the_file_has_no_questions() {
    assert!(load_dir(folder(None).path()).unwrap().questions.is_empty());
    assert!(load_dir(folder(Some("# none yet\n")).path()).unwrap().questions.is_empty());
}

#[test]
fn an_unknown_key_in_a_question_is_refused_with_its_file_and_line() {
    for (text, line) in [
        (format!("{COLOUR}shade = \"dark\"\n"), 6),
        (COLOUR.replace("label = \"Blue\"", "label = \"Blue\", hue = 3"), 5),
        (COLOUR.replace("[[question]]", "[[questions]]"), 2),
    ] {
        let folder = folder(Some(&text));
        let error = load_dir(folder.path()).unwrap_err().to_string();
        let place = format!("{}:{line}: ", folder.path().join("questions.toml").display());
        assert!(error.starts_with(&place), "{error}");
    }
}

/// What the check says about the shipped knowledge after a change.
fn complaints(change: impl FnOnce(&mut Knowledge)) -> Vec<String> {
    let mut knowledge = load_embedded().unwrap();
    // They take most of the time and say nothing about questions.
    knowledge.causes.iter_mut().for_each(|cause| cause.samples.matches.clear());
    knowledge.causes.iter_mut().for_each(|cause| cause.samples.no_match.clear());
    change(&mut knowledge);
    let of_questions = |problem: &str| problem.starts_with("question ") || problem.contains(": holds");
    check(&knowledge, date(2026, 11, 22)).iter().map(ToString::to_string).filter(|p| of_questions(p)).collect()
}

fn first(knowledge: &mut Knowledge) -> &mut Question {
    knowledge.questions.first_mut().unwrap()
}

fn hold(knowledge: &mut Knowledge, question: &str, options: &[&str]) {
    let cause = knowledge.causes.iter_mut().find(|c| c.id.as_str() == "npm_rate_limited").unwrap();
    cause.holds.insert(question.to_owned(), options.iter().map(|&option| option.to_owned()).collect());
}

fn choice(id: &str, label: &str) -> Choice {
    Choice { id: id.to_owned(), label: label.to_owned() }
}

type Change = fn(&mut Knowledge);

#[rstest]
#[case::no_such_question(|k: &mut Knowledge| hold(k, "colour", &["red"]), "npm_rate_limited: holds: there is no question `colour`")]
#[case::no_such_option(|k: &mut Knowledge| hold(k, "place", &["moon"]), "holds.place: there is no option `moon`; use one of ci, laptop")]
#[case::no_option(|k: &mut Knowledge| hold(k, "place", &[]), "holds.place: names no option")]
#[case::every_option(|k: &mut Knowledge| hold(k, "place", &["laptop", "ci"]), "holds.place: names every option")]
#[case::no_question_mark(|k: &mut Knowledge| first(k).text = "Tell where it ran.".to_owned(), "ends in `?`")]
#[case::bare_placeholder(|k: &mut Knowledge| first(k).text = "Is it {host}?".to_owned(), "placeholders stand in backticks")]
#[case::no_such_placeholder(|k: &mut Knowledge| first(k).text = "Is it `{hots}`?".to_owned(), "`{hots}` is no placeholder")]
#[case::one_option(|k: &mut Knowledge| first(k).options.truncate(1), "needs two to four options, not 1")]
#[case::the_same_label(|k: &mut Knowledge| first(k).options[0].label = "On my machine".to_owned(), "`laptop` stands twice")]
#[case::code_on_a_button(|k: &mut Knowledge| first(k).options[0].label = "`CI`".to_owned(), "plain words")]
#[case::an_empty_button(|k: &mut Knowledge| first(k).options[0].label = " ".to_owned(), "has 1 characters")]
#[case::a_long_button(|k: &mut Knowledge| first(k).options[0].label = "é".repeat(41), "has 41 characters")]
#[case::no_such_place(|k: &mut Knowledge| first(k).options.push(choice("moon", "On the moon")), "`moon` is no place")]
#[case::an_address(|k: &mut Knowledge| first(k).sources.push("docs.npmjs.com".to_owned()), "https addresses")]
#[case::twice(|k: &mut Knowledge| k.questions.extend_from_within(..1), "question place: stands twice")]
#[case::nobody_needs_it(|k: &mut Knowledge| k.causes.iter_mut().for_each(|c| drop(c.holds.remove("token"))), "question token: tells no two")]
#[case::nowhere_to_ask(
    |k: &mut Knowledge| k.questions[2].when.as_mut().unwrap().operation.push("sing".to_owned()),
    "when.operation: there is no `sing`"
)]
fn a_question_that_cannot_be_right_is_named(#[case] change: Change, #[case] expected: &str) {
    let found = complaints(change);
    assert!(found.iter().any(|problem| problem.contains(expected)), "{found:?}");
}

#[test]
fn a_button_of_forty_characters_is_fine() {
    assert_eq!(complaints(|k| first(k).options[0].label = "é".repeat(40)), [""; 0]);
}
