//! What a worker takes up when it begins, and what it waits for before it ends.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use tokio::time::sleep;

use super::{POLL, SHORTEST, Worker};
use crate::store::{Result, lock::Lock, outbox};

/// More than a lease, so that what a dead worker held is waited for.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

impl Worker {
    /// Frees the lanes that dead workers held. Behind an exclusive lock nobody else lives, and what they left unsaid is not to
    /// wait until their leases run out.
    pub async fn take_over(&self, lock: &Lock) -> Result<()> {
        if lock.is_exclusive() {
            let mut tx = self.store.begin().await?;
            outbox::take_over(&mut tx, &self.lease).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Says what is due now or comes due within about a lease, such as rows that rest after a failure and those in the lanes of a
    /// worker that died on another machine. Ends at once when `given_up` says so.
    pub async fn finish(self: &Arc<Self>, given_up: impl Fn() -> bool) -> Result<()> {
        let end = (self.clock)() + (self.settings.lease + MARGIN);
        while !given_up() {
            self.drain().await?;
            let due = outbox::next_due(&mut *self.store.read().await?, &self.platforms()).await?;
            let now = (self.clock)();
            let Some(due) = due.filter(|due| *due <= end && now < end) else { return Ok(()) };
            sleep(Duration::try_from(due.duration_since(now)).unwrap_or_default().clamp(SHORTEST, POLL)).await;
        }
        Ok(())
    }
}
