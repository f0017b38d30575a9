//! Filling `{registry} {host} {scope} {org} {package} {version}` into the texts of an entry.
//!
//! The values come out of pasted text and end up in commands that people copy, so each one must pass a strict grammar of
//! its own. A value that fails is treated as unknown, and an unknown value stays visible as `<registry>`: a hostile
//! name can make an answer less handy, never dangerous.

use super::RegistryKind;
use crate::classifier::Report;

/// The placeholders that entries may use.
pub const NAMES: [&str; 6] = ["registry", "host", "scope", "org", "package", "version"];

/// npm's own limit for a package name.
const MAX_PACKAGE: usize = 214;
/// Longer than any release number met in the wild; what is longer is noise.
const MAX_VERSION: usize = 64;
/// The longest kinds, those of Azure and AWS, reach about 130.
const MAX_URL: usize = 200;

/// The values for one report; each is either safe to put into a command or absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    registry: Option<String>,
    host: Option<String>,
    scope: Option<String>,
    org: Option<String>,
    package: Option<String>,
    version: Option<String>,
}

impl Fields {
    /// Takes the values from a report. `kind` is the row of the report's registry kind; its address stands in when the
    /// text shows the kind of registry but not where it is.
    #[must_use]
    pub fn new(report: &Report, kind: Option<&RegistryKind>) -> Self {
        let registry = match report.registry.url.as_deref() {
            Some(url) => registry_url(url),
            None => known_url(report.registry.host.as_deref(), kind),
        };
        let host = registry.as_deref().and_then(|url| url.split_once("://")).map(|(_, rest)| rest.to_owned());
        let package = report.package.as_deref().filter(|p| is_package(p)).map(str::to_owned);
        let scope = match report.scope.as_deref() {
            Some(scope) => Some(scope).filter(|s| is_scope(s)),
            None => package.as_deref().and_then(|p| p.split_once('/')).map(|(scope, _)| scope),
        };
        let scope = scope.map(str::to_owned);
        let org = scope.as_deref().and_then(|s| s.strip_prefix('@')).map(str::to_owned);
        let version = report.version.as_deref().filter(|v| is_version(v)).map(str::to_owned);
        Self { registry, host, scope, org, package, version }
    }

    /// The value of one of [`NAMES`], if it is known and safe.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            "registry" => self.registry.as_deref(),
            "host" => self.host.as_deref(),
            "scope" => self.scope.as_deref(),
            "org" => self.org.as_deref(),
            "package" => self.package.as_deref(),
            "version" => self.version.as_deref(),
            _ => None,
        }
    }

    /// Whether the text asks for one of `names` and its value is absent.
    #[must_use]
    pub fn lack(&self, text: &str, names: &[&str]) -> bool {
        let mut lacks = false;
        walk(text, |piece| {
            if let Piece::Name(name) = piece {
                lacks |= names.contains(&name) && self.get(name).is_none();
            }
        });
        lacks
    }

    /// The text with its placeholders replaced; an absent value becomes `<name>`. Braces that hold no name of
    /// [`NAMES`], `${VAR}` and `${{ secrets.X }}` stay as they are.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        walk(text, |piece| match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => out.extend(match self.get(name) {
                Some(value) => ["", value, ""],
                None if NAMES.contains(&name) => ["<", name, ">"],
                None => ["{", name, "}"],
            }),
        });
        out
    }
}

/// The names in braces that a text asks for, in order, with repeats. What is not among [`NAMES`] would never be filled.
#[must_use]
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    walk(text, |piece| {
        if let Piece::Name(name) = piece {
            names.push(name);
        }
    });
    names
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Cuts a text into literal pieces and names. A name is lower-case letters between single braces without a `$` before.
fn walk<'a>(text: &'a str, mut each: impl FnMut(Piece<'a>)) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        each(Piece::Text(before));
        rest = after;
        if let Some(double) = after.strip_prefix('{') {
            // `${{ secrets.X }}` and its like belong to someone else's template language.
            each(Piece::Text("{{"));
            rest = double;
            if let Some((inner, tail)) = double.split_once("}}") {
                each(Piece::Text(inner));
                each(Piece::Text("}}"));
                rest = tail;
            }
            continue;
        }
        match after.split_once('}') {
            Some((name, tail)) if !before.ends_with('$') && is_name(name) => {
                each(Piece::Name(name));
                rest = tail;
            }
            _ => each(Piece::Text("{")),
        }
    }
    each(Piece::Text(rest));
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The one address of a known kind, unless the text names another host of that kind.
fn known_url(host: Option<&str>, kind: Option<&RegistryKind>) -> Option<String> {
    let url = registry_url(kind?.url.as_deref()?)?;
    let same = |host: &str| url.split('/').nth(2) == Some(host);
    host.is_none_or(same).then_some(url)
}

/// `http(s)://host[:port]/path/` of plain characters: no userinfo, query or fragment, nothing that a shell, an `.npmrc`
/// or YAML reads in its own way. Adds the slash at the end.
fn registry_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let safe = url.len() <= MAX_URL
        && matches!(scheme, "http" | "https")
        && host.split('.').all(is_label)
        && (1..=5).contains(&port.len())
        && port.bytes().all(|b| b.is_ascii_digit())
        && is_path(path);
    let slash = if url.ends_with('/') { "" } else { "/" };
    safe.then(|| [url, slash].concat())
}

