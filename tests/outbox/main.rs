//! The outbox, its worker and the lock, on every engine.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "../support/engines.rs"]
mod engines;
mod lanes;
mod people;
mod stops;
mod tidy;
mod trouble;
mod world;
