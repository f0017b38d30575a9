//! npm's own blocks: `npm ERR! …`, `npm error …`, and `20 error …` in its debug log.

use super::{Block, Raw, status, take_challenge, take_package, take_registry, take_status};
use crate::classifier::{
    clean::marker::{self, Level},
    report::{Client, Line, Method, Place, Report},
    url,
};

/// How many lines of others may stand between two lines of one block (interleaved output, npm's JSON).
const GAP: usize = 8;
/// The most lines of one block.
const LONGEST: usize = 120;

/// The level and the rest of one of npm's lines, in a terminal or in the debug log.
pub(super) fn level<'a>(raw: &Raw<'a>) -> Option<(Level, &'a str)> {
    marker::level(raw.text).or_else(|| marker::debug_level(raw.text))
}

/// Reads a block.
pub(super) fn read(lines: &[Raw<'_>], before: &[Raw<'_>]) -> Option<Block> {
    let first = lines.first()?;
    let (Level::Error, _) = level(first)? else { return None };
    let mut report =
        Report { client: Client::Npm, first_line: first.number, last_line: first.number, ..Report::default() };
    let (mut taken, mut strangers, mut pending) = (0, Vec::new(), Vec::new());
    let (mut code_only, mut filler) = (None, None);
    for (index, raw) in lines.iter().take(LONGEST).enumerate() {
        let Some((Level::Error, rest)) = level(raw) else {
            pending.push(index);
            if pending.len() > GAP {
                break;
            }
            continue;
        };
        let code = code_of(rest);
        if is_spoken_of(raw, rest, code, &report) {
            if index == 0 {
                return None;
            }
            pending.push(index);
            continue;
        }
        if let Some(code) = code {
            // npm 5 says that the publish failed before it gives the code.
            let announced = report.said.iter().all(|l| l.text.contains("publish Failed"));
            if report.code.is_some() || !announced {
                break;
            }
            code_only = Some(raw.inline);
            report.code = Some(code.to_owned());
        }
        strangers.append(&mut pending);
        taken = index + 1;
        report.last_line = raw.number;
        if rest.is_empty() || is_filler(rest) {
            if rest.contains("forbidden by your security policy") {
                report.status.get_or_insert(403);
                filler.get_or_insert_with(|| raw.to_line());
            }
            continue;
        }
        if rest.starts_with("A complete log of this run") || rest.contains("_logs") {
            note_log_path(&mut report, rest);
            continue;
        }
        let whole = continued(rest, lines.get(index + 1..).unwrap_or_default());
        read_line(&mut report, whole.as_deref().unwrap_or(rest));
        report.said.push(Line { number: raw.number, text: whole.unwrap_or_else(|| raw.text.to_owned()) });
    }
    if report.said.is_empty() {
        report.said.extend(filler);
    }
    // A code and nothing else, in the middle of a sentence: somebody speaks of an error, there is none here.
    let bare = report.said.len() <= 1 && report.status.is_none();
    infer_code(&mut report, before);
    if bare && code_only == Some(true) {
        return None;
    }
    Some(Block { report, taken, strangers })
}

