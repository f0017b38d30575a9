//! The real errors in the log: 20, no two alike, in the words of npm 6 and npm 11 and of nine registries.

use std::io;

use super::{
    log::{Log, Style},
    noise,
};

/// One real error: who failed, where, and what the registry answered.
pub struct Error {
    pub registry: &'static str,
    pub npm: Npm,
    pub style: Style,
    command: &'static str,
    /// Lines that npm prints above the block.
    before: &'static [&'static str],
    answer: Answer,
}

/// Which npm's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Npm {
    Six,
    Eleven,
}

impl Npm {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Six => "npm 6",
            Self::Eleven => "npm 11",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Six => "npm ERR!",
            Self::Eleven => "npm error",
        }
    }
}

/// What npm prints below the `code` line.
enum Answer {
    /// `401 Unauthorized - GET https://…`.
    Unauthorized(&'static str),
    /// `403 Forbidden - PUT https://…`, followed by npm's advice about security policies.
    Forbidden(&'static str),
    /// `Unable to authenticate, need: …`.
    Need(&'static str),
    /// What npm 11 says for a bare `Bearer` challenge: no URL, no host.
    TokenSeemsInvalid,
}

impl Error {
    pub fn code(&self) -> &'static str {
        match self.answer {
            Answer::Forbidden(_) => "E403",
            Answer::Unauthorized(_) | Answer::Need(_) | Answer::TokenSeemsInvalid => "E401",
        }
    }
}

/// Prints the command, what npm says first, and the error. Returns the number of the `code` line.
pub fn plant(log: &mut Log<'_>, error: &Error) -> io::Result<u64> {
    log.line(&format!("+ {}", error.command))?;
    noise::npm_warnings(log)?;
    log.all(error.before)?;
    let line = log.next_line();
    let say = error.npm.prefix();
    log.line(&format!("{say} code {}", error.code()))?;
    match error.answer {
        Answer::Unauthorized(text) => log.all(&[&format!("{say} {text}")])?,
        Answer::Forbidden(text) => {
            log.all(&[&format!("{say} 403 {text}")])?;
            advice(log, error.npm)?;
        }
        Answer::Need(challenge) => log.line(&format!("{say} Unable to authenticate, need: {challenge}"))?,
        Answer::TokenSeemsInvalid => log.all(&[
            "npm error Unable to authenticate, your authentication token seems to be invalid.",
            "npm error To correct this please try logging in again with:",
            "npm error   npm login",
        ])?,
    }
    complete_log(log, error.npm)?;
    Ok(line)
}

fn advice(log: &mut Log<'_>, npm: Npm) -> io::Result<()> {
    match npm {
        Npm::Six => log.all(&[
            "npm ERR! 403 In most cases, you or one of your dependencies are requesting",
            "npm ERR! 403 a package version that is forbidden by your security policy.",
        ]),
        Npm::Eleven => log.line(
            "npm error 403 In most cases, you or one of your dependencies are requesting a package version that is \
             forbidden by your security policy, or on a server you do not have access to.",
        ),
    }
}

/// The last lines of every npm error, real or decoy.
pub fn complete_log(log: &mut Log<'_>, npm: Npm) -> io::Result<()> {
    let (second, millis) = log.now();
    let stamp = format!("{}_{millis:03}Z", second.replace(':', "_"));
    match npm {
        Npm::Six => {
            log.line("")?;
            log.line("npm ERR! A complete log of this run can be found in:")?;
            log.line(&format!("npm ERR!     /home/runner/.npm/_logs/{stamp}-debug.log"))
        }
        Npm::Eleven => log.line(&format!(
            "npm error A complete log of this run can be found in: /home/runner/.npm/_logs/{stamp}-debug-0.log"
        )),
    }
}

/// In the order in which they stand in the log.
pub const ALL: [Error; 20] = [
    Error {
        registry: "public npm",
        npm: Npm::Eleven,
        style: Style::GithubActions,
        command: "npm ci",
        before: &["npm notice Access token expired or revoked. Please try logging in again."],
        answer: Answer::Unauthorized(
            "401 Unauthorized - GET https://{{npm}}/@northwind%2fdesign-tokens - Unauthorized",
        ),
    },
    Error {
        registry: "Artifactory",
        npm: Npm::Six,
        style: Style::Jenkins,
        command: "npm ci",
        before: &[],
        answer: Answer::Need("Basic realm=\"Artifactory Realm\""),
    },
    Error {
        registry: "GitHub Packages",
        npm: Npm::Eleven,
        style: Style::GithubActions,
        command: "npm ci",
        before: &[],
        answer: Answer::Unauthorized(
            "401 Unauthorized - GET https://npm.pkg.github.com/@northwind%2freact-kit - authentication token not provided",
        ),
    },
    Error {
        registry: "public npm",
        npm: Npm::Six,
        style: Style::Plain,
        command: "npm publish",
        before: &[
            "npm notice ",
            "npm notice 📦  widget-utils@1.4.2",
            "npm notice === Tarball Contents === ",
            "npm notice 20B  index.js    ",
            "npm notice total files:   2                                       ",
            "npm notice ",
        ],
        answer: Answer::Forbidden(
            "403 Forbidden - PUT https://{{npm}}/widget-utils - You do not have permission to publish \"widget-utils\". Are you logged in as the correct user?",
        ),
    },
    Error {
        registry: "GitLab",
        npm: Npm::Eleven,
        style: Style::Gitlab,
        command: "npm ci",
        before: &[],
        answer: Answer::Unauthorized(
            "401 Unauthorized - GET https://gitlab.example.com/api/v4/packages/npm/@platform%2fconfig",
        ),
    },
    Error {
        registry: "Azure Artifacts",
        npm: Npm::Six,
        style: Style::GithubActions,
        command: "npm ci",
        before: &[],
        answer: Answer::Need(
            "Bearer authorization_uri=https://login.windows.net/72f988bf-0000-4000-8000-2d7cd011db47, Basic realm=\"https://pkgsprodweu1.app.pkgs.visualstudio.com/\", TFS-Federated",
        ),
    },
    Error {
        registry: "GitHub Packages",
        npm: Npm::Eleven,
        style: Style::BuildKit,
        command: "npm ci",
        before: &[],
        answer: Answer::Forbidden(
            "403 Forbidden - GET https://npm.pkg.github.com/@initech%2fs4 - Permission permission_denied: read_package",
        ),
    },
    Error {
        registry: "public npm",
        npm: Npm::Eleven,
        style: Style::GithubActions,
        command: "npm publish --access public",
        before: &["npm notice Publishing to https://{{npm}}/ with tag latest and public access"],
        answer: Answer::Forbidden(
            "403 Forbidden - PUT https://{{npm}}/@northwind%2fmcp - Two-factor authentication or granular access token with bypass 2fa enabled is required to publish packages.",
        ),
    },
    Error {
        registry: "AWS CodeArtifact",
        npm: Npm::Eleven,
        style: Style::Plain,
        command: "npm ci",
        before: &[],
        answer: Answer::TokenSeemsInvalid,
    },
    Error {
        registry: "Nexus",
        npm: Npm::Six,
        style: Style::Jenkins,
        command: "npm install @sonatypish/policy-demo",
        before: &[],
        answer: Answer::Forbidden(
            "403 -------------------->>> REQUESTED ITEM IS QUARANTINED -------------------->>> FOR DETAILS SEE ------>>> https://iq.acme.example/ui/links/firewall/repositories/quarantinedComponent/YWFkYmFiMGY0N2E1 <<<------ - GET https://nexus.acme.example/repository/npm-group/@sonatypish%2fpolicy-demo",
        ),
    },
    Error {
        registry: "GitLab",
        npm: Npm::Six,
        style: Style::Gitlab,
        command: "npm publish",
        before: &[],
        answer: Answer::Forbidden(
            "403 Forbidden - PUT https://gitlab.example.com/api/v4/projects/4217/packages/npm/@platform%2fgrpc - insufficient_scope",
        ),
    },
    Error {
        registry: "public npm",
        npm: Npm::Six,
        style: Style::Jenkins,
        command: "npm whoami",
        before: &[],
        answer: Answer::Unauthorized("401 Unauthorized - GET https://{{npm}}/-/whoami"),
    },
    Error {
        registry: "Artifactory",
        npm: Npm::Eleven,
        style: Style::Plain,
        command: "npm install axiosx",
        before: &[
            "npm notice package axiosx:1.7.2 download was blocked by jfrog packages curation service due to the following policies violated {block-axios172,block-axios-172,This package version is part of a pre-defined banned list.}",
        ],
        answer: Answer::Forbidden(
            "403 Forbidden - GET https://acme.jfrog.io/artifactory/api/npm/npm-virtual/axiosx/-/axiosx-1.7.2.tgz",
        ),
    },
    Error {
        registry: "GitHub Packages",
        npm: Npm::Six,
        style: Style::GhRunView,
        command: "npm install @northwind/api-client",
        before: &[],
        answer: Answer::Unauthorized(
            "401 Unauthorized - GET https://npm.pkg.github.com/@northwind%2fapi-client - unauthenticated: User cannot be authenticated with the token provided.",
        ),
    },
    Error {
        registry: "Nexus",
        npm: Npm::Eleven,
        style: Style::Turbo,
        command: "npm ci",
        before: &[],
        answer: Answer::Need("BASIC realm=\"Sonatype Nexus Repository Manager\""),
    },
    Error {
        registry: "public npm",
        npm: Npm::Eleven,
        style: Style::GhRunView,
        command: "npm publish",
        before: &["npm notice Publishing to https://{{npm}}/ with tag latest and default access"],
        answer: Answer::Forbidden(
            "403 Forbidden - PUT https://{{npm}}/mdkanbanx - Package name too similar to existing package md-kanbanx; try renaming your package to '@alice/mdkanbanx' and publishing with 'npm publish --access=public' instead",
        ),
    },
    Error {
        registry: "Azure Artifacts",
        npm: Npm::Eleven,
        style: Style::GithubActions,
        command: "npm install cypressish",
        before: &[],
        answer: Answer::Unauthorized(
            "401 Unauthorized - No local versions of package 'cypressish'; please provide authentication to access versions from upstream that have not yet been saved to your feed. (DevOps Activity ID: 9F8E7D6C-1111-2222-3333-444455556666) - GET https://pkgs.dev.azure.com/acme/Platform/_packaging/acme-npm/npm/registry/cypressish",
        ),
    },
    Error {
        registry: "GitHub Packages",
        npm: Npm::Six,
        style: Style::Jenkins,
        command: "npm publish",
        before: &[],
        answer: Answer::Forbidden(
            "403 Forbidden - PUT https://npm.pkg.github.com/@initech%2fapi-typescript - Permission permission_denied: write_package",
        ),
    },
    Error {
        registry: "Google Artifact Registry",
        npm: Npm::Six,
        style: Style::Plain,
        command: "npm ci",
        before: &[],
        answer: Answer::Forbidden(
            "403 Forbidden - GET https://us-npm.pkg.dev/acme/repo/@acme/widget/-/@acme/widget-3.0.1.tgz - The caller does not have permission.",
        ),
    },
    Error {
        registry: "Verdaccio",
        npm: Npm::Eleven,
        style: Style::GithubActions,
        command: "npm publish --registry https://verdaccio.acme.example/",
        before: &["npm notice Publishing to https://verdaccio.acme.example/ with tag latest and default access"],
        answer: Answer::Forbidden(
            "403 Forbidden - PUT https://verdaccio.acme.example/@acme%2fnew-thing - user bob is not allowed to publish package @acme/new-thing",
        ),
    },
];
