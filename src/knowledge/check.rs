//! The checks that keep the entries honest: `npmfix knowledge check`.

use std::fmt;

use jiff::{ToSpan as _, civil::Date};

use super::{Applies, Cause, CauseId, Condition, Knowledge, template};
use crate::classifier::{self, Client, Method, Operation, Place, Sent, Target, clean::marker};

mod questions;

/// An entry that nobody has held against its sources for this many days is stale.
const STALE_AFTER_DAYS: i64 = 365;

/// Something in the knowledge that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which entry or table.
    pub entry: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.entry, self.what)
    }
}

/// Checks every entry as of `today`; an empty list means that all is well.
#[must_use]
pub fn check(knowledge: &Knowledge, today: Date) -> Vec<Problem> {
    let mut problems = Vec::new();
    for cause in &knowledge.causes {
        let mut say = |what: String| problems.push(Problem { entry: cause.id.to_string(), what });
        samples(cause, knowledge, &mut say);
        names(cause, knowledge, &mut say);
        questions::holds(cause, knowledge, &mut say);
        reach(cause, &mut say);
        texts(cause, &mut say);
        dates(cause, today, &mut say);
    }
    questions::check(knowledge, &mut problems);
    problems
}

fn firsts(sample: &str, knowledge: &Knowledge) -> Vec<CauseId> {
    let findings = classifier::explain(sample.as_bytes(), &knowledge);
    findings.diagnoses.into_iter().filter_map(|d| d.causes.into_iter().next()).map(|c| c.id).collect()
}

/// Every sample does what it says; so no entry is unreachable and none stands in another's shadow.
fn samples(cause: &Cause, knowledge: &Knowledge, say: &mut impl FnMut(String)) {
    if cause.samples.matches.is_empty() || cause.samples.no_match.is_empty() {
        say("needs at least one sample that matches and one that does not".to_owned());
    }
    for (index, sample) in cause.samples.matches.iter().enumerate() {
        let first = firsts(sample, knowledge);
        if !first.contains(&cause.id) {
            let instead = first.first().map_or("nothing".to_owned(), ToString::to_string);
            say(format!(
                "samples.match {} is answered with {instead}; the entry is unreachable there or shadowed",
                index + 1
            ));
        }
    }
    for (index, sample) in cause.samples.no_match.iter().enumerate() {
        if firsts(sample, knowledge).contains(&cause.id) {
            say(format!("samples.no_match {} is answered with this entry", index + 1));
        }
    }
}

fn kinds(knowledge: &Knowledge) -> Vec<&str> {
    knowledge.registries.iter().map(|r| r.kind.as_str()).chain(["unknown", "none"]).collect()
}

fn places() -> Vec<&'static str> {
    Place::NAMES.iter().copied().chain(["unknown"]).collect()
}

fn listed(key: &str, list: &[String], names: &[&str], say: &mut impl FnMut(String)) {
    for name in list.iter().filter(|name| !names.contains(&name.as_str())) {
        say(format!("{key}: there is no `{name}`; use one of {}", names.join(", ")));
    }
}

/// Every name that says where a step or a question applies exists.
fn applies(key: &str, when: &Applies, knowledge: &Knowledge, say: &mut impl FnMut(String)) {
    let Applies { place, registry, client, operation, status: _ } = when;
    listed(&format!("{key}.place"), place, &places(), say);
    listed(&format!("{key}.registry"), registry, &kinds(knowledge), say);
    listed(&format!("{key}.client"), client, Client::NAMES, say);
    listed(&format!("{key}.operation"), operation, Operation::NAMES, say);
}

/// Every name in a list exists.
fn names(cause: &Cause, knowledge: &Knowledge, say: &mut impl FnMut(String)) {
    let (kinds, places) = (kinds(knowledge), places());
    let mut known = |key: &str, list: &[String], names: &[&str]| listed(key, list, names, say);
    known("clients", &cause.clients, Client::NAMES);
    known("registries", &cause.registries, &kinds);
    known("operations", &cause.operations, Operation::NAMES);
    for condition in cause.signals.iter().flat_map(|s| [Some(&s.when), s.unless.as_ref()]).flatten() {
        known("client", &condition.client, Client::NAMES);
        known("registry", &condition.registry, &kinds);
        known("operation", &condition.operation, Operation::NAMES);
        known("method", &condition.method, Method::NAMES);
        known("target", &condition.target, Target::NAMES);
        known("sent", &condition.sent, Sent::NAMES);
        known("challenge", &condition.challenge, &["bearer", "basic", "other"]);
        known("place", &condition.place, &places);
    }
    for when in cause.steps.iter().filter_map(|s| s.when.as_ref()) {
        applies("steps.when", when, knowledge, say);
    }
    for id in cause.neighbours.iter().filter(|id| knowledge.cause(id.as_str()).is_none()) {
        say(format!("neighbours: there is no entry `{id}`"));
    }
}

