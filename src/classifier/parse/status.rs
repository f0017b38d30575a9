//! The line in which a client names status, method and URL.

use crate::classifier::report::Method;

/// `403 403 Forbidden - PUT https://… - text`, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The method, if printed.
    pub method: Option<Method>,
    /// The text from the URL on, if there is one.
    pub url: Option<&'a str>,
    /// `name@version` in the wording of npm 5.
    pub subject: Option<&'a str>,
}

const METHODS: &[Method] = &[Method::Get, Method::Put, Method::Post, Method::Delete, Method::Head, Method::Patch];

/// Reads a status line from which the client's marker is gone. The reason phrase is the server's and may be anything.
#[must_use]
pub fn parse(line: &str) -> Option<Status<'_>> {
    if let Some(rest) = line.strip_prefix("Registry returned ") {
        // npm 5: `Registry returned 403 for PUT on https://…`
        let (status, rest) = number(rest)?;
        let rest = rest.strip_prefix("for ")?;
        let method = METHODS.iter().copied().find(|m| rest.starts_with(m.as_str()))?;
        let url = rest.find("http").and_then(|at| rest.get(at..));
        return Some(Status { status, method: Some(method), url, subject: None });
    }
    let (status, rest) = number(line)?;
    let rest = number(rest).filter(|(again, _)| *again == status).map_or(rest, |(_, rest)| rest);
    for (at, _) in rest.match_indices("- ") {
        let after = rest.get(at + 2..).unwrap_or_default().trim_start();
        for method in METHODS {
            if let Some(url) =
                after.strip_prefix(method.as_str()).and_then(|r| r.strip_prefix(' ')).map(str::trim_start)
                && (url.starts_with("http://") || url.starts_with("https://"))
            {
                return Some(Status { status, method: Some(*method), url: Some(url), subject: None });
            }
        }
    }
    // npm 5: `403 Forbidden: name@version`; Bun: `403 Forbidden: https://…`
    let (reason, subject) = rest.split_once(": ")?;
    let wordy =
        !reason.is_empty() && reason.len() <= 40 && reason.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ');
    if !wordy {
        return None;
    }
    if subject.starts_with("http://") || subject.starts_with("https://") {
        return Some(Status { status, method: None, url: Some(subject), subject: None });
    }
    let subject = subject.split(' ').next().unwrap_or_default();
    Some(Status { status, method: None, url: None, subject: Some(subject) })
}

fn number(text: &str) -> Option<(u16, &str)> {
    let (head, tail) = text.split_at_checked(3)?;
    if !tail.starts_with(' ') || !matches!(head.as_bytes(), [b'4' | b'5', b'0'..=b'9', b'0'..=b'9']) {
        return None;
    }
    Some((head.parse().ok()?, tail.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_phrase_may_be_a_sentence_with_dashes() {
        let line = "403 403 -------->>> REQUESTED ITEM IS QUARANTINED -----> SEE https://iq.example/x <<<--- - GET https://n.example/repository/g/a";
        let got = parse(line).unwrap();
        assert_eq!(
            (got.status, got.method, got.url),
            (403, Some(Method::Get), Some("https://n.example/repository/g/a"))
        );
    }

    #[test]
    fn old_wordings_are_read() {
        assert_eq!(parse("403 Forbidden: lite-server@latest").unwrap().subject, Some("lite-server@latest"));
        let got = parse("Registry returned 401 for GET on https://h.example/a").unwrap();
        assert_eq!((got.status, got.method), (401, Some(Method::Get)));
    }

    #[test]
    fn prose_is_no_status_line() {
        for line in ["401k match deadline", "403 seconds on the arm runners", "404 ", "40 GET", "403"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
