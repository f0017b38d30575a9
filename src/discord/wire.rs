//! What Discord sends, as far as it is read here. Every field is lenient: new kinds and odd values are passed over, and the
//! event is still read. Field names and numbers are those of API version 10.

use serde::Deserialize;

mod interaction;
pub mod loose;
mod message;
mod server;

pub use interaction::{Data, Given, Interaction, Resolved};
pub use message::{Attachment, Component, Embed, Field, Footer, Member, Message, Reference, Snapshot, User};
pub use server::{Channel, Deleted, Guild, Overwrite, Ready, Role};

use loose::Maybe;

/// Kinds of messages that people and bots write: ordinary ones and replies. The others are notes of Discord's own, or the
/// results of commands.
pub const WRITTEN: [u64; 2] = [0, 19];

/// An event around its data.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Event<T> {
    /// The data.
    #[serde(default)]
    pub d: Maybe<T>,
}

/// When a snowflake was made, in milliseconds since 1970; 0 for what is none.
#[must_use]
pub fn made(snowflake: &str) -> i64 {
    /// The first second of 2015, Discord's own beginning of time.
    const EPOCH: i64 = 1_420_070_400_000;
    let id: u64 = snowflake.parse().unwrap_or_default();
    if id == 0 { 0 } else { i64::try_from(id >> 22).unwrap_or_default().saturating_add(EPOCH) }
}

/// The smallest snowflake of a time.
#[must_use]
pub fn snowflake_at(millis: i64) -> u64 {
    const EPOCH: i64 = 1_420_070_400_000;
    u64::try_from(millis.saturating_sub(EPOCH)).unwrap_or_default() << 22
}

#[cfg(test)]
mod tests;
