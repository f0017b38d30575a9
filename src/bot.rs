//! The conversation: what is heard, what is decided, what is to be said. Knows the store and the floor below, no platform.
//!
//! - `hear`, `amend`: messages, edits and deletions come in. `decide`: whether and what to answer, without I/O. `record`: findings
//!   that arrive together are written together.
//! - `compose`: a diagnosis and what the team remembers → a [`crate::answer::reply::Reply`].
//! - `choices`: what people choose under an answer. `grammar`, `commands`: what they ask for. `saved`: which fixes fit.
//! - `life`: the bot comes into channels and leaves teams.
//! - `say`: what is put into the outbox. `schedule`: when a weekly digest is due. `digest`, `follow`: what is said later.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{knowledge::Knowledge, store::Store};

pub mod amend;
pub mod choices;
mod command;
pub mod commands;
mod compose;
mod decide;
pub mod digest;
mod follow;
mod gone;
pub mod grammar;
pub mod hear;
pub mod life;
pub mod outbox;
mod record;
mod revoke;
pub mod saved;
pub mod say;
pub mod schedule;
mod together;
mod when;
mod words;

pub use decide::Silence;
pub use hear::Heard;

/// How the bot behaves where nobody has set it otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long the bot only points to its earlier answer to an error in a channel.
    pub cool_down: jiff::SignedDuration,
    /// Answers in a channel within an hour. Beyond it, findings are recorded in silence.
    pub answers_per_hour: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cool_down: jiff::SignedDuration::from_hours(1), answers_per_hour: 20 }
    }
}

/// The bot. Cheap to share.
#[derive(Debug)]
pub struct Bot {
    knowledge: Arc<Knowledge>,
    store: Store,
    writer: record::Writer,
    scribe: record::Scribe,
    gone: Arc<gone::Gone>,
    wake: Arc<Notify>,
}

impl Bot {
    /// A bot with its knowledge and its memory.
    #[must_use]
    pub fn new(knowledge: Knowledge, store: Store, limits: Limits) -> Self {
        let (knowledge, gone, wake) = (Arc::new(knowledge), Arc::default(), Arc::default());
        Self {
            writer: record::Writer {
                knowledge: Arc::clone(&knowledge),
                store: store.clone(),
                limits,
                gone: Arc::clone(&gone),
                wake: Arc::clone(&wake),
            },
            knowledge,
            store,
            scribe: record::Scribe::default(),
            gone,
            wake,
        }
    }

    /// What it knows.
    #[must_use]
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// What it remembers.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Is notified when there is something new to say.
    #[must_use]
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }
}