fn is_label(label: &str) -> bool {
    starts_plain(label) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_path(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.is_empty() || path.split('/').all(is_segment)
}

fn is_segment(segment: &str) -> bool {
    let mut bytes = segment.bytes();
    while let Some(b) = bytes.next() {
        let safe = match b {
            // Only escapes that begin with 2 to 7: printable ASCII, and never the name of a variable between two
            // percent signs, which the Windows shell would replace (`%CD%`).
            b'%' => matches!(bytes.next(), Some(b'2'..=b'7')) && bytes.next().is_some_and(|b| b.is_ascii_hexdigit()),
            b'.' | b'-' | b'_' | b'@' => true,
            _ => b.is_ascii_alphanumeric(),
        };
        if !safe {
            return false;
        }
    }
    !segment.is_empty() && segment.bytes().any(|b| b != b'.')
}

fn is_package(name: &str) -> bool {
    let word = match name.split_once('/') {
        Some((scope, word)) if is_scope(scope) => word,
        Some(_) => return false,
        None => name,
    };
    name.len() <= MAX_PACKAGE && is_word(word)
}

fn is_scope(scope: &str) -> bool {
    scope.len() <= MAX_PACKAGE && scope.strip_prefix('@').is_some_and(is_word)
}

/// One half of a package name. Capitals are legal in old names.
fn is_word(word: &str) -> bool {
    starts_plain(word) && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

fn starts_plain(word: &str) -> bool {
    word.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Three numbers, then perhaps a prerelease or build part.
fn is_version(version: &str) -> bool {
    let (core, tail) = match version.find(['-', '+']) {
        Some(at) => version.split_at(at),
        None => (version, ""),
    };
    let number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
    version.len() <= MAX_VERSION
        && core.split('.').count() == 3
        && core.split('.').all(number)
        && tail.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::Registry;
    use rstest::rstest;

    fn registry(url: &str) -> Registry {
        Registry { kind: "nexus".to_owned(), host: None, url: Some(url.to_owned()) }
    }

    #[test]
    fn fills_known_values_and_shows_unknown_ones() {
        let report = Report {
            package: Some("@acme/widget".to_owned()),
            registry: registry("https://nexus.acme.dev/repository/npm"),
            ..Report::default()
        };
        let fields = Fields::new(&report, None);
        assert_eq!(fields.fill("//{host}:_authToken=${TOKEN}"), "//nexus.acme.dev/repository/npm/:_authToken=${TOKEN}");
        assert_eq!(fields.fill("{scope} {org} {package}@{version}"), "@acme acme @acme/widget@<version>");
        assert_eq!(
            fields.fill("${{ secrets.X }} ${{scope}} {a, b} {print}"),
            "${{ secrets.X }} ${{scope}} {a, b} {print}"
        );
    }

    #[test]
    fn the_rows_address_stands_in_only_when_the_text_has_none() {
        let row: RegistryKind = toml::from_str(
            "kind = \"github-packages\"\nname = \"GitHub Packages\"\nurl = \"https://npm.pkg.github.com/\"\nsources = []",
        )
        .unwrap();
        let fill = |registry| Fields::new(&Report { registry, ..Report::default() }, Some(&row)).fill("{host}");
        let kind = || "github-packages".to_owned();
        assert_eq!(fill(Registry { kind: kind(), host: None, url: None }), "npm.pkg.github.com/");
        let other = Some("npm.pkg.acme.ghe.com".to_owned());
        assert_eq!(fill(Registry { kind: kind(), host: other, url: None }), "<host>");
        assert_eq!(fill(registry("https://evil.dev/$(id)/")), "<host>");
    }

    #[rstest]
    #[case::bare("https://npm.acme.dev", Some("https://npm.acme.dev/"))]
    #[case::port("http://localhost:4873/", Some("http://localhost:4873/"))]
    #[case::escaped_blank("https://a.dev/My%20Project/npm/", Some("https://a.dev/My%20Project/npm/"))]
    #[case::userinfo("https://user@a.dev/", None)]
    #[case::query("https://a.dev/?x", None)]
    #[case::fragment("https://a.dev/#x", None)]
    #[case::variable("https://a.dev/%CD%20/", None)]
    #[case::climbs("https://a.dev/../x/", None)]
    #[case::subshell("https://a.dev/$(id)/", None)]
    #[case::quote("https://a.dev/'/", None)]
    #[case::newline("https://a.dev/\nrm", None)]
    #[case::scheme("file:///etc/", None)]
    #[case::option("-x://a.dev/", None)]
    #[case::empty_port("https://a.dev:/", None)]
    #[case::no_host("https:///x/", None)]
    fn registry_urls(#[case] url: &str, #[case] expected: Option<&str>) {
        assert_eq!(registry_url(url).as_deref(), expected);
    }

    #[rstest]
    #[case("widget", true)]
    #[case("@acme/widget.js", true)]
    #[case("JSONStream", true)]
    #[case("-g", false)]
    #[case("@-x/y", false)]
    #[case("@acme/-y", false)]
    #[case("a b", false)]
    #[case("a;b", false)]
    #[case("@a/b/c", false)]
    #[case("../x", false)]
    #[case("wídget", false)]
    #[case("", false)]
    fn package_names(#[case] name: &str, #[case] safe: bool) {
        assert_eq!(is_package(name), safe);
    }

    #[rstest]
    #[case("1.2.3", true)]
    #[case("1.2.3-beta.1+build", true)]
    #[case("latest", false)]
    #[case("1.2", false)]
    #[case("1.2.3 || x", false)]
    #[case("1.2.3-$(id)", false)]
    fn versions(#[case] version: &str, #[case] safe: bool) {
        assert_eq!(is_version(version), safe);
    }

    #[test]
    fn lists_what_a_text_asks_for() {
        assert_eq!(placeholders("npm i {package} ${A} ${{ b }} {pakage}"), ["package", "pakage"]);
    }
}
