//! What the load benches share: bots that run on a core of their own beside what they are compared with, events at a fixed rate,
//! what became of each, the search for the highest rate that holds, and the verdicts. `benches/slack` and `benches/discord` add
//! their platform.

#![allow(dead_code, reason = "each bench uses its part")]

pub mod book;
pub mod bots;
pub mod pace;
pub mod search;
pub mod texts;
pub mod verdicts;
