//! Knowledge held against the fields of a report.

use crate::knowledge::{Cause, Condition, Knowledge, Signal, Words, words::Sightings};

use super::{
    Confidence, RankedCause, Unknown,
    clean::marker,
    parse::implied_status,
    registry,
    report::{Client, Line, Place, Report},
};

/// The most a cause of one registry may weigh while the text names no registry: less than the neutral causes.
const UNNAMED: u8 = 45;
/// A certain cause leaves no room for guesses below this weight.
const WORTH_NAMING: u8 = 10;

/// A report as conditions see it.
struct Facts<'a> {
    report: &'a Report,
    family: Option<String>,
    status: Option<u16>,
    said: Sightings<'a>,
    around: Sightings<'a>,
}

/// The causes that the text speaks for, best first. Empty when the knowledge has nothing to say.
#[must_use]
pub fn rank(report: &Report, knowledge: &Knowledge) -> Vec<RankedCause> {
    let facts = Facts::new(report, knowledge.words());
    let mut ranked: Vec<(&Cause, RankedCause)> = knowledge
        .causes
        .iter()
        .filter_map(|cause| {
            let limit = facts.limit(cause, knowledge)?;
            let signal = cause.signals.iter().filter(|s| facts.shows(s)).max_by_key(|s| s.weight)?;
            let weight = signal.weight.min(limit);
            (weight >= WORTH_NAMING).then(|| {
                let (id, evidence) = (cause.id.clone(), facts.evidence(&signal.when));
                let confidence = Confidence::from_weight(weight);
                (cause, RankedCause { id, confidence, weight, evidence, set_aside: false })
            })
        })
        .collect();
    ranked.sort_by(|(a, x), (b, y)| {
        y.weight.cmp(&x.weight).then(b.prior.cmp(&a.prior)).then(a.tier.cmp(&b.tier)).then(a.id.cmp(&b.id))
    });
    ranked.into_iter().map(|(_, cause)| cause).collect()
}

/// What a reader would need and the text does not tell.
#[must_use]
pub fn unknown(report: &Report) -> Vec<Unknown> {
    let mut unknown = Vec::new();
    if report.registry.kind == registry::NONE {
        unknown.push(Unknown::Registry);
    }
    if report.package.is_none() {
        unknown.push(Unknown::Package);
    }
    if report.status == Some(401) && report.sent.is_none() {
        unknown.push(Unknown::Credential);
    }
    if report.places.is_empty() {
        unknown.push(Unknown::Place);
    }
    unknown
}

impl<'a> Facts<'a> {
    fn new(report: &'a Report, words: &'a Words) -> Self {
        let fold = |line: &'a Line| marker::fold(&line.text);
        let implied = || report.said.iter().map(fold).find_map(|line| implied_status(&line));
        let status = report.status.or_else(|| if report.client == Client::Yarn { implied() } else { None });
        Self {
            report,
            family: report.family().or_else(|| status.map(|s| format!("E{s}"))),
            status,
            said: words.sight(report.said.iter().map(fold)),
            around: words.sight(report.around.iter().map(fold)),
        }
    }

    /// The most that a cause may weigh here; `None` where it cannot apply.
    fn limit(&self, cause: &Cause, knowledge: &Knowledge) -> Option<u8> {
        if let Some(family) = &self.family
            && !any(&cause.codes, family)
        {
            return None;
        }
        let operation = self.report.operation.map_or("", |o| o.as_str());
        if !any(&cause.clients, self.report.client.as_str())
            || !(operation.is_empty() || any(&cause.operations, operation))
        {
            return None;
        }
        let kind = self.report.registry.kind.as_str();
        if any(&cause.registries, kind) {
            return Some(100);
        }
        let own_host = || cause.registries.iter().filter_map(|k| knowledge.registry(k)).any(|k| k.self_hosted);
        (kind == registry::NONE || kind == registry::UNKNOWN && own_host()).then_some(UNNAMED)
    }

    fn shows(&self, signal: &Signal) -> bool {
        self.all(&signal.when) && !signal.unless.as_ref().is_some_and(|unless| self.some(unless))
    }

    /// Every condition holds. The cheap ones come first.
    fn all(&self, c: &Condition) -> bool {
        self.checks(c).all(|check| check != Some(false))
    }

