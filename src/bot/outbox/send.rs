//! Serving one lane: its rows after each other, and what follows from what became of each.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use super::{Courier, Delivery, LookUp, Soon, TROUBLE, Worker, ledger::Ended};
use crate::store::{
    Result,
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
                let due = outbox::given_back(&mut tx, &parcel, &self.lease, (self.clock)()).await?;
                tx.commit().await?;
                self.due_at(due);
                break;
            }
            rows += 1;
            next = self.send(parcel).await?;
        }
        Ok(rows)
    }

    /// Sends one row and takes down what became of it; returns the lane's next row if it is due.
    ///
    /// Changing or removing a post twice does no harm, so these are tried again. A notice is said at most once. A post that may
    /// have been said rests until its echo could have come; then the platform's history is asked, once if it tells.
    async fn send(&self, parcel: Parcel) -> Result<Option<Parcel>> {
        let platform = parcel.team.platform();
        let Some(courier) = self.couriers.iter().find(|c| c.platform() == platform) else { return Ok(None) };
        let delivery = match (parcel.kind, parcel.begun) {
            (Kind::Notice, Some(_)) => Delivery::Unclear("its sender died".to_owned()),
            (Kind::Post, Some(begun)) => self.look(&**courier, &parcel, begun).await,
            _ => self.deliver(&**courier, &parcel).await,
        };
        let ended = Arc::new(Ended { parcel, delivery, pace: courier.pace() });
        let mut tries = 0;
        loop {
            match self.take_down(Arc::clone(&ended)).await {
                Err(error) if error.passes() && tries < TRIES => {
                    tracing::warn!(%error, key = %ended.parcel.key, "cannot take down yet what became of a row");
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
        let waiting = matches!(parcel.kind, Kind::Post | Kind::Notice).then(|| self.echoes.begins(&parcel.key));
        let delivery = self.limited(courier.deliver(parcel)).await;
        let delivery = delivery.unwrap_or_else(|| Delivery::Unclear("the platform did not answer in time".to_owned()));
        let Some(waiting) = waiting else { return delivery };
        if matches!(delivery, Delivery::Done(Some(_))) {
            waiting.answered();
            return delivery;
        }
        // Where no answer tells, the post itself may have come back.
        waiting.came().map_or(delivery, |answer| Delivery::Done(Some(answer)))
    }

    /// Waits for a platform, but not until somebody else takes the lane.
    async fn limited<T>(&self, answer: Soon<'_, T>) -> Option<T> {
        let limit = Duration::try_from(self.settings.lease / 3).unwrap_or_default();
        timeout(limit, answer).await.ok()
    }
}

pub(super) fn short(error: &str) -> String {
    error.chars().filter(|c| !c.is_control()).take(ERROR).collect()
}
