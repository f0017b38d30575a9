//! What CI systems, multiplexers, chats and quoting put before a line.
//!
//! Each rule looks at a bounded beginning of the line; together they are applied until none takes anything off.

use super::marker;

/// The longest name that a multiplexer may put before a line.
const NAME: usize = 80;

const RULES: &[fn(&str) -> Option<&str>] = &[
    quote, ticks, buildkite, timestamp, table, container, build_step, remote, bracket, annotation, task, tree, stream,
];

/// The line without prefixes, and without the fences of a chat.
pub(super) fn strip(line: &str) -> &str {
    let mut line = line.trim();
    while !line.is_empty() && !marker::begins(line) {
        match RULES.iter().find_map(|rule| rule(line)) {
            Some(rest) => line = rest.trim(),
            None => break,
        }
    }
    let line = line.strip_suffix("```").unwrap_or(line);
    let ticked = line.strip_suffix('`').filter(|l| l.matches('`').count() % 2 == 0).unwrap_or(line);
    if ["{noformat}", "{code}"].contains(&ticked) { "" } else { ticked.trim_end() }
}

/// Whether something stands before the line that [`strip`] would take off.
pub(super) fn has(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !marker::begins(line) && RULES.iter().any(|rule| rule(line).is_some())
}

/// `> `, `>> `: quoted in a mail or chat.
fn quote(line: &str) -> Option<&str> {
    line.strip_prefix('>')
}

/// A fence with its language, or code in backticks.
fn ticks(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix("```") {
        let word = rest.trim_end();
        let language = word.len() <= 12 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        return Some(if language { "" } else { rest });
    }
    line.strip_prefix('`').filter(|rest| marker::begins(rest) || marker::is_telling(rest))
}

