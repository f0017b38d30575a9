//! The answers that count, held against what entries depend on.

use std::collections::BTreeMap;

use super::{Answers, entry};
use crate::{
    classifier::{Place, RankedCause, Report, Sent},
    knowledge::{Cause, Fact, Knowledge, Question},
};

/// The option that holds for each question that has an answer.
pub(super) struct Given<'a> {
    options: BTreeMap<&'a str, &'a str>,
    knowledge: &'a Knowledge,
}

impl<'a> Given<'a> {
    /// What the reader answered. About the place, the report has the last word.
    pub(super) fn by(answered: &'a Answers, report: &Report, knowledge: &'a Knowledge) -> Self {
        let chosen = |q: &'a Question| {
            let option = q.option(answered.get(&q.id)?)?;
            let option = if is_place(q) { place(report)? } else { &option.id };
            Some((q.id.as_str(), option))
        };
        Self { options: knowledge.questions.iter().filter_map(chosen).collect(), knowledge }
    }

    /// The same with the place that the text shows, though nobody was asked.
    pub(super) fn with_shown(&self, report: &Report) -> Self {
        let question = self.knowledge.questions.iter().find(|q| is_place(q));
        let shown = question.and_then(|q| Some((q.id.as_str(), place(report)?)));
        Self { options: self.options.clone().into_iter().chain(shown).collect(), ..*self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.options.is_empty()
    }

    pub(super) fn option(&self, question: &str) -> Option<&'a str> {
        self.options.get(question).copied()
    }

    pub(super) fn rules_out(&self, cause: &Cause) -> bool {
        self.options.iter().any(|(question, option)| fits(cause, question, option) == Some(false))
    }

    /// The cause that the answers bring to the front of those that stand, if it is not there yet. `first` led until now;
    /// `beside` are its neighbours that stand.
    pub(super) fn promoted(
        &self,
        first: &Cause,
        standing: &[RankedCause],
        beside: Vec<RankedCause>,
    ) -> Option<RankedCause> {
        let neutral = |r: &RankedCause| entry(r, self.knowledge).is_none_or(|cause| cause.neutral);
        if standing.first().is_some_and(|leads| leads.id == first.id && !first.neutral) {
            return None;
        }
        // Almost everything can happen in CI, so a place can speak against a cause but for none.
        let telling = || self.options.iter().filter(|(q, _)| !self.knowledge.question(q).is_some_and(is_place));
        let spoken_for = |r: &RankedCause, against_first: Option<bool>| {
            let cause = entry(r, self.knowledge);
            telling().any(|(question, option)| {
                let counts = against_first.is_none() || fits(first, question, option) == against_first;
                counts && cause.is_some_and(|cause| fits(cause, question, option) == Some(true))
            })
        };
        if let Some(instead) = standing.iter().find(|r| !neutral(r) && spoken_for(r, Some(false))) {
            return Some(instead.clone());
        }
        if standing.first().is_some_and(|leads| !neutral(leads)) {
            return None;
        }
        let candidates: Vec<RankedCause> = standing.iter().cloned().chain(beside).filter(|r| !neutral(r)).collect();
        let mut confirmed = candidates.iter().filter(|r| spoken_for(r, None));
        match (confirmed.next(), confirmed.next()) {
            (Some(only), None) => Some(only.clone()),
            _ if standing.is_empty() => candidates.into_iter().next(),
            _ => None,
        }
    }
}

/// Whether the cause can be with this answer; `None` where it does not depend on the question.
fn fits(cause: &Cause, question: &str, option: &str) -> Option<bool> {
    cause.holds.get(question).map(|options| options.iter().any(|o| o == option))
}

/// Whether the text answers the question by itself.
pub(super) fn shown(question: &Question, report: &Report) -> bool {
    match question.shown_by {
        Some(Fact::Place) => !report.places.is_empty(),
        Some(Fact::NothingSent) => {
            report.sent == Some(Sent::Nothing) || report.family().as_deref() == Some("ENEEDAUTH")
        }
        None => false,
    }
}

fn is_place(question: &Question) -> bool {
    question.shown_by == Some(Fact::Place)
}

/// The option that the report's places stand for; `None` when they are unknown or of both kinds.
fn place(report: &Report) -> Option<&'static str> {
    let laptop = report.places.iter().filter(|place| **place == Place::Laptop).count();
    match (laptop, report.places.len() - laptop) {
        (0, 1..) => Some("ci"),
        (1.., 0) => Some("laptop"),
        _ => None,
    }
}
