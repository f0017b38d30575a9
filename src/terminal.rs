//! The terminal as a chat platform: pastes and commands come in on standard input, answers go out on standard output. A third
//! adapter beside Slack and Discord, with no special path: what is said goes through the same outbox.
//!
//! - `reader`: lines of input → what they mean. `screen`: what is shown, and which number stands for which choice.
//! - `chat`: the loop.

pub mod chat;
mod reader;
mod screen;

pub use chat::{ChatError, Options, chat};
