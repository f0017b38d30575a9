//! The table, fourth part: secrets on their way to a server, in headers and on command lines.

use std::ops::Range;
use std::sync::OnceLock;

use super::fake::Example;
use super::pattern::{Hit, Pattern, Prefix, Starts};
use super::value::{MARK, letters, placeholder, random, run, setting, token68};

/// So far in front of `-u` is `curl` looked for.
const COMMAND: usize = 1024;
pub(super) static TABLE: [Pattern; 7] = [
    Pattern {
        kind: "authorization header",
        what: "a login or token from an Authorization header",
        revoke: "Delete that token, or change that password, at the server that the request went to.",
        prefixes: &[
            Prefix::key("authorization:"),
            Prefix::key("authorization=").common(),
            Prefix::word("authorization"),
        ],
        examples: &[
            |dice| Example::new("Authorization: Bearer ", dice.alnum(12), ""),
            |dice| Example::new("> authorization: Basic ", dice.base64_login(14), "\n"),
            |dice| Example::new("\"Authorization\": \"Token ", dice.hex(40), "\""),
            |dice| Example::new("-H 'Proxy-Authorization: Basic ", dice.base64_login(10), "' "),
            |dice| Example::new("Authorization: ", dice.alnum(32), ""),
        ],
        source: r#"(?i)authorization[\\"'`]{0,3}[ \t]*[:=][ \t]*[\\"'`\[]{0,3}(?:(?:Basic|Bearer|Token|Digest|Negotiate|ApiKey)[\s|>\xe2\x94\x82]+)?"#,
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit)?;
            if placeholder(found.text, found.quote) || attribute(found.text) || found.text.len() < 4 {
                return None;
            }
            (scheme_before(hit) || (found.text.len() >= 16 && random(found.text))).then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "bearer token",
        what: "a bearer token",
        revoke: "Delete that token at the server that it was sent to.",
        prefixes: &[Prefix::word("bearer")],
        examples: &[
            |dice| Example::new("sent Bearer ", dice.alnum(20), ""),
            |dice| Example::new("bearer ", dice.hex(40), "."),
        ],
        source: r"(?i)\bbearer[\s|>\xe2\x94\x82]+[a-z0-9+/_~.-]{12}",
        starts: Starts::Here,
        value: after_scheme,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "basic login",
        what: "a user name and password in base 64",
        revoke: "Change that password, or delete that token, at the server that it was sent to.",
        prefixes: &[Prefix::word("basic")],
        examples: &[|dice| Example::new("sent Basic ", dice.base64_login(24), "")],
        source: r"(?i)\bbasic[\s|>\xe2\x94\x82]+[a-z0-9+/_=-]{12}",
        starts: Starts::Here,
        value: after_scheme,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "token header",
        what: "a token from a request header",
        revoke: "Delete that token at the server that the request went to.",
        prefixes: &[
            Prefix::key("private-token").common(),
            Prefix::key("job-token").common(),
            Prefix::key("deploy-token").common(),
            Prefix::key("x-jfrog-art-api").common(),
            Prefix::word("x-api-key"),
            Prefix::word("x-auth-token"),
            Prefix::word("x-nuget-apikey"),
            Prefix::key("x-amz-security-token").common(),
        ],
        examples: &[
            |dice| Example::new("-H \"PRIVATE-TOKEN: ", dice.alnum(20), "\""),
            |dice| Example::new("X-JFrog-Art-Api: ", dice.alnum(64), ""),
        ],
        source: r#"(?i)(?:private-token|job-token|deploy-token|x-jfrog-art-api|x-api-key|x-auth-token|x-nuget-apikey|x-amz-security-token)[\\"'`]{0,3}[ \t]*[:=][ \t]*"#,
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit)?;
            let secret = found.text.len() >= 6 && !letters(found.text) && !placeholder(found.text, found.quote);
            secret.then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "cookie",
        what: "the cookies of a session",
        revoke: "Sign out of that session at the server it belongs to.",
        prefixes: &[Prefix::word("cookie")],
        examples: &[|dice| Example::new("< Set-Cookie: ", format!("sid={}; Path=/", dice.alnum(32)), "\n")],
        source: r#"(?i)\bcookie[\\"'`]{0,3}[ \t]*:[ \t]*"#,
        starts: Starts::After,
        value: |hit| {
            let quoted = setting(hit)?;
            if quoted.quote.is_some() {
                let secret = quoted.text.contains(&b'=') && !quoted.text.starts_with(MARK.as_bytes());
                return secret.then_some(quoted.range);
            }
            let tail = hit.hay.get(hit.from..hit.limit.max(hit.from))?;
            let end = tail.iter().take_while(|byte| !matches!(byte, b'\n' | b'\r' | b'"' | b'\'')).count();
            let text = tail.get(..end)?.trim_ascii_end();
            let secret = text.len() >= 8 && text.contains(&b'=') && !text.starts_with(MARK.as_bytes());
            secret.then_some(hit.from..hit.from + text.len())
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "curl password",
        what: "a password on a command line",
        revoke: "Change that password, or delete that token, at the server that the command talks to.",
        prefixes: &[Prefix::word("curl"), Prefix::word("wget"), Prefix::word("http ")],
        examples: &[
            |dice| Example::new("curl -sS -u admin:", dice.alnum(14), " https://npm.example.com/"),
            |dice| Example::new("curl --user 'ci:", dice.alnum(14), "' -X PUT"),
            |dice| Example::new("curl -sSuci:", dice.alnum(14), " https://npm.example.com/"),
        ],
        source: r#"[\s"'](?:-[a-zA-Z]{0,6}[uU]|--user|--proxy-user)[ \t=]*["']?[^\s:"'/=-][^\s:"'/]*:"#,
        starts: Starts::After,
        value: |hit| {
            let before = hit.hay.get(hit.head.start.saturating_sub(COMMAND)..hit.head.start)?;
            let command =
                ["curl", "wget", "http "].iter().any(|name| memchr::memmem::find(before, name.as_bytes()).is_some());
            let found = setting(hit)?;
            let secret = command && !found.text.is_empty() && !placeholder(found.text, found.quote);
            secret.then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "one-time password",
        what: "a one-time password or a recovery code",
        revoke: "A one-time password runs out within a minute; replace recovery codes in your account's two-factor settings.",
        prefixes: &[Prefix::word("otp"), Prefix::word("one-time")],
        examples: &[
            |dice| Example::new("npm publish --otp=", dice.digits(6), ""),
            |dice| Example::new("npm publish --otp ", dice.digits(6), " --access public"),
            |dice| Example::new("npm-otp: ", dice.digits(8), ""),
            |dice| Example::new("npm publish --otp=", dice.hex(64), ""),
        ],
        source: r#"(?i)(?:otp|one-time pass(?:word|code))(?: code)?(?:[\\"'`]{0,3}[ \t]*[:=][ \t]*|[ \t]+)[\\"'`]{0,3}([0-9]{6}|[0-9a-f]{32})"#,
        starts: Starts::Group,
        value: |hit| {
            let value = run(hit, |byte| byte.is_ascii_hexdigit());
            let text = hit.hay.get(value.clone())?;
            ((text.len() <= 8 && text.iter().all(u8::is_ascii_digit)) || text.len() >= 32).then_some(value)
        },
        compiled: OnceLock::new(),
    },
];

