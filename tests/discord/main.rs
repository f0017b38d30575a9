//! Discord: a strict stand-in on loopback, and the bot on it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::needless_pass_by_value, reason = "what is made in the call is handed over")]

mod endpoint;
mod fake;
mod gateway;
mod limits;
mod render;
mod rig;
mod schema;
mod sessions;
mod story;
mod traps;
