//! A thread that writes findings to SQLite, which has one writer: whatever has come while it wrote is written next, together.
//!
//! A task among those that read messages would wait for its turn behind them each time the database has answered.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use futures_util::FutureExt as _;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

use super::{Finding, Writer};
use crate::{
    bot::hear::Heard,
    message::MessageRef,
    store::{Result, StoreError},
};

/// More findings than this do not share a commit: the first would wait long for the last.
const TOGETHER: usize = 1024;
/// Nor do more failures, of which a message may have several.
const FAILURES: usize = 2 * TOGETHER;

/// The way to the thread, which begins with the first finding and ends with this.
#[derive(Debug, Default)]
pub(in crate::bot) struct Scribe(Mutex<Option<UnboundedSender<Waiting>>>);

/// A finding with somebody who waits for it to be stored.
#[derive(Debug)]
struct Waiting {
    finding: Arc<Finding>,
    done: oneshot::Sender<Result<Heard>>,
}

impl Scribe {
    /// Has a finding stored; returns when it is on the disk.
    pub(super) async fn record(&self, writer: &Writer, finding: Arc<Finding>) -> Result<Heard> {
        let (done, outcome) = oneshot::channel();
        self.queue(writer)?.send(Waiting { finding, done }).map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }

    fn queue(&self, writer: &Writer) -> Result<UnboundedSender<Waiting>> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queue.as_ref().filter(|queue| !queue.is_closed()) {
            return Ok(queue.clone());
        }
        let started = start(writer.clone()).map_err(|error| StoreError::Gone(error.to_string()))?;
        Ok(queue.insert(started).clone())
    }
}

fn stopped() -> StoreError {
    StoreError::Gone("whoever wrote it has stopped".to_owned())
}

fn start(writer: Writer) -> std::io::Result<UnboundedSender<Waiting>> {
    let (queue, come) = unbounded_channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    thread::Builder::new().name("findings".to_owned()).spawn(move || runtime.block_on(write_all(&writer, come)))?;
    Ok(queue)
}

async fn write_all(writer: &Writer, mut come: UnboundedReceiver<Waiting>) {
    let mut waiting = Vec::new();
    loop {
        if waiting.is_empty() {
            let Some(one) = come.recv().await else { return };
            waiting.push(one);
        }
        while let Ok(one) = come.try_recv() {
            waiting.push(one);
        }
        let (batch, rest) = next_batch(waiting);
        waiting = rest;
        write_batch(writer, batch).await;
    }
}

/// Of what waits what is written next and what goes on waiting. No message is in a batch twice: the second is to see what became
/// of the first.
fn next_batch(waiting: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
    let (mut batch, mut rest): (Vec<Waiting>, Vec<Waiting>) = (Vec::new(), Vec::new());
    let mut taken: HashSet<MessageRef> = HashSet::new();
    let mut failures = 0;
    for one in waiting {
        failures += one.finding.diagnoses.len();
        let room = batch.len() < TOGETHER && failures <= FAILURES;
        if room && taken.insert(one.finding.heard.place.clone()) { batch.push(one) } else { rest.push(one) }
    }
    (batch, rest)
}

async fn write_batch(writer: &Writer, batch: Vec<Waiting>) {
    let mut batches = vec![batch];
    while let Some(mut batch) = batches.pop() {
        let findings: Vec<Arc<Finding>> = batch.iter().map(|one| Arc::clone(&one.finding)).collect();
        match write(writer, &findings).await {
            Ok(outcomes) => {
                for (one, heard) in batch.into_iter().zip(outcomes) {
                    let _ = one.done.send(Ok(heard));
                }
            }
            Err(error) if batch.len() == 1 || error.passes() => {
                let text = error.to_string();
                let mut error = Some(error);
                for one in batch {
                    let error = error.take().unwrap_or_else(|| StoreError::Gone(text.clone()));
                    let _ = one.done.send(Err(error));
                }
            }
            // One of them is at fault, and the others are not to suffer for it: it is in one half.
            Err(_) => {
                let half = batch.split_off(batch.len() / 2);
                batches.extend([half, batch]);
            }
        }
    }
}

/// A finding that makes the program panic is refused like one that the database refuses.
async fn write(writer: &Writer, findings: &[Arc<Finding>]) -> Result<Vec<Heard>> {
    AssertUnwindSafe(writer.write(findings)).catch_unwind().await.unwrap_or_else(|_| {
        Err(StoreError::Row { what: "a finding, to be written".to_owned(), why: "the program panicked".to_owned() })
    })
}
