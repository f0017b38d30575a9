//! What of an entry applies to a report.

use super::{Inline, MAX_STEPS, applies, words};
use crate::{
    classifier::{Confidence, Diagnosis, Report, Unknown},
    knowledge::{Cause, Check, Step, template::Fields},
};

/// The first steps whose conditions hold.
pub(super) fn steps<'a>(cause: &'a Cause, report: &Report) -> Vec<&'a Step> {
    let holds = |step: &&Step| step.when.as_ref().is_none_or(|when| applies(when, report));
    cause.steps.iter().filter(holds).take(MAX_STEPS).collect()
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
