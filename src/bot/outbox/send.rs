//! Serving one lane: its rows after each other, and what follows from what became of each.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{sleep, timeout};

use super::{Courier, Delivery, LookUp, Soon, TROUBLE, Worker};
use crate::store::{
    Result, digests,
    outbox::{self, Kind, Parcel},
};

/// How often to try to take down what became of a row: for less than a lease, or somebody else looks after it.
const TRIES: usize = 20;
/// Rows of one lane in a row before the others get their turn.
const ROWS_AT_A_TIME: usize = 20;
/// The longest text of an error that is kept.
const ERROR: usize = 500;

impl Worker {
    pub(super) async fn serve(&self, parcel: Parcel) -> Result<usize> {
        let mut rows = 0;
        let mut next = Some(parcel);
        while let Some(parcel) = next {
            if self.stops() || rows == ROWS_AT_A_TIME {
                let mut tx = self.store.begin().await?;
                outbox::given_back(&mut tx, &parcel, &self.lease, (self.clock)()).await?;
                tx.commit().await?;
                break;
            }
            rows += 1;
            next = self.send(&parcel).await?;
        }
        Ok(rows)
    }

    /// Sends one row and takes down what became of it; returns the lane's next row if it is due.
    ///
    /// Changing or removing a post twice does no harm, so these are tried again. A notice is said at most once. A post that may
    /// have been said rests until its echo could have come; then the platform's history is asked, once if it tells.
    async fn send(&self, parcel: &Parcel) -> Result<Option<Parcel>> {
        let platform = parcel.team.platform();
        let Some(courier) = self.couriers.iter().find(|c| c.platform() == platform) else { return Ok(None) };
        let delivery = match (parcel.kind, parcel.begun) {
            (Kind::Notice, Some(_)) => Delivery::Unclear("its sender died".to_owned()),
            (Kind::Post, Some(begun)) => self.look(&**courier, parcel, begun).await,
            _ => self.deliver(&**courier, parcel).await,
        };
        let mut tries = 0;
        loop {
            match self.take_down(parcel, &delivery, courier.pace()).await {
                Err(error) if error.passes() && tries < TRIES => {
                    tracing::warn!(%error, key = %parcel.key, "cannot take down yet what became of a row");
                    tries += 1;
                    sleep(TROUBLE).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Finds out what became of a post that was begun before, and says it if it was not said. What was on its way when its sender
    /// died may still arrive, so that a look before an echo could have come would be too early.
    async fn look(&self, courier: &dyn Courier, parcel: &Parcel, begun: Timestamp) -> Delivery {
        let early = (begun + self.settings.echo).duration_since((self.clock)());
        if early.is_positive() && early <= self.settings.echo {
            return Delivery::Later(early);
        }
        match self.limited(courier.look_up(parcel)).await {
            Some(LookUp::Found(answer)) => Delivery::Done(answer),
            Some(LookUp::Absent) => self.deliver(courier, parcel).await,
            Some(LookUp::Unknown) => {
                Delivery::Refused("it may have been said, and the platform does not tell".to_owned())
            }
            Some(LookUp::Later(wait)) => Delivery::Later(wait),
            Some(LookUp::Failed(error)) => Delivery::Unclear(error),
            None => Delivery::Unclear("the platform did not answer in time".to_owned()),
        }
    }

    async fn deliver(&self, courier: &dyn Courier, parcel: &Parcel) -> Delivery {
        let delivery = self.limited(courier.deliver(parcel)).await;
        delivery.unwrap_or_else(|| Delivery::Unclear("the platform did not answer in time".to_owned()))
    }

    /// Waits for a platform, but not until somebody else takes the lane.
    async fn limited<T>(&self, answer: Soon<'_, T>) -> Option<T> {
        let limit = Duration::try_from(self.settings.lease / 3).unwrap_or_default();
        timeout(limit, answer).await.ok()
    }

    async fn take_down(&self, parcel: &Parcel, delivery: &Delivery, pace: SignedDuration) -> Result<Option<Parcel>> {
        let (now, lease) = ((self.clock)(), &self.lease);
        let mut tx = self.store.begin().await?;
        // A week's digest is tried until the next one is due, which gives it up. One that somebody asked for is a post like others.
        let in_lane = parcel.kind == Kind::Post && digests::is_lane(&parcel.lane);
        let patient = in_lane && digests::is_of_a_week(&mut tx, &parcel.team, &parcel.key).await?;
        let again = patient || parcel.attempts < self.settings.attempts;
        let next = match delivery {
            Delivery::Done(answer) => {
                let next = outbox::sent(&mut tx, parcel, answer.as_deref(), lease, pace, now).await?;
                if parcel.kind == Kind::Post {
                    self.posted(&mut tx, &parcel.team, (&parcel.key, parcel.reply.as_deref()), now).await?;
                }
                next
            }
            Delivery::Later(wait) => {
                outbox::later(&mut tx, parcel, lease, now + *wait).await?;
                None
            }
            Delivery::Unclear(error) if again && parcel.kind == Kind::Post => {
                tracing::warn!(key = %parcel.key, %error, "unclear whether a row was said");
                let rest = self.settings.echo.max(self.wait(parcel.attempts));
                outbox::unclear(&mut tx, parcel, &short(error), lease, now + rest).await?;
                None
            }
            Delivery::Failed(error) | Delivery::Unclear(error)
                if again && (matches!(delivery, Delivery::Failed(_)) || parcel.kind != Kind::Notice) =>
            {
                outbox::retry(&mut tx, parcel, &short(error), lease, now + self.wait(parcel.attempts)).await?;
                None
            }
            Delivery::Refused(error) if patient && parcel.begun.is_none() => {
                outbox::retry(&mut tx, parcel, &short(error), lease, now + self.wait(parcel.attempts)).await?;
                None
            }
            Delivery::Failed(error) | Delivery::Refused(error) => {
                tracing::warn!(key = %parcel.key, %error, "a row is set aside");
                outbox::parked(&mut tx, parcel, &short(error), lease, now).await?
            }
            Delivery::Unclear(error) => {
                tracing::warn!(key = %parcel.key, %error, "a row that may have been said is set aside");
                outbox::parked(&mut tx, parcel, &format!("it may have been said: {}", short(error)), lease, now).await?
            }
        };
        let next = self.with_body(&mut tx, next).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// Doubles with each attempt; a random half of it keeps workers from trying in step.
    fn wait(&self, attempts: i64) -> SignedDuration {
        let doubled = i32::try_from(attempts.clamp(1, 20)).map_or(1, |n| 1_i32 << (n - 1));
        let (first, longest) = (self.settings.backoff, self.settings.longest);
        first.checked_mul(doubled).unwrap_or(longest).min(longest).mul_f64(0.5 + 0.5 * (self.settings.jitter)())
    }
}

pub(super) fn short(error: &str) -> String {
    error.chars().filter(|c| !c.is_control()).take(ERROR).collect()
}
