//! The conversation as a channel sees it, on every engine and every platform: the same scenarios in each world, see `world`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "a scenario that fails says in which world")]

mod chat;
mod choices;
mod digests;
mod discord;
mod edits;
#[path = "../support/engines.rs"]
mod engines;
#[path = "../slack/fake/fake.rs"]
mod fake;
mod followups;
mod forget;
mod late;
mod limits;
mod log;
mod modes;
mod odd;
mod pastes;
mod private;
mod room;
mod secrets;
mod share;
mod slack;
mod story;
#[path = "../support/tables.rs"]
mod tables;
mod world;
