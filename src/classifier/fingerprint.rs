//! The key of "the same error again".
//!
//! It is made only of parsed fields that stay the same while the knowledge grows, never of versions, paths, times or ids.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::knowledge::Knowledge;

use super::report::{Method, Operation, Report};

/// Goes up when the fields behind a fingerprint change, so that old and new ones cannot meet.
const VERSION: &str = "v1";
/// Bytes of the digest that are kept: enough that a team never sees two errors share a key.
const KEPT: usize = 8;

/// `v1-` and sixteen hexadecimal digits.
///
/// A 401 is a matter of identity: code and registry. A refusal is a matter of the target, too: read or write, and the scope,
/// or the package when it has none, except on a registry that passes public packages through, where it is chance.
#[must_use]
pub fn fingerprint(report: &Report, knowledge: &Knowledge) -> String {
    let family = report.family().unwrap_or_default();
    let kind = report.registry.kind.as_str();
    let host = report.registry.host.as_deref().unwrap_or(kind);
    let mut digest = Sha256::new();
    let mut part = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    };
    part(&family);
    part(host);
    if !is_identity(&family) {
        part(if is_write(report) { "write" } else { "read" });
        let chance = knowledge.registry(kind).is_some_and(|k| k.proxies);
        part(match (&report.scope, &report.package) {
            (Some(scope), _) => scope,
            (None, Some(package)) if !chance => package,
            _ => "",
        });
    }
    let mut out = format!("{VERSION}-");
    for byte in digest.finalize().iter().take(KEPT) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Codes that are about who asks, whatever is asked for.
pub(crate) fn is_identity(family: &str) -> bool {
    matches!(
        family,
        "E401" | "ENEEDAUTH" | "EAUTHIP" | "ERR_INVALID_AUTH" | "E407" | "E429" | "EUNKNOWNCONFIG" | "ENOAUDIT"
    )
}

fn is_write(report: &Report) -> bool {
    match report.method {
        Some(method) => method != Method::Get && method != Method::Head,
        None => matches!(
            report.operation,
            Some(Operation::Publish | Operation::Stage | Operation::Unpublish | Operation::Deprecate)
        ),
    }
}
