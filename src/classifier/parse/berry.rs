//! Yarn 2 and later: `YN0041: Invalid authentication`, `YN0033: No authentication configured`, `YN0035: … Response Code: 403`.

use super::{Block, Raw, take_package, take_url};
use crate::classifier::report::{Client, Method, Report, Sent};

/// How many lines one message may have.
const LONGEST: usize = 16;

/// Reads a message.
pub(super) fn read(lines: &[Raw<'_>], _before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    let code = ["YN0041", "YN0033", "YN0035"].into_iter().find(|code| first.text.starts_with(*code))?;
    let mut report = Report {
        client: Client::YarnBerry,
        code: Some(code.to_owned()),
        first_line: first.number,
        last_line: first.number,
        ..Report::default()
    };
    let mut taken = 0;
    for (index, raw) in lines.iter().take(LONGEST).enumerate() {
        // A chat that turns lines into paragraphs puts empty ones between them.
        if raw.text.is_empty() {
            continue;
        }
        let Some(message) = raw.text.strip_prefix(code) else { break };
        if index > 0 && !message.contains("  ") && !message.contains("Re") {
            break;
        }
        read_line(&mut report, message);
        report.said.push(raw.to_line());
        report.last_line = raw.number;
        taken = index + 1;
    }
    let says = |words: &str| report.said.iter().any(|l| l.text.contains(words));
    if code == "YN0041" && !says("nvalid authentication") || code == "YN0033" && !says("o authentication configured") {
        return None;
    }
    match code {
        "YN0041" => report.status = Some(401),
        "YN0033" => report.sent = Some(Sent::Nothing),
        // The same code stands for every other answer, too.
        _ if !matches!(report.status, Some(401..=403)) => return None,
        _ => {}
    }
    Some(Block { report, taken, strangers: Vec::new() })
}

fn read_line(report: &mut Report, message: &str) {
    let subject = message.trim_start_matches([':', ' ', '│']).split(": ").next().unwrap_or_default();
    if let Some((name, version)) = subject.rsplit_once("@npm:") {
        take_package(report, name, version);
    }
    if message.contains("as an anonymous user") {
        report.sent = Some(Sent::Nothing);
    }
    if let Some((_, value)) = message.split_once("Response Code: ") {
        report.status = value.split(' ').next().and_then(|n| n.parse().ok());
    } else if let Some((_, value)) = message.split_once("Request Method: ") {
        report.method = [Method::Get, Method::Put, Method::Post].into_iter().find(|m| value.trim() == m.as_str());
    } else if let Some((_, value)) = message.split_once("Request URL: ") {
        take_url(report, value);
    }
}
