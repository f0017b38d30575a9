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
    bot::{
        hear::Heard,
        together::{self, write_together},
    },
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
type Waiting = together::Waiting<Arc<Finding>, Heard>;

impl Scribe {
    /// Has a finding stored; returns when it is on the disk.
    pub(super) async fn record(&self, writer: &Writer, finding: Arc<Finding>) -> Result<Heard> {
        let (done, outcome) = oneshot::channel();
        self.queue(writer)?.send(Waiting { item: finding, done }).map_err(|_| stopped())?;
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

pub(super) fn stopped() -> StoreError {
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
        write_together(batch, |findings| write(writer, findings)).await;
    }
}

/// Of what waits what is written next and what goes on waiting. No message is in a batch twice: the second is to see what became
/// of the first.
fn next_batch(waiting: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
    let (mut batch, mut rest): (Vec<Waiting>, Vec<Waiting>) = (Vec::new(), Vec::new());
    let mut taken: HashSet<MessageRef> = HashSet::new();
    let mut failures = 0;
    for one in waiting {
        failures += one.item.diagnoses.len();
        let room = batch.len() < TOGETHER && failures <= FAILURES;
        if room && taken.insert(one.item.heard.place.clone()) { batch.push(one) } else { rest.push(one) }
    }
    (batch, rest)
}

/// A finding that makes the program panic is refused like one that the database refuses.
async fn write(writer: &Writer, findings: Vec<Arc<Finding>>) -> Result<Vec<Heard>> {
    let outcomes = AssertUnwindSafe(writer.write(&findings)).catch_unwind().await.unwrap_or_else(|_| {
        Err(StoreError::Row { what: "a finding, to be written".to_owned(), why: "the program panicked".to_owned() })
    })?;
    for finding in &findings {
        // The others are written all the same. When its message comes again, it is tried again.
        if let Err(error) = writer.unless_gone(finding).await {
            tracing::warn!(%error, "cannot take back yet what was deleted while it was written down");
        }
    }
    Ok(outcomes)
}
