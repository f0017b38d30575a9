//! What a log is searched for to find secrets outside any failure: a few rare bytes of each distinctive prefix, and the cheap
//! look that follows.

use crate::redact::{self, Prefix};

/// A piece of a prefix, as the search wants it: four bytes, the rarest of the prefix.
pub(super) struct Trace {
    pub(super) stem: String,
    /// How many bytes of the prefix stand before the stem.
    offset: usize,
    prefix: &'static Prefix,
}

/// The vectorised search compares no more.
const STEM: usize = 4;
/// How many token characters must follow a token's prefix; a wrapped or coloured token may stop early.
const FOLLOW: usize = 12;
/// How far behind a key its value may begin.
const VALUE_REACH: usize = 48;
/// The shortest value worth a second look.
const SHORTEST_VALUE: usize = 6;
/// The fourth character of a JSON object in base64 (`eyJ…`) whose first key is one that tokens begin with.
const JSON_KEYS: &str = "h0rl";

/// The traces of every distinctive prefix, alike ones beside each other.
pub(super) fn traces() -> Vec<Trace> {
    let mut all = Vec::new();
    for prefix in redact::prefixes() {
        if prefix.text == "eyJ" {
            let stems = JSON_KEYS.chars().map(|c| format!("eyJ{c}"));
            all.extend(stems.map(|stem| Trace { stem, offset: 0, prefix }));
        } else if prefix.text.len() >= STEM {
            for text in spellings(prefix) {
                let offset = (0..=text.len() - STEM).min_by_key(|at| commonness(&text, *at)).unwrap_or_default();
                let stem = text.get(offset..offset + STEM).unwrap_or_default().to_owned();
                all.push(Trace { stem, offset, prefix });
            }
        }
    }
    all.sort_by(|a, b| a.stem.cmp(&b.stem).then(a.prefix.text.cmp(b.prefix.text)));
    all.dedup_by(|a, b| a.stem == b.stem && a.prefix.text == b.prefix.text);
    all
}

/// The ways in which a prefix is written where case does not matter.
fn spellings(prefix: &Prefix) -> Vec<String> {
    let plain = prefix.text.to_owned();
    if !prefix.any_case {
        return vec![plain];
    }
    vec![plain.to_ascii_uppercase(), plain.replace("npmauth", "npmAuth"), plain]
}

/// How often the bytes of a stem are met in logs, roughly.
fn commonness(text: &str, at: usize) -> u32 {
    let weight = |b: u8| match b.to_ascii_lowercase() {
        _ if b.is_ascii_uppercase() => 3,
        b'j' | b'k' | b'q' | b'x' | b'z' => 2,
        b'_' | b'=' | b':' => 3,
        b'b' | b'f' | b'g' | b'p' | b'v' | b'w' | b'y' | b'-' | b'.' => 4,
        b'c' | b'd' | b'h' | b'm' | b'u' | b'0'..=b'9' => 6,
        _ => 8,
    };
    text.bytes().skip(at).take(STEM).map(weight).sum()
}

impl Trace {
    /// Whether the prefix stands around the stem found at `at`, with something behind it that may be a secret.
    pub(super) fn holds(&self, bytes: &[u8], at: usize) -> bool {
        let Some(start) = at.checked_sub(self.offset) else { return false };
        let end = start + self.prefix.text.len();
        let text = self.prefix.text.as_bytes();
        let same = bytes
            .get(start..end)
            .is_some_and(|found| if self.prefix.any_case { found.eq_ignore_ascii_case(text) } else { found == text });
        if !same {
            return false;
        }
        if text == b"eyJ" {
            return is_dotted(bytes, end);
        }
        let rest = bytes.get(end..bytes.len().min(end + VALUE_REACH)).unwrap_or_default();
        if self.prefix.follow > 0 {
            let wanted = FOLLOW.min(usize::from(self.prefix.follow));
            let run =
                rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-' | b'.')).count();
            let run = rest.get(..run).unwrap_or_default();
            // Names of settings are words; tokens are not.
            return run.len() >= wanted && run.iter().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        }
        match text {
            // An address whose next part is the secret.
            [.., b'/'] => rest.iter().take_while(|b| is_token(**b)).count() >= SHORTEST_VALUE,
            _ => !self.prefix.any_case || has_value(rest),
        }
    }
}

/// The longest header of a token in JSON.
const HEADER: usize = 700;

/// Whether base64 from `at` on is followed by a dot: a token has several parts, other JSON in base64 has one.
fn is_dotted(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..bytes.len().min(at + HEADER)).unwrap_or_default();
    let run = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-')).count();
    rest.get(run) == Some(&b'.')
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.+/=%".contains(&b)
}

/// Whether a key is followed by a value that is no variable: `=`, `:` or a blank, then several characters that are not `$`.
fn has_value(rest: &[u8]) -> bool {
    let name = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-')).count();
    let value = rest.get(name..).unwrap_or_default();
    let marks = value.iter().take_while(|b| b" =:\"'\\%".contains(*b)).count();
    let value = value.get(marks..).unwrap_or_default();
    marks > 0 && !value.starts_with(b"$") && value.iter().take_while(|b| is_token(**b)).count() >= SHORTEST_VALUE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_distinctive_prefix_of_a_token_leaves_a_trace() {
        let traces = traces();
        for prefix in redact::prefixes().filter(|p| p.text.len() >= STEM) {
            if prefix.text == "eyJ" {
                continue;
            }
            let line = format!("x {}={}", prefix.text, "A1b2".repeat(20));
            let line = if prefix.follow > 0 || prefix.text.ends_with('/') { line.replace('=', "") } else { line };
            let seen = traces.iter().any(|t| line.match_indices(&t.stem).any(|(at, _)| t.holds(line.as_bytes(), at)));
            assert!(seen, "{}", prefix.text);
        }
    }

    #[test]
    fn settings_and_variables_leave_none() {
        let traces = traces();
        for line in [
            "npm_config_registry=https://x.example",
            "//h/:_authToken=${NPM_TOKEN}",
            "npm_lifecycle_event=build",
            "user_auth",
        ] {
            let seen = traces.iter().any(|t| line.match_indices(&t.stem).any(|(at, _)| t.holds(line.as_bytes(), at)));
            assert!(!seen, "{line}");
        }
    }
}
