//! A package-manager failure in fields.
//!
//! The fields can be stored and read again: names are written as in knowledge entries, and absent ones are left open.

use serde::{Deserialize, Serialize};

/// One package-manager failure, as far as the text tells. Absent facts are `None`, never guesses.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Which program failed.
    pub client: Client,
    /// Its version where the text shows it (`using npm@10.9.4`, `yarn add v1.22.22`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_version: Option<String>,
    /// The code as the client prints it: `E401`, `ERR_PNPM_FETCH_403`, `YN0041`. For a block whose first lines are cut
    /// off, the code that npm always prints with the lines that are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status, printed or implied by the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The URL as printed, without query, fragment and userinfo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who answered.
    pub registry: Registry,
    /// What was being done, from the command line if there is one, else from method and URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// What the URL points at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// With the `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The full package name, with its scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The package's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The challenge (`WWW-Authenticate`), or the kind that the client's canned text implies: `bearer`, `basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// Whether a credential went out, where the client says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// Where it ran, as far as the text shows. Empty when nothing shows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// The lines of the error's own block.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Line>,
    /// Other telling lines near it: notices, warnings, verbose lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub around: Vec<Line>,
    /// The block's first line in the input, counted from 1.
    pub first_line: u64,
    /// The block's last line in the input.
    pub last_line: u64,
}

impl Report {
    /// The code without the client's dialect: `E401` for `ERR_PNPM_FETCH_401`, `YN0041` and a bare status 401,
    /// `ENEEDAUTH` for `YN0033`, `EOTP` for pnpm's long name of it and Yarn's sentence, `EPUBLISHCONFLICT` for npm 11's version conflict
    /// without a code, `EDEPENDABOT` for Dependabot's updater. `None` when there is neither code nor status.
    #[must_use]
    pub fn family(&self) -> Option<String> {
        let by_status = || self.status.map(|s| format!("E{s}"));
        let name = match self.code.as_deref() {
            Some("YN0033") => "ENEEDAUTH",
            Some(code) if code.starts_with("YN") => return by_status(),
            Some(code) if code.starts_with("ERR_PNPM_") => {
                if code.contains("OTP") {
                    "EOTP"
                } else {
                    return by_status();
                }
            }
            Some(code) => code,
            None if self.status.is_some() => return by_status(),
            None if self.places.contains(&Place::Dependabot) => "EDEPENDABOT",
            None if self.said.iter().any(|l| l.text.contains("publish over the previously published")) => {
                "EPUBLISHCONFLICT"
            }
            None if self.said.iter().any(|l| l.text.contains("Two factor authentication enabled")) => "EOTP",
            None if self.said.iter().any(|l| l.text.contains("missing authentication (run")) => "ENEEDAUTH",
            None => return None,
        };
        Some(name.to_owned())
    }
}

/// A line of the input after cleaning and redaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// Counted from 1 in the original input.
    pub number: u64,
    /// Cleaned and redacted.
    pub text: String,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Registry {
    /// A kind of `registries.toml`; `unknown` for a host that the table cannot name, `none` when the text names neither
    /// host nor realm.
    pub kind: String,
    /// Host, with its port if one is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The registry's base URL with a trailing slash, as far as the failing URL shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { kind: "none".to_owned(), host: None, url: None }
    }
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+ }
        impl $name {
            /// The names, as written in knowledge entries and JSON.
            pub const NAMES: &'static [&'static str] = &[$($text),+];
            /// The name, as written in knowledge entries and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

names! {
    /// A package manager.
    #[derive(Default)]
    Client {
        /// npm 5 and later.
        #[default]
        Npm = "npm",
        /// pnpm.
        Pnpm = "pnpm",
        /// Yarn 1.
        Yarn = "yarn",
        /// Yarn 2 and later.
        YarnBerry = "yarn-berry",
        /// Bun.
        Bun = "bun",
    }
}

names! {
    /// An HTTP method.
    Method {
        /// Read.
        Get = "GET",
        /// Write.
        Put = "PUT",
        /// Write or query.
        Post = "POST",
        /// Remove.
        Delete = "DELETE",
        /// Read without a body.
        Head = "HEAD",
        /// Change.
        Patch = "PATCH",
    }
}

