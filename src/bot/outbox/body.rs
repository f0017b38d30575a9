//! What rows say that hold nothing but their reply: the answer, as it stands when it is said.
//!
//! Most of what is written for a finding would be the words of its answer, and what is not written twice cannot differ.

use jiff::SignedDuration;
use sqlx::AnyConnection;

use super::Worker;
use crate::{
    bot::{
        Bot,
        compose::{self, Scene},
        say::Say,
    },
    message::TeamId,
    store::{
        Result, StoreError,
        outbox::{self, Parcel},
        replies,
    },
};

impl Worker {
    /// The first of a lane's rows, from this one on, that has something to say, with what it says. In the transaction that marks
    /// the row: one whose words cannot be found now was never begun.
    pub(super) async fn with_body(&self, conn: &mut AnyConnection, parcel: Option<Parcel>) -> Result<Option<Parcel>> {
        let mut next = parcel;
        while let Some(parcel) = next {
            let Some(reply) = parcel.reply.as_deref().filter(|_| parcel.body.is_empty()) else {
                return Ok(Some(parcel));
            };
            next = match self.bot.body(conn, &parcel.team, reply).await {
                Ok(Some(body)) => return Ok(Some(Parcel { body, ..parcel })),
                // What it was about was erased, and whatever was to change it has nothing to change.
                Ok(None) => {
                    outbox::withdraw(conn, &parcel.team, &parcel.lane, reply).await?;
                    let pace = SignedDuration::ZERO;
                    outbox::sent(conn, &parcel, None, &self.lease, pace, (self.clock)()).await?
                }
                Err(error @ StoreError::Row { .. }) => {
                    tracing::warn!(key = %parcel.key, %error, "a row is set aside");
                    outbox::parked(conn, &parcel, &error.to_string(), &self.lease, (self.clock)()).await?
                }
                Err(error) => return Err(error),
            };
        }
        Ok(None)
    }
}

impl Bot {
    /// What a reply says, as an outbox row holds it. `None` when its message is gone.
    async fn body(&self, conn: &mut AnyConnection, team: &TeamId, reply: &str) -> Result<Option<String>> {
        let Some(given) = replies::peek(conn, team, reply).await? else { return Ok(None) };
        let fixes = self.fixes_of(conn, &given).await?;
        let content = compose::answer(&Scene::of(&given, &fixes), &self.knowledge);
        Ok(content.map(|content| Say::under(&given.place, content).to_json()))
    }
}
