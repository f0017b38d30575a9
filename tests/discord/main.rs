//! Discord: a strict stand-in on loopback, and the bot on it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::needless_pass_by_value, reason = "what is made in the call is handed over")]

mod beside;
mod crash;
mod digests;
mod endpoint;
#[path = "../support/engines.rs"]
mod engines;
#[path = "fake/fake.rs"]
mod fake;
mod production;
mod program;
mod render;
mod rig;
mod sessions;
mod story;
mod strict;
mod traps;
mod turns;
