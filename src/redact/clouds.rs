//! The table, second part: keys of clouds, chats and other services, and formats that many of them share.

use std::ops::Range;
use std::sync::OnceLock;

use super::fake::Example;
use super::pattern::{Hit, Pattern, Prefix, Starts};
use super::value::{dotted, placeholder, random, run, setting, url_safe};

/// A line of a key is no longer than this.
const KEY_LINE: usize = 256;

pub(super) static TABLE: [Pattern; 11] = [
    Pattern {
        kind: "slack token",
        what: "a Slack token",
        revoke: "On api.slack.com open the app and revoke its tokens, or call the method auth.revoke with it.",
        prefixes: &[
            Prefix::token("xoxa-", 8),
            Prefix::token("xoxb-", 8),
            Prefix::token("xoxc-", 8),
            Prefix::token("xoxd-", 8),
            Prefix::token("xoxe-", 8),
            Prefix::token("xoxe.xox", 0),
            Prefix::token("xoxo-", 8),
            Prefix::token("xoxp-", 8),
            Prefix::token("xoxr-", 8),
            Prefix::token("xoxs-", 8),
            Prefix::token("xapp-", 8),
            Prefix::token("xwfp-", 8).common(),
        ],
        examples: &[
            |dice| {
                let start = dice.one_of(&["xoxb", "xoxp", "xoxa", "xoxs"]);
                Example::bare(format!("{start}-{}-{}-{}", dice.digits(12), dice.digits(13), dice.alnum(24)))
            },
            |dice| Example::bare(format!("xoxe.xoxp-1-{}", dice.alnum(140))),
            |dice| Example::bare(format!("xapp-1-A{}-{}-{}", dice.base32(10), dice.digits(13), dice.hex(64))),
        ],
        source: r"(?:xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9-]{10}",
        starts: Starts::Here,
        value: |hit| Some(run(hit, |byte| url_safe(byte) || matches!(byte, b'%' | b'+' | b'/' | b'='))),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "slack webhook",
        what: "a Slack webhook address, with which anyone can post to a channel",
        revoke: "On api.slack.com open the app, Incoming Webhooks (or the workflow), and remove the address.",
        prefixes: &[Prefix::key("hooks.slack.com/"), Prefix::key("hooks.slack-gov.com/").common()],
        examples: &[|dice| {
            let path = format!("T{}/B{}/{}", dice.base32(9), dice.base32(9), dice.alnum(24));
            Example::new("https://hooks.slack.com/services/", path, "")
        }],
        source: r"(?i)hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/",
        starts: Starts::After,
        value: |hit| {
            let value = run(hit, |byte| url_safe(byte) || matches!(byte, b'/' | b'+' | b'%'));
            (value.len() >= 12).then_some(value)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "discord token",
        what: "a Discord bot token",
        revoke: "In Discord's developer portal open the application, Bot, and reset the token.",
        prefixes: &[Prefix { lead: 23, ..Prefix::token(".", 6).common() }],
        examples: &[|dice| {
            let id = super::fake::base64(dice.digits(18).as_bytes());
            Example::bare(format!("{id}.{}.{}", dice.url_safe(6), dice.url_safe(38)))
        }],
        source: r"\.[A-Za-z0-9_-]{6}\.",
        starts: Starts::Here,
        value: discord_token,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "discord webhook",
        what: "a Discord webhook address, with which anyone can post to a channel",
        revoke: "In the channel's settings open Integrations, Webhooks, and delete it.",
        prefixes: &[Prefix::key("/webhooks/").common()],
        examples: &[|dice| {
            let id = dice.digits(19);
            Example::new(format!("https://discord.com/api/webhooks/{id}/"), dice.url_safe(68), "")
        }],
        source: r"(?i)discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{15,21}/",
        starts: Starts::After,
        value: |hit| Some(run(hit, url_safe)).filter(|value| value.len() >= 20),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "aws access key",
        what: "the id of an AWS access key",
        revoke: "In the AWS console open IAM, Security credentials, and deactivate the key; temporary keys run out by themselves.",
        prefixes: &[
            Prefix::token("AKIA", 16),
            Prefix::token("ASIA", 16),
            Prefix::token("ABIA", 16),
            Prefix::token("ACCA", 16),
            Prefix::token("A3T", 17),
        ],
        examples: &[|dice| {
            let start = dice.one_of(&["AKIA", "ASIA", "ABIA", "ACCA", "A3TX"]);
            Example::bare(format!("{start}{}7Q", dice.base32(14)))
        }],
        source: "(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        starts: Starts::Here,
        value: |hit| Some(run(hit, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "aws secret key",
        what: "an AWS secret key or session token",
        revoke: "In the AWS console open IAM, Security credentials, and deactivate the key; temporary keys run out by themselves.",
        prefixes: &[
            Prefix::key("aws_s").common(),
            Prefix::key("awss").common(),
            Prefix::word("aws s"),
            Prefix::key("secretaccesskey").common(),
            Prefix::key("sessiontoken").common(),
        ],
        examples: &[
            |dice| Example::new("AWS_SECRET_ACCESS_KEY=", dice.alnum(40), ""),
            |dice| Example::new("aws_session_token = ", format!("{}/{}==", dice.alnum(90), dice.alnum(90)), ""),
            |dice| Example::new("\"SecretAccessKey\": \"", format!("{}+{}", dice.alnum(19), dice.alnum(20)), "\","),
        ],
        source: r"(?i)(?:aws_?(?:secret|session)[a-z0-9_]*|aws (?:secret|session)(?: access)?(?: key| token)|secretaccesskey|sessiontoken)[^a-z0-9\n]{1,5}([a-z0-9/+=]{36})",
        starts: Starts::Group,
        value: |hit| Some(run(hit, super::value::token68)),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "google token",
        what: "a Google access token or API key",
        revoke: "An access token runs out within the hour; delete an API key or secret in the Google Cloud console, APIs & Services, Credentials.",
        prefixes: &[Prefix::token("ya29.", 16), Prefix::token("AIza", 35), Prefix::token("GOCSPX-", 20)],
        examples: &[
            |dice| Example::bare(format!("ya29.{}", dice.url_safe(120))),
            |dice| Example::bare(format!("AIza{}", dice.url_safe(35))),
        ],
        source: r"(?:ya29\.[A-Za-z0-9_-]{16}|AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20})",
        starts: Starts::Here,
        value: dotted,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "service token",
        what: "a token of another service (Docker Hub, Vault, Stripe, PyPI, Atlassian and the like)",
        revoke: "Delete it in the token settings of the service it belongs to.",
        prefixes: &[
            Prefix::token("sk_live_", 16).common(),
            Prefix::token("rk_live_", 16).common(),
            Prefix::token("sk-ant-", 20).common(),
            Prefix::token("sk-proj-", 20).common(),
            Prefix::token("dckr_pat_", 20).common(),
            Prefix::token("pypi-AgE", 20).common(),
            Prefix::token("hvs.", 20).common(),
            Prefix::token("dop_v1_", 20).common(),
            Prefix::token("ATATT3", 20).common(),
            Prefix::token("ATCTT3", 20).common(),
            Prefix::token("ATBB", 24).common(),
            Prefix::token("sntrys_", 20).common(),
            Prefix::token("rubygems_", 20).common(),
            Prefix::token("shpat_", 20).common(),
        ],
        examples: &[|dice| {
            let start =
                dice.one_of(&["sk_live_", "dckr_pat_", "hvs.", "dop_v1_", "ATATT3", "ATBB", "rubygems_", "sk-ant-"]);
            Example::bare(format!("{start}{}", dice.alnum(32)))
        }],
        source: r"(?:[rs]k_live_|sk-ant-|sk-proj-|dckr_pat_|pypi-AgE|hvs\.|dop_v1_|ATATT3|ATCTT3|ATBB|sntrys_|rubygems_|shpat_)[A-Za-z0-9_-]{16}",
        starts: Starts::Here,
        value: |hit| {
            let value = run(hit, |byte| url_safe(byte) || matches!(byte, b'.' | b'='));
            hit.hay.get(value.clone()).is_some_and(random).then_some(value)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "signed token",
        what: "a signed token (JWT): AWS CodeArtifact, JFrog, GitHub, GitLab and many identity providers give these out",
        revoke: "Most cannot be revoked one by one and run out by themselves (CodeArtifact: within 12 hours); sign out, or revoke it where it was made.",
        prefixes: &[Prefix::token("eyJ", 8), Prefix::token("eyA", 8).common(), Prefix::token("ewo", 8).common()],
        examples: &[
            |dice| {
                let size = dice.between(20, 400);
                Example::bare(dice.jwt(size))
            },
            // An encrypted token (JWE) that a shared key protects: five parts, the second one empty.
            |dice| {
                let header = super::fake::base64(br#"{"alg":"dir","enc":"A128CBC-HS256"}"#);
                let parts = [dice.url_safe(22), dice.url_safe(700), dice.url_safe(22)].join(".");
                Example::bare(format!("{}..{parts}", header.trim_end_matches('=')))
            },
        ],
        source: r"(?:eyJ|eyA|ewo)[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.",
        starts: Starts::Here,
        value: dotted,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "private key",
        what: "a private key",
        revoke: "Make a new key pair and remove this one wherever its public half was put.",
        prefixes: &[Prefix::token("BEGIN", 0).common(), Prefix::token("PRIVATE KEY", 0)],
        examples: &[
            |dice| {
                let kind = dice.one_of(&["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "]);
                let lines: Vec<String> = (0..dice.between(3, 30)).map(|_| dice.alnum(64)).collect();
                let marker = |word: &str| format!("-----{word} {kind}{} KEY-----", "PRIVATE");
                Example::bare(format!("{}\n{}\n{}", marker("BEGIN"), lines.join("\n"), marker("END")))
            },
            // Cut off, as a message that was too long.
            |dice| {
                let lines: Vec<String> = (0..4).map(|_| dice.alnum(64)).collect();
                Example::new(
                    "",
                    format!("-----BEGIN {} KEY-----\n{}", "PRIVATE", lines.join("\n")),
                    "\n\nnpm error code E401",
                )
            },
        ],
        source: r"-[\s|>\xe2\x94\x82]*BEGIN[\s|>\xe2\x94\x82A-Z0-9_]*PRIVATE[\s|>\xe2\x94\x82]*KEY[\s|>\xe2\x94\x82BLOCK]*-[\s|>\xe2\x94\x82-]*",
        starts: Starts::Here,
        value: |hit| Some(private_key(hit)),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "docker login",
        what: "a registry login as Docker keeps it, user and password in base 64",
        revoke: "Change that password or delete that token at the registry, then run `docker login` again.",
        prefixes: &[Prefix::word("\"auth\"")],
        examples: &[|dice| {
            Example::new("{\"auths\": {\"r.example.com\": {\"auth\": \"", dice.base64_login(20), "\"}}}")
        }],
        source: r#"(?i)"auth"[ \t]*:[ \t]*"#,
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit).filter(|found| found.quote.is_some())?;
            let secret = found.text.len() >= 8 && found.text.iter().all(|&byte| super::value::token68(byte));
            (secret && random(found.text) && !placeholder(found.text, found.quote)).then_some(found.range)
        },
        compiled: OnceLock::new(),
    },
];

/// A Discord token begins with the bot's id, a number, in base 64; found by its middle, because there is nothing in it that
/// always is the same but its two dots.
fn discord_token(hit: &Hit) -> Option<Range<usize>> {
    let before = hit.all.get(hit.head.start.saturating_sub(30)..hit.head.start)?;
    let number =
        |id: &[u8]| matches!(id, [b'M'..=b'O', b'D' | b'T' | b'j' | b'z', third, ..] if b"AEIMQUYcgk".contains(third));
    let id = (23..=before.len()).rev().filter_map(|len| before.get(before.len() - len..));
    let id = id.filter(|id| id.iter().all(|&byte| url_safe(byte)) && number(id)).map(<[u8]>::len).next()?;
    let end = run(hit, url_safe).end;
    (end - hit.head.end >= 27).then_some(hit.head.start - id..end)
}

/// To the end marker if no other marker comes before it; else the lines that look like a key's.
fn private_key(hit: &Hit) -> Range<usize> {
    let before = hit.all.get(..hit.head.start).unwrap_or_default().iter().rev();
    let start = hit.head.start - before.take(8).take_while(|byte| **byte == b'-').count();
    let body = hit.all.get(hit.head.end..).unwrap_or_default();
    let next = memchr::memmem::find(body, b"--").unwrap_or(body.len());
    let marker = body.get(next..).unwrap_or_default();
    let dashes = border(marker);
    if marker.get(dashes..).is_some_and(|word| word.starts_with(b"END")) {
        let label = marker.get(dashes..).unwrap_or_default().iter().take(100);
        let label = label.take_while(|byte| **byte != b'-').count();
        let closing = border(marker.get(dashes + label..).unwrap_or_default());
        return without_blanks(hit.all, start..hit.head.end + next + dashes + label + closing);
    }
    let mut end = 0;
    while let Some(rest) = body.get(end..).filter(|rest| !rest.is_empty()) {
        let reach = rest.get(..rest.len().min(KEY_LINE)).unwrap_or_default();
        let line = memchr::memchr(b'\n', reach).map_or(reach.len(), |newline| newline + 1);
        let line = rest.get(..line).unwrap_or_default();
        // A key on one line has words for lines.
        let word = rest.iter().take_while(|byte| base64(byte)).count();
        end += match rest.get(..word).unwrap_or_default() {
            _ if key_line(line) => line.len(),
            [] if rest.starts_with(b" ") => 1,
            word if key_word(word) => word.len(),
            _ => break,
        };
    }
    without_blanks(hit.all, start..hit.head.end + end)
}

/// The length of the dashes around a marker, with the line breaks and frames in them.
fn border(text: &[u8]) -> usize {
    let border = |byte: &u8| byte.is_ascii_whitespace() || b"-|>\xe2\x94\x82".contains(byte);
    text.iter().take(64).take_while(|byte| border(byte)).count()
}

fn without_blanks(hay: &[u8], range: Range<usize>) -> Range<usize> {
    let text = hay.get(range.clone()).unwrap_or_default();
    range.start..range.start + text.trim_ascii_end().len()
}

/// Base 64 behind at most a log's prefix, a blank line, or a header such as `Proc-Type: 4,ENCRYPTED`.
fn key_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let header = ["Proc-Type:", "DEK-Info:", "Version:", "Comment:"];
    if line.is_empty() || header.iter().any(|start| line.starts_with(start.as_bytes())) {
        return true;
    }
    let words = line.split(|&byte| byte == b' ').count();
    let Some(last) = line.split(|&byte| byte == b' ').next_back() else {
        return true;
    };
    words <= 4 && key_word(last)
}

fn key_word(word: &[u8]) -> bool {
    word.iter().all(base64) && word.len() >= 8 && random(word)
}

fn base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
