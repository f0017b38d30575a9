//! Findings that arrive together are decided on and written together: on SQLite they share one commit, and with it one wait
//! for the disk. On PostgreSQL each has its own, or one error would fail its neighbours.
//!
//! `scribe`: who writes to SQLite. `write`: one transaction.

use std::{collections::HashSet, sync::Arc};

use super::{Bot, hear::Heard, say::Say};
use crate::{
    classifier::Diagnosis,
    message::{Address, Author},
    redact::Tally,
    store::{
        Engine, Result,
        findings::{NewHeard, NewOccurrence},
        outbox::{self, Kind, NewRow},
    },
};

mod scribe;
mod write;

pub(super) use scribe::Scribe;
pub(super) use write::Writer;

/// How often something is written that the database turns away for another's sake.
pub(super) const TRIES: usize = 4;

/// A message with something in it, read and redacted.
#[derive(Debug)]
pub(super) struct Finding {
    pub heard: NewHeard,
    pub author: Author,
    pub address: Address,
    pub diagnoses: Vec<Diagnosis>,
    /// What is kept of each failure.
    pub kept: Vec<String>,
    /// Fingerprints of failures that were counted before the message was edited.
    pub counted: HashSet<String>,
    pub secrets: Tally,
}

impl Finding {
    /// Its failures that are not counted yet.
    pub(super) fn uncounted(&self) -> impl Iterator<Item = NewOccurrence<'_>> {
        self.occurrences().filter(|o| !self.counted.contains(&o.diagnosis.fingerprint))
    }

    /// Its failures, to be recorded.
    pub(super) fn occurrences(&self) -> impl Iterator<Item = NewOccurrence<'_>> {
        let all = (0..).zip(self.diagnoses.iter().zip(&self.kept));
        all.map(|(ordinal, (diagnosis, kept))| NewOccurrence { heard: &self.heard, ordinal, diagnosis, kept })
    }
}

impl Bot {
    /// Stores a finding with what is to be said about it.
    pub(super) async fn record(&self, finding: Finding) -> Result<Heard> {
        let finding = Arc::new(finding);
        match self.store.engine() {
            Engine::Sqlite => self.scribe.record(&self.writer, finding).await,
            Engine::Postgres => {
                let writer = self.writer.clone();
                // Whoever waits for it may hang up, and nothing that follows from it is to be left out then.
                let written = tokio::spawn(async move { writer.write_alone(&[finding]).await }).await;
                written.unwrap_or_else(|error| match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => Err(scribe::stopped()),
                })
            }
        }
    }
}

/// An outbox row for something to say at once.
pub(super) fn row(say: &Say, kind: Kind, reply: Option<&str>) -> NewRow {
    NewRow {
        team: say.to.team().clone(),
        lane: say.to.channel().to_string(),
        key: outbox::post_key(),
        kind,
        reply: reply.map(str::to_owned),
        body: say.to_json(),
    }
}