/// No signal asks for what the entry's own filters exclude, and words are written the way texts are compared.
fn reach(cause: &Cause, say: &mut impl FnMut(String)) {
    if cause.signals.is_empty() {
        say("has no signal, so nothing can ever show it".to_owned());
    }
    for (index, signal) in cause.signals.iter().enumerate() {
        let Condition { code, client, registry, operation, said, around, .. } = &signal.when;
        for (key, asked, allowed) in [
            ("code", code, &cause.codes),
            ("client", client, &cause.clients),
            ("registry", registry, &cause.registries),
            ("operation", operation, &cause.operations),
        ] {
            let reachable = |v: &String| allowed.contains(v) || key == "registry" && (v == "none" || v == "unknown");
            if !asked.is_empty() && !allowed.is_empty() && !asked.iter().any(reachable) {
                say(format!(
                    "signal {} can never hold: the entry's own {key} list excludes {}",
                    index + 1,
                    asked.join(", ")
                ));
            }
        }
        if !(1..=100).contains(&signal.weight) {
            say(format!("signal {}: a weight is 1 to 100, not {}", index + 1, signal.weight));
        }
        for words in said.iter().chain(around) {
            if marker::fold(words) != words.as_str() || words.trim() != words {
                say(format!("signal {}: write `{words}` in lower case with single blanks", index + 1));
            }
        }
    }
}

/// Sentences, placeholders, steps and sources.
fn texts(cause: &Cause, say: &mut impl FnMut(String)) {
    let commands = cause.steps.iter().filter_map(|s| s.command.as_deref()).chain(cause.check.command.as_deref());
    let prose = cause.steps.iter().map(|s| s.text.as_str()).chain([
        cause.title.as_str(),
        &cause.explanation,
        &cause.is_not,
        &cause.prevention,
        &cause.check.text,
    ]);
    for text in prose.clone().chain(commands) {
        placeholders(text, say);
    }
    for text in prose {
        sentence(text, say);
    }
    for place in ["laptop", "ci"] {
        let applies = |when: &Option<Applies>| {
            when.as_ref().is_none_or(|w| w.place.is_empty() || w.place.iter().any(|p| p == place))
        };
        if !cause.steps.iter().any(|step| applies(&step.when)) {
            say(format!("says nothing to do for place `{place}`"));
        }
    }
    if cause.sources.is_empty() || cause.sources.iter().any(|s| !s.starts_with("https://")) {
        say("needs sources, each an https address".to_owned());
    }
}

/// Every placeholder has a name that is filled.
fn placeholders(text: &str, say: &mut impl FnMut(String)) {
    for name in template::placeholders(text).into_iter().filter(|name| !template::NAMES.contains(name)) {
        say(format!("`{{{name}}}` is no placeholder; use one of {} or write <{name}>", template::NAMES.join(", ")));
    }
}

/// The text says something, and its code stands in backticks.
fn sentence(text: &str, say: &mut impl FnMut(String)) {
    if text.trim().is_empty() {
        say("has an empty text".to_owned());
    }
    let bare = text.split('`').step_by(2).any(|part| !template::placeholders(part).is_empty());
    if bare || text.matches('`').count() % 2 == 1 {
        say(format!("placeholders stand in backticks, and backticks in pairs: {text}"));
    }
}

fn dates(cause: &Cause, today: Date, say: &mut impl FnMut(String)) {
    if cause.reviewed > today {
        say(format!("was reviewed on {}, which is still to come", cause.reviewed));
    }
    if cause.reviewed.checked_add(STALE_AFTER_DAYS.days()).is_ok_and(|stale| stale < today) {
        say(format!("was last reviewed on {}; hold it against its sources again", cause.reviewed));
    }
    if let Some(until) = cause.valid_until.filter(|until| *until < today) {
        say(format!("was right until {until}; revise it"));
    }
}
