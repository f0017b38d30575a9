//! Taking down what became of rows. On SQLite the rows that end while others are taken down share the next transaction. On
//! PostgreSQL each has its own, or lanes would wait for each other.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use tokio::sync::oneshot;

use super::{Delivery, Worker, send::short};
use crate::{
    bot::{
        digest,
        together::{Waiting, write_together},
    },
    message::TeamId,
    store::{
        Engine, Result, StoreError, digests,
        outbox::{self, Kind, Next, Parcel, Said},
    },
};

/// What became of a row.
#[derive(Debug)]
pub(super) struct Ended {
    pub parcel: Parcel,
    pub delivery: Delivery,
    /// How long its lane rests.
    pub pace: SignedDuration,
}

/// What waits to be taken down.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    waiting: Mutex<Vec<Waiting<Arc<Ended>, Option<Parcel>>>>,
    /// Whoever has it writes what waits, its own and that of others.
    turn: tokio::sync::Mutex<()>,
}

impl Worker {
    /// Takes down what became of a row; returns the lane's next one if it is due.
    pub(super) async fn take_down(&self, ended: Arc<Ended>) -> Result<Option<Parcel>> {
        if self.store.engine() == Engine::Postgres {
            return Ok(self.write_down(vec![ended]).await?.pop().flatten());
        }
        let (done, outcome) = oneshot::channel();
        let waiting = || self.ledger.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting().push(Waiting { item: ended, done });
        let turn = self.ledger.turn.lock().await;
        // Often somebody else has taken it along.
        let all = mem::take(&mut *waiting());
        if !all.is_empty() {
            write_together(all, |all| self.write_down(all)).await;
        }
        drop(turn);
        // Whoever took it along may have been stopped meanwhile.
        outcome.await.map_err(|_| StoreError::Gone("whoever wrote it was stopped".to_owned()))?
    }

    /// One transaction for rows of different lanes; returns what comes next in each.
    async fn write_down(&self, all: Vec<Arc<Ended>>) -> Result<Vec<Option<Parcel>>> {
        let now = (self.clock)();
        let mut tx = self.store.begin().await?;
        let (mut next, mut resting) = (Next::default(), None);
        let mut said: HashMap<SignedDuration, Vec<Said<'_>>> = HashMap::new();
        for ended in &all {
            match &ended.delivery {
                Delivery::Done(answer) => {
                    let answer = answer.as_deref();
                    said.entry(ended.pace).or_default().push(Said { parcel: &ended.parcel, answer });
                }
                unsaid => next.add(self.unsaid(&mut tx, &ended.parcel, unsaid, now).await?),
            }
        }
        for (pace, said) in said {
            resting = resting.max(Some(now + pace));
            next.add(outbox::sent(&mut tx, &said, &self.lease, pace, now).await?);
            let posts = said.iter().map(|said| said.parcel).filter(|parcel| parcel.kind == Kind::Post);
            let posts = posts.map(|post| (&post.team, post.key.as_str(), post.reply.as_deref()));
            self.posted(&mut tx, &posts.collect::<Vec<_>>(), now).await?;
        }
        let next = self.with_bodies(&mut tx, next).await?;
        tx.commit().await?;
        self.due_at(next.due);
        self.rests_until(resting);
        let mut parcels: HashMap<(TeamId, String), Parcel> =
            next.parcels.into_iter().map(|parcel| ((parcel.team.clone(), parcel.lane.clone()), parcel)).collect();
        let lane = |ended: &Arc<Ended>| (ended.parcel.team.clone(), ended.parcel.lane.clone());
        Ok(all.iter().map(|ended| parcels.remove(&lane(ended))).collect())
    }

    /// What follows from a row that was not said, or may not have been.
    async fn unsaid(
        &self,
        conn: &mut AnyConnection,
        parcel: &Parcel,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<Next> {
        let lease = &self.lease;
        // A week's digest is tried until the next one is due, which gives it up. One that somebody asked for is a post like others.
        let in_lane = parcel.kind == Kind::Post && digests::is_lane(&parcel.lane);
        let patient = in_lane && digests::is_of_a_week(conn, &parcel.team, &parcel.key).await?;
        let again = patient || parcel.attempts < self.settings.attempts;
        let due = match delivery {
            Delivery::Done(_) => None,
            Delivery::Later(wait) => outbox::later(conn, parcel, lease, now + *wait).await?,
            Delivery::Unclear(error) if again && parcel.kind == Kind::Post => {
                tracing::warn!(key = %parcel.key, %error, "unclear whether a row was said");
                let rest = self.settings.echo.max(self.wait(parcel.attempts));
                outbox::unclear(conn, parcel, &short(error), lease, now + rest).await?
            }
            Delivery::Failed(error) | Delivery::Unclear(error)
                if again && (matches!(delivery, Delivery::Failed(_)) || parcel.kind != Kind::Notice) =>
            {
                outbox::retry(conn, parcel, &short(error), lease, now + self.wait(parcel.attempts)).await?
            }
            Delivery::Refused(error) if patient && parcel.begun.is_none() => {
                let told = digest::refused(conn, parcel, &short(error), now).await?;
                let at = now + self.wait(parcel.attempts);
                [told, outbox::retry(conn, parcel, &short(error), lease, at).await?].into_iter().flatten().min()
            }
            Delivery::Failed(error) | Delivery::Refused(error) => {
                tracing::warn!(key = %parcel.key, %error, "a row is set aside");
                return outbox::parked(conn, parcel, &short(error), lease, now).await;
            }
            Delivery::Unclear(error) => {
                tracing::warn!(key = %parcel.key, %error, "a row that may have been said is set aside");
                let error = format!("it may have been said: {}", short(error));
                return outbox::parked(conn, parcel, &error, lease, now).await;
            }
        };
        Ok(Next { parcels: Vec::new(), due })
    }

    /// Doubles with each attempt; a random half of it keeps workers from trying in step.
    fn wait(&self, attempts: i64) -> SignedDuration {
        let doubled = i32::try_from(attempts.clamp(1, 20)).map_or(1, |n| 1_i32 << (n - 1));
        let (first, longest) = (self.settings.backoff, self.settings.longest);
        first.checked_mul(doubled).unwrap_or(longest).min(longest).mul_f64(0.5 + 0.5 * (self.settings.jitter)())
    }
}
