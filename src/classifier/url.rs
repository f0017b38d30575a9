//! What a registry URL tells: host, base, package, and what kind of resource it names.
//!
//! Source for the paths: npm-registry-fetch, libnpmpublish, libnpmaccess, npm-profile and what registries answered to them.

use super::report::Target;

/// The parts of a registry URL. Query, fragment and userinfo are dropped on the way in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryUrl {
    /// Scheme, host and path.
    pub clean: String,
    /// Host in lower case, with its port if printed.
    pub host: String,
    /// Path, beginning with `/`.
    pub path: String,
    /// The registry's base URL, with a trailing slash.
    pub base: String,
    /// What the path names.
    pub target: Option<Target>,
    /// Full package name.
    pub package: Option<String>,
    /// Version, from a tarball's name or a version path.
    pub version: Option<String>,
}

/// Characters that end a URL in running text.
const ENDS: &[char] = &[' ', '\t', '"', '\'', '<', '>', '`', '|', '\\', '{', '}', '^'];
/// GitLab's group endpoint has a `/-/` of its own before the registry begins.
const GROUP: &str = "/-/packages/npm";
/// No registry URL is longer.
const LONGEST: usize = 2048;

/// Reads the URL at the beginning of `text`; `None` if there is none.
#[must_use]
pub fn parse(text: &str) -> Option<RegistryUrl> {
    let (scheme, rest) = [("https://"), ("http://")].iter().find_map(|s| Some((*s, text.strip_prefix(s)?)))?;
    let word = rest.split(ENDS).next().unwrap_or_default();
    let word = word.trim_end_matches(['.', ',', ';', ':', ')', ']', '!']);
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let address = word.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = address.find('/').and_then(|at| address.split_at_checked(at)).unwrap_or((address, "/"));
    let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    if !is_host(&host) {
        return None;
    }
    let mut url =
        RegistryUrl { clean: format!("{scheme}{host}{path}"), path: path.to_owned(), ..RegistryUrl::default() };
    let base = url.read_path();
    url.base = format!("{scheme}{host}{}", if base.ends_with('/') { base } else { base + "/" });
    url.host = host;
    Some(url)
}

/// Whether `text` is a host, perhaps with a port. A password before a `/` that belongs to it is no port.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (text, ""),
    };
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b))
        && (name.starts_with('[') || !name.contains(':'))
        && port.len() <= 5
        && port.bytes().all(|b| b.is_ascii_digit())
}

impl RegistryUrl {
    /// Fills target, package and version; returns the path of the registry's base.
    fn read_path(&mut self) -> String {
        let path = self.path.replace("%2f", "%2F").replace("%40", "@");
        if let Some((group, rest)) = path.split_once(GROUP).filter(|(_, rest)| rest.starts_with('/')) {
            return format!("{group}{GROUP}{}", self.read_registry_path(rest));
        }
        self.read_registry_path(&path)
    }

    fn read_registry_path(&mut self, path: &str) -> String {
        if let Some((document, _)) = path.split_once("/-rev/") {
            let (document, _) = document.split_once("/-/").unwrap_or((document, ""));
            let (registry, package) = split_package(document);
            self.target = Some(Target::Manage);
            self.package = package;
            return registry;
        }
        if let Some((base, rest)) = path.split_once("/-/") {
            if is_archive(rest) || rest.contains(".tgz/") {
                let (registry, package) = split_package(base);
                self.target = Some(Target::Tarball);
                self.version = package.as_deref().and_then(|package| tarball_version(rest, package));
                self.package = package;
                return registry;
            }
            self.read_service(rest);
            return base.to_owned();
        }
        if let Some(rest) = path.strip_prefix("/download/@") {
            // GitHub Packages: /download/@scope/name/version/digest
            let mut parts = rest.splitn(4, '/');
            if let (Some(scope), Some(name), version) = (parts.next(), parts.next(), parts.next()) {
                self.target = Some(Target::Tarball);
                self.package = name_of(&format!("@{scope}/{name}"));
                self.version = version.filter(|v| is_version(v)).map(str::to_owned);
                return "/".to_owned();
            }
        }
        let trimmed = path.trim_end_matches('/');
        let (document, version) = match trimmed.rsplit_once('/') {
            Some((head, tail)) if is_version(tail) && head.len() > 1 => (head, Some(tail.to_owned())),
            _ => (trimmed, None),
        };
        if path.ends_with('/') || document.is_empty() {
            return path.to_owned();
        }
        let (registry, package) = split_package(document);
        if package.is_some() {
            self.target = Some(if is_archive(document) { Target::Tarball } else { Target::Package });
            self.version = version;
        }
        self.package = package;
        registry
    }

    /// What stands after `/-/` in paths that are no tarballs.
    fn read_service(&mut self, rest: &str) {
        let starts = |prefix: &str| rest.starts_with(prefix);
        self.target = Some(if starts("whoami") {
            Target::Whoami
        } else if starts("user/org.couchdb.user") || starts("v1/login") || starts("v1/done") {
            Target::Login
        } else if starts("npm/v1/security") || starts("npm/v1/audit") {
            Target::Audit
        } else if starts("npm/v1/oidc") {
            Target::Oidc
        } else {
            Target::Manage
        });
        if let Some(rest) = rest.strip_prefix("package/") {
            let name = rest.split(['/']).next().unwrap_or_default();
            let scoped = rest.starts_with('@') && !name.contains("%2F");
            let name = if scoped { rest.splitn(3, '/').take(2).collect::<Vec<_>>().join("/") } else { name.to_owned() };
            self.package = name_of(&name);
        }
    }
}

