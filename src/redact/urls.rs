//! The table, fifth part: secrets in URLs.

use std::ops::Range;
use std::sync::OnceLock;

use super::fake::Example;
use super::pattern::{Around, Hit, Pattern, Prefix, Starts};
use super::value::{letters, placeholder, random, run, token68};

/// So far behind a password that may hold a slash is the `@` looked for.
const USERINFO: usize = 512;

/// In every URL, so what follows has to be looked at.
const LOGIN: Prefix = Prefix { around: Around::Login, ..Prefix::word("://") };

pub(super) static TABLE: [Pattern; 4] = [
    Pattern {
        kind: "password",
        what: "a password or token in a URL",
        revoke: "Change that password, or delete that token, at the server in that URL.",
        prefixes: &[LOGIN],
        examples: &[
            |dice| Example::new("https://deploy:", dice.alnum(16), "@npm.example.com/"),
            |dice| Example::new("git+https://oauth2:", dice.alnum(20), "@gitlab.example.com/acme/x.git"),
            |dice| {
                Example::new(
                    "<https://me:",
                    format!("{}%40{}", dice.alnum(8), dice.alnum(8)),
                    "@r.example.com|r.example.com>",
                )
            },
            |dice| {
                Example::new("http://:", format!("{}/{}", dice.alnum(12), dice.alnum(12)), "@proxy.example.com:8080")
            },
        ],
        source: r#"://[^\s/@:"'`<>|\[]*:"#,
        starts: Starts::After,
        value: userinfo,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "link label password",
        what: "a password or token in the label of a link",
        revoke: "Change that password, or delete that token, at the server in that link.",
        prefixes: &[LOGIN],
        examples: &[|dice| Example::new("<https://r.example.com|me:", dice.alnum(20), "@r.example.com>")],
        source: r"<[a-z+]+://[^\s<>|]+\|[^\s<>|@:/]+:",
        starts: Starts::After,
        value: userinfo,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "url token",
        what: "a token in the place of the user of a URL",
        revoke: "Delete that token at the server in that URL.",
        prefixes: &[LOGIN],
        examples: &[|dice| Example::new("git+https://", dice.alnum(24), "@git.example.com/acme/x.git")],
        source: r"(?i)https?://([a-z0-9_%.~+=-]{20,})@",
        starts: Starts::Group,
        value: |hit| {
            let value = hit.from..hit.head.end - 1;
            let host = hit.hay.get(hit.head.end..)?;
            // Azure DevOps puts the organisation there.
            let organisation = host.starts_with(b"dev.azure.com");
            (!organisation && hit.hay.get(value.clone()).is_some_and(random)).then_some(value)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "url parameter",
        what: "a token or signature in the parameters of a URL",
        revoke: "Delete that token at the server in that URL; a signed URL runs out by itself.",
        prefixes: &[
            Prefix::word("token="),
            Prefix::word("signature="),
            Prefix::word("sig="),
            Prefix::word("key="),
            Prefix::word("auth="),
            Prefix::word("password="),
        ],
        examples: &[
            |dice| Example::new("https://gitlab.example.com/x?private_token=", dice.alnum(20), "&page=2"),
            |dice| Example::new("https://b.example.com/t.tgz?X-Amz-Expires=600&X-Amz-Signature=", dice.hex(64), ""),
            |dice| {
                Example::new(
                    "https://x.example.com/t.tgz?sv=1&sig=",
                    format!("{}%2B{}%3D", dice.alnum(20), dice.alnum(21)),
                    "&se=2",
                )
            },
        ],
        source: r"(?i)[?&;][a-z_-]*(?:token|signature|sig|api_?key|auth|password|securitytoken)=",
        starts: Starts::After,
        value: |hit| {
            let value = run(hit, |byte| token68(byte) && byte != b'=' || byte == b':');
            let text = hit.hay.get(value.clone())?;
            (text.len() >= 8 && !letters(text)).then_some(value)
        },
        compiled: OnceLock::new(),
    },
];

/// The password of `user:password@host`, up to the last `@` in front of the path.
fn userinfo(hit: &Hit) -> Option<Range<usize>> {
    let tail = hit.all.get(hit.from..)?;
    let ends =
        |byte: u8| byte <= b' ' || byte == 0x7f || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b'\\');
    let authority = tail.iter().take_while(|&&byte| !ends(byte) && byte != b'/').count();
    let text = tail.get(..authority)?;
    let at = match memchr::memrchr(b'@', text) {
        Some(at) => at,
        // A slash in the password. Digits would be a port, a brace a variable in the place of one.
        None if tail.get(authority) == Some(&b'/') && !text.iter().all(u8::is_ascii_digit) && !text.contains(&b'{') => {
            let reach = tail.get(..tail.len().min(USERINFO))?;
            let at = memchr::memchr(b'@', reach)?;
            if reach.get(..at)?.iter().any(|&byte| ends(byte)) {
                return None;
            }
            at
        }
        None => return None,
    };
    let value = tail.get(..at)?;
    let secret = !value.is_empty() && !placeholder(value, None) && value != b"x-oauth-basic";
    secret.then_some(hit.from..hit.from + at)
}
