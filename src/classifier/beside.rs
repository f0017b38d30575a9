//! What of the knowledge applies to a report beside what its words show: where a step or a question makes sense, and which
//! causes are worth naming next to the one that leads.

use super::{Diagnosis, Place, Report};
use crate::knowledge::{Applies, Cause, Knowledge};

/// Other causes that are named at most.
pub const MAX_OTHERS: usize = 3;
/// With fewer other causes than this, the entry's neighbours are named too.
pub const ENOUGH_OTHERS: usize = 2;

/// Whether all conditions hold for the report. What the report does not know holds for none of its values, except the
/// place: while that is unknown, `laptop` and `ci` both hold.
#[must_use]
pub fn applies(when: &Applies, report: &Report) -> bool {
    let operation = report.operation.map_or("", |o| o.as_str());
    (when.place.is_empty() || when.place.iter().any(|name| place_holds(name, &report.places)))
        && holds(&when.registry, &report.registry.kind)
        && holds(&when.client, report.client.as_str())
        && holds(&when.operation, operation)
        && (when.status.is_empty() || report.status.is_some_and(|s| when.status.contains(&s)))
}

fn holds(list: &[String], value: &str) -> bool {
    list.is_empty() || list.iter().any(|v| v == value)
}

fn place_holds(name: &str, places: &[Place]) -> bool {
    match name {
        "laptop" => places.is_empty() || places.contains(&Place::Laptop),
        "ci" => places.is_empty() || places.iter().any(|p| *p != Place::Laptop),
        named => places.iter().any(|p| p.as_str() == named),
    }
}

/// The causes to name beside the one that leads, at most [`MAX_OTHERS`]: those that the text speaks for, then neighbours to
/// make up a few.
#[must_use]
pub fn others<'a>(top: &'a Cause, diagnosis: &Diagnosis, knowledge: &'a Knowledge) -> Vec<&'a Cause> {
    let mut chosen: Vec<&Cause> = Vec::with_capacity(MAX_OTHERS);
    let set_aside = |id: &str| diagnosis.causes.iter().any(|r| r.set_aside && r.id.as_str() == id);
    let add = |chosen: &mut Vec<&'a Cause>, id: &str| {
        let new = |cause: &&Cause| cause.id != top.id && !set_aside(id) && !chosen.iter().any(|c| c.id == cause.id);
        if let Some(cause) = knowledge.cause(id).filter(new) {
            chosen.push(cause);
        }
    };
    let neutral = |id: &str| knowledge.cause(id).is_some_and(|cause| cause.neutral);
    for ranked in diagnosis.causes.iter().filter(|r| r.weight > 0) {
        if chosen.len() < MAX_OTHERS && !neutral(ranked.id.as_str()) {
            add(&mut chosen, ranked.id.as_str());
        }
    }
    let by_rank = diagnosis.causes.iter().filter(|r| r.weight == 0).filter_map(|r| knowledge.cause(r.id.as_str()));
    for cause in by_rank.chain(neighbours(top, &diagnosis.report, knowledge)) {
        if chosen.len() < ENOUGH_OTHERS {
            add(&mut chosen, cause.id.as_str());
        }
    }
    chosen
}

/// The neighbours of an entry that what the report knows for certain leaves standing, in the entry's order.
pub fn neighbours<'a>(top: &'a Cause, report: &Report, knowledge: &'a Knowledge) -> impl Iterator<Item = &'a Cause> {
    top.neighbours.iter().filter_map(|id| knowledge.cause(id.as_str())).filter(move |cause| possible(cause, report))
}

/// Whether the hard filters of an entry leave it standing beside what the report knows for certain.
fn possible(cause: &Cause, report: &Report) -> bool {
    let kind = report.registry.kind.as_str();
    (matches!(kind, "none" | "unknown") || holds(&cause.registries, kind))
        && holds(&cause.clients, report.client.as_str())
        && report.operation.is_none_or(|o| holds(&cause.operations, o.as_str()))
}
