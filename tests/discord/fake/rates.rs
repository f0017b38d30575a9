//! How often the bot calls, counted as strictly as Discord does: the headers of an answer say what is left, and whoever calls
//! once more has not read them.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderValue};

/// Posts that a channel takes within so long, as the real one.
pub const POSTS: usize = 5;
const POSTS_WITHIN: Duration = Duration::from_secs(5);
/// What other routes take.
const OTHERS: usize = 50;
const OTHERS_WITHIN: Duration = Duration::from_secs(1);
/// All calls of a bot within a second, but for those about interactions.
const ALL: usize = 50;

/// What was counted.
#[derive(Default)]
pub struct Rates {
    buckets: HashMap<(&'static str, String), (Instant, usize)>,
    all: VecDeque<Instant>,
}

/// What an answer says about its bucket.
pub struct Left {
    bucket: &'static str,
    limit: usize,
    remaining: usize,
    reset_after: f64,
}

impl Rates {
    /// Counts a call to a route, about a channel or whatever else its path names first; or how long it should have waited.
    pub fn count(&mut self, route: &'static str, about: &str) -> Result<Left, f64> {
        let now = Instant::now();
        if !matches!(route, "callback" | "original" | "follow-up") {
            self.all.retain(|at| now - *at < Duration::from_secs(1));
            self.all.push_back(now);
            if self.all.len() > ALL {
                return Err(1.0);
            }
        }
        let (limit, within) = if route == "post" { (POSTS, POSTS_WITHIN) } else { (OTHERS, OTHERS_WITHIN) };
        let slot = self.buckets.entry((route, about.to_owned())).or_insert((now, 0));
        if now - slot.0 >= within {
            *slot = (now, 0);
        }
        // In whole milliseconds, of which none is missing.
        let reset_after = (within.saturating_sub(now - slot.0).as_secs_f64() * 1000.0).ceil() / 1000.0;
        if slot.1 == limit {
            return Err(reset_after);
        }
        slot.1 += 1;
        Ok(Left { bucket: route, limit, remaining: limit - slot.1, reset_after })
    }
}

impl Left {
    pub fn tell(&self, head: &mut HeaderMap) {
        let mut tell = |name, value: String| head.insert(name, HeaderValue::try_from(value).unwrap());
        tell("x-ratelimit-bucket", format!("bucket-of-{}", self.bucket));
        tell("x-ratelimit-limit", self.limit.to_string());
        tell("x-ratelimit-remaining", self.remaining.to_string());
        tell("x-ratelimit-reset-after", format!("{:.3}", self.reset_after));
    }
}
