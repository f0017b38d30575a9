//! How often Slack lets a method be called, as its pages say: posts by channel, the rest in tiers by the minute.

use jiff::{SignedDuration, Timestamp};

use super::state::State;

/// Posts to one channel; a little less than a second, because requests do not arrive as evenly as they are sent.
const PACE: SignedDuration = SignedDuration::from_millis(900);
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// Calls per minute, or nothing for what Slack does not limit in practice.
fn tier(method: &str) -> Option<usize> {
    match method {
        "apps.connections.open" => Some(20),
        "conversations.history" | "conversations.replies" | "chat.update" | "chat.delete" | "conversations.info" => {
            Some(50)
        }
        "chat.postEphemeral"
        | "users.info"
        | "views.open"
        | "views.push"
        | "views.update"
        | "views.publish"
        | "files.info"
        | "files.getUploadURLExternal"
        | "files.completeUploadExternal" => Some(100),
        _ => None,
    }
}

/// Counts a call; says how long to wait if it comes too early.
pub fn too_fast(state: &mut State, token: &str, method: &str, channel: &str, now: Timestamp) -> Option<u64> {
    if method == "chat.postMessage" {
        let times = state.rates.entry((format!("{token} {method}"), channel.to_owned())).or_default();
        if times.back().is_some_and(|last| now.duration_since(*last) < PACE) {
            return Some(1);
        }
        times.clear();
        times.push_back(now);
        return None;
    }
    let most = tier(method).filter(|_| !state.tiers_off)?;
    let times = state.rates.entry((token.to_owned(), method.to_owned())).or_default();
    while times.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
        times.pop_front();
    }
    if times.len() >= most {
        let first = times.front().copied().unwrap_or(now);
        let wait = MINUTE - now.duration_since(first);
        return Some(u64::try_from(wait.as_secs()).unwrap_or(1).max(1));
    }
    times.push_back(now);
    None
}
