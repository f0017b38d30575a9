//! An answer for programs.

use serde::Serialize;

use super::{Answer, AnswerStep, inline::push_code, words};
use crate::classifier::Confidence;

/// The answer as programs get it. Strings carry code in backticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Json {
    /// A few words.
    pub title: String,
    /// What happened; says so where it is not certain.
    pub cause: String,
    /// The line that shows it.
    pub evidence: Option<String>,
    /// What to do, in order.
    pub steps: Vec<JsonStep>,
    /// The text, then the command in backticks.
    pub check: String,
    /// Other causes, one line each.
    pub others: Vec<String>,
    /// An `https` address.
    pub learn_more: Option<String>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JsonStep {
    /// A sentence.
    pub text: String,
    /// What to type or write, exactly.
    pub command: Option<String>,
}

/// The answer with its keys in reading order.
#[must_use]
pub fn json(answer: &Answer) -> Json {
    let cause = answer.cause.backticked();
    Json {
        title: answer.title.clone(),
        cause: match answer.confidence {
            Confidence::Certain => cause,
            unsure => [words::lead(unsure), ": ", &cause].concat(),
        },
        evidence: answer.evidence.as_ref().map(|line| line.text.clone()),
        steps: answer.steps.iter().map(step).collect(),
        check: check(&answer.check),
        others: answer.others.iter().map(|o| words::other(&o.title, &o.explanation.backticked())).collect(),
        learn_more: answer.learn_more.clone(),
    }
}

/// The same as a value.
#[must_use]
pub fn value(answer: &Answer) -> serde_json::Value {
    serde_json::to_value(json(answer)).unwrap_or_default()
}

fn step(step: &AnswerStep) -> JsonStep {
    JsonStep { text: step.text.backticked(), command: step.command.clone() }
}

fn check(check: &AnswerStep) -> String {
    let mut out = check.text.backticked();
    if let Some(command) = &check.command {
        if !out.is_empty() {
            out.push(' ');
        }
        push_code(&mut out, command);
    }
    out
}
