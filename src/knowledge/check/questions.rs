//! The checks of the questions, and of what entries say about their answers.

use super::{Problem, applies, placeholders, sentence};
use crate::knowledge::{Cause, Choice, Fact, Knowledge, Question};

/// What fits on a button of each platform, on a phone too.
const LONGEST_LABEL: usize = 40;

/// Every question that an entry depends on exists, with the options that it names.
pub(super) fn holds(cause: &Cause, knowledge: &Knowledge, say: &mut impl FnMut(String)) {
    for (id, options) in &cause.holds {
        let Some(question) = knowledge.question(id) else {
            say(format!("holds: there is no question `{id}`; questions.toml names them all"));
            continue;
        };
        if options.is_empty() {
            say(format!("holds.{id}: names no option, so the cause could never be"));
        }
        for option in options.iter().filter(|option| question.option(option).is_none()) {
            let ids: Vec<&str> = question.options.iter().map(|o| o.id.as_str()).collect();
            say(format!("holds.{id}: there is no option `{option}`; use one of {}", ids.join(", ")));
        }
        if question.options.iter().all(|option| options.contains(&option.id)) {
            say(format!("holds.{id}: names every option, which says nothing; leave it out"));
        }
    }
}

/// Every question can be asked, and tells causes apart.
pub(super) fn check(knowledge: &Knowledge, problems: &mut Vec<Problem>) {
    for (index, question) in knowledge.questions.iter().enumerate() {
        let mut say = |what: String| problems.push(Problem { entry: format!("question {}", question.id), what });
        if knowledge.questions.iter().take(index).any(|earlier| earlier.id == question.id) {
            say("stands twice in the table".to_owned());
        }
        text(question, &mut say);
        options(question, &mut say);
        question.when.iter().for_each(|when| applies("when", when, knowledge, &mut say));
        let pairs = || knowledge.causes.iter().flat_map(|a| knowledge.causes.iter().map(move |b| (a, b)));
        if !pairs().any(|(a, b)| a.excludes(b, &question.id) && beside(a, b)) {
            say("tells no two entries apart that can stand beside each other; say in [holds] what its options mean"
                .to_owned());
        }
    }
}

fn text(question: &Question, say: &mut impl FnMut(String)) {
    sentence(&question.text, say);
    placeholders(&question.text, say);
    if !question.text.ends_with('?') || question.text.contains('\n') {
        say("is one sentence on one line that ends in `?`".to_owned());
    }
    if question.sources.iter().any(|source| !source.starts_with("https://")) {
        say("its sources are https addresses".to_owned());
    }
}

fn options(question: &Question, say: &mut impl FnMut(String)) {
    let options = &question.options;
    if !(2..=4).contains(&options.len()) {
        say(format!("needs two to four options, not {}", options.len()));
    }
    for (index, option) in options.iter().enumerate() {
        let length = option.label.chars().count();
        if option.label.trim().is_empty() || length > LONGEST_LABEL {
            say(format!("the label of `{}` has {length} characters; 1 to {LONGEST_LABEL} fit on a button", option.id));
        }
        if option.label.contains(['`', '{']) {
            say(format!("the label of `{}` is plain words, without code and placeholders", option.id));
        }
        let same = |earlier: &Choice| earlier.id == option.id || earlier.label == option.label;
        if options.iter().take(index).any(same) {
            say(format!("the option `{}` stands twice", option.id));
        }
        if question.shown_by == Some(Fact::Place) && !["ci", "laptop"].contains(&option.id.as_str()) {
            say(format!("the option `{}` is no place; use ci or laptop", option.id));
        }
    }
}

/// Whether one text can bring both causes up.
fn beside(a: &Cause, b: &Cause) -> bool {
    let meet = |a: &[String], b: &[String]| a.is_empty() || b.is_empty() || a.iter().any(|value| b.contains(value));
    meet(&a.codes, &b.codes)
        && meet(&a.clients, &b.clients)
        && meet(&a.registries, &b.registries)
        && meet(&a.operations, &b.operations)
}
