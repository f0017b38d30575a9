//! npm's `--json` error object where the lines that say the same are missing.

use super::{Block, Raw, take_challenge, take_status};
use crate::classifier::report::{Client, Line, Report};

/// How far below the code the summary may stand.
const REACH: usize = 4;

/// Reads `"code": "E403",` and the summary below it.
pub(super) fn read(lines: &[Raw<'_>], _before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    let code = value(first.text, "code")?;
    if !code.starts_with('E') || code.len() > 20 {
        return None;
    }
    let (index, raw, summary) = lines
        .iter()
        .enumerate()
        .take(REACH)
        .skip(1)
        .find_map(|(i, raw)| Some((i, raw, value(raw.text, "summary")?)))?;
    let mut report = Report {
        client: Client::Npm,
        status: code.strip_prefix('E').and_then(|n| n.parse().ok()),
        first_line: first.number,
        last_line: raw.number,
        ..Report::default()
    };
    if !take_status(&mut report, &summary) {
        take_challenge(&mut report, &summary);
    }
    report.said = vec![first.to_line(), Line { number: raw.number, text: summary }];
    report.code = Some(code);
    Some(Block { report, taken: index + 1, strangers: Vec::new() })
}

/// The string behind `"key":` on a line of pretty-printed JSON.
fn value(line: &str, key: &str) -> Option<String> {
    let rest = line.strip_prefix('"')?.strip_prefix(key)?.strip_prefix('"')?.trim_start().strip_prefix(':')?;
    serde_json::from_str(rest.trim().trim_end_matches(',')).ok()
}
