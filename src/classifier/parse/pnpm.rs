//! pnpm: `ERR_PNPM_FETCH_401  GET …`, `[ERR_PNPM_FETCH_401] …`, `[E403] …`, and the frames of pnpm 12.

use super::{Block, Raw, npm, take_challenge, take_registry, take_status, take_url};
use crate::classifier::report::{Client, Method, Report, Sent};

/// How many lines that say nothing to it may stand in a block: blank ones behind a prefix, other tasks' output.
const STRANGERS: usize = 6;
/// The most lines of one block.
const LONGEST: usize = 30;

/// Reads a block.
pub(super) fn read(lines: &[Raw<'_>], before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    let (code, rest) = code_of(first.text)?;
    let mut report = Report {
        client: Client::Pnpm,
        code: Some(code.to_owned()),
        status: code.strip_prefix("ERR_PNPM_FETCH_").or_else(|| code.strip_prefix('E')).and_then(|n| n.parse().ok()),
        first_line: first.number,
        last_line: first.number,
        said: vec![first.to_line()],
        ..Report::default()
    };
    read_line(&mut report, rest);
    let (mut taken, mut strangers, mut strange) = (1, Vec::new(), 0);
    for (index, raw) in lines.iter().enumerate().take(LONGEST).skip(1) {
        if code_of(raw.text).is_some() || npm::level(raw).is_some() {
            break;
        }
        if !raw.text.is_empty() {
            if !belongs(raw.text) {
                strange += 1;
                if strange > STRANGERS {
                    break;
                }
                continue;
            }
            read_line(&mut report, raw.text);
            // The settings are pnpm's list of what it knows, not what was said about this failure.
            if raw.text.starts_with(['@', '/']) {
                strangers.push(index);
            } else if !raw.text.starts_with("at ") {
                report.said.push(raw.to_line());
            }
            taken = index + 1;
            report.last_line = raw.number;
        }
    }
    let told = report.url.is_some() || report.challenge.is_some() || report.sent.is_some() || report.method.is_some();
    if !told && !code.contains("PUBLISH") && !code.contains("OTP") {
        // The code in a sentence: somebody speaks of an error, there is none here.
        return None;
    }
    if code.contains("PUBLISH") || code.starts_with('E') && report.method.is_none() {
        report.method.get_or_insert(Method::Put);
    }
    if report.registry.url.is_none()
        && let Some((_, registry)) = before.iter().rev().take(40).find_map(|raw| raw.text.split_once(" → "))
    {
        take_registry(&mut report, registry);
    }
    Some(Block { report, taken, strangers })
}

/// The code at the beginning of a line and what follows it.
fn code_of(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("Error: ").unwrap_or(text);
    let text = text.strip_prefix('[').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (code, rest) = text.split_at_checked(end)?;
    let bracketed = rest.starts_with(']');
    let rest = rest.strip_prefix(']').unwrap_or(rest).trim_start();
    let own = code.starts_with("ERR_PNPM_") && !code.starts_with("ERR_PNPM_RECURSIVE");
    let shared = bracketed && (code == "EOTP" || code == "ENEEDAUTH" || code.len() == 4 && code.starts_with("E4"));
    (own && is_ours(code) || shared).then_some((code, rest))
}

fn is_ours(code: &str) -> bool {
    code.starts_with("ERR_PNPM_FETCH_4") || code.contains("PUBLISH") || code.contains("OTP") || code.contains("AUTH")
}

fn belongs(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "This error happened",
        "An authorization header",
        "No authorization header",
        "These authorization settings",
        "Failed to",
        "GET http",
        "PUT http",
        "installing ",
        "help:",
        "pnpm:",
        "at ",
        "The registry",
        "│",
        "╰",
        "├",
        "×",
        "in an interactive",
        "authentication",
        "one-time password",
        "Re-run",
        "@",
        "//",
    ];
    // Behind a prefix that nobody knows.
    const PARTS: &[&str] = &[
        "or you have no permission to fetch it",
        "o authorization header was set for the request",
        "n authorization header was used: ",
    ];
    STARTS.iter().any(|start| text.starts_with(start)) || PARTS.iter().any(|part| text.contains(part))
}

fn read_line(report: &mut Report, text: &str) {
    let text = text.strip_prefix("pnpm: ").unwrap_or(text);
    if take_status(report, text) || take_challenge(report, text) {
        return;
    }
    if let Some((_, rest)) = text.split_once("(status ") {
        let status = rest.split([' ', ')']).next().and_then(|n| n.parse().ok());
        report.status = report.status.or(status);
        report.method.get_or_insert(Method::Put);
    } else if let Some(at) = text.find("GET http") {
        report.method.get_or_insert(Method::Get);
        take_url(report, text.get(at + 4..).unwrap_or_default());
    }
    if text.contains("n authorization header was used") {
        report.sent = Some(Sent::Credential);
        if text.contains("used: Basic") {
            report.challenge.get_or_insert_with(|| "basic".to_owned());
        }
    } else if text.contains("o authorization header was set") {
        report.sent = Some(Sent::Nothing);
    }
}
