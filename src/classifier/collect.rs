//! The stages in a row, for a text in memory and for a stream.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Deref,
};

use crate::{
    knowledge::Knowledge,
    redact::{self, Tally},
};

use super::{
    Diagnosis, Report, clean, fingerprint, parse, registry, rules,
    scan::{self, Scanner, Window},
};

/// More different failures than this in one input are counted as truncated.
pub const MOST: usize = 1000;

/// What one input holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// The different failures, in order of their first lines.
    pub diagnoses: Vec<Diagnosis>,
    /// Whether there were more than a thousand.
    pub truncated: bool,
    /// The secrets met and removed, whether or not there was a failure.
    pub secrets: Tally,
    /// Where the diagnosis with a given key is.
    known: HashMap<u64, usize>,
}

/// Explains a text that is in memory as a whole. A text without an anchor costs only the scan.
#[must_use]
pub fn explain<K: Deref<Target = Knowledge>>(bytes: &[u8], knowledge: &K) -> Findings {
    let mut findings = Findings::default();
    scan::windows(bytes, |window| findings.take(window, knowledge));
    findings
}

/// Explains a stream. Its memory does not depend on the stream's length.
#[derive(Debug)]
pub struct Explainer<'k, K> {
    knowledge: &'k K,
    scanner: Scanner,
    findings: Findings,
}

impl<'k, K: Deref<Target = Knowledge>> Explainer<'k, K> {
    /// Ready for the first bytes. The knowledge is touched only when a failure is met, so it may be loaded lazily.
    pub fn new(knowledge: &'k K) -> Self {
        Self { knowledge, scanner: Scanner::default(), findings: Findings::default() }
    }

    /// Where to put the next bytes; never empty.
    pub fn space(&mut self) -> &mut [u8] {
        self.scanner.space()
    }

    /// Says that the first `read` bytes of [`Self::space`] are filled.
    pub fn advance(&mut self, read: usize) {
        let Self { knowledge, scanner, findings } = self;
        scanner.advance(read, |window| findings.take(window, *knowledge));
    }

    /// Says that the input has ended; the explainer is then ready for another one.
    pub fn finish(&mut self) -> Findings {
        let Self { knowledge, scanner, findings } = self;
        scanner.finish(|window| findings.take(window, *knowledge));
        std::mem::take(findings)
    }
}

impl Findings {
    fn take<K: Deref<Target = Knowledge>>(&mut self, window: Window<'_>, knowledge: &K) {
        let clean = clean::clean(window.bytes, window.first_line);
        let text = redact::redact(&clean.text, &mut self.secrets);
        if !window.failure {
            return;
        }
        for mut report in parse::parse(&text, &clean.numbers) {
            registry::identify(&mut report, knowledge);
            let causes = rules::rank(&report, knowledge);
            if causes.is_empty() {
                continue;
            }
            let used = |number: u64| causes.iter().any(|c| c.evidence.iter().any(|l| l.number == number));
            report.around.retain(|line| used(line.number));
            let key = key(&report);
            if let Some(known) = self.known.get(&key).and_then(|at| self.diagnoses.get_mut(*at)) {
                known.count += 1;
                continue;
            }
            if self.diagnoses.len() == MOST {
                self.truncated = true;
                continue;
            }
            self.known.insert(key, self.diagnoses.len());
            self.diagnoses.push(Diagnosis {
                unknown: rules::unknown(&report),
                fingerprint: fingerprint::fingerprint(&report, knowledge),
                count: 1,
                causes,
                report,
            });
        }
    }
}

/// What makes two failures the same failure within one input: every field, and of the lines what was said, without whatever
/// may change from one time to the next: numbers, identifiers, digests.
fn key(report: &Report) -> u64 {
    let Report {
        client,
        client_version,
        code,
        status,
        method,
        url,
        registry,
        operation,
        package,
        version,
        challenge,
        sent,
        ..
    } = report;
    let mut hasher = DefaultHasher::new();
    (client, client_version, code, status, method, url).hash(&mut hasher);
    (registry, operation, package, version, challenge, sent).hash(&mut hasher);
    let mut gist = Vec::with_capacity(report.said.iter().map(|line| line.text.len()).sum());
    let said = report.said.iter().flat_map(|line| line.text.bytes());
    gist.extend(said.filter(|b| !b.is_ascii_hexdigit() && *b != b'-'));
    gist.hash(&mut hasher);
    hasher.finish()
}
