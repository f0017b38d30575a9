//! What the worker does besides saying: digests that are due are made, and answers that nobody reacted to are followed up. What comes
//! of it are rows of the outbox like all others.

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::{Worker, send::short};
use crate::store::{
    Result,
    chores::{self, Chore, What},
};

/// How long to wait before more is taken.
const PACE: SignedDuration = SignedDuration::from_secs(2);
/// Digests taken at a time: 10,800 an hour, so that those of 10,000 teams that want theirs at nine are spread over that hour.
const DIGESTS: i64 = 6;
/// Follow-ups taken at a time.
const FOLLOW_UPS: i64 = 20;
/// How long something that could not be done waits.
const LATER: SignedDuration = SignedDuration::from_mins(5);

impl Worker {
    /// Carries out what is due; returns how much that was.
    pub(super) async fn chores(&self) -> Result<usize> {
        let (bot, now) = (&self.bot, (self.clock)());
        let since = now.as_millisecond().saturating_sub(self.chores_at.load(Ordering::Relaxed));
        // A clock that was put back is no reason to wait for it.
        if (0..PACE.as_millis()).contains(&i128::from(since)) {
            return Ok(0);
        }
        let mut conn = self.store.read().await?;
        let mut due = chores::due(&mut conn, What::FollowUp, FOLLOW_UPS, now).await?;
        due.extend(chores::due(&mut conn, What::Digest, DIGESTS, now).await?);
        drop(conn);
        if !due.is_empty() {
            self.chores_at.store(now.as_millisecond(), Ordering::Relaxed);
        }
        let mut done = 0;
        for chore in due {
            if self.stops() {
                break;
            }
            done += 1;
            let outcome = match chore.what {
                What::Digest => bot.make_digest(&chore, now).await,
                What::FollowUp => bot.follow_up(&chore, now).await,
            };
            if let Err(error) = outcome {
                self.put_off(&chore, &error.to_string(), now).await?;
            }
        }
        Ok(done)
    }

    /// One that cannot be done is not to keep the others from their turn.
    async fn put_off(&self, chore: &Chore, error: &str, now: Timestamp) -> Result<()> {
        tracing::warn!(team = %chore.team, what = ?chore.what, about = %chore.about, %error, "put off");
        let mut tx = self.store.begin().await?;
        chores::put_off(&mut tx, chore, &short(error), now + LATER).await?;
        tx.commit().await
    }
}
