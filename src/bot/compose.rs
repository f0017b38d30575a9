//! A diagnosis and what the team remembers → what to say.

use jiff::Timestamp;

use super::{choices::Pick, saved};
use crate::{
    answer::{
        self,
        reply::{self, Block, Choice, ChoiceRow, Reply},
    },
    classifier::{Diagnosis, narrow},
    knowledge::Knowledge,
    message::MessageRef,
    store::{
        fixes::SavedFix,
        replies::{Given, Outcome, State},
    },
};

/// Other failures of the same text that are named.
const NAMED: usize = 3;

/// A saved fix as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FixNote {
    pub id: i64,
    pub text: String,
    pub author: String,
    pub saved_at: Timestamp,
    pub helped: i64,
}

/// The saved fixes that fit a diagnosis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fixes {
    /// The one that stands first.
    pub lead: Option<FixNote>,
    /// One that fits the target but was saved for another cause than the certain one.
    pub below: Option<i64>,
}

impl Fixes {
    pub(super) fn of(choice: &saved::Choice<'_>) -> Self {
        let note = |fix: &SavedFix| FixNote {
            id: fix.id,
            text: fix.text.clone(),
            author: fix.author.clone(),
            saved_at: fix.saved_at,
            helped: fix.helped,
        };
        Self {
            lead: choice.leads.map(note),
            below: choice.below.first().map(|fix| fix.id).filter(|_| choice.leads.is_none()),
        }
    }
}

/// What an answer is made of.
pub(super) struct Scene<'a> {
    /// The id of the reply.
    pub id: &'a str,
    /// The failures of the message, the one that is answered first.
    pub diagnoses: &'a [Diagnosis],
    /// How the conversation stands.
    pub state: &'a State,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The saved fixes.
    pub fixes: &'a Fixes,
}

impl<'a> Scene<'a> {
    /// An answer that was given, as it stands.
    pub(super) fn of(given: &'a Given, fixes: &'a Fixes) -> Self {
        let Given { id, diagnoses, state, outcome, .. } = given;
        Self { id, diagnoses, state, outcome: *outcome, fixes }
    }
}

/// The diagnosis as the conversation has narrowed it, and whether a cause is left that was not tried.
pub(super) fn current(diagnosis: &Diagnosis, state: &State, knowledge: &Knowledge) -> (Diagnosis, bool) {
    let narrowed = narrow::narrowed(diagnosis, &state.answers, knowledge);
    match narrow::without(&narrowed, &state.tried, knowledge) {
        Some(next) => (next, true),
        None => (narrowed, false),
    }
}

/// The full answer. `None` when the message was deleted, so that nothing is left to answer from.
pub(super) fn answer(scene: &Scene<'_>, knowledge: &Knowledge) -> Option<Reply> {
    let (first, others) = scene.diagnoses.split_first()?;
    let (diagnosis, left) = current(first, scene.state, knowledge);
    let mut blocks = Vec::new();
    if let Some(fix) = &scene.fixes.lead {
        blocks.push(Block::Heading(reply::our_fix().to_owned()));
        blocks.push(Block::Quote(fix.text.clone()));
        blocks.push(Block::Say(reply::saved_by(fix.id, &fix.author, fix.saved_at, fix.helped)));
    }
    if left {
        blocks.push(Block::Answer(Box::new(answer::answer(&diagnosis, knowledge))));
    } else {
        blocks.push(Block::Say(reply::nothing_left()));
    }
    if let Some(id) = scene.fixes.below {
        blocks.push(Block::Say(reply::also_saved(id)));
    }
    for other in others.iter().take(NAMED) {
        let code = other.report.family().unwrap_or_default();
        let title = answer::answer(other, knowledge).title;
        blocks.push(Block::Item(reply::also_here(&code, &title, other.report.first_line)));
    }
    if others.len() > NAMED {
        blocks.push(Block::Item(reply::more_failures(others.len() - NAMED)));
    }
    blocks.extend(memory(scene));
    let asks = scene.outcome.is_none() && left;
    let question = narrow::question(&diagnosis, &scene.state.answers, knowledge).filter(|_| asks);
    let rows = question.map(|q| question_row(scene.id, q, &diagnosis, knowledge)).into_iter();
    Some(Reply { blocks, rows: rows.chain([actions(scene, left)]).collect() })
}

fn memory(scene: &Scene<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let saved = scene.fixes.lead.is_some() || scene.fixes.below.is_some();
    if let Some(last) = scene.state.last {
        blocks.push(Block::Say(reply::seen_before(scene.state.seen, last, scene.state.resolved)));
        if !saved && scene.outcome.is_none() {
            blocks.push(Block::Say(reply::invite()));
        }
    }
    if scene.outcome == Some(Outcome::Fixed) {
        blocks.push(Block::Say(reply::marked_fixed()));
        if !saved {
            blocks.push(Block::Say(reply::fixed_so_save()));
        }
    }
    blocks
}

fn question_row(
    id: &str,
    question: &crate::knowledge::Question,
    diagnosis: &Diagnosis,
    knowledge: &Knowledge,
) -> ChoiceRow {
    let option = |option: &crate::knowledge::question::Choice| {
        choice(id, &Pick::Option { question: question.id.clone(), option: option.id.clone() }, &option.label)
    };
    ChoiceRow {
        question: Some(answer::asked(question, diagnosis, knowledge)),
        choices: question.options.iter().map(option).collect(),
    }
}

fn actions(scene: &Scene<'_>, left: bool) -> ChoiceRow {
    let open = scene.outcome.is_none();
    // Once somebody has reacted there is nothing more to ask.
    let asks = scene.state.asked.is_some() && open && scene.state.step() == 0 && scene.state.answers.is_empty();
    let labels = if asks {
        (reply::yes(), reply::no(), reply::what_fixed_it())
    } else {
        (reply::fixed(), reply::unhelpful(), reply::save())
    };
    let all = [
        (Pick::Fixed, labels.0, open),
        (Pick::Unhelpful(scene.state.step()), labels.1, open && left),
        (Pick::Save, labels.2, true),
        (Pick::NotNpm, reply::not_npm(), scene.outcome.is_none()),
        (Pick::Dismiss, reply::dismiss(), true),
    ];
    let shown = all.iter().filter(|(.., shown)| *shown);
    let choices = shown.map(|(pick, label, _)| choice(scene.id, pick, label)).collect();
    ChoiceRow { question: asks.then(reply::did_it_help), choices }
}

fn choice(id: &str, pick: &Pick, label: &str) -> Choice {
    Choice { id: format!("{id}:{pick}"), label: label.to_owned() }
}

/// A line that names an earlier answer, and one that names a fix which was saved since.
pub(super) fn pointer(earlier: &MessageRef, given: Timestamp, saved: Option<&FixNote>, now: Timestamp) -> Reply {
    let minutes = now.duration_since(given).as_mins();
    let mut blocks = vec![Block::Say(reply::answered_already(minutes)), Block::Place(earlier.clone())];
    blocks.extend(saved.map(|fix| Block::Say(reply::saved_since(fix.id))));
    Reply { blocks, rows: Vec::new() }
}
