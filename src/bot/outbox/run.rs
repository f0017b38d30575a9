//! The worker's loop: when it looks for what is due.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use jiff::Timestamp;
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Duration, Instant, sleep_until, timeout},
};

use super::{POLL, SHORTEST, TROUBLE, Worker, rows};
use crate::{
    message::Platform,
    store::{Result, lock::Lock, outbox},
};

/// How often to look for digests and follow-ups that are due: nobody waits for these.
const CHORES: Duration = Duration::from_secs(1);

impl Worker {
    /// Works until [`Worker::stop`]: at once when `wake` says that something was put in, else when the next row is due.
    /// A database that does not answer is waited for.
    pub async fn run(self: &Arc<Self>, wake: &Notify, lock: &Lock) -> Result<()> {
        let mut lanes = JoinSet::new();
        let outcome = self.work(&mut lanes, wake, lock).await;
        // Serving lanes end after the row that they are sending.
        self.stopping.store(true, Ordering::Relaxed);
        let end = async { while lanes.join_next().await.is_some() {} };
        if timeout(self.settings.drain, end).await.is_err() {
            tracing::warn!("stopped while something was being sent");
            lanes.shutdown().await;
        }
        let mut tx = self.store.begin().await?;
        outbox::give_up(&mut tx, &self.lease).await?;
        tx.commit().await?;
        outcome
    }

    async fn work(self: &Arc<Self>, lanes: &mut JoinSet<Result<usize>>, wake: &Notify, lock: &Lock) -> Result<()> {
        let (mut first, mut woken) = (true, false);
        let mut look = Instant::now();
        let mut chores = look;
        while !self.stops() {
            let begun = async {
                if first {
                    self.take_over(lock).await?;
                    first = false;
                }
                // Whatever keeps a digest from being made is no reason to keep answers from being said.
                let mut made = Ok(0);
                if chores <= Instant::now() {
                    made = self.chores().await;
                    chores = Instant::now() + CHORES;
                }
                let taken = self.take(lanes).await?;
                made.map(|_| taken)
            };
            let hungry = match begun.await {
                Ok(taken) => {
                    // What this process puts in wakes the worker, and what it gives back is known: the database is asked what else
                    // there is from time to time, and where what was put in may have to wait for its lane.
                    let rests = self.resting.load(Ordering::Relaxed) > (self.clock)().as_millisecond();
                    if !woken || rests || look <= Instant::now() {
                        look = Instant::now() + self.pause().await;
                    }
                    taken.hungry
                }
                Err(error) if error.passes() => {
                    tracing::warn!(%error, "the outbox waits");
                    look = Instant::now() + TROUBLE;
                    false
                }
                Err(error) => return Err(error),
            };
            woken = self.rest(lanes, wake, &mut look, hungry).await?;
        }
        Ok(())
    }

    /// Waits until it is time to look again; says whether that was before `look`.
    async fn rest(
        &self,
        lanes: &mut JoinSet<Result<usize>>,
        wake: &Notify,
        look: &mut Instant,
        hungry: bool,
    ) -> Result<bool> {
        loop {
            let due = self.due.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(due) = due {
                *look = (*look).min(Instant::now() + self.until(due));
            }
            tokio::select! {
                () = wake.notified() => return Ok(true),
                () = self.stop.notified() => return Ok(true),
                () = sleep_until(*look) => return Ok(false),
                Some(served) = lanes.join_next() => match rows(served) {
                    Err(error) if !error.passes() => return Err(error),
                    // A hand is free for what it could not take before.
                    _ if hungry => return Ok(true),
                    _ => {}
                },
            }
        }
    }

    /// How long nothing can be begun, as far as is known.
    async fn pause(&self) -> Duration {
        let free: Vec<Platform> = self.free().map(|(platform, _)| platform).collect();
        // When all hands are full, the first that is free ends the pause.
        if free.is_empty() {
            return POLL;
        }
        let due = async { outbox::next_due(&mut *self.store.read().await?, &free).await };
        match due.await {
            Ok(Some(due)) => self.until(due),
            Ok(None) | Err(_) => POLL,
        }
    }

    fn until(&self, due: Timestamp) -> Duration {
        Duration::try_from(due.duration_since((self.clock)())).unwrap_or_default().clamp(SHORTEST, POLL)
    }
}