/// Splits a path that ends in a package name into the registry's part and the name.
fn split_package(path: &str) -> (String, Option<String>) {
    let Some((head, last)) = path.rsplit_once('/') else { return (path.to_owned(), name_of(path)) };
    if let Some((inner, scope)) = head.rsplit_once('/')
        && scope.starts_with('@')
        && !last.contains("%2F")
    {
        return (inner.to_owned(), name_of(&format!("{scope}/{last}")));
    }
    (head.to_owned(), name_of(last))
}

/// A package name as written in a URL, or `None` if it is none.
fn name_of(text: &str) -> Option<String> {
    let name = text.replace("%2F", "/").replace("%2f", "/");
    is_package(&name).then_some(name)
}

/// Whether `name` has the form of a package name. Old public packages may hold capitals.
#[must_use]
pub fn is_package(name: &str) -> bool {
    let part = |s: &str| {
        !s.is_empty()
            && !s.starts_with(['.', '-'])
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    };
    name.len() <= 214
        && match name.strip_prefix('@') {
            Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name)),
            None => part(name),
        }
}

/// Whether `text` has the form of a version: `1.2.3`, `1.2.3-beta.1+build`.
#[must_use]
pub fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    text.len() <= 64
        && core.split('.').count() == 3
        && core.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
}

fn is_archive(path: &str) -> bool {
    path.len() > 4 && path.get(path.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case(".tgz"))
}

fn tarball_version(file: &str, package: &str) -> Option<String> {
    let file = file.rsplit('/').next()?.strip_suffix(".tgz")?;
    let name = package.rsplit('/').next()?;
    let version = file.strip_prefix(name)?.strip_prefix('-')?;
    is_version(version).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::scoped(
        "https://npm.pkg.github.com/@acme%2fwidget",
        "https://npm.pkg.github.com/",
        Some("@acme/widget"),
        None,
        Some(Target::Package)
    )]
    #[case::plain(
        "https://npm.acme.example/widget",
        "https://npm.acme.example/",
        Some("widget"),
        None,
        Some(Target::Package)
    )]
    #[case::azure(
        "https://pkgs.dev.azure.com/acme/_packaging/feed/npm/registry/@a%2Fb",
        "https://pkgs.dev.azure.com/acme/_packaging/feed/npm/registry/",
        Some("@a/b"),
        None,
        Some(Target::Package)
    )]
    #[case::tarball(
        "https://x.jfrog.io/artifactory/api/npm/npm/axiosx/-/axiosx-1.7.2.tgz",
        "https://x.jfrog.io/artifactory/api/npm/npm/",
        Some("axiosx"),
        Some("1.7.2"),
        Some(Target::Tarball)
    )]
    #[case::scoped_tarball(
        "https://h.example/r/@a/b/-/b-1.0.0-rc.1.tgz",
        "https://h.example/r/",
        Some("@a/b"),
        Some("1.0.0-rc.1"),
        Some(Target::Tarball)
    )]
    #[case::github_tarball(
        "https://npm.pkg.github.com/download/@a/b/1.0.0/abc",
        "https://npm.pkg.github.com/",
        Some("@a/b"),
        Some("1.0.0"),
        Some(Target::Tarball)
    )]
    #[case::whoami("http://localhost:4873/-/whoami", "http://localhost:4873/", None, None, Some(Target::Whoami))]
    #[case::login(
        "https://npm.pkg.github.com/-/user/org.couchdb.user:alice",
        "https://npm.pkg.github.com/",
        None,
        None,
        Some(Target::Login)
    )]
    #[case::tags(
        "https://h.example/-/package/@a%2fb/dist-tags/beta",
        "https://h.example/",
        Some("@a/b"),
        None,
        Some(Target::Manage)
    )]
    #[case::revision(
        "https://h.example/brisk-cli/-rev/3-9c",
        "https://h.example/",
        Some("brisk-cli"),
        None,
        Some(Target::Manage)
    )]
    #[case::gitlab_group(
        "https://gitlab.example.com/api/v4/groups/12/-/packages/npm/@a%2fb",
        "https://gitlab.example.com/api/v4/groups/12/-/packages/npm/",
        Some("@a/b"),
        None,
        Some(Target::Package)
    )]
    #[case::unpublish_one(
        "https://h.example/@a%2fw/-/@a/w-1.0.0.tgz/-rev/3-x",
        "https://h.example/",
        Some("@a/w"),
        None,
        Some(Target::Manage)
    )]
    #[case::audit(
        "https://h.example/-/npm/v1/security/advisories/bulk",
        "https://h.example/",
        None,
        None,
        Some(Target::Audit)
    )]
    #[case::base("https://h.example/npm/", "https://h.example/npm/", None, None, None)]
    #[case::secret_in_front(
        "https://u:p@h.example/a?x=1#y",
        "https://h.example/",
        Some("a"),
        None,
        Some(Target::Package)
    )]
    fn a_url_tells_its_parts(
        #[case] text: &str,
        #[case] base: &str,
        #[case] package: Option<&str>,
        #[case] version: Option<&str>,
        #[case] target: Option<Target>,
    ) {
        let url = parse(text).unwrap();
        assert_eq!(
            (url.base.as_str(), url.package.as_deref(), url.version.as_deref(), url.target),
            (base, package, version, target)
        );
        assert!(!url.clean.contains(['?', '#']) && !url.clean.contains("u:p"));
    }
}
