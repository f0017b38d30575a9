//! Every sentence and label of an answer that does not come from a knowledge entry.

use super::{Answer, AnswerStep, Inline};
use crate::classifier::{Client, Confidence, Diagnosis, Line};

/// What stands before the cause, without a colon.
#[must_use]
pub fn lead(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "The text shows",
        Confidence::Likely => "Most likely",
        Confidence::Possible => "One possibility",
    }
}

/// The heading over the steps.
#[must_use]
pub fn do_this() -> &'static str {
    "Do this"
}

/// The label of the check.
#[must_use]
pub fn check() -> &'static str {
    "Check"
}

/// The heading over the other causes.
#[must_use]
pub fn could_also_be() -> &'static str {
    "Could also be"
}

/// The label of the link.
#[must_use]
pub fn more_on_this() -> &'static str {
    "More on this"
}

/// The label of the caveat.
#[must_use]
pub fn not_shown() -> &'static str {
    "Not in the text"
}

/// Where the evidence stands in the input.
#[must_use]
pub fn line_number(number: u64) -> String {
    format!("line {number}")
}

/// How often the input shows the failure; `None` for once.
#[must_use]
pub fn seen(count: u32) -> Option<String> {
    (count > 1).then(|| format!("Seen {count} times in this text."))
}

/// The caveat for an unknown registry, with what to run to learn it.
#[must_use]
pub fn registry_unknown(client: Client) -> Inline {
    Inline::parse(match client {
        Client::Npm | Client::Bun => {
            "which registry answered. Run the npm command again with `--loglevel http` and paste the `http fetch` lines."
        }
        Client::Pnpm => "which registry answered. Run `pnpm config get registry` and look for the scope in `.npmrc`.",
        Client::Yarn => {
            "which registry answered. Run the command again with `--verbose` and paste the lines with URLs."
        }
        Client::YarnBerry => {
            "which registry answered. Run `yarn config get npmRegistryServer` and look under `npmScopes` in `.yarnrc.yml`."
        }
    })
}

/// The caveat for commands that need an address the text does not show, although it shows the kind of registry.
#[must_use]
pub fn address_unknown() -> Inline {
    Inline::parse("the address of the registry. Put it in place of `<registry>`, or without `https:` for `//<host>`.")
}

/// The caveat for commands that need a package or scope the text does not name.
#[must_use]
pub fn package_unknown() -> Inline {
    Inline::plain("which package this is about. Put its name where a command has a name in angle brackets.")
}

/// The caveat for an unknown credential.
#[must_use]
pub fn credential_unknown() -> Inline {
    Inline::plain("whether a token was sent at all.")
}

/// The caveat for steps that differ by place.
#[must_use]
pub fn place_unknown() -> Inline {
    Inline::plain("whether this ran in CI or on your machine. Take the steps that fit.")
}

/// The answer when the knowledge has no entry for the diagnosis.
#[must_use]
pub fn unexplained(diagnosis: &Diagnosis, evidence: Option<Line>) -> Answer {
    Answer {
        id: None,
        title: "Refused for a reason not known here".to_owned(),
        confidence: Confidence::Possible,
        count: diagnosis.count.max(1),
        cause: Inline::plain("The registry or the client refused, and no known cause fits the text."),
        evidence,
        steps: Vec::new(),
        check: AnswerStep {
            text: Inline::plain("See which registry and which files the client uses; secret values are masked."),
            command: Some("npm config list".to_owned()),
        },
        others: Vec::new(),
        caveat: None,
        learn_more: None,
    }
}

/// One other cause on one line.
#[must_use]
pub fn other(title: &str, explanation: &str) -> String {
    if explanation.is_empty() { title.to_owned() } else { format!("{title}: {explanation}") }
}