/// Whether the head ends with the name of a scheme and blanks.
fn scheme_before(hit: &Hit) -> bool {
    let head = hit.hay.get(hit.head.clone()).unwrap_or_default();
    let name = head.iter().rposition(u8::is_ascii_alphanumeric).unwrap_or(0);
    let after_key = head.iter().rposition(|byte| matches!(byte, b':' | b'='));
    after_key.is_some_and(|separator| name > separator)
}

/// The value of a bare `Bearer …` or `Basic …`: neither prose nor a challenge.
fn after_scheme(hit: &Hit) -> Option<Range<usize>> {
    let head = hit.hay.get(hit.head.clone())?;
    let blank = head.iter().position(|&byte| byte.is_ascii_whitespace())?;
    let rest = head.get(blank..)?;
    let skipped = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || b"|>\xe2\x94\x82".contains(byte)).count();
    let value = hit.head.start + blank + skipped..run(hit, token68).end;
    let text = hit.hay.get(value.clone())?;
    let secret = text.len() >= 16 && !attribute(text) && random(text) && !placeholder(text, None);
    secret.then_some(value)
}

/// `realm="…"`, `authorization_uri=…`: part of a challenge, which is what the server said.
fn attribute(text: &[u8]) -> bool {
    let name = text.iter().take_while(|&&byte| byte.is_ascii_lowercase() || byte == b'_').count();
    let then = text.get(name + 1);
    name > 0
        && text.get(name) == Some(&b'=')
        && (name < 32)
        && then != Some(&b'=')
        && (then.is_none() || text.starts_with(b"realm=") || name >= 5)
}