/// `2026-03-04T10:21:38.087Z `, `[10:37:14.112] `, `10:32:49 AM: `, and what GitLab adds after it (`00O `, `01E+`).
fn timestamp(line: &str) -> Option<&str> {
    let (open, body) = match line.strip_prefix('[') {
        Some(body) => (true, body),
        None => (false, line),
    };
    let (dated, body) = match date(body) {
        Some(rest) => (true, rest.strip_prefix(['T', ' ', '_'])?),
        None => (false, body),
    };
    let mut rest = clock(body)?;
    if let Some(after) = rest.strip_prefix(['.', ',']) {
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    rest = zone(rest);
    if open {
        rest = rest.strip_prefix(']')?;
    }
    for half in [" AM", " PM", " UTC"] {
        rest = rest.strip_prefix(half).unwrap_or(rest);
    }
    rest = rest.strip_prefix(':').unwrap_or(rest);
    if !rest.is_empty() && !rest.starts_with([' ', '\t', '|']) {
        return None;
    }
    if dated && let Some(after) = gitlab_stream(rest.trim_start()) {
        return Some(after);
    }
    Some(rest)
}

fn digits(text: &str, count: usize) -> Option<&str> {
    let (head, tail) = text.split_at_checked(count)?;
    head.bytes().all(|b| b.is_ascii_digit()).then_some(tail)
}

fn date(text: &str) -> Option<&str> {
    let rest = digits(text, 4)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/'))?;
    digits(digits(rest.strip_prefix(separator)?, 2)?.strip_prefix(separator)?, 2)
}

fn clock(text: &str) -> Option<&str> {
    let rest = digits(text, 2).or_else(|| digits(text, 1))?.strip_prefix(':')?;
    digits(digits(rest, 2)?.strip_prefix(':')?, 2)
}

fn zone(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('Z') {
        return rest;
    }
    let Some(rest) = text.strip_prefix(['+', '-']) else { return text };
    let Some(rest) = digits(rest, 2) else { return text };
    digits(rest.strip_prefix(':').unwrap_or(rest), 2).unwrap_or(rest)
}

/// `00O `, `01E+`: a stream of the GitLab runner.
fn gitlab_stream(text: &str) -> Option<&str> {
    let (head, tail) = text.split_at_checked(3)?;
    let mut bytes = head.bytes();
    let hex = bytes.by_ref().take(2).all(|b| b.is_ascii_hexdigit());
    if !hex || !matches!(bytes.next(), Some(b'O' | b'E')) {
        return None;
    }
    if tail.is_empty() { Some(tail) } else { tail.strip_prefix(['+', ' ']) }
}

/// `_bk;t=1700000000000`: Buildkite's timestamps without their escape characters.
fn buildkite(line: &str) -> Option<&str> {
    Some(line.strip_prefix("_bk;t=")?.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// `job<tab>step<tab>2026-…`: a run's log as `gh run view` prints it.
fn table(line: &str) -> Option<&str> {
    let mut cells = line.splitn(3, '\t');
    let (job, step, rest) = (cells.next()?, cells.next()?, cells.next()?);
    (job.len() <= NAME && step.len() <= NAME && timestamp(rest.trim_start_matches('\u{feff}')).is_some())
        .then_some(rest)
}

/// `web-1  | `, `546 | `: Docker Compose and AWS builds.
fn container(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once('|')?;
    let word = name.trim_end();
    let plain = !word.is_empty()
        && word.len() <= NAME
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@/".contains(&b));
    (plain && name.ends_with(' ') && (rest.is_empty() || rest.starts_with(' '))).then_some(rest)
}

/// `#12 4.900 `, `4.900 `: Docker's builder.
fn build_step(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix('#') {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        return (after.len() < rest.len() && rest.len() - after.len() <= 5).then(|| after.strip_prefix(' ')).flatten();
    }
    let (number, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (whole, part) = number.split_once('.')?;
    let plain = |s: &str| !s.is_empty() && s.len() <= 6 && s.bytes().all(|b| b.is_ascii_digit());
    (plain(whole) && plain(part)).then_some(rest)
}

/// `remote:        `: a push to Heroku and others.
fn remote(line: &str) -> Option<&str> {
    line.strip_prefix("remote:")
}

/// `[stage] `, `[error] `; not what shows the place (`[Pipeline]`), and not a package manager's own `[E403]`, `[ERR_PNPM_…]`, `[WARN]`.
fn bracket(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let own = name.starts_with("ERR_") || name.starts_with("WARN") || is_code(name) || name.contains('/');
    let own = own || ["Pipeline", "Container"].contains(&name);
    let plain = !name.is_empty() && name.len() <= NAME && !name.contains(['[', '"', '{', '=']);
    (plain && !own && (rest.starts_with(' ') || rest.is_empty())).then_some(rest)
}

fn is_code(name: &str) -> bool {
    name.strip_prefix('E')
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'))
}

/// `@acme/web:build: `, `web:build: `, `@acme/web: `: turbo, nx, lerna, npm-run-all.
fn task(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(": ").or_else(|| line.strip_suffix(':').map(|name| (name, "")))?;
    let plain = name.len() <= NAME && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@/:#".contains(&b));
    (plain && (name.starts_with('@') || name.contains(':')) && !name.contains("//")).then_some(rest)
}

/// `│ `, `├─ `, `└─ `, `➤ YN0000: [@acme/web]: `: pnpm and Yarn across workspaces.
fn tree(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix('➤') {
        let rest = rest.trim_start();
        return Some(rest.strip_prefix("YN0000:").unwrap_or(rest));
    }
    if let Some(rest) = line.strip_prefix(['│', '├', '└', '╰', '┌', '╭']) {
        return Some(rest.trim_start_matches(['─', '▶', '>', '│']));
    }
    let (name, rest) = line.strip_prefix('[')?.split_once("]: ")?;
    (name.len() <= NAME && !name.contains('[')).then_some(rest)
}

/// `##[error]`, `::error::`, `::error file=…::`: annotations of GitHub Actions and Azure Pipelines.
fn annotation(line: &str) -> Option<&str> {
    // Groups and sections stay: they show where the log comes from.
    let (name, rest) = match line.strip_prefix("##[") {
        Some(rest) => rest.split_once(']')?,
        None => line.strip_prefix("::")?.split_once("::")?,
    };
    ["error", "warning", "notice", "debug"].iter().any(|n| name.starts_with(n)).then_some(rest)
}

/// `stdout F `, `stderr P `: container runtimes of Kubernetes.
fn stream(line: &str) -> Option<&str> {
    ["stdout F ", "stderr F ", "stdout P ", "stderr P "].iter().find_map(|start| line.strip_prefix(start))
}
