//! Clean, redacted lines → reports.
//!
//! Each client has a reader that recognises the first line of its failure and takes the lines that belong to it. What stands
//! between two failures is their context: it tells the command, the place, notices and warnings.

mod berry;
mod bun;
mod context;
mod json;
mod npm;
mod pnpm;
mod relayed;
pub mod status;
mod yarn;

pub(super) use yarn::implied_status;

use std::sync::OnceLock;

use crate::redact::Redacted;

use super::{
    anchors::CODES,
    clean::marker,
    report::{Line, Method, Report, Target},
    search::Search,
    url,
};

/// A line before it belongs to anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'a> {
    number: u64,
    text: &'a str,
    /// Whether other text stood on the same line of the input.
    inline: bool,
}

impl Raw<'_> {
    fn to_line(self) -> Line {
        Line { number: self.number, text: self.text.to_owned() }
    }
}

/// A failure as a reader hands it over, and how many lines it took.
struct Block {
    report: Report,
    /// How many lines from the first one on the block spans.
    taken: usize,
    /// Which of these lines belong to somebody else.
    strangers: Vec<usize>,
}

type Reader = fn(&[Raw<'_>], &[Raw<'_>]) -> Option<Block>;

/// Tried in this order on each line, with the lines from there on and the lines before.
const READERS: &[(Begins, Reader)] = &[
    (Begins::Line, npm::read),
    (Begins::Line, pnpm::read),
    (Begins::Line, berry::read),
    (Begins::Anywhere, yarn::read),
    (Begins::Line, bun::read),
    (Begins::Line, json::read),
    (Begins::Anywhere, relayed::release_tool),
    (Begins::Anywhere, relayed::dependabot),
];

/// Where in its first line a failure begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// Where the line does, so that one look at it dismisses most lines.
    Line,
    /// Wherever one of [`SIGNS`] stands.
    Anywhere,
}

/// What the failures hold that begin anywhere in a line.
const SIGNS: &[&str] = &[
    "finished with status code ",
    "Two factor authentication enabled.",
    "Environment variable not found (",
    "error Error: ",
    "error Couldn't publish package: ",
    "error An unexpected error occurred: ",
    "occurred while publishing ",
    "lerna ERR! ",
    "unknown error code: ",
    "rivate npm registries require",
    "can't access a private package registry",
];

fn has_sign(text: &str) -> bool {
    static SEARCH: OnceLock<Search> = OnceLock::new();
    SEARCH.get_or_init(|| Search::new(SIGNS.iter().copied())).any(text)
}

/// How many lines before a failure may tell about it.
const CONTEXT_BEFORE: usize = 150;
/// How many lines after it.
const CONTEXT_AFTER: usize = 10;

/// The failures in a window, in order. `numbers` gives the input's line number of each line.
///
/// Every failure that has the form of one is reported; whether it is answered is for the rules to say.
#[must_use]
pub fn parse(text: &Redacted, numbers: &[u64]) -> Vec<Report> {
    let mut lines: Vec<Raw<'_>> = text
        .as_str()
        .split('\n')
        .zip(numbers)
        .map(|(text, number)| Raw { number: *number, text: text.trim(), inline: false })
        .collect();
    for at in 1..lines.len() {
        let (Some(a), Some(b)) = (lines.get(at - 1).copied(), lines.get(at).copied()) else { break };
        if a.number == b.number && !a.text.is_empty() {
            lines.iter_mut().skip(at - 1).take(2).for_each(|line| line.inline = true);
        }
    }
    // Most texts have none.
    let signs = has_sign(text.as_str());
    let mut blocks: Vec<(usize, Block)> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (before, rest) = lines.split_at(at);
        let anywhere = signs && rest.first().is_some_and(|line| has_sign(line.text));
        let mut readers = READERS.iter().filter(|(begins, _)| anywhere || *begins == Begins::Line);
        match readers.find_map(|(_, reader)| reader(rest, before)) {
            Some(block) => {
                let taken = block.taken.max(1);
                blocks.push((at, block));
                at += taken;
            }
            None => at += 1,
        }
    }
    let starts: Vec<usize> = blocks.iter().map(|(start, _)| *start).collect();
    let mut end_of_last = 0;
    let mut reports = Vec::with_capacity(blocks.len());
    for (index, (start, mut block)) in blocks.into_iter().enumerate() {
        let end = start + block.taken.max(1);
        let next = starts.get(index + 1).copied().unwrap_or(usize::MAX);
        let from = start.saturating_sub(CONTEXT_BEFORE).max(end_of_last);
        let to = if next < end + 2 * CONTEXT_AFTER { end } else { lines.len().min(end + CONTEXT_AFTER) };
        let strangers = block.strangers.iter().map(|i| start + i);
        let around = (from..start).chain(strangers).chain(end..to);
        block.report.around =
            around.filter_map(|i| lines.get(i)).filter(|l| !l.text.is_empty()).map(|l| l.to_line()).collect();
        end_of_last = end;
        context::complete(&mut block.report);
        if is_whole(&block.report) {
            reports.push(block.report);
        }
    }
    reports
}

