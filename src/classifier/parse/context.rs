//! What the lines around a failure tell about it: the command, the versions, the place, the registry.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{npm, take_challenge, take_package, take_registry, take_url};
use crate::classifier::{
    report::{Client, Line, Method, Operation, Place, Report, Target},
    search::Search,
};

/// Fills what is still unknown from the lines around; then derives scope and operation.
pub(super) fn complete(report: &mut Report) {
    let around = std::mem::take(&mut report.around);
    let mut command = None;
    for line in &around {
        let raw = super::Raw { number: line.number, text: &line.text, inline: false };
        let before = line.number < report.first_line || report.first_line == report.last_line;
        let detail = npm::level(&raw).map(|(_, rest)| rest);
        read_versions(report, &line.text, detail);
        if before && let Some(found) = command_in(&line.text, detail) {
            // npm runs other commands itself; the one nearest above the failure failed.
            command = Some(found);
        }
        if let Some(rest) = detail.or_else(|| line.text.strip_prefix("lerna http ")) {
            read_detail(report, rest);
        } else if report.registry.url.is_none()
            && line.text.contains("Publishing to http")
            && let Some((_, url)) = line.text.split_once("Publishing to ")
        {
            take_registry(report, url);
        }
    }
    for line in around.iter().chain(&report.said) {
        place_in(line, &mut report.places);
    }
    if report.places.iter().any(|p| *p != Place::Laptop) {
        report.places.retain(|p| *p != Place::Laptop);
    }
    report.places.sort_unstable_by_key(|p| p.as_str());
    report.places.dedup();
    report.scope = report.package.as_deref().and_then(|p| p.split_once('/')).map(|(scope, _)| scope.to_owned());
    report.operation = operation(report, &around, command);
    report.around = around;
}

fn read_versions(report: &mut Report, text: &str, detail: Option<&str>) {
    if report.client_version.is_some() {
        return;
    }
    let version = match (report.client, detail) {
        (Client::Npm, Some(rest)) => rest
            .strip_prefix("using npm@")
            .or_else(|| rest.strip_prefix("npm").map(str::trim_start).and_then(|r| r.strip_prefix('v'))),
        (Client::Yarn, _) if text.starts_with("yarn ") => text.split_once(" v").map(|(_, v)| v),
        (Client::Bun, _) if text.starts_with("bun ") => text.split_once(" v").map(|(_, v)| v),
        (Client::YarnBerry, _) => text.split_once("Yarn ").map(|(_, v)| v),
        (Client::Pnpm, _) => text.split_once("node_modules/pnpm@").map(|(_, v)| v),
        _ => None,
    };
    let version =
        version.and_then(|v| v.split([' ', '/', '_', ')']).next()).filter(|v| crate::classifier::url::is_version(v));
    report.client_version = version.map(str::to_owned);
}

/// npm's own lines above the error: what it fetched, which package it packed, what the challenge really was.
fn read_detail(report: &mut Report, rest: &str) {
    if let Some(fetch) = rest.strip_prefix("fetch ").or_else(|| rest.strip_prefix("http fetch ")) {
        let mut words = fetch.split(' ');
        if let (Some(method), Some(status), Some(url)) = (words.next(), words.next(), words.next())
            && report.status.is_some()
            && status.parse().ok() == report.status
            && report.url.is_none()
        {
            report.method =
                [Method::Get, Method::Put, Method::Post, Method::Delete].into_iter().find(|m| m.as_str() == method);
            take_url(report, url);
        }
    } else if let Some(url) = rest.strip_prefix("Publishing to ") {
        take_registry(report, url);
    } else if let Some(subject) = rest.strip_prefix("📦").or_else(|| rest.strip_prefix("pkgid ")) {
        if let Some((name, version)) = subject.trim().rsplit_once('@') {
            take_package(report, name, version);
        }
    } else if rest.contains("nable to authenticate, need: ") {
        take_challenge(report, rest);
    }
}

