//! A diagnosis → what to say.
//!
//! [`answer`] chooses what to say and knows no platform; [`text`], [`markdown`] and [`json`] say it. Every sentence that
//! does not come from a knowledge entry is a function in [`words`].

use serde::{Deserialize, Serialize};

use crate::{
    classifier::{Confidence, Diagnosis, Line, beside},
    knowledge::{Cause, CauseId, Knowledge, Question, Step, template::Fields},
};

mod choose;
pub mod commands;
pub mod console;
pub mod digest;
pub mod discord;
pub mod fixes;
pub mod help;
mod inline;
pub mod json;
pub mod markdown;
pub mod outbox;
pub mod pages;
pub mod picture;
pub mod reply;
pub mod serving;
pub mod slack;
pub mod slack_app;
pub mod slack_check;
pub mod text;
pub mod words;

#[cfg(test)]
mod tests;

pub use crate::classifier::beside::{ENOUGH_OTHERS, MAX_OTHERS, applies};
use inline::one_line;
pub(crate) use inline::visible;
pub use inline::{Inline, Span};

/// More than four things to do is a manual, not an answer.
pub const MAX_STEPS: usize = 4;
/// Characters of the evidence; one long line must not fill a phone's screen.
pub const MAX_EVIDENCE: usize = 300;

/// What to say about one diagnosis, for any platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The cause that leads; `None` when the knowledge has no entry for any cause of the diagnosis.
    pub id: Option<CauseId>,
    /// A few words.
    pub title: String,
    /// How sure the text makes the cause.
    pub confidence: Confidence,
    /// How often the input shows this failure; at least 1.
    pub count: u32,
    /// What happened, without the words for the confidence (see [`words::lead`]).
    pub cause: Inline,
    /// The line that shows it, on one line, free of control characters, at most [`MAX_EVIDENCE`] characters.
    pub evidence: Option<Line>,
    /// What to do, in order, at most [`MAX_STEPS`].
    pub steps: Vec<AnswerStep>,
    /// The look that tells this cause from its neighbours.
    pub check: AnswerStep,
    /// Other causes, best first, at most [`MAX_OTHERS`].
    pub others: Vec<Other>,
    /// The one thing missing in the text that matters most.
    pub caveat: Option<Inline>,
    /// An `https` address to read more at.
    pub learn_more: Option<String>,
}

/// One thing to do or to look at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AnswerStep {
    /// A sentence.
    pub text: Inline,
    /// What to type or write, exactly; may have several lines.
    pub command: Option<String>,
}

/// A cause that is named but not explained in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Other {
    /// Which entry.
    pub id: CauseId,
    /// A few words.
    pub title: String,
    /// One sentence.
    pub explanation: Inline,
}

/// Chooses what to say: the best cause that `knowledge` has an entry for, its steps for this situation, the others.
#[must_use]
pub fn answer(diagnosis: &Diagnosis, knowledge: &Knowledge) -> Answer {
    let report = &diagnosis.report;
    let top =
        diagnosis.causes.iter().find_map(|ranked| knowledge.cause(ranked.id.as_str()).map(|cause| (ranked, cause)));
    let Some((ranked, cause)) = top else {
        return words::unexplained(diagnosis, evidence(report.said.iter()));
    };
    let fields = Fields::new(report, knowledge.registry(&report.registry.kind));
    let chosen = choose::steps(cause, report);
    let shown = choose::Shown { steps: &chosen, check: &cause.check };
    Answer {
        id: Some(cause.id.clone()),
        title: one_line(cause.title.trim()),
        confidence: ranked.confidence,
        count: diagnosis.count.max(1),
        cause: Inline::parse(&fields.fill(&cause.explanation)),
        evidence: evidence(ranked.evidence.iter().chain(&report.said)),
        steps: chosen.iter().map(|step| fill_step(&fields, step)).collect(),
        check: fill(&fields, &cause.check.text, cause.check.command.as_deref()),
        others: others(cause, diagnosis, knowledge, &fields),
        caveat: choose::caveat(diagnosis, ranked.confidence, &fields, &shown),
        learn_more: cause.sources.iter().find(|url| is_link(url)).cloned(),
    }
}

/// A question of the knowledge, see [`narrow::question`](crate::classifier::narrow::question), as it is put for this diagnosis.
#[must_use]
pub fn asked(question: &Question, diagnosis: &Diagnosis, knowledge: &Knowledge) -> Inline {
    let report = &diagnosis.report;
    let fields = Fields::new(report, knowledge.registry(&report.registry.kind));
    Inline::parse(&fields.fill(&question.text))
}

fn others(top: &Cause, diagnosis: &Diagnosis, knowledge: &Knowledge, fields: &Fields) -> Vec<Other> {
    let other = |cause: &Cause| Other {
        id: cause.id.clone(),
        title: one_line(cause.title.trim()),
        explanation: Inline::parse(&fields.fill(&cause.explanation)),
    };
    beside::others(top, diagnosis, knowledge).into_iter().map(other).collect()
}

fn fill_step(fields: &Fields, step: &Step) -> AnswerStep {
    fill(fields, &step.text, step.command.as_deref())
}

fn fill(fields: &Fields, text: &str, command: Option<&str>) -> AnswerStep {
    let command = command.map(|c| fields.fill(c.trim_end())).filter(|c| !c.is_empty());
    AnswerStep { text: Inline::parse(&fields.fill(text)), command }
}

/// The first line that says something, on one line and cut to [`MAX_EVIDENCE`].
fn evidence<'a>(mut lines: impl Iterator<Item = &'a Line>) -> Option<Line> {
    lines.find_map(|line| {
        let text = line.text.trim_start();
        let end = text.char_indices().nth(MAX_EVIDENCE + 1).map_or(text.len(), |(at, _)| at);
        let mut text = one_line(text.get(..end).unwrap_or_default()).trim().to_owned();
        if text.chars().nth(MAX_EVIDENCE).is_some() {
            text.pop();
            text.pop();
            text.push('…');
        }
        (!text.is_empty()).then_some(Line { number: line.number, text })
    })
}

/// An `https` address of characters that end no link and need no escaping.
fn is_link(url: &str) -> bool {
    let safe = |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'`' | b'\\' | b'|');
    url.len() > "https://".len() && url.starts_with("https://") && url.bytes().all(safe)
}