/// Whether a report is one of the failures that this program speaks of at all: npm prints many other codes.
fn is_whole(report: &Report) -> bool {
    match report.code.as_deref() {
        Some("E404") => is_masked(report),
        Some(code) => CODES.contains(&code) || code.starts_with("ERR_PNPM_") || code.starts_with("YN00"),
        None => match report.status {
            Some(404) => is_masked(report),
            Some(status) => matches!(status, 401 | 402 | 403 | 407 | 409 | 429),
            None => !report.said.is_empty(),
        },
    }
}

/// A 404 that may hide a refusal: on a write, or with the public registry's notice beside it.
fn is_masked(report: &Report) -> bool {
    let writes = matches!(report.method, Some(Method::Put | Method::Post | Method::Delete));
    // npm 9 and older repeat a conflicting write as this read.
    let repeated = report.said.iter().any(|l| l.text.contains("?write=true"));
    let noticed = || {
        report
            .around
            .iter()
            .chain(&report.said)
            .any(|l| marker::fold(&l.text).contains("access token expired or revoked"))
    };
    (writes && report.target != Some(Target::Audit)) || repeated || noticed()
}

/// Fills what a URL tells; the first URL counts.
fn take_url(report: &mut Report, text: &str) {
    if report.url.is_some() {
        return;
    }
    let Some(url) = url::parse(text) else { return };
    report.registry.host = Some(url.host);
    report.registry.url = Some(url.base);
    report.target = url.target;
    if url.package.is_some() {
        report.package = url.package;
    }
    report.version = report.version.take().or(url.version);
    report.url = Some(url.clean);
}

/// Fills status, method and URL from a status line; says whether it was one.
fn take_status(report: &mut Report, text: &str) -> bool {
    let Some(status) = status::parse(text) else { return false };
    report.status.get_or_insert(status.status);
    if report.method.is_none() {
        report.method = status.method;
    }
    if let Some(text) = status.url {
        take_url(report, text);
    }
    if let Some((name, version)) = status.subject.and_then(|s| s.rsplit_once('@')) {
        take_package(report, name, version);
    }
    true
}

/// Fills package and version from `name@version`, where they are still unknown.
fn take_package(report: &mut Report, name: &str, version: &str) {
    if !url::is_package(name) || report.package.as_deref().is_some_and(|known| known != name) {
        return;
    }
    report.package = Some(name.to_owned());
    if report.version.is_none() && url::is_version(version) {
        report.version = Some(version.to_owned());
    }
}

/// Remembers a registry that is named outside of a failing URL.
fn take_registry(report: &mut Report, text: &str) {
    if report.registry.url.is_some() {
        return;
    }
    if let Some(url) = url::parse(text) {
        report.registry.host = Some(url.host);
        report.registry.url = Some(if url.clean.ends_with('/') { url.clean } else { url.clean + "/" });
    }
}

/// What a challenge or a client's canned text says about the credential that was asked for.
fn take_challenge(report: &mut Report, text: &str) -> bool {
    let challenge = if let Some((_, challenge)) = text.split_once("nable to authenticate, need: ") {
        challenge
    } else if text.contains("nable to authenticate, your authentication token seems to be invalid") {
        "bearer"
    } else if text.contains("ncorrect or missing password") {
        "basic"
    } else {
        return false;
    };
    // The challenge itself says more than the canned text.
    if report.challenge.as_deref().is_none_or(|known| known.len() <= "bearer".len()) {
        report.challenge = Some(challenge.trim().to_owned());
    }
    true
}
