//! The rate limits: what Discord's headers said about each route, what holds for all of them, and how many calls were invalid.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use super::Route;

/// Calls that Discord takes from a bot in a second, unless it has raised that.
pub const CALLS: u32 = 50;
const SECOND: Duration = Duration::from_secs(1);
/// A bot with 10,000 refused calls in ten minutes is shut out; well before that, nothing is called until they are over.
const INVALID: u32 = 5_000;
const INVALID_WINDOW: Duration = Duration::from_mins(10);
/// The longest that is waited because a header says so: more is a mistake.
const LONGEST: Duration = Duration::from_hours(1);
/// Limits that are remembered before those that are over are forgotten.
const REMEMBERED: usize = 4_096;

/// What is known about the rate limits.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    /// Calls in a second.
    calls: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Which of Discord's buckets a kind of route belongs to.
    buckets: HashMap<&'static str, String>,
    slots: HashMap<(String, String), Slot>,
    everything: Option<Instant>,
    /// When calls were made within the last second.
    second: VecDeque<Instant>,
    invalid: Option<(Instant, u32)>,
}

/// What came back from a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    pub status: StatusCode,
    pub headers: &'a HeaderMap,
    pub body: &'a Value,
}

/// What is left until when.
#[derive(Debug, Clone, Copy)]
struct Slot {
    remaining: u64,
    until: Instant,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(CALLS)
    }
}

impl Gate {
    /// Lets a little less than so many calls through in a second: Discord's seconds are not ours.
    pub(super) fn new(calls: u32) -> Self {
        let calls = usize::try_from(calls - calls / 10).unwrap_or(usize::MAX).max(1);
        Self { state: Mutex::default(), calls }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a call has to wait; `None` when it may go, and then it is counted.
    pub(super) fn wait(&self, route: &Route, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        let left = |until: Instant| Some(until.saturating_duration_since(now)).filter(|wait| !wait.is_zero());
        if let Some((since, count)) = state.invalid {
            if now >= since + INVALID_WINDOW {
                state.invalid = None;
            } else if count >= INVALID {
                return left(since + INVALID_WINDOW);
            }
        }
        let key = state.key(route);
        if !route.is_interaction() {
            if let Some(wait) = state.everything.and_then(left) {
                return Some(wait);
            }
            while state.second.front().is_some_and(|at| now >= *at + SECOND) {
                state.second.pop_front();
            }
            // In any second, wherever Discord begins to count.
            if let Some(first) = state.second.front().filter(|_| state.second.len() >= self.calls) {
                return left(*first + SECOND);
            }
            if let Some(wait) = state.take(&key, now) {
                return Some(wait);
            }
            state.second.push_back(now);
            return None;
        }
        state.take(&key, now)
    }

    /// Takes in what an answer says; how long to wait, if it does.
    pub(super) fn learn(&self, route: &Route, answer: &Answer<'_>, now: Instant) -> Option<Duration> {
        let Answer { status, headers, body } = *answer;
        let mut state = self.state();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let seconds = |value: f64| Duration::try_from_secs_f64(value).unwrap_or(LONGEST).min(LONGEST);
        if let Some(bucket) = text("x-ratelimit-bucket") {
            state.buckets.insert(route.kind(), bucket.to_owned());
        }
        if matches!(status.as_u16(), 401 | 403 | 429) && text("x-ratelimit-scope") != Some("shared") {
            let (since, count) = state.invalid.unwrap_or((now, 0));
            state.invalid = Some((since, count + 1));
        }
        let key = state.key(route);
        if status == StatusCode::TOO_MANY_REQUESTS {
            // The body is more precise than the header; an answer of the network before Discord has only the header.
            let wait = body.get("retry_after").and_then(Value::as_f64);
            let wait = wait.or_else(|| text("retry-after").and_then(|wait| wait.trim().parse().ok())).map(seconds);
            let wait = wait.unwrap_or(Duration::from_secs(1)).max(Duration::from_millis(50));
            let global = body.get("global").and_then(Value::as_bool).unwrap_or_default()
                || text("x-ratelimit-global").is_some()
                || text("x-ratelimit-scope") == Some("global");
            if global {
                state.everything = Some(now + wait);
            } else {
                state.put(key, Slot { remaining: 0, until: now + wait }, now);
            }
            return Some(wait);
        }
        let remaining = text("x-ratelimit-remaining").and_then(|n| n.trim().parse().ok());
        let reset = text("x-ratelimit-reset-after").and_then(|n| n.trim().parse().ok()).map(seconds);
        if let (Some(remaining), Some(reset)) = (remaining, reset) {
            state.put(key, Slot { remaining, until: now + reset }, now);
        }
        None
    }
}

impl State {
    fn key(&self, route: &Route) -> (String, String) {
        let bucket = self.buckets.get(route.kind()).map_or(route.kind(), String::as_str);
        (bucket.to_owned(), route.major().to_owned())
    }

