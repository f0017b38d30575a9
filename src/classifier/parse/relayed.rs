//! Failures of npm as other programs retell them, without npm's markers: Changesets, Lerna, Dependabot.

use super::{Block, Raw, take_package, take_registry, take_status};
use crate::classifier::{
    anchors::CODES,
    report::{Client, Method, Operation, Place, Report},
};

/// `error an error occurred while publishing @acme/widget: E403 403 Forbidden - PUT …`, `lerna ERR! E403 …`,
/// `unknown error code: E401 for npm info`.
pub(super) fn release_tool(lines: &[Raw<'_>], _before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    let (package, told) = if let Some((_, rest)) = first.text.split_once("occurred while publishing ") {
        let (name, told) = rest.split_once(": ")?;
        (Some(name), told)
    } else if let Some(told) = first.text.strip_prefix("lerna ERR! ") {
        (None, told)
    } else {
        (None, first.text.split_once("unknown error code: ")?.1)
    };
    let (code, text) = told.split_once(' ').unwrap_or((told, ""));
    if !CODES.contains(&code) {
        return None;
    }
    let mut report = Report {
        client: Client::Npm,
        code: Some(code.to_owned()),
        status: code.strip_prefix('E').and_then(|n| n.parse().ok()),
        said: vec![first.to_line()],
        first_line: first.number,
        last_line: first.number,
        ..Report::default()
    };
    take_status(&mut report, text);
    if let Some(name) = package {
        take_package(&mut report, name, "");
    }
    if !text.starts_with("for npm info") {
        report.method.get_or_insert(Method::Put);
        report.operation = Some(Operation::Publish);
    }
    Some(Block { report, taken: 1, strangers: Vec::new() })
}

/// Dependabot's updater, which stops before it runs a package manager.
pub(super) fn dependabot(lines: &[Raw<'_>], _before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    let log = first.text.starts_with("updater")
        || first.text.contains("<job_")
        || first.text.contains("Error during file fetching");
    let named = first.text.contains("rivate npm registries require")
        || first.text.contains("can't access a private package registry without explicit configuration");
    if !log || !named {
        return None;
    }
    let mut report = Report {
        client: Client::Npm,
        places: vec![Place::Dependabot],
        said: vec![first.to_line()],
        first_line: first.number,
        last_line: first.number,
        ..Report::default()
    };
    if let Some((_, host)) = first.text.split_once("Registry: ") {
        take_registry(&mut report, &format!("https://{host}"));
    }
    Some(Block { report, taken: 1, strangers: Vec::new() })
}
