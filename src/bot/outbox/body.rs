//! What rows say that hold nothing but their reply: the answer, as it stands when it is said.
//!
//! Most of what is written for a finding would be the words of its answer, and what is not written twice cannot differ.

use std::collections::HashMap;

use jiff::SignedDuration;
use sqlx::AnyConnection;

use super::Worker;
use crate::{
    bot::{
        Bot,
        compose::{self, Fixes, Scene},
        say::Say,
    },
    store::{
        Result, StoreError,
        outbox::{self, Next, Parcel, Said},
        replies::{self, Given},
    },
};

impl Worker {
    /// The first row of each lane, from these on, that has something to say, with what it says. In the transaction that marks the
    /// rows: one whose words cannot be found now was never begun.
    pub(super) async fn with_bodies(&self, conn: &mut AnyConnection, next: Next) -> Result<Next> {
        let mut ready = Next { parcels: Vec::new(), due: next.due };
        let mut left = next.parcels;
        while !left.is_empty() {
            let (bare, full): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|parcel| parcel.reply.is_some() && parcel.body.is_empty());
            ready.parcels.extend(full);
            let mut then = Next::default();
            for (parcel, body) in self.bot.bodies(conn, bare).await? {
                match body {
                    Ok(Some(body)) => ready.parcels.push(Parcel { body, ..parcel }),
                    Ok(None) => then.add(self.nothing_to_say(conn, &parcel).await?),
                    Err(error) => {
                        tracing::warn!(key = %parcel.key, %error, "a row is set aside");
                        let (error, now) = (error.to_string(), (self.clock)());
                        then.add(outbox::parked(conn, &parcel, &error, &self.lease, now).await?);
                    }
                }
            }
            ready.add(Next { parcels: Vec::new(), due: then.due });
            left = then.parcels;
        }
        Ok(ready)
    }

    /// What a row was about was erased, and whatever was to change it has nothing to change.
    async fn nothing_to_say(&self, conn: &mut AnyConnection, parcel: &Parcel) -> Result<Next> {
        if let Some(reply) = parcel.reply.as_deref() {
            outbox::withdraw(conn, &parcel.team, &parcel.lane, reply).await?;
        }
        let said = [Said { parcel, answer: None }];
        outbox::sent(conn, &said, &self.lease, SignedDuration::ZERO, (self.clock)()).await
    }
}

impl Bot {
    /// What the replies of rows say, as their bodies hold it; `None` when the message is gone.
    async fn bodies(
        &self,
        conn: &mut AnyConnection,
        rows: Vec<Parcel>,
    ) -> Result<Vec<(Parcel, Result<Option<String>>)>> {
        let wanted: Vec<_> = rows.iter().filter_map(|row| Some((&row.team, row.reply.as_deref()?))).collect();
        let mut given = replies::peek_all(conn, &wanted).await?;
        let readable: Vec<_> = given.values().filter_map(|given| given.as_ref().ok()).collect();
        let mut fixes = self.fixes_of_each(conn, &readable).await?;
        let body = |row: Parcel| {
            let reply = row.reply.as_deref().unwrap_or_default();
            let fixes = fixes.remove(reply).transpose();
            let body = given.remove(reply).transpose().and_then(|given| {
                let (Some(given), fixes) = (given, fixes?.unwrap_or_default()) else { return Ok(None) };
                let content = compose::answer(&Scene::of(&given, &fixes), &self.knowledge);
                Ok(content.map(|content| Say::under(&given.place, content).to_json()))
            });
            (row, body)
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// The saved fixes that answers were given with, by the answers' ids. A fix that cannot be read keeps back what it fits, and
    /// nothing else.
    async fn fixes_of_each(
        &self,
        conn: &mut AnyConnection,
        given: &[&Given],
    ) -> Result<HashMap<String, Result<Fixes>>> {
        let mut each = HashMap::new();
        match self.fixes_of(conn, given).await {
            Ok(all) => each.extend(all.into_iter().map(|(reply, fixes)| (reply, Ok(fixes)))),
            Err(StoreError::Row { .. }) => {
                for one in given {
                    match self.fixes_of(conn, &[*one]).await {
                        Ok(fixes) => each.extend(fixes.into_iter().map(|(reply, fixes)| (reply, Ok(fixes)))),
                        Err(error @ StoreError::Row { .. }) => drop(each.insert(one.id.clone(), Err(error))),
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        Ok(each)
    }
}