const COMMANDS: &[(&str, Operation)] = &[
    ("install", Operation::Install),
    ("i", Operation::Install),
    ("ci", Operation::Install),
    ("add", Operation::Install),
    ("update", Operation::Install),
    ("up", Operation::Install),
    ("exec", Operation::Install),
    ("dlx", Operation::Install),
    ("view", Operation::View),
    ("info", Operation::View),
    ("show", Operation::View),
    ("outdated", Operation::View),
    ("search", Operation::View),
    ("publish", Operation::Publish),
    ("stage", Operation::Stage),
    ("unpublish", Operation::Unpublish),
    ("deprecate", Operation::Deprecate),
    ("dist-tag", Operation::DistTag),
    ("dist-tags", Operation::DistTag),
    ("owner", Operation::Owner),
    ("author", Operation::Owner),
    ("access", Operation::Access),
    ("org", Operation::Org),
    ("team", Operation::Team),
    ("token", Operation::Token),
    ("trust", Operation::Trust),
    ("profile", Operation::Profile),
    ("whoami", Operation::Whoami),
    ("login", Operation::Login),
    ("adduser", Operation::Login),
    ("logout", Operation::Logout),
    ("audit", Operation::Audit),
    ("ping", Operation::Ping),
];

/// How a command begins.
const PROGRAMS: &[&str] = &["npm ", "pnpm ", "yarn ", "bun ", "npx "];

/// The package manager's command that a line shows, if it shows one.
fn command_in(text: &str, detail: Option<&str>) -> Option<Operation> {
    static SEARCH: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let find = |word: &str| COMMANDS.iter().find(|(name, _)| *name == word).map(|(_, operation)| *operation);
    if let Some(rest) = detail {
        if let Some(title) = rest.strip_prefix("title npm ") {
            return find(title.split(' ').next()?);
        }
        // npm 6 writes its arguments over several lines, one each; later versions all on one.
        let quoted = rest.strip_prefix("cli ").or_else(|| rest.strip_prefix("argv "))?;
        return quoted.split(['\'', '"', ' ']).filter(|w| !w.starts_with('/')).find_map(find);
    }
    let search =
        SEARCH.get_or_init(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(PROGRAMS).ok());
    for found in search.iter().flat_map(|search| search.find_iter(text)) {
        let Some(program) = PROGRAMS.get(found.pattern().as_usize()).copied() else { continue };
        let at = found.start();
        let starts =
            at == 0 || text.as_bytes().get(at - 1).is_some_and(|b| !b.is_ascii_alphanumeric() && !b"-_/@.".contains(b));
        if !starts {
            continue;
        }
        if program == "npx " {
            return Some(Operation::Install);
        }
        let rest = text.get(at + program.len()..).unwrap_or_default();
        let mut words = rest.split([' ', '`', '"', '\'', ';']).filter(|w| !w.starts_with('-'));
        let word = words.next()?;
        let word = if program == "yarn " && word == "npm" { words.next()? } else { word };
        if let Some(operation) = find(word) {
            return Some(operation);
        }
    }
    None
}

/// From method and URL, refined by the command where both agree.
fn operation(report: &Report, around: &[Line], command: Option<Operation>) -> Option<Operation> {
    use Operation as O;
    let one_of = |allowed: &[O], default: O| Some(command.filter(|c| allowed.contains(c)).unwrap_or(default));
    let around = |words: &str| around.iter().any(|l| l.text.contains(words));
    let said = |words: &str| report.said.iter().any(|l| l.text.contains(words));
    match report.target {
        Some(Target::Whoami) => one_of(&[O::Whoami, O::Login, O::Publish, O::Token], O::Whoami),
        Some(Target::Login) => Some(O::Login),
        Some(Target::Audit) => Some(O::Audit),
        Some(Target::Oidc) => Some(O::Publish),
        Some(Target::Tarball) => Some(O::Install),
        Some(Target::Manage) => {
            let removes = said("unpublish") || report.method == Some(Method::Delete);
            manages(report).or(command).or(removes.then_some(O::Unpublish))
        }
        Some(Target::Package) if report.method == Some(Method::Put) => {
            one_of(&[O::Publish, O::Stage, O::Unpublish, O::Deprecate, O::Owner], O::Publish)
        }
        Some(Target::Package) if report.method == Some(Method::Delete) => Some(O::Unpublish),
        Some(Target::Package) => {
            one_of(&[O::Install, O::View, O::Publish, O::Deprecate, O::Owner, O::DistTag, O::Unpublish], O::Install)
        }
        None if said("audit endpoint") || report.code.as_deref() == Some("ENOAUDIT") => Some(O::Audit),
        None if said("publish over") || report.method == Some(Method::Put) => {
            one_of(&[O::Publish, O::Stage, O::Unpublish, O::Deprecate], O::Publish)
        }
        None => command.or_else(|| around("Publishing to http").then_some(O::Publish)),
    }
}

