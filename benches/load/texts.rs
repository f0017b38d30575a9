//! What people write: talk that mentions npm and numbers, and pastes that are each about a registry of their own.

/// One of twenty is a paste.
const PASTE: usize = 20;
/// Channels in which people talk.
pub const CHANNELS: usize = 20;

/// Whether this event is a paste.
pub fn is_paste(number: usize) -> bool {
    number % PASTE == 7
}

/// Which paste this event is, or comes next.
pub fn nth_paste(number: usize) -> usize {
    number / PASTE
}

/// Pastes among so many events, and no fewer.
pub fn pastes_among(events: usize) -> usize {
    events / PASTE + 1
}

/// Talk.
pub fn talk(number: usize) -> String {
    format!(
        "ok so to summarise {number}: the staging deploy is green again, the npm cache was stale and the 403 came from the CDN, \
         not from us. I will write it up for the runbook tomorrow, thanks team!"
    )
}

/// A paste: what npm says, and the address that it names at its end.
pub fn pasted(number: usize) -> (&'static str, String) {
    ("npm error code E401\nnpm error 401 Unauthorized - GET ", format!("https://host{number}.example/pkg"))
}
