//! One input's findings as a line of JSON. The names and their order are a promise to scripts.

use serde::Serialize;

use crate::{
    answer::{self, json::Json},
    classifier::{Diagnosis, Findings, Method, Operation, Report},
    knowledge::Knowledge,
};

#[derive(Serialize)]
pub(super) struct Record<'a> {
    input: &'a str,
    answered: bool,
    diagnoses: Vec<DiagnosisRecord<'a>>,
    truncated: bool,
    redacted: Vec<Secret>,
}

#[derive(Serialize)]
struct DiagnosisRecord<'a> {
    client: &'a str,
    client_version: Option<&'a str>,
    code: Option<&'a str>,
    status: Option<u16>,
    method: Option<&'a str>,
    url: Option<&'a str>,
    registry: RegistryRecord<'a>,
    operation: Option<&'a str>,
    scope: Option<&'a str>,
    package: Option<&'a str>,
    version: Option<&'a str>,
    count: u32,
    first_line: u64,
    last_line: u64,
    fingerprint: &'a str,
    causes: Vec<CauseRecord<'a>>,
    answer: Json,
}

#[derive(Serialize)]
struct RegistryRecord<'a> {
    kind: &'a str,
    host: Option<&'a str>,
}

#[derive(Serialize)]
struct CauseRecord<'a> {
    id: &'a str,
    confidence: &'a str,
    evidence: Vec<&'a str>,
}

#[derive(Serialize)]
struct Secret {
    kind: &'static str,
    count: u32,
}

impl<'a> Record<'a> {
    pub(super) fn new(input: &'a str, findings: &'a Findings, knowledge: &Knowledge) -> Self {
        Self {
            input,
            answered: !findings.diagnoses.is_empty(),
            diagnoses: findings.diagnoses.iter().map(|d| DiagnosisRecord::new(d, knowledge)).collect(),
            truncated: findings.truncated,
            redacted: findings.secrets.iter().map(|(kind, count)| Secret { kind, count }).collect(),
        }
    }
}

impl<'a> DiagnosisRecord<'a> {
    fn new(diagnosis: &'a Diagnosis, knowledge: &Knowledge) -> Self {
        let report: &Report = &diagnosis.report;
        let causes = diagnosis.causes.iter().map(|cause| CauseRecord {
            id: cause.id.as_str(),
            confidence: cause.confidence.as_str(),
            evidence: cause.evidence.iter().map(|line| line.text.as_str()).collect(),
        });
        Self {
            client: report.client.as_str(),
            client_version: report.client_version.as_deref(),
            code: report.code.as_deref(),
            status: report.status,
            method: report.method.map(Method::as_str),
            url: report.url.as_deref(),
            registry: RegistryRecord { kind: &report.registry.kind, host: report.registry.host.as_deref() },
            operation: report.operation.map(Operation::as_str),
            scope: report.scope.as_deref(),
            package: report.package.as_deref(),
            version: report.version.as_deref(),
            count: diagnosis.count,
            first_line: report.first_line,
            last_line: report.last_line,
            fingerprint: &diagnosis.fingerprint,
            causes: causes.collect(),
            answer: answer::json::json(&answer::answer(diagnosis, knowledge)),
        }
    }
}
