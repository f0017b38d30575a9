//! npmfix turns a pasted npm, pnpm, Yarn or Bun authentication failure into its probable cause, the exact commands
//! that fix it, and the one check that tells this cause from the next.
//!
//! The rooms, in reading order:
//!
//! - [`redact`]: token shapes; makes [`redact::Redacted`], the only text that the rooms after it accept.
//! - [`knowledge`]: what is known about causes and registries, loaded from the top-level `knowledge/` folder.
//! - [`classifier`]: any text → [`classifier::Diagnosis`]es. `sieve`: a file of any length → the lines of it that deserve reading.
//! - [`answer`]: a diagnosis → what to say, and its renderings. Every sentence the program says lives there or in `knowledge/`.
//! - [`bot`]: a message → what is done about it.
//! - [`slack`]: a chat platform ↔ the bot. [`web`]: the HTTP server.
//! - [`cli`]: the subcommands.
//!
//! The first four are pure: no I/O, no clock, no global state.

pub mod answer;
pub mod bot;
pub mod classifier;
pub mod cli;
pub mod discord;
pub mod knowledge;
pub mod message;
pub mod redact;
mod sieve;
pub mod slack;
pub mod store;
pub mod terminal;
pub mod web;
