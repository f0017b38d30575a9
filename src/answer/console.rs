//! Sentences of the command line that are about an input as a whole.

/// Nothing was found in an input.
#[must_use]
pub fn nothing_found(input: &str) -> String {
    format!("no package-manager auth failure in {}", name(input))
}

/// A secret stands in an input. It is shown nowhere; its owner must still know.
#[must_use]
pub fn secret(input: &str, what: &str, count: u32, revoke: &str) -> String {
    let times = if count == 1 { String::new() } else { format!(" ({count} times)") };
    format!("{} holds {what}{times}. Whoever could read it may use it. {revoke}", name(input))
}

/// The heading of one input among several, in text.
#[must_use]
pub fn heading(input: &str) -> String {
    format!("== {} ==\n", name(input))
}

/// There were more failures than are shown.
#[must_use]
pub fn truncated(shown: usize) -> String {
    format!("\nOnly the first {shown} different failures are shown; there are more.\n")
}

/// Standard input is a terminal, so the program waits for somebody to paste.
#[must_use]
pub fn waiting() -> &'static str {
    "paste the error, then press Ctrl-D on a line of its own"
}

fn name(input: &str) -> String {
    if input == "-" {
        "standard input".to_owned()
    } else {
        input.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
    }
}

/// Asks before a team is forgotten.
#[must_use]
pub fn forget_sure(team: &str) -> String {
    format!(
        "this deletes everything stored about {}: errors, answers, saved fixes and settings; add --yes to do it",
        name(team)
    )
}

/// A team is forgotten.
#[must_use]
pub fn forgotten(team: &str, rows: u64) -> String {
    format!("{rows} rows about {} deleted", name(team))
}