names! {
    /// What was being done.
    Operation {
        /// Install, ci, add, update, npx and other reads of packages.
        Install = "install",
        /// Reading metadata: view, outdated, search.
        View = "view",
        /// Publishing a version.
        Publish = "publish",
        /// Staged publishing.
        Stage = "stage",
        /// Removing a version or package.
        Unpublish = "unpublish",
        /// Marking a version as deprecated.
        Deprecate = "deprecate",
        /// Changing tags.
        DistTag = "dist-tag",
        /// Changing maintainers.
        Owner = "owner",
        /// Changing access or 2FA settings.
        Access = "access",
        /// Organizations.
        Org = "org",
        /// Teams.
        Team = "team",
        /// Tokens.
        Token = "token",
        /// Trusted publishers.
        Trust = "trust",
        /// Profile.
        Profile = "profile",
        /// Asking who one is.
        Whoami = "whoami",
        /// Logging in or creating an account.
        Login = "login",
        /// Logging out.
        Logout = "logout",
        /// Auditing.
        Audit = "audit",
        /// Pinging.
        Ping = "ping",
    }
}

names! {
    /// What a URL points at.
    Target {
        /// A package document.
        Package = "package",
        /// A tarball.
        Tarball = "tarball",
        /// `/-/whoami`.
        Whoami = "whoami",
        /// A login endpoint.
        Login = "login",
        /// An audit endpoint.
        Audit = "audit",
        /// Tags, owners, access, organizations, teams, tokens, trust.
        Manage = "manage",
        /// The token exchange of trusted publishing.
        Oidc = "oidc",
    }
}

names! {
    /// Whether a credential went out.
    Sent {
        /// One did.
        Credential = "credential",
        /// None did.
        Nothing = "nothing",
    }
}

names! {
    /// Where a command ran.
    Place {
        /// A CI system that the text does not name.
        Ci = "ci",
        /// GitHub Actions.
        GithubActions = "github-actions",
        /// GitLab CI.
        GitlabCi = "gitlab-ci",
        /// Azure Pipelines.
        AzurePipelines = "azure-pipelines",
        /// Jenkins.
        Jenkins = "jenkins",
        /// `CircleCI`.
        CircleCi = "circleci",
        /// A Docker build.
        Docker = "docker",
        /// Vercel.
        Vercel = "vercel",
        /// Netlify.
        Netlify = "netlify",
        /// Heroku.
        Heroku = "heroku",
        /// AWS `CodeBuild`.
        CodeBuild = "codebuild",
        /// Dependabot.
        Dependabot = "dependabot",
        /// A person's machine.
        Laptop = "laptop",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stored_report_reads_like_the_knowledge_files() {
        let report = Report {
            client: Client::YarnBerry,
            code: Some("YN0041".to_owned()),
            method: Some(Method::Get),
            operation: Some(Operation::DistTag),
            sent: Some(Sent::Credential),
            places: vec![Place::GithubActions],
            ..Report::default()
        };
        let stored = serde_json::to_value(&report).unwrap();
        let field = |name: &str| stored.get(name).cloned().unwrap_or_default();
        assert_eq!(field("client"), json!("yarn-berry"));
        assert_eq!(field("method"), json!("GET"));
        assert_eq!(field("operation"), json!("dist-tag"));
        assert_eq!(field("sent"), json!("credential"));
        assert_eq!(field("places"), json!(["github-actions"]));
        assert_eq!(field("registry"), json!({ "kind": "none" }));
    }

    #[test]
    fn a_report_stored_by_another_version_has_other_fields() {
        let stored = json!({ "code": "E401", "colour": "red", "registry": { "host": "npm.acme.example" } });
        let report: Report = serde_json::from_value(stored).unwrap();
        assert_eq!(report.code.as_deref(), Some("E401"));
        assert_eq!((report.status, report.places.len(), report.client), (None, 0, Client::Npm));
        assert_eq!((report.registry.kind.as_str(), report.registry.url), ("none", None));
    }
}
