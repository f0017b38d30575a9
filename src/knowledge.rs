//! What npmfix knows: one file for each cause, a table of registries and one of questions, all written as TOML under
//! top-level `knowledge/`.
//!
//! This room holds the types. Reading the files (embedded ones or a folder given with `--knowledge`) is [`load`]; the
//! checks that keep them honest are [`check`].

use std::{collections::BTreeMap, fmt, sync::OnceLock};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub mod check;
pub mod load;
pub mod question;
pub mod template;
pub mod words;

pub use load::{LoadError, load_dir, load_embedded};
pub use question::{Choice, Fact, Question};
pub use words::Words;

/// The name of one entry, as in its file name: lower-case words joined by `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(transparent)]
pub struct CauseId(String);

impl CauseId {
    /// The id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for CauseId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for CauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything known: the causes in order of their ids, the registries and questions in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The causes, sorted by id.
    pub causes: Vec<Cause>,
    /// How to tell which registry a text speaks of; the first match wins.
    pub registries: Vec<RegistryKind>,
    /// What to ask when several causes are probable; the first question that tells them apart is asked.
    pub questions: Vec<Question>,
    words: OnceLock<Words>,
}

impl Knowledge {
    /// From entries in any order and registries in theirs, without questions.
    #[must_use]
    pub fn new(mut causes: Vec<Cause>, registries: Vec<RegistryKind>) -> Self {
        causes.sort_by(|a, b| a.id.cmp(&b.id));
        Self { causes, registries, questions: Vec::new(), words: OnceLock::new() }
    }

    /// The words of every signal, compiled at the first call.
    #[must_use]
    pub fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::new(&self.causes))
    }

    /// The cause with this id.
    #[must_use]
    pub fn cause(&self, id: &str) -> Option<&Cause> {
        self.causes.binary_search_by(|c| c.id.as_str().cmp(id)).ok().and_then(|i| self.causes.get(i))
    }

    /// The question with this id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.id == id)
    }

    /// The registry kind with this name.
    #[must_use]
    pub fn registry(&self, kind: &str) -> Option<&RegistryKind> {
        self.registries.iter().find(|r| r.kind == kind)
    }
}

/// One reason why a package manager was refused, with what shows it and what helps.
///
/// `codes`, `clients`, `registries` and `operations` say where the cause can apply at all; an empty list means "any".
/// A cause whose registries are known never stands against a host or realm of another kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Must equal the file's name.
    pub id: CauseId,
    /// A few words, no full stop, no placeholder.
    pub title: String,
    /// 1 (met every week) to 3 (rare).
    pub tier: u8,
    /// How often it is met, 1 to 5; breaks ties between equal weights.
    pub prior: u8,
    /// Whether the entry only says what is certain while the real cause is open. Such entries are not named beside others.
    #[serde(default)]
    pub neutral: bool,
    /// Code families it shows as: `E401`, `E403`, `E404`, `ENEEDAUTH` …, see [`crate::classifier::Report::family`].
    pub codes: Vec<String>,
    /// `npm`, `pnpm`, `yarn`, `yarn-berry`, `bun`.
    #[serde(default)]
    pub clients: Vec<String>,
    /// Registry kinds of `registries.toml`.
    #[serde(default)]
    pub registries: Vec<String>,
    /// `install`, `publish` …, see [`crate::classifier::Operation`].
    #[serde(default)]
    pub operations: Vec<String>,
    /// The cause can only be if a question was answered with one of these options. About a question that is not listed the
    /// cause says nothing.
    #[serde(default)]
    pub holds: BTreeMap<String, Vec<String>>,
    /// What shows the cause. Each one alone suffices; the heaviest that holds counts.
    pub signals: Vec<Signal>,
    /// One sentence: what happened.
    pub explanation: String,
    /// One sentence: what it is easily mistaken for.
    pub is_not: String,
    /// What to do, in order. The first four that apply are shown.
    pub steps: Vec<Step>,
    /// The one look that tells this cause from its neighbours.
    pub check: Check,
    /// How it does not come back.
    pub prevention: String,
    /// Addresses of what the entry rests on; the first one is shown to users.
    pub sources: Vec<String>,
    /// When somebody last held the entry against its sources.
    #[serde(deserialize_with = "load::date")]
    pub reviewed: Date,
    /// The last day on which the advice is right, where a change is announced.
    #[serde(default, deserialize_with = "load::optional_date")]
    pub valid_until: Option<Date>,
    /// Causes worth naming beside this one although the text does not speak for them.
    #[serde(default)]
    pub neighbours: Vec<CauseId>,
    /// Texts that must and must not name this cause first.
    pub samples: Samples,
}

impl Cause {
    /// Whether no answer to the question leaves both causes standing.
    #[must_use]
    pub fn excludes(&self, other: &Self, question: &str) -> bool {
        let (Some(fits), Some(others)) = (self.holds.get(question), other.holds.get(question)) else { return false };
        !fits.iter().any(|option| others.contains(option))
    }
}