    /// At least one condition is given and holds.
    fn some(&self, c: &Condition) -> bool {
        self.checks(c).any(|check| check == Some(true))
    }

    /// Each condition: `None` when absent, else whether it holds.
    fn checks<'c>(&'c self, c: &'c Condition) -> impl Iterator<Item = Option<bool>> + 'c {
        type Check = fn(&Facts<'_>, &Condition) -> Option<bool>;
        const CHECKS: &[Check] = &[
            |f, c| given(&c.status, |list| f.status.is_some_and(|s| list.contains(&s))),
            |f, c| given(&c.code, |list| f.family.as_ref().is_some_and(|family| list.contains(family))),
            |f, c| given(&c.registry, |list| holds(list, &f.report.registry.kind)),
            |f, c| given(&c.method, |list| f.report.method.is_some_and(|m| holds(list, m.as_str()))),
            |f, c| given(&c.operation, |list| f.report.operation.is_some_and(|o| holds(list, o.as_str()))),
            |f, c| given(&c.target, |list| f.report.target.is_some_and(|t| holds(list, t.as_str()))),
            |f, c| given(&c.client, |list| holds(list, f.report.client.as_str())),
            |f, c| given(&c.challenge, |list| f.challenge().is_some_and(|kind| holds(list, kind))),
            |f, c| given(&c.sent, |list| f.report.sent.is_some_and(|s| holds(list, s.as_str()))),
            |f, c| c.scoped.map(|scoped| f.report.package.is_some() && f.report.scope.is_some() == scoped),
            |f, c| given(&c.place, |list| f.is_at(list)),
            |f, c| given(&c.said, |list| f.said.line_with(list).is_some()),
            |f, c| given(&c.around, |list| f.around.line_with(list).is_some()),
        ];
        CHECKS.iter().map(move |check| check(self, c))
    }

    /// What kind of credential was asked for.
    fn challenge(&self) -> Option<&'static str> {
        let challenge = self.report.challenge.as_deref()?;
        let starts = |word: &str| challenge.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        Some(if starts("bearer") {
            "bearer"
        } else if starts("basic") {
            "basic"
        } else {
            "other"
        })
    }

    fn is_at(&self, places: &[String]) -> bool {
        let known = &self.report.places;
        places.iter().any(|place| match place.as_str() {
            "unknown" => known.is_empty(),
            "ci" => known.iter().any(|p| *p != Place::Laptop),
            name => known.iter().any(|p| p.as_str() == name),
        })
    }

    /// The lines by which a condition holds: the words it asks for, else the line with the status or the code.
    fn evidence(&self, condition: &Condition) -> Vec<Line> {
        let mut lines = Vec::new();
        let said = self.said.line_with(&condition.said);
        let around = self.around.line_with(&condition.around);
        let around = around.and_then(|i| self.report.around.get(i));
        // A command tells where one stands; what happened stands in the block.
        let command =
            around.is_some_and(|line| line.text.starts_with(['$', '+', '>']) || line.text.starts_with("Run "));
        lines.extend(said.and_then(|i| self.report.said.get(i)).cloned());
        lines.extend(around.filter(|_| !command).cloned());
        if said.is_none() {
            lines.extend(self.decisive().cloned());
        }
        lines.extend(around.filter(|_| command).cloned());
        lines.dedup_by(|a, b| a.number == b.number);
        lines
    }

    /// The most telling line of the block: with the URL, else with the challenge, else the first with words, else the code.
    fn decisive(&self) -> Option<&Line> {
        let said = &self.report.said;
        let has = |words: &'static str| said.iter().find(move |l| l.text.contains(words));
        let answer = if self.report.url.is_some() { has("://") } else { None };
        answer.or_else(|| has("nable to authenticate")).or_else(|| has("ncorrect or missing password")).or_else(|| {
            let code = self.report.code.as_deref().unwrap_or("code ");
            said.iter().find(|l| !l.text.ends_with(code)).or(said.first())
        })
    }
}

fn given<T>(list: &[T], holds: impl FnOnce(&[T]) -> bool) -> Option<bool> {
    (!list.is_empty()).then(|| holds(list))
}

fn holds(list: &[String], value: &str) -> bool {
    list.iter().any(|v| v == value)
}

/// As for entries: an empty list means any.
fn any(list: &[String], value: &str) -> bool {
    list.is_empty() || holds(list, value)
}
