//! Sentences of `npmfix outbox`.

use jiff::Timestamp;

/// A row of the outbox as people see it. What it says is not among it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// By which it can be named.
    pub key: &'a str,
    /// The team.
    pub team: &'a str,
    /// The destination within the team.
    pub lane: &'a str,
    /// post, edit, remove or notice.
    pub kind: &'a str,
    /// When it is due.
    pub due: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Since when it has been set aside.
    pub parked: Option<Timestamp>,
    /// Why it was not said the last time.
    pub error: Option<&'a str>,
}

/// One row, with its line end.
#[must_use]
pub fn row(row: &Row<'_>) -> String {
    let stands = match row.parked {
        Some(at) => format!("set aside {}", minute(at)),
        None => format!("due {}", minute(row.due)),
    };
    let tries = match row.attempts {
        0 => String::new(),
        1 => ", tried once".to_owned(),
        n => format!(", tried {n} times"),
    };
    let error = row.error.map(|error| format!(": {error}")).unwrap_or_default();
    let line = format!("{}  {} {} {}  {stands}{tries}{error}", row.key, row.team, row.lane, row.kind);
    line.chars().map(|c| if c.is_control() { '?' } else { c }).chain(['\n']).collect()
}

/// UTC, for people.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Nothing waits.
#[must_use]
pub fn empty() -> &'static str {
    "nothing waits to be said\n"
}

/// There are more rows than are listed.
#[must_use]
pub fn more(shown: usize) -> String {
    format!("only the oldest {shown} are listed; there are more\n")
}

/// Rows that were set aside will be said after all.
#[must_use]
pub fn again(rows: usize) -> String {
    match rows {
        0 => "nothing was set aside\n".to_owned(),
        1 => "1 row will be tried again\n".to_owned(),
        n => format!("{n} rows will be tried again\n"),
    }
}

/// There is no row to try again.
#[must_use]
pub fn no_such(key: &str) -> String {
    format!("no row {key:?} was set aside; see `npmfix outbox list`")
}