/// A conjunction of conditions with its weight.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// 1 to 100. From 90 the cause is certain, from 60 likely, below that possible; see [`crate::classifier::Confidence`].
    pub weight: u8,
    /// Every condition given here must hold.
    pub when: Condition,
    /// If any condition given here holds, the signal does not count.
    #[serde(default)]
    pub unless: Option<Condition>,
}

/// Conditions on the fields of a [`crate::classifier::Report`]. A list holds when any of its values does; an absent
/// condition asks nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The code family: `E401`, `ENEEDAUTH` …
    #[serde(default)]
    pub code: Vec<String>,
    /// The HTTP status, printed or implied by the code.
    #[serde(default)]
    pub status: Vec<u16>,
    /// `GET`, `PUT`, `POST`, `DELETE`.
    #[serde(default)]
    pub method: Vec<String>,
    /// What was being done: `install`, `publish` …
    #[serde(default)]
    pub operation: Vec<String>,
    /// What the URL points at: `package`, `tarball`, `whoami`, `login`, `audit`, `manage`.
    #[serde(default)]
    pub target: Vec<String>,
    /// The registry kind; `unknown` for a host that the table cannot name, `none` when the text names neither host nor realm.
    #[serde(default)]
    pub registry: Vec<String>,
    /// Which client failed.
    #[serde(default)]
    pub client: Vec<String>,
    /// What kind of credential the registry asked for: `bearer`, `basic`, `other`.
    #[serde(default)]
    pub challenge: Vec<String>,
    /// Whether a credential went out, where the client says so: `credential`, `nothing`.
    #[serde(default)]
    pub sent: Vec<String>,
    /// Whether the package name has a scope.
    #[serde(default)]
    pub scoped: Option<bool>,
    /// Words in the error's own block (server text, reason phrase, client text): lower case, blanks folded, as a substring.
    #[serde(default)]
    pub said: Vec<String>,
    /// Words on other lines near the block (notices, warnings, verbose lines), written as for `said`.
    #[serde(default)]
    pub around: Vec<String>,
    /// Where it ran, as far as the text shows: `ci` (any), `github-actions`, `gitlab-ci`, `azure-pipelines`, `jenkins`,
    /// `circleci`, `docker`, `vercel`, `netlify`, `heroku`, `codebuild`; `unknown` when nothing shows it.
    #[serde(default)]
    pub place: Vec<String>,
}

/// One thing to do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A sentence; code in backticks, placeholders only inside them.
    pub text: String,
    /// What to type or write, exactly; may have several lines.
    #[serde(default)]
    pub command: Option<String>,
    /// Where the step applies; absent means everywhere.
    #[serde(default)]
    pub when: Option<Applies>,
}

/// Where a step applies. A list holds when any of its values does; all given lists must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    /// `laptop`, `ci` (any), or one CI by name. While the text does not show the place, `laptop` and `ci` steps both
    /// apply and steps for one CI do not.
    #[serde(default)]
    pub place: Vec<String>,
    /// Registry kinds.
    #[serde(default)]
    pub registry: Vec<String>,
    /// Clients.
    #[serde(default)]
    pub client: Vec<String>,
    /// Operations.
    #[serde(default)]
    pub operation: Vec<String>,
    /// HTTP statuses.
    #[serde(default)]
    pub status: Vec<u16>,
}

/// A look that separates one cause from its neighbours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What the outcome means, in one or two sentences.
    pub text: String,
    /// What to run, if anything.
    #[serde(default)]
    pub command: Option<String>,
}

/// Texts that pin a cause down. `{{npm}}` stands for the public registry's host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// Must be answered with this cause first.
    #[serde(rename = "match")]
    pub matches: Vec<String>,
    /// Must not be answered with this cause first (or not at all).
    pub no_match: Vec<String>,
}

/// How to recognise one kind of registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryKind {
    /// The name used in entries, rules and JSON.
    pub kind: String,
    /// The name used in sentences.
    pub name: String,
    /// Host names; `*` stands for any run of characters (`*.jfrog.io`).
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Ports that give it away.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// Parts of the URL path that give it away.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Parts of the challenge (`WWW-Authenticate`) that give it away.
    #[serde(default)]
    pub realms: Vec<String>,
    /// Words that only this registry's server says, written as in [`Condition::said`].
    #[serde(default)]
    pub said: Vec<String>,
    /// Its address when there is only one.
    #[serde(default)]
    pub url: Option<String>,
    /// Whether teams run it under host names of their own, so that an unknown host may be one.
    #[serde(default)]
    pub self_hosted: bool,
    /// Whether it commonly passes public packages through, so that the failing package is chance.
    #[serde(default)]
    pub proxies: bool,
    /// Addresses of what the row rests on.
    pub sources: Vec<String>,
}
