//! What users read: for every cause the answer to its first sample, kept as a snapshot under `snapshots/answers`, short
//! enough for a phone, complete, and the same in every rendering.
//!
//! After a change to an entry: `INSTA_UPDATE=always cargo test --test answers`, then read what changed.

use std::{collections::BTreeSet, fs, path::Path};

use npmfix::{
    answer::{
        Answer, MAX_STEPS, answer,
        json::json,
        markdown::markdown,
        text::{Paint, text},
    },
    classifier::{Diagnosis, Unknown, explain},
    knowledge::{Cause, Knowledge, load::public_host, load_embedded},
};

/// What fits a phone's screen, with the other causes and the link.
const SCREEN: usize = 1300;

fn knowledge() -> Knowledge {
    load_embedded().unwrap_or_else(|error| panic!("{error}"))
}

/// What the first sample of an entry is answered with.
fn diagnosis(cause: &Cause, knowledge: &Knowledge) -> Diagnosis {
    let sample = cause.samples.matches.first().map_or("", String::as_str);
    let found = explain(sample.as_bytes(), &knowledge).diagnoses;
    let names = |d: &Diagnosis| d.causes.first().is_some_and(|first| first.id == cause.id);
    found.into_iter().find(names).unwrap_or_else(|| panic!("{}: its first sample is answered otherwise", cause.id))
}

fn answers(knowledge: &Knowledge) -> Vec<(&Cause, Answer)> {
    knowledge.causes.iter().map(|cause| (cause, answer(&diagnosis(cause, knowledge), knowledge))).collect()
}

/// The text with the hosts of public registries as this project writes them.
fn without_hosts(text: &str) -> String {
    let mirror = ["registry", "npmmirror", "com"].join(".");
    let yarn = ["registry", "yarnpkg", "com"].join(".");
    text.replace(&public_host(), "{{npm}}").replace(&mirror, "{{mirror}}").replace(&yarn, "{{yarn}}")
}

#[test]
fn every_answer_reads_as_reviewed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/answers");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let knowledge = knowledge();
    for (cause, answer) in answers(&knowledge) {
        let page = without_hosts(&markdown(&answer));
        settings.bind(|| insta::assert_snapshot!(cause.id.as_str(), page));
    }
}

#[test]
fn no_snapshot_outlives_its_entry() {
    let ids: BTreeSet<String> = knowledge().causes.iter().map(|cause| cause.id.to_string()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/answers");
    let kept: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "snap"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(kept, ids);
}

#[test]
fn every_answer_fits_a_screen_wherever_it_ran() {
    let knowledge = knowledge();
    let mut long = Vec::new();
    for cause in &knowledge.causes {
        let pasted = diagnosis(cause, &knowledge);
        let mut nowhere = pasted.clone();
        nowhere.report.places.clear();
        nowhere.unknown.push(Unknown::Place);
        for diagnosis in [pasted, nowhere] {
            let size = markdown(&answer(&diagnosis, &knowledge)).chars().count();
            if size > SCREEN {
                long.push(format!("{}: {size} characters", cause.id));
            }
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn every_answer_is_complete() {
    for (cause, answer) in answers(&knowledge()) {
        assert_eq!(answer.id.as_ref(), Some(&cause.id));
        assert!((1..=MAX_STEPS).contains(&answer.steps.len()), "{}: {} steps", cause.id, answer.steps.len());
        assert!(answer.steps.iter().all(|step| !step.text.is_empty()), "{}: a step without a text", cause.id);
        assert!(!answer.check.text.is_empty(), "{}: no check", cause.id);
        assert!(answer.evidence.is_some(), "{}: no evidence", cause.id);
        assert!(answer.learn_more.is_some(), "{}: no source to link to", cause.id);
    }
}

#[test]
fn every_rendering_holds_the_same_commands() {
    for (cause, answer) in answers(&knowledge()) {
        let steps: Vec<String> = json(&answer).steps.into_iter().filter_map(|step| step.command).collect();
        let check = answer.check.command.clone();
        let lines: Vec<&str> = steps.iter().chain(&check).flat_map(|command| command.lines()).collect();
        // Wide enough that no prose is wrapped; only commands are indented this far.
        let plain = text(&answer, 10_000, Paint::Plain);
        let printed: Vec<&str> = plain.lines().filter_map(|line| line.strip_prefix("       ")).collect();
        assert_eq!(printed, lines, "{}", cause.id);
        let page = markdown(&answer);
        for command in steps.iter().chain(&check) {
            assert!(page.contains(&format!("\n```\n{command}\n```\n")), "{}: {command}", cause.id);
        }
        let told = json(&answer).check;
        assert!(check.is_none_or(|command| told.ends_with(&format!("`{command}`"))), "{}: {told}", cause.id);
    }
}
