//! The table, last part: values behind the keys of `.npmrc`, `.yarnrc.yml`, `bunfig.toml`, environment variables, flags and
//! JSON. These know the key, not the shape of the value, so placeholders have to be told apart.

use std::ops::Range;
use std::sync::OnceLock;

use super::fake::Example;
use super::pattern::{Around, Hit, Pattern, Prefix, Starts};
use super::value::{Setting, letters, placeholder, random, setting};

pub(super) static TABLE: [Pattern; 5] = [
    Pattern {
        kind: "npmrc credential",
        what: "a credential from a package manager's configuration",
        revoke: "Delete that token, or change that password, at the registry that the line is for.",
        prefixes: &[
            Prefix::key("_auth"),
            Prefix::key("_password"),
            Prefix::key("npmauthtoken").common(),
            Prefix::key("npmauthident").common(),
            Prefix::key(":username").common(),
            Prefix::key("npm_auth_").common(),
        ],
        examples: &[
            |dice| Example::new("//npm.pkg.github.com/:_authToken=", dice.alnum(24), ""),
            |dice| Example::new("//r.example.com/:_authToken = \"", dice.url_safe(30), "\""),
            |dice| Example::new("_auth=", dice.base64_login(20), ""),
            |dice| Example::new("//r.example.com/:_password=", dice.base64_login(14), ""),
            |dice| Example::new("//r.example.com/:username=", dice.alnum(12), ""),
            |dice| Example::new("{\"//r.example.com/:_authToken\": \"", dice.alnum(24), "\"}"),
            |dice| Example::new("    npmAuthToken: \"", dice.alnum(24), "\""),
            |dice| Example::new("npmAuthIdent: ", format!("ci:{}", dice.alnum(16)), ""),
            |dice| Example::new("npm_config__authToken=", dice.alnum(24), ""),
        ],
        source: r#"(?i)(?:(?:^|[^a-z0-9])_(?:authToken|auth|password)|npmAuthToken|npmAuthIdent|:username|npm_auth_(?:token|ident))[\\"'`\]]{0,4}[ \t]*[=:][ \t]*"#,
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit)?;
            let colon =
                hit.hay.get(hit.head.clone())?.iter().rev().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
            let prose = colon && found.quote.is_none() && letters(found.text);
            (found.text.len() >= 3 && !prose && !nothing(&found)).then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "config set credential",
        what: "a credential on the command line of a package manager",
        revoke: "Delete that token, or change that password, at the registry that the command is for.",
        prefixes: &[
            Prefix::key("_auth"),
            Prefix::key("_password"),
            Prefix::key("npmauth"),
            Prefix::key(":username").common(),
        ],
        examples: &[
            |dice| Example::new("npm config set //r.example.com/:_authToken ", dice.alnum(24), ""),
            |dice| {
                Example::new(
                    "npm config set --location=user //r.example.com/:_password \"",
                    dice.base64_login(12),
                    "\"",
                )
            },
            |dice| Example::new("yarn config set npmAuthToken ", dice.alnum(24), ""),
            |dice| {
                Example::new("yarn config set 'npmRegistries[\"//r.example.com\"].npmAuthToken' ", dice.alnum(24), "")
            },
        ],
        source: r#"(?i)\bset(?:[ \t]+--?[a-z-]+(?:=[a-z]+)?)*[ \t]+[^\s=]*(?:_authToken|_auth|_password|:username|npmAuthToken|npmAuthIdent)["'\]]{0,3}[ \t]+"#,
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit)?;
            let secret = found.text.len() >= 3 && !letters(found.text) || found.text.len() >= 16;
            (secret && !nothing(&found) && !found.text.starts_with(b"--")).then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "environment secret",
        what: "the value of an environment variable that holds a secret",
        revoke: "Delete that token, or change that password, where it was made, and store the new one as a secret of your CI system.",
        prefixes: &[
            Prefix::capitals("TOKEN"),
            Prefix::capitals("PASSWORD"),
            Prefix::capitals("PASSWD"),
            Prefix::capitals("SECRET"),
            Prefix::capitals("APIKEY"),
            Prefix::capitals("_KEY"),
            Prefix::capitals("_AUTH"),
            Prefix::capitals("_PASS"),
            Prefix::capitals("_PAT"),
            Prefix::capitals("_IDENT"),
        ],
        examples: &[
            |dice| Example::new("NPM_TOKEN=", dice.alnum(24), " npm publish"),
            |dice| Example::new("  NPM_TOKEN: ", dice.alnum(24), ""),
            |dice| Example::new("docker build --build-arg NPM_TOKEN=", dice.alnum(24), " ."),
            |dice| Example::new("export NODE_AUTH_TOKEN=\"", dice.alnum(24), "\""),
            |dice| Example::new("set NPM_TOKEN=", dice.alnum(24), ""),
            |dice| Example::new("$env:NPM_TOKEN = \"", dice.alnum(24), "\""),
            |dice| Example::new("ENV NPM_TOKEN ", dice.alnum(24), ""),
            |dice| Example::new("ARTIFACTORY_PASSWORD='", format!("{} {}", dice.alnum(6), dice.alnum(6)), "'"),
        ],
        source: r#"(?:(?:TOKEN|PASSWORD|PASSWD|SECRET|SECRET_KEY|API_?KEY|ACCESS_KEY|_AUTH|_PASS|_PAT|_IDENT)[\\"'`]{0,3}[ \t]*[=:]|(?:ENV|ARG|setenv|setx)[ \t]+[A-Z0-9_]*(?:TOKEN|PASSWORD|SECRET|_KEY|_AUTH|_PASS)[ \t])[ \t]*"#,
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit)?;
            let assigned = hit.hay.get(hit.head.clone())?.contains(&b'=');
            let prose = !assigned && found.quote.is_none() && letters(found.text);
            (found.text.len() >= 6 && !prose && !nothing(&found)).then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "command line secret",
        what: "a secret on a command line",
        revoke: "Delete that token, or change that password, at the server that the command talks to.",
        prefixes: &[
            Prefix::word("token").with(Around::Flag),
            Prefix::word("password").with(Around::Flag),
            Prefix::word("passwd").with(Around::Flag),
            Prefix::word("secret").with(Around::Flag),
            Prefix::word("api-key").with(Around::Flag),
            Prefix::word("_auth").with(Around::Flag),
        ],
        examples: &[
            |dice| Example::new("npx some-tool --token ", dice.alnum(24), " --verbose"),
            |dice| Example::new("wget --password=", dice.alnum(12), " https://r.example.com/"),
        ],
        source: r"(?i)--[a-z_-]*(?:token|password|passwd|secret|api-key|_auth)(?:=|[ \t]+)",
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit)?;
            let assigned = hit.hay.get(hit.head.end - 1) == Some(&b'=');
            let prose =
                found.text.starts_with(b"-") || !assigned && (letters(found.text) || found.text.contains(&b'/'));
            (found.text.len() >= 4 && !prose && !nothing(&found)).then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "secret value",
        what: "the value of a key that is called token, password, secret or the like",
        revoke: "Delete that token, or change that password, where it was made.",
        prefixes: &[
            Prefix::word("token").with(Around::Assigned),
            Prefix::word("password").with(Around::Assigned),
            Prefix::word("passwd").with(Around::Assigned),
            Prefix::word("secret").with(Around::Assigned),
            Prefix::word("api_key").with(Around::Assigned),
            Prefix::word("api-key").with(Around::Assigned),
            Prefix::word("apikey").with(Around::Assigned),
            Prefix::word("access_key").with(Around::Assigned),
            Prefix::word("accesskey").with(Around::Assigned),
        ],
        examples: &[
            |dice| Example::new("registry = { url = \"https://r.example.com/\", token = \"", dice.alnum(24), "\" }"),
            |dice| Example::new("{\"access_token\":\"", dice.alnum(32), "\",\"expires_in\":60}"),
            |dice| Example::new("password = '", dice.alnum(12), "'"),
            |dice| Example::new("token: ", dice.alnum(32), ""),
            |dice| Example::new("npm_token=", dice.alnum(20), ""),
        ],
        source: r#"(?i)(?:token|password|passwd|secret|api[_-]?key|access_?key)[\\"'`\]]{0,4}[ \t]*(?:=>|[=:])[ \t]*"#,
        starts: Starts::After,
        value: weak,
        compiled: OnceLock::new(),
    },
];

