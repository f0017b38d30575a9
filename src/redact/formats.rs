//! The table, third part: formats that many services share.

use std::ops::Range;
use std::sync::OnceLock;

use super::fake::Example;
use super::pattern::{Hit, Pattern, Prefix, Starts};
use super::value::{dotted, placeholder, random, setting};

/// A line of a key is no longer than this.
const KEY_LINE: usize = 256;

pub(super) static TABLE: [Pattern; 3] = [
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
        let word = rest.iter().take_while(|byte| base64(**byte)).count();
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
    word.iter().all(|&byte| base64(byte)) && word.len() >= 8 && random(word)
}

fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
