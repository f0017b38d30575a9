//! What of an entry applies to a report.

use super::{ENOUGH_OTHERS, Inline, MAX_OTHERS, MAX_STEPS, words};
use crate::{
    classifier::{Confidence, Diagnosis, Place, Report, Unknown},
    knowledge::{Applies, Cause, Check, Knowledge, Step, template::Fields},
};

/// The first steps whose conditions hold.
pub(super) fn steps<'a>(cause: &'a Cause, report: &Report) -> Vec<&'a Step> {
    let holds = |step: &&Step| step.when.as_ref().is_none_or(|when| applies(when, report));
    cause.steps.iter().filter(holds).take(MAX_STEPS).collect()
}

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

/// The causes to name beside the one that leads: those that the text speaks for, then neighbours to make up a few.
pub(super) fn others<'a>(top: &'a Cause, diagnosis: &Diagnosis, knowledge: &'a Knowledge) -> Vec<&'a Cause> {
    let mut chosen: Vec<&Cause> = Vec::with_capacity(MAX_OTHERS);
    let add = |chosen: &mut Vec<&'a Cause>, id: &str| {
        let new = |cause: &&Cause| cause.id != top.id && !chosen.iter().any(|c| c.id == cause.id);
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
    let by_rank = diagnosis.causes.iter().filter(|r| r.weight == 0).map(|r| &r.id);
    let by_entry = top
        .neighbours
        .iter()
        .filter(|id| knowledge.cause(id.as_str()).is_some_and(|cause| possible(cause, &diagnosis.report)));
    for id in by_rank.chain(by_entry) {
        if chosen.len() < ENOUGH_OTHERS {
            add(&mut chosen, id.as_str());
        }
    }
    chosen
}

/// Whether the hard filters of an entry leave it standing beside what the report knows for certain.
fn possible(cause: &Cause, report: &Report) -> bool {
    let kind = report.registry.kind.as_str();
    (matches!(kind, "none" | "unknown") || holds(&cause.registries, kind))
        && holds(&cause.clients, report.client.as_str())
        && report.operation.is_none_or(|o| holds(&cause.operations, o.as_str()))
}

/// The missing fact that matters most: the registry unless the cause is certain and no command needs it, an address or a
/// name that a command needs, whether a credential was sent, and last the place when the steps differ by it.
pub(super) fn caveat(
    diagnosis: &Diagnosis,
    confidence: Confidence,
    fields: &Fields,
    shown: &Shown<'_>,
) -> Option<Inline> {
    let missing = |unknown| diagnosis.unknown.contains(&unknown);
    let certain = confidence == Confidence::Certain;
    let no_address = shown.lack(fields, &["registry", "host"]);
    if missing(Unknown::Registry) && (!certain || no_address) {
        Some(words::registry_unknown(diagnosis.report.client))
    } else if no_address {
        Some(words::address_unknown())
    } else if shown.lack(fields, &["package", "scope", "org"]) {
        Some(words::package_unknown())
    } else if missing(Unknown::Credential) && !certain {
        Some(words::credential_unknown())
    } else {
        (missing(Unknown::Place) && shown.differs_by_place()).then(words::place_unknown)
    }
}

/// The parts of an entry that an answer shows, as written.
pub(super) struct Shown<'a> {
    pub steps: &'a [&'a Step],
    pub check: &'a Check,
}

impl Shown<'_> {
    fn lack(&self, fields: &Fields, names: &[&str]) -> bool {
        let lack = |text: &str, command: Option<&str>| {
            fields.lack(text, names) || command.is_some_and(|c| fields.lack(c, names))
        };
        lack(&self.check.text, self.check.command.as_deref())
            || self.steps.iter().any(|step| lack(&step.text, step.command.as_deref()))
    }

    /// Whether some steps are for a laptop and others for a CI.
    fn differs_by_place(&self) -> bool {
        let places = || self.steps.iter().filter_map(|step| step.when.as_ref()).map(|when| &when.place);
        let laptop = |place: &Vec<String>| place.iter().any(|name| name == "laptop");
        places().any(laptop) && places().any(|place| !place.is_empty() && !laptop(place))
    }
}