/// Values that say that there is none.
fn nothing(found: &Setting) -> bool {
    const NOTHING: &[&str] = &[
        "true",
        "false",
        "null",
        "none",
        "nil",
        "undefined",
        "empty",
        "missing",
        "unset",
        "required",
        "invalid",
        "expired",
        "protected",
        "hidden",
        "masked",
        "redacted",
        "string",
        "legacy",
        "secret",
        "optional",
    ];
    placeholder(found.text, found.quote) || NOTHING.iter().any(|word| found.text.eq_ignore_ascii_case(word.as_bytes()))
}

/// Keys that ordinary text uses too: the value has to be quoted and one word, or to look made by dice.
fn weak(hit: &Hit) -> Option<Range<usize>> {
    let mut found = setting(hit)?;
    if found.quote.is_none() && parameter(hit) {
        let end = found.text.iter().take_while(|&&byte| byte != b'&' && byte != b'#').count();
        found.range.end = found.range.start + end;
        found.text = found.text.get(..end)?;
    }
    if nothing(&found) || version(found.text) || elsewhere(found.text) {
        return None;
    }
    let head = hit.hay.get(hit.head.clone())?;
    let password = head.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"pass"));
    let blank = found.text.iter().any(u8::is_ascii_whitespace);
    let secret = if found.quote.is_some() {
        !blank && found.text.len() >= 6 && (password || random(found.text))
    } else if password && head.contains(&b'=') {
        found.text.len() >= 4
    } else {
        found.text.len() >= 16 && random(found.text) && !found.text.contains(&b'(')
    };
    secret.then_some(found.range)
}

/// Whether the key is a parameter of a URL.
fn parameter(hit: &Hit) -> bool {
    let before = hit.hay.get(hit.head.start.saturating_sub(200)..hit.head.start).unwrap_or_default();
    let word = before.iter().rev().take_while(|byte| !byte.is_ascii_whitespace());
    word.into_iter().any(|&byte| byte == b'?')
}

/// A dependency whose name ends in "token" or "secret" has a version for its value.
fn version(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let bare = text.iter().take_while(|byte| b"^~<>=v* ".contains(byte)).count();
    let number = text.get(bare..).unwrap_or_default();
    let dots =
        number.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').filter(|byte| **byte == b'.').count();
    text.len() <= 40 && (number.is_empty() || dots >= 2 || (bare > 0 && number.iter().all(u8::is_ascii_digit)))
}

/// The value names another place: a URL (its own secrets have their own entries) or a path.
fn elsewhere(text: &[u8]) -> bool {
    ["http://", "https://", "file:", "link:", "workspace:", "npm:", "git+", "git@", "catalog:", "./", "/"]
        .iter()
        .any(|start| text.starts_with(start.as_bytes()))
}
