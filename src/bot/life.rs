//! The bot comes into channels and teams, and says hello.

use jiff::Timestamp;

use super::{Bot, record::row, say::Say};
use crate::{
    answer::reply::{self, Reply},
    message::{ChannelId, TeamId, Where},
    store::{Result, inbox, outbox, outbox::Kind},
};

/// Where the bot says hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Somebody let it into this channel, and it reads along.
    Channel,
    /// Somebody let it into a server, and this channel is where it may speak first.
    Server,
}

impl Bot {
    /// Says hello where it was let in. `event` is the platform's id of that; a repeat changes nothing.
    pub async fn arrived(
        &self,
        (team, channel): (&TeamId, &ChannelId),
        arrival: Arrival,
        event: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.store.begin().await?;
        if !inbox::take(&mut tx, team, event, now).await? {
            return Ok(());
        }
        let hello = match arrival {
            Arrival::Channel => reply::hello_here(),
            Arrival::Server => reply::hello_server(),
        };
        let to = Where::Channel { team: team.clone(), channel: channel.clone() };
        let say = Say::new(to, Reply::say(hello));
        outbox::put(&mut tx, &[row(&say, Kind::Post, None)], now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}
