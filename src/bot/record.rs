//! Findings that arrive together are decided on and written together: on SQLite they share one commit, and with it one wait
//! for the disk. On PostgreSQL each has its own, or one error would fail its neighbours.

use std::{collections::HashSet, sync::Arc};

use tokio::sync::oneshot;

use super::{
    Bot,
    decide::Silence,
    hear::Heard,
    say::Say,
};
use crate::{
    classifier::Diagnosis,
    message::{Address, Author, MessageRef},
    redact::Tally,
    store::{
        Engine, Result, StoreError,
        findings::{NewHeard, NewOccurrence},
        outbox::{Kind, NewRow},
    },
};

mod write;

/// More findings than this do not share a commit: the first would wait long for the last.
const TOGETHER: usize = 512;
/// Nor do more failures, of which a message may have several.
const FAILURES: usize = 2 * TOGETHER;

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

/// A finding with somebody who waits for it to be stored.
#[derive(Debug)]
pub(super) struct Waiting {
    finding: Arc<Finding>,
    done: oneshot::Sender<Result<Heard>>,
}

impl Bot {
    /// Stores a finding with what is to be said about it. Whoever comes to write takes along all that wait.
    pub(super) async fn record(&self, finding: Finding) -> Result<Heard> {
        let finding = Arc::new(finding);
        if self.store.engine() == Engine::Postgres {
            return self.write_alone(&[finding]).await;
        }
        let mut outcome = self.wait(&finding);
        loop {
            // Whoever has been told steps out of the queue: if each still took its turn, it would find only what came since the
            // turn before, and hardly any two would share a commit.
            tokio::select! {
                biased;
                told = &mut outcome => match told {
                    Ok(told) => return told,
                    // Whoever had taken it was stopped half-way.
                    Err(_) => outcome = self.wait(&finding),
                },
                turn = self.turn.lock() => {
                    let batch = self.next_batch();
                    if !batch.is_empty() {
                        self.write_batch(batch).await;
                    }
                    drop(turn);
                }
            }
        }
    }

    /// Where others write at the same time, two can lock each other out: the one that the database turns away tries again.
    async fn write_alone(&self, alone: &[Arc<Finding>; 1]) -> Result<Heard> {
        for _ in 1..TRIES {
            match self.write(alone).await {
                Err(StoreError::Locked) => {}
                other => return other.map(first),
            }
        }
        self.write(alone).await.map(first)
    }

    fn wait(&self, finding: &Arc<Finding>) -> oneshot::Receiver<Result<Heard>> {
        let (done, outcome) = oneshot::channel();
        lock(&self.waiting).push(Waiting { finding: Arc::clone(finding), done });
        outcome
    }

    /// Takes what waits, but no message and no error of a channel twice: the second is to see what became of the first.
    fn next_batch(&self) -> Vec<Waiting> {
        let mut waiting = lock(&self.waiting);
        let (mut batch, mut rest): (Vec<Waiting>, Vec<Waiting>) = (Vec::new(), Vec::new());
        let mut taken: HashSet<MessageRef> = HashSet::new();
        let mut failures = 0;
        for one in waiting.drain(..) {
            failures += one.finding.diagnoses.len();
            let room = batch.len() < TOGETHER && failures <= FAILURES;
            if room && taken.insert(one.finding.heard.place.clone()) { batch.push(one) } else { rest.push(one) }
        }
        *waiting = rest;
        batch
    }

    async fn write_batch(&self, batch: Vec<Waiting>) {
        let findings: Vec<Arc<Finding>> = batch.iter().map(|w| Arc::clone(&w.finding)).collect();
        match self.write(&findings).await {
            Ok(outcomes) => {
                for (waiting, heard) in batch.into_iter().zip(outcomes) {
                    let _ = waiting.done.send(Ok(heard));
                }
            }
            Err(error) if batch.len() == 1 || error.passes() => {
                let text = error.to_string();
                let mut error = Some(error);
                for waiting in batch {
                    let error = error.take().unwrap_or_else(|| StoreError::Gone(text.clone()));
                    let _ = waiting.done.send(Err(error));
                }
            }
            // One of them is at fault; the others are not to suffer for it.
            Err(_) => {
                for waiting in batch {
                    let outcome = self.write(&[waiting.finding]).await.map(first);
                    let _ = waiting.done.send(outcome);
                }
            }
        }
    }
}

/// An outbox row for something to say at once.
pub(super) fn row(say: &Say, kind: Kind, reply: Option<&str>) -> NewRow {
    NewRow {
        team: say.to.team().clone(),
        lane: say.to.channel().to_string(),
        kind,
        reply: reply.map(str::to_owned),
        body: say.to_json(),
    }
}

fn first(outcomes: Vec<Heard>) -> Heard {
    outcomes.into_iter().next().unwrap_or(Heard::Silent(Silence::NoFailure))
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