fn manages(report: &Report) -> Option<Operation> {
    let url = report.url.as_deref()?;
    let has = |part: &str| url.contains(part);
    Some(if has("/dist-tags") {
        Operation::DistTag
    } else if has("/trust") {
        Operation::Trust
    } else if has("/access")
        || has("/-/team/") && url.ends_with("/package")
        || has("/collaborators")
        || has("/visibility")
    {
        Operation::Access
    } else if has("/-/org/") {
        Operation::Org
    } else if has("/-/team/") {
        Operation::Team
    } else if has("/tokens") {
        Operation::Token
    } else if has("/npm/v1/user") {
        Operation::Profile
    } else {
        return None;
    })
}

/// What a place leaves in its logs.
const PLACES: &[(&str, Place)] = &[
    ("/home/runner/", Place::GithubActions),
    ("##[group]", Place::GithubActions),
    ("actions/setup-node", Place::GithubActions),
    ("GITHUB_", Place::GithubActions),
    ("Process completed with exit code", Place::GithubActions),
    ("Run npm ", Place::GithubActions),
    ("section_start:", Place::GitlabCi),
    ("/builds/", Place::GitlabCi),
    ("CI_JOB_TOKEN", Place::GitlabCi),
    ("/home/vsts/", Place::AzurePipelines),
    ("##vso[", Place::AzurePipelines),
    ("D:\\a\\1\\s", Place::AzurePipelines),
    ("[Pipeline]", Place::Jenkins),
    ("/var/jenkins", Place::Jenkins),
    ("/home/circleci", Place::CircleCi),
    ("bash -eo pipefail", Place::CircleCi),
    ("RUN npm ", Place::Docker),
    ("RUN pnpm ", Place::Docker),
    ("RUN yarn ", Place::Docker),
    ("failed to solve", Place::Docker),
    ("/vercel/path", Place::Vercel),
    ("Vercel CLI", Place::Vercel),
    ("/opt/build/repo", Place::Netlify),
    ("-----> ", Place::Heroku),
    ("/codebuild/output", Place::CodeBuild),
    ("[Container] ", Place::CodeBuild),
    ("dependabot[bot]", Place::Dependabot),
    ("updater |", Place::Dependabot),
    ("CI=true", Place::Ci),
    ("/Users/", Place::Laptop),
    ("C:\\Users\\", Place::Laptop),
    ("PS C:\\", Place::Laptop),
];

fn place_in(line: &Line, places: &mut Vec<Place>) {
    static MARKS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    static SEARCH: OnceLock<Search> = OnceLock::new();
    // Most lines show no place; which marks overlap in one that does, only the slower search tells.
    if !SEARCH.get_or_init(|| Search::new(PLACES.iter().map(|(mark, _)| *mark))).any(&line.text) {
        return;
    }
    let marks = MARKS.get_or_init(|| AhoCorasick::new(PLACES.iter().map(|(mark, _)| mark)).ok());
    for found in marks.iter().flat_map(|marks| marks.find_overlapping_iter(&line.text)) {
        if let Some((_, place)) = PLACES.get(found.pattern().as_usize())
            && !places.contains(place)
        {
            places.push(*place);
        }
    }
}
