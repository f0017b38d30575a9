//! What the reader of an answer can add: the answer to a question that tells the probable causes apart, and that
//! something did not help. Both only put the causes of a diagnosis in another order; nothing is read anew.
//!
//! Callers keep the diagnosis as it was at first and what the reader has said, and go through [`narrowed`] and then
//! [`without`] anew after each click.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{Confidence, Diagnosis, Place, RankedCause, Report, Unknown, beside, rules};
use crate::knowledge::{
    Cause, CauseId, Fact, Knowledge, Question,
    template::{self, Fields},
};

mod given;

use given::Given;

/// What a reader has answered: question ids with option ids. Ids that the knowledge does not know (any more) count for
/// nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, String>);

impl Answers {
    /// Notes an answer; a later one to the same question takes its place.
    pub fn give(&mut self, question: &str, option: &str) {
        self.0.insert(question.to_owned(), option.to_owned());
    }

    /// The id of the option chosen for a question.
    #[must_use]
    pub fn get(&self, question: &str) -> Option<&str> {
        self.0.get(question).map(String::as_str)
    }

    /// Whether nothing was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Question ids with option ids, in the order of the former.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(question, option)| (question.as_str(), option.as_str()))
    }
}

/// The question that tells the leading cause from the most likely of the others that an answer would name; of several such
/// questions the first in the table. Where it ran comes before all if another cause would lead in CI than on a laptop.
///
/// A question is asked only if neither the reader nor the text has answered it and each of its placeholders has a value.
/// Beside a leading cause that is neutral, the others are told apart. `None` when the leading cause is certain.
#[must_use]
pub fn question<'k>(diagnosis: &Diagnosis, answered: &Answers, knowledge: &'k Knowledge) -> Option<&'k Question> {
    let now = narrowed(diagnosis, answered, knowledge);
    let (ranked, first) = lead(&now, knowledge)?;
    if ranked.confidence == Confidence::Certain {
        return None;
    }
    let report = &now.report;
    let given = Given::by(answered, report, knowledge);
    let fields = Fields::new(report, knowledge.registry(&report.registry.kind));
    let open: Vec<&Question> = knowledge
        .questions
        .iter()
        .filter(|q| given.option(&q.id).is_none() && !given::shown(q, report))
        .filter(|q| q.when.as_ref().is_none_or(|when| beside::applies(when, report)))
        .filter(|q| !fields.lack(&q.text, &template::NAMES))
        .collect();
    if let Some(place) = open.iter().find(|q| q.shown_by == Some(Fact::Place) && changes_lead(q, &now, knowledge)) {
        return Some(place);
    }
    let known = given.with_shown(report);
    let others = beside::others(first, &now, knowledge).into_iter().filter(|c| !c.neutral && !known.rules_out(c));
    let mut compared: Vec<&Cause> = if first.neutral { Vec::new() } else { vec![first] };
    for other in others {
        let separates = |q: &&&Question| compared.iter().any(|cause| cause.excludes(other, &q.id));
        if let Some(found) = open.iter().find(separates) {
            return Some(found);
        }
        if first.neutral {
            compared.push(other);
        }
    }
    None
}

/// Whether one option of a question brings another cause to the front than the next.
fn changes_lead(question: &Question, diagnosis: &Diagnosis, knowledge: &Knowledge) -> bool {
    let mut leads = question.options.iter().map(|option| {
        let answered = Answers(BTreeMap::from([(question.id.clone(), option.id.clone())]));
        lead(&narrowed(diagnosis, &answered, knowledge), knowledge).map(|(_, cause)| cause.id.clone())
    });
    // To rank is what costs: the first that differs decides.
    leads.next().is_some_and(|first| leads.any(|lead| lead != first))
}

/// The diagnosis in the light of what was answered. A place that the text does not show is set, and the causes are ranked
/// with it. Causes that an answer rules out are set aside, behind those that stand. If that happens to the leading one, the
/// best of those that the same answer speaks for leads. When only neutral causes stand, the one other cause that an answer
/// speaks for leads; when none of the ranked ones stands, a neighbour does.
///
/// A cause that the text makes certain is never set aside; answers that rule out everything change no order; and that it ran
/// in CI or on a laptop speaks for no cause.
#[must_use]
pub fn narrowed(diagnosis: &Diagnosis, answered: &Answers, knowledge: &Knowledge) -> Diagnosis {
    let mut now = diagnosis.clone();
    if let Some(place) = place(answered, knowledge).filter(|_| now.report.places.is_empty()) {
        now.report.places = vec![place];
        now.unknown.retain(|unknown| *unknown != Unknown::Place);
        now.causes = ranked_again(diagnosis, &now.report, knowledge);
    }
    let given = Given::by(answered, &now.report, knowledge);
    let Some((_, first)) = lead(&now, knowledge).filter(|_| !given.is_empty()) else { return now };
    let out = |r: &RankedCause| {
        let open = r.confidence != Confidence::Certain;
        r.set_aside || open && entry(r, knowledge).is_some_and(|cause| given.rules_out(cause))
    };
    let (mut standing, ruled_out): (Vec<_>, Vec<_>) = now.causes.iter().cloned().partition(|r| !out(r));
    let beside = unranked_neighbours(first, &now, knowledge).into_iter().filter(|r| !out(r));
    if let Some(next) = given.promoted(first, &standing, beside.collect()) {
        standing.retain(|r| r.id != next.id);
        standing.insert(0, next);
    }
    if standing.is_empty() {
        return now;
    }
    now.causes = standing;
    set_aside(&mut now, ruled_out);
    let leads = [Some(first), lead(&now, knowledge).map(|(_, cause)| cause)].into_iter().flatten();
    let hidden: Vec<_> = leads.flat_map(|c| unranked_neighbours(c, &now, knowledge)).filter(out).collect();
    set_aside(&mut now, hidden);
    now
}

