//! Which registry a text speaks of: by host and path, by challenge, by words that only one server says.

use crate::knowledge::{Knowledge, RegistryKind};

use super::{clean::marker, report::Report};

/// No host, no realm.
pub const NONE: &str = "none";
/// A host that the table cannot name.
pub const UNKNOWN: &str = "unknown";

/// Names the registry of a report.
pub fn identify(report: &mut Report, knowledge: &Knowledge) {
    report.registry.kind = kind(report, &knowledge.registries).to_owned();
}

fn kind<'a>(report: &Report, kinds: &'a [RegistryKind]) -> &'a str {
    let host = report.registry.host.as_deref();
    let path = report.registry.url.as_deref().and_then(path_of).unwrap_or("/");
    let by_host = |k: &&RegistryKind| {
        host.is_some_and(|host| {
            let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
            k.hosts.iter().any(|pattern| glob(pattern, name)) || k.ports.iter().any(|p| port.parse() == Ok(*p))
        })
    };
    // A path can be shared (an Artifactory in front of a GitLab), a host cannot.
    if let Some(k) = kinds
        .iter()
        .find(by_host)
        .or_else(|| kinds.iter().find(|k| k.paths.iter().any(|part| path.contains(part.as_str()))))
    {
        return &k.kind;
    }
    if let Some(challenge) = &report.challenge {
        let challenge = marker::fold(challenge);
        if let Some(k) = kinds.iter().find(|k| k.realms.iter().any(|realm| challenge.contains(realm.as_str()))) {
            return &k.kind;
        }
        if is_code_artifact(&challenge) && kinds.iter().any(|k| k.kind == "codeartifact") {
            return "codeartifact";
        }
    }
    let said = |k: &&RegistryKind| {
        // A fixed address cannot hide behind another host.
        let possible = host.is_none() || k.self_hosted || k.url.is_none();
        possible
            && report.said.iter().any(|line| {
                let line = marker::fold(&line.text);
                k.said.iter().any(|words| line.contains(words.as_str()))
            })
    };
    match kinds.iter().find(said) {
        Some(k) => &k.kind,
        None if host.is_some() => UNKNOWN,
        None => NONE,
    }
}

/// `Bearer realm="domain/repository", Basic realm="domain/repository"`: AWS names the repository as its realm.
fn is_code_artifact(challenge: &str) -> bool {
    let Some((realm, rest)) = challenge.strip_prefix("bearer realm=\"").and_then(|r| r.split_once('"')) else {
        return false;
    };
    realm.matches('/').count() == 1
        && !realm.contains(':')
        && rest.trim_start_matches([',', ' ']).starts_with("basic realm=\"")
}

fn path_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    rest.find('/').and_then(|at| rest.get(at..))
}

/// Whether `name` matches a pattern in which `*` stands for any run of characters.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern.eq_ignore_ascii_case(name) };
    let Some(rest) = name.strip_prefix(head) else { return false };
    if !tail.contains('*') {
        let end = rest.len().checked_sub(tail.len()).and_then(|at| rest.get(at..));
        return end.is_some_and(|end| end.eq_ignore_ascii_case(tail));
    }
    // Only a few characters are tried: host names are short and patterns hold one or two stars.
    rest.char_indices()
        .map(|(at, _)| at)
        .chain([rest.len()])
        .any(|at| rest.get(at..).is_some_and(|rest| glob(tail, rest)))
}
