//! Bun: `error: GET https://… - 401`, `403 Forbidden: https://…` with the server's words below.

use super::{Block, Raw, take_challenge, take_registry, take_status, take_url};
use crate::classifier::report::{Client, Method, Report, Sent, Target};

/// How many lines below a status line may hold the server's words.
const REACH: usize = 5;
/// How far above Bun's own heading may stand.
const HEADING: usize = 60;

/// Reads a failure.
pub(super) fn read(lines: &[Raw<'_>], before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    // Most lines are none of ours; the look at what stands above is the costly part.
    if !first.text.starts_with("error: ")
        && !first.text.starts_with('4')
        && !first.text.starts_with("This operation requires")
    {
        return None;
    }
    let mut report = Report {
        client: Client::Bun,
        first_line: first.number,
        last_line: first.number,
        said: vec![first.to_line()],
        ..Report::default()
    };
    let heading = before.iter().rev().take(HEADING).find(|raw| is_heading(raw.text));
    let publishes = heading.is_some_and(|raw| raw.text.starts_with("bun publish"));
    let mut taken = 1;
    if let Some(rest) = first.text.strip_prefix("error: GET ") {
        let (url, status) = rest.rsplit_once(" - ")?;
        report.status = status.parse().ok().filter(|n| matches!(n, 401 | 403 | 407 | 429));
        report.status?;
        report.method = Some(Method::Get);
        take_url(&mut report, url);
        report.url.as_ref()?;
        let archive = report.target == Some(Target::Tarball);
        let scoped = report.package.as_deref().is_some_and(|p| p.starts_with('@'));
        if report.registry.host.as_deref() == Some("api.github.com") || heading.is_none() && !archive && !scoped {
            return None;
        }
    } else if heading.is_some() && first.text.starts_with("error: missing authentication (run") {
        report.sent = Some(Sent::Nothing);
    } else if first.text.starts_with("error: unable to authenticate, need: ") {
        take_challenge(&mut report, first.text);
        report.status = Some(401);
    } else if heading.is_some() && first.text == "This operation requires a one-time password." {
        report.code = Some("EOTP".to_owned());
    } else {
        if first.inline || !take_status(&mut report, first.text) || report.method.is_some() || report.url.is_none() {
            return None;
        }
        let registry_path =
            matches!(report.target, Some(Target::Whoami | Target::Login | Target::Manage | Target::Tarball))
                || report.package.as_deref().is_some_and(|p| p.starts_with('@'))
                    && first.text.to_ascii_lowercase().contains("%2f");
        if heading.is_none() && !registry_path {
            return None;
        }
        for (index, raw) in lines.iter().enumerate().take(REACH).skip(1) {
            if raw.text.starts_with("- ") {
                report.said.push(raw.to_line());
                report.last_line = raw.number;
                taken = index + 1;
                break;
            }
            if !raw.text.is_empty() {
                break;
            }
        }
    }
    if publishes {
        report.method = Some(Method::Put);
    } else {
        report.method.get_or_insert(Method::Get);
    }
    if report.registry.url.is_none()
        && let Some(registry) = before.iter().rev().take(HEADING).find_map(|raw| raw.text.strip_prefix("Registry: "))
    {
        take_registry(&mut report, registry);
    }
    Some(Block { report, taken, strangers: Vec::new() })
}

/// `bun add v1.4.5 (a7733435c)`
fn is_heading(text: &str) -> bool {
    let mut words = text.split(' ');
    words.next() == Some("bun") && words.next().is_some() && words.next().is_some_and(|v| v.starts_with('v'))
}