/// The causes ranked with a place that the reader told. The stored lines are only those that mattered at first, so a
/// cause changes only where the place itself changes it.
fn ranked_again(diagnosis: &Diagnosis, report: &Report, knowledge: &Knowledge) -> Vec<RankedCause> {
    let find = |list: &[RankedCause], id: &CauseId| list.iter().find(|r| r.id == *id).cloned();
    let (before, after) = (rules::rank(&diagnosis.report, knowledge), rules::rank(report, knowledge));
    let ids = diagnosis.causes.iter().chain(after.iter().filter(|r| find(&diagnosis.causes, &r.id).is_none()));
    let mut causes: Vec<RankedCause> = ids
        .filter_map(|RankedCause { id, .. }| {
            let (old, new) = (find(&before, id), find(&after, id));
            if old == new { find(&diagnosis.causes, id) } else { new }
        })
        .collect();
    let rank = |r: &RankedCause| {
        let (prior, tier) = entry(r, knowledge).map_or((0, 0), |c| (c.prior, c.tier));
        (r.set_aside, Reverse(r.weight), Reverse(prior), tier, r.id.clone())
    };
    causes.sort_by_key(rank);
    if causes.is_empty() { diagnosis.causes.clone() } else { causes }
}

/// The diagnosis after the causes in `tried` did not help: they are set aside, and the next most likely one leads, first
/// of those ranked, then of the leading entry's neighbours, at last a neutral one. `None` when nothing is left to try.
#[must_use]
pub fn without(diagnosis: &Diagnosis, tried: &[CauseId], knowledge: &Knowledge) -> Option<Diagnosis> {
    let (first, cause) = lead(diagnosis, knowledge)?;
    let is_tried = |r: &RankedCause| tried.contains(&r.id);
    let (mut standing, behind): (Vec<_>, Vec<_>) =
        diagnosis.causes.iter().cloned().partition(|r| !r.set_aside && !is_tried(r));
    if is_tried(first) {
        let neutral = |r: &RankedCause| entry(r, knowledge).is_none_or(|cause| cause.neutral);
        if standing.iter().all(neutral) {
            standing.extend(unranked_neighbours(cause, diagnosis, knowledge).into_iter().filter(|r| !is_tried(r)));
        }
        standing.sort_by_key(neutral);
    }
    let mut now = Diagnosis { causes: standing, ..diagnosis.clone() };
    lead(&now, knowledge)?;
    set_aside(&mut now, behind);
    set_aside(&mut now, tried.iter().filter_map(|id| knowledge.cause(id.as_str())).map(neighbour).collect());
    Some(now)
}

/// The place that the reader named.
fn place(answered: &Answers, knowledge: &Knowledge) -> Option<Place> {
    let question = knowledge.questions.iter().find(|q| q.shown_by == Some(Fact::Place))?;
    match question.option(answered.get(&question.id)?)?.id.as_str() {
        "ci" => Some(Place::Ci),
        "laptop" => Some(Place::Laptop),
        _ => None,
    }
}

fn entry<'k>(ranked: &RankedCause, knowledge: &'k Knowledge) -> Option<&'k Cause> {
    knowledge.cause(ranked.id.as_str())
}

/// The cause that leads an answer.
fn lead<'d, 'k>(diagnosis: &'d Diagnosis, knowledge: &'k Knowledge) -> Option<(&'d RankedCause, &'k Cause)> {
    diagnosis.causes.iter().find_map(|ranked| Some((ranked, entry(ranked, knowledge)?)))
}

/// The neighbours of an entry that can be and that the diagnosis does not rank.
fn unranked_neighbours(cause: &Cause, diagnosis: &Diagnosis, knowledge: &Knowledge) -> Vec<RankedCause> {
    let ranked = |c: &&Cause| diagnosis.causes.iter().any(|r| r.id == c.id);
    beside::neighbours(cause, &diagnosis.report, knowledge).filter(|c| !ranked(c)).map(neighbour).collect()
}

fn neighbour(cause: &Cause) -> RankedCause {
    let (confidence, weight, evidence) = (Confidence::Possible, 0, Vec::new());
    RankedCause { id: cause.id.clone(), confidence, weight, evidence, set_aside: false }
}

/// Puts those of the causes that the diagnosis does not name yet at its end.
fn set_aside(diagnosis: &mut Diagnosis, causes: Vec<RankedCause>) {
    for cause in causes {
        if diagnosis.causes.iter().all(|r| r.id != cause.id) {
            diagnosis.causes.push(RankedCause { confidence: Confidence::Possible, set_aside: true, ..cause });
        }
    }
}
