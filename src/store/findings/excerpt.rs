//! A failure as it is kept: its fields, its ranked causes and its decisive lines, each line once.
//!
//! Several causes mostly rest on one line of the text; they name it by its number.

use serde::{Deserialize, Serialize};

use crate::{
    classifier::{Confidence, Diagnosis, Line, RankedCause, Report, Unknown},
    knowledge::CauseId,
};

/// What [`Read`] reads.
#[derive(Serialize)]
struct Kept<'a> {
    report: &'a Report,
    count: u32,
    causes: Vec<KeptCause<'a>>,
    unknown: &'a [Unknown],
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct KeptCause<'a> {
    id: &'a CauseId,
    confidence: Confidence,
    weight: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<KeptLine<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    set_aside: bool,
}

impl<'a> KeptCause<'a> {
    fn new(cause: &'a RankedCause, report: &Report) -> Self {
        let is_own = |line: &Line| own(report, line.number).is_some();
        let line = |line: &'a Line| if is_own(line) { KeptLine::Own(line.number) } else { KeptLine::Other(line) };
        Self {
            id: &cause.id,
            confidence: cause.confidence,
            weight: cause.weight,
            evidence: cause.evidence.iter().map(line).collect(),
            set_aside: cause.set_aside,
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum KeptLine<'a> {
    Own(u64),
    Other(&'a Line),
}

/// What is kept of a failure, as JSON. This takes its time and needs no database.
#[must_use]
pub fn to_json(diagnosis: &Diagnosis) -> String {
    let report = &diagnosis.report;
    let kept = Kept {
        report,
        count: diagnosis.count,
        causes: diagnosis.causes.iter().map(|cause| KeptCause::new(cause, report)).collect(),
        unknown: &diagnosis.unknown,
        fingerprint: &diagnosis.fingerprint,
    };
    // Only maps with keys other than text fail to become JSON.
    serde_json::to_string(&kept).unwrap_or_default()
}

/// The report's line with a number.
fn own(report: &Report, number: u64) -> Option<&Line> {
    report.said.iter().chain(&report.around).find(|line| line.number == number)
}

/// A stored failure. What other versions may lack has a default, see [`Diagnosis`].
#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    report: Report,
    #[serde(default = "once")]
    count: u32,
    causes: Vec<ReadCause>,
    #[serde(default)]
    unknown: Vec<Unknown>,
    fingerprint: String,
}

fn once() -> u32 {
    1
}

#[derive(Deserialize)]
struct ReadCause {
    id: CauseId,
    #[serde(default)]
    confidence: Confidence,
    #[serde(default)]
    weight: u8,
    #[serde(default)]
    evidence: Vec<ReadLine>,
    #[serde(default)]
    set_aside: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ReadLine {
    Own(u64),
    Other(Line),
}

/// Reads what [`to_json`] wrote, in this version or another.
pub fn from_json(json: &str) -> serde_json::Result<Diagnosis> {
    let Read { report, count, causes, unknown, fingerprint } = serde_json::from_str(json)?;
    let line = |line| match line {
        ReadLine::Own(number) => own(&report, number).cloned(),
        ReadLine::Other(line) => Some(line),
    };
    let cause = |cause: ReadCause| RankedCause {
        id: cause.id,
        confidence: cause.confidence,
        weight: cause.weight,
        evidence: cause.evidence.into_iter().filter_map(line).collect(),
        set_aside: cause.set_aside,
    };
    let causes = causes.into_iter().map(cause).collect();
    Ok(Diagnosis { report, count, causes, unknown, fingerprint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{classifier::explain, knowledge::load_embedded};

    #[test]
    fn a_failure_is_read_as_it_was_kept_and_each_line_is_kept_once() {
        let knowledge = load_embedded().unwrap();
        let line = "npm error 401 Unauthorized - GET https://npm.acme.example/pkg";
        let text = format!("npm error code E401\n{line}\n");
        let found = explain(text.as_bytes(), &&knowledge).diagnoses;
        assert!(found[0].causes.len() > 2);
        let json = to_json(&found[0]);
        assert_eq!((json.matches(line).count(), json.contains("null")), (1, false), "{json}");
        assert_eq!(from_json(&json).unwrap(), found[0]);
    }

    #[test]
    fn a_line_that_the_report_has_not_is_kept_whole() {
        let line = |number, text: &str| Line { number, text: text.to_owned() };
        let evidence = vec![line(3, "three"), line(4, "four")];
        let cause = RankedCause {
            id: CauseId::from("c"),
            confidence: Confidence::Likely,
            weight: 70,
            evidence,
            set_aside: true,
        };
        let report = Report { said: vec![line(3, "three")], ..Report::default() };
        let fingerprint = "v1-0123456789abcdef".to_owned();
        let kept = Diagnosis { report, count: 2, causes: vec![cause], unknown: Vec::new(), fingerprint };
        assert_eq!(from_json(&to_json(&kept)).unwrap(), kept);
    }

    #[test]
    fn a_failure_kept_by_the_first_version_is_read() {
        let json = r#"{"report":{"code":"E401","said":[{"number":1,"text":"one"}]},"causes":[{"id":"c","weight":48,
            "evidence":[{"number":1,"text":"one"}]}],"fingerprint":"v1-0123456789abcdef","colour":"red"}"#;
        let read = from_json(json).unwrap();
        assert_eq!((read.count, read.causes[0].weight, read.causes[0].evidence[0].text.as_str()), (1, 48, "one"));
    }
}
