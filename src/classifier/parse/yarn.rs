//! Yarn 1, which prints the server's words where there are any and hides the status.

use super::{Block, Raw, take_url};
use crate::classifier::report::{Client, Method, Report};

/// Reads a failure.
pub(super) fn read(lines: &[Raw<'_>], _before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    let mut report = Report {
        client: Client::Yarn,
        first_line: first.number,
        last_line: first.number,
        said: vec![first.to_line()],
        ..Report::default()
    };
    if let Some((head, status)) = first.text.split_once("\" finished with status code ") {
        report.status = status.get(..3).and_then(|n| n.parse().ok()).filter(|n| matches!(n, 401 | 403));
        report.status?;
        let url = head.find("http").and_then(|at| head.get(at..))?;
        take_url(&mut report, url);
        return Some(Block { report, taken: 1, strangers: Vec::new() });
    }
    if first.text.ends_with("Two factor authentication enabled.") {
        report.method = lines.iter().take(4).any(|raw| raw.text.contains("publish package")).then_some(Method::Put);
        return Some(Block { report, taken: 1, strangers: Vec::new() });
    }
    if first.text.starts_with("Usage Error: Environment variable not found (") {
        report.client = Client::YarnBerry;
        return Some(Block { report, taken: 1, strangers: Vec::new() });
    }
    let at = first.text.find("error ").filter(|at| {
        *at == 0 || first.text.get(..*at).is_some_and(|head| !head.ends_with(|c: char| c.is_ascii_alphanumeric()))
    })?;
    let message = first.text.get(at + "error ".len()..)?;
    if message.starts_with("Error: Failed to replace env in config: ${") {
        return Some(Block { report, taken: 1, strangers: Vec::new() });
    }
    let (publish, quoted) = if let Some(rest) = message.strip_prefix("Couldn't publish package: ") {
        (true, rest)
    } else {
        (false, message.strip_prefix("An unexpected error occurred: ").or_else(|| message.strip_prefix("Error: "))?)
    };
    let quoted = quoted.trim_start_matches(['"', '\\', '\'', '`', ' ']);
    if !quoted.starts_with("http") {
        return None;
    }
    report.method = Some(if publish { Method::Put } else { Method::Get });
    let (url, text) = quoted.split_once(": ")?;
    take_url(&mut report, url);
    report.url.as_ref()?;
    report.status = status_of(text);
    if report.status.is_none() && implied_status(text).is_none() {
        return None;
    }
    Some(Block { report, taken: 1, strangers: Vec::new() })
}

/// The status, where Yarn prints it: `Request "…" returned a 403`, `Request failed "403 Forbidden"`.
fn status_of(text: &str) -> Option<u16> {
    let digits = match text.split_once("returned a ") {
        Some((_, digits)) => digits,
        None => text.split_once("Request failed ")?.1.trim_start_matches(['"', '\\']),
    };
    digits.get(..3)?.parse().ok()
}

/// The status that a server's words stand for; `None` for words that are not about being let in.
pub(in crate::classifier) fn implied_status(text: &str) -> Option<u16> {
    const REFUSED: &[&str] = &["permission", "not allowed", "denied", "forbidden"];
    const UNAUTHORIZED: &[&str] = &[
        "unauthenticated",
        "unauthorized",
        "authentication token",
        "authorization required",
        "authentication required",
        "could not be authenticated",
        "logged in",
        "provide authentication",
        "invalid_token",
        "bad credentials",
        "one-time pass",
    ];
    const FORBIDDEN: &[&str] = &[
        "scope",
        "publish over",
        "two-factor",
        "verify your email",
        "not authorized",
        "these credentials",
        "too similar",
        "quarantined",
        "blocked",
        "protected",
        "saml",
        "republished",
        "spam detection",
    ];
    let text = text.to_lowercase();
    if REFUSED.iter().any(|words| text.contains(words)) {
        Some(403)
    } else if UNAUTHORIZED.iter().any(|words| text.contains(words)) {
        Some(401)
    } else if FORBIDDEN.iter().any(|words| text.contains(words)) {
        Some(403)
    } else {
        None
    }
}