/// A line that a mail or a narrow window has broken before its URL, put together again.
fn continued(rest: &str, below: &[Raw<'_>]) -> Option<String> {
    let open = [" - GET", " - PUT", " - POST", " - DELETE", "logged in to"].iter().any(|end| rest.ends_with(end));
    let url = below.first().filter(|raw| open && raw.text.starts_with("http"))?;
    let mut whole = format!("{rest} {}", url.text);
    if let Some(text) = below.get(1).filter(|raw| raw.text.starts_with("- ")) {
        whole.push(' ');
        whole.push_str(text.text);
    }
    Some(whole)
}

/// Whether a marker in the middle of a line is part of a sentence, a script or another program's message, and not a line
/// of npm's: `see "npm error code E401" in the docs`. PowerShell repeats a program's first line in such a way, too.
fn is_spoken_of(raw: &Raw<'_>, rest: &str, code: Option<&str>, report: &Report) -> bool {
    if !raw.inline || (!report.said.is_empty() && raw.number == report.last_line) {
        return false;
    }
    match code {
        Some(code) => rest.len() != "code ".len() + code.len(),
        None => status::parse(rest).is_none() && !SAYS.iter().any(|words| rest.contains(words)),
    }
}

/// Sentences by which a block is known although its code is cut off.
const SAYS: &[&str] = &[
    "nable to authenticate",
    "ncorrect or missing password",
    "publish over the previously published",
    "This command requires you to be logged in",
    "Invalid auth configuration found",
    "one-time pass",
];

/// The code in `code E401`, without quotes around it.
fn code_of(rest: &str) -> Option<&str> {
    let word = rest.strip_prefix("code ")?.trim_start().split([' ', '"', '\'', '`', ',', ':', ')', '\\']).next()?;
    let code = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (code && !word.is_empty()).then_some(word)
}

/// Text that npm prints with every error of a kind and that says nothing about this one.
fn is_filler(rest: &str) -> bool {
    const FILLER: &[&str] = &[
        "In most cases, you or one of your dependencies",
        "a package version that is forbidden by your security policy",
        "on a server you do not have access to",
        "Note that you can also install from a",
        "tarball, folder, http url, or git url",
        "You should bug the author to publish it",
    ];
    let rest = rest.strip_prefix("403").or_else(|| rest.strip_prefix("404")).unwrap_or(rest).trim_start();
    rest.is_empty() || FILLER.iter().any(|filler| rest.starts_with(filler))
}

fn note_log_path(report: &mut Report, rest: &str) {
    let place = if rest.contains("/home/runner/") {
        Place::GithubActions
    } else if rest.contains("/home/vsts/") {
        Place::AzurePipelines
    } else if rest.contains("/home/circleci/") {
        Place::CircleCi
    } else if rest.contains("/Users/") || rest.contains("C:\\Users\\") {
        Place::Laptop
    } else {
        return;
    };
    report.places.push(place);
}

fn read_line(report: &mut Report, rest: &str) {
    if take_status(report, rest) {
        if let Some((_, version)) = rest.split_once(PUBLISHED) {
            take_published(report, version);
        }
        return;
    }
    if take_challenge(report, rest) {
        return;
    }
    if let Some((_, inner)) = rest.split_once("Failed to update package: \"") {
        take_status(report, inner);
    } else if let Some((_, registry)) = rest.split_once("logged in to ") {
        take_registry(report, registry);
    } else if let Some(number) = rest.strip_prefix("publish Failed PUT ") {
        report.method = Some(Method::Put);
        report.status = report.status.or_else(|| number.split(' ').next()?.parse().ok());
    } else if let Some(subject) = rest.strip_prefix("404").and_then(|r| r.split('\'').nth(1))
        && let Some((name, version)) = subject.rsplit_once('@')
    {
        take_package(report, name, version);
    } else if let Some((_, version)) = rest.split_once(PUBLISHED) {
        take_published(report, version);
    } else if let Some((_, quoted)) = rest.split_once("registry (") {
        take_registry(report, quoted);
    }
}

/// What stands before the version that is taken.
const PUBLISHED: &str = "publish over the previously published version";

/// The version in `s: 1.0.0.` and ` 1.0.0. Try …`; of several, the last one.
fn take_published(report: &mut Report, rest: &str) {
    let list = rest.trim_start_matches(['s', ':', ' ']);
    let list = list.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let version = list.rsplit([',', ' ']).next().unwrap_or_default();
    if report.version.is_none() && url::is_version(version) {
        report.version = Some(version.to_owned());
    }
}

/// The code that npm prints with these lines, for a block whose code line is cut off.
fn infer_code(report: &mut Report, before: &[Raw<'_>]) {
    if let Some(code) = &report.code {
        report.status = report.status.or_else(|| code.strip_prefix('E')?.parse().ok());
        return;
    }
    let has = |words: &str| report.said.iter().any(|l| l.text.contains(words));
    let code = if has("audit endpoint returned an error") {
        // npm warns about the answer above and gives this error no code.
        for raw in before.iter().rev().take(12) {
            if let Some((Level::Warn, rest)) = level(raw)
                && let Some(rest) = rest.strip_prefix("audit ")
                && take_status(report, rest)
            {
                report.said.insert(0, raw.to_line());
                report.first_line = raw.number;
                break;
            }
        }
        return;
    } else if report.challenge.is_some() {
        "E401".to_owned()
    } else if let Some(status) = report.status {
        format!("E{status}")
    } else if has("This command requires you to be logged in") || has("Your auth token is no longer valid") {
        "ENEEDAUTH".to_owned()
    } else if has("one-time pass") {
        "EOTP".to_owned()
    } else if has("not allowed from your IP") {
        "EAUTHIP".to_owned()
    } else if has("Invalid auth configuration found") {
        "ERR_INVALID_AUTH".to_owned()
    } else {
        return;
    };
    report.status = report.status.or_else(|| code.strip_prefix('E')?.parse().ok());
    report.code = Some(code);
}