    fn take(&mut self, key: &(String, String), now: Instant) -> Option<Duration> {
        let slot = self.slots.get_mut(key)?;
        if slot.until <= now {
            self.slots.remove(key);
            return None;
        }
        if slot.remaining == 0 {
            return Some(slot.until.saturating_duration_since(now));
        }
        slot.remaining -= 1;
        None
    }

    fn put(&mut self, key: (String, String), slot: Slot, now: Instant) {
        if self.slots.len() >= REMEMBERED {
            self.slots.retain(|_, slot| slot.until > now);
        }
        self.slots.insert(key, slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn learn(gate: &Gate, status: u16, said: &[(&'static str, &str)], body: &Value, now: Instant) -> Option<Duration> {
        let (headers, status) = (headers(said), StatusCode::from_u16(status).unwrap());
        gate.learn(&Route::post("1"), &Answer { status, headers: &headers, body }, now)
    }

    #[test]
    fn what_the_headers_leave_is_used_up_and_waited_for() {
        let (gate, now) = (Gate::default(), Instant::now());
        let (here, there) = (Route::post("1"), Route::post("2"));
        assert_eq!(gate.wait(&here, now), None);
        let said = [("x-ratelimit-bucket", "abc"), ("x-ratelimit-remaining", "1"), ("x-ratelimit-reset-after", "2.5")];
        learn(&gate, 200, &said, &Value::Null, now);
        assert_eq!(gate.wait(&here, now), None);
        assert_eq!(gate.wait(&here, now), Some(Duration::from_millis(2500)));
        assert_eq!(gate.wait(&there, now), None);
        assert_eq!(gate.wait(&here, now + Duration::from_millis(2500)), None);
    }

    #[test]
    fn a_global_429_holds_every_route_but_those_of_interactions() {
        let (gate, now) = (Gate::default(), Instant::now());
        let body = serde_json::json!({ "retry_after": 0.7, "global": true });
        let wait = learn(&gate, 429, &[("retry-after", "1")], &body, now);
        assert_eq!(wait, Some(Duration::from_millis(700)));
        assert_eq!(gate.wait(&Route::gateway(), now), Some(Duration::from_millis(700)));
        assert_eq!(gate.wait(&Route::callback("1", "t"), now), None);
    }

    #[test]
    fn a_header_that_is_no_number_is_waited_for_all_the_same() {
        let (gate, now) = (Gate::default(), Instant::now());
        let wait = learn(&gate, 429, &[("retry-after", "soon")], &Value::Null, now);
        assert_eq!(wait, Some(Duration::from_secs(1)));
        let wait = learn(&gate, 429, &[("retry-after", "1e300")], &Value::Null, now);
        assert_eq!(wait, Some(LONGEST));
        assert_eq!(gate.wait(&Route::post("2"), now), None);
    }

    #[test]
    fn no_more_is_called_in_a_second_than_discord_takes() {
        let (gate, now) = (Gate::default(), Instant::now());
        let free = (0..100).filter(|n| gate.wait(&Route::post(&n.to_string()), now).is_none()).count();
        assert_eq!(free, 45);
        assert_eq!(gate.wait(&Route::post("1"), now + SECOND), None);
    }

    #[test]
    fn a_second_that_begins_between_two_others_has_no_more_calls_than_they() {
        let (gate, now) = (Gate::default(), Instant::now());
        let free = |at: Instant| (0..100).filter(|n| gate.wait(&Route::post(&n.to_string()), at).is_none()).count();
        assert_eq!(gate.wait(&Route::post("1"), now), None);
        assert_eq!(free(now + SECOND * 9 / 10), 44);
        assert_eq!(free(now + SECOND), 1);
        assert_eq!(free(now + SECOND * 19 / 10), 44);
    }

    #[test]
    fn too_many_refusals_stop_everything_before_discord_does() {
        let (gate, now) = (Gate::default(), Instant::now());
        for _ in 0..INVALID {
            learn(&gate, 403, &[], &Value::Null, now);
        }
        assert_eq!(gate.wait(&Route::callback("1", "t"), now), Some(INVALID_WINDOW));
        assert_eq!(gate.wait(&Route::callback("1", "t"), now + INVALID_WINDOW), None);
    }
}
