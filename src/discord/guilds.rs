//! Servers come and go. One that the bot comes to gets a short hello; of one that it left, everything is erased some days later.
//! A server that Discord cannot reach has not been left.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::wire::{Guild, Ready};
use crate::{
    bot::{Bot, life::Arrival},
    message::{ChannelId, TeamId},
    store::{Result, discord as kept, discord::Shard, forget},
};

/// How long what is stored about a server stays after the bot has left it: somebody may have removed it by mistake.
pub const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A server that the bot came to longer ago than this gets no hello any more.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// Takes in that the bot is in a server; says whether it is to say hello there.
pub async fn came(bot: &Bot, team: &TeamId, guild: &Guild<'_>, now: Timestamp) -> Result<bool> {
    let mut tx = bot.store().begin().await?;
    let new = kept::joined(&mut tx, team, now).await?;
    tx.commit().await?;
    let joined: Option<Timestamp> = guild.joined_at.as_str().parse().ok();
    Ok(new && joined.is_some_and(|joined| now.duration_since(joined) < FRESH))
}

/// Says hello in a server, where Discord itself says who came.
pub async fn greet(bot: &Bot, team: &TeamId, guild: &Guild<'_>, now: Timestamp) -> Result<()> {
    let Ok(channel) = ChannelId::parse(guild.system_channel_id.as_str()) else { return Ok(()) };
    let event = format!("joined {}", guild.joined_at.as_str());
    bot.arrived((team, &channel), Arrival::Server, &event, now).await
}

/// Takes in that the bot has left a server.
pub async fn left(bot: &Bot, team: &TeamId, now: Timestamp) -> Result<()> {
    let mut tx = bot.store().begin().await?;
    kept::left(&mut tx, team, now).await?;
    tx.commit().await
}

/// Takes in which servers the bot is in; the others of this shard it has left while it was not connected.
pub async fn present(bot: &Bot, ready: &Ready<'_>, shard: Shard, now: Timestamp) -> Result<()> {
    let present: HashSet<&str> = ready.guilds.0.iter().map(|guild| guild.id.as_str()).collect();
    let known = kept::guilds(&mut *bot.store().read().await?).await?;
    for team in known {
        let id = team.as_str().strip_prefix("discord:").unwrap_or_default();
        if is_of(id, shard) && !present.contains(id) {
            left(bot, &team, now).await?;
        }
    }
    Ok(())
}

/// Whether a server's events come to this shard, as Discord divides them.
fn is_of(guild: &str, shard: Shard) -> bool {
    guild.parse::<u64>().is_ok_and(|id| (id >> 22) % u64::from(shard.of.max(1)) == u64::from(shard.number))
}

/// Erases what is stored about servers that were left long enough ago; says how many.
pub async fn sweep(bot: &Bot, now: Timestamp) -> Result<usize> {
    let gone = kept::left_before(&mut *bot.store().read().await?, now - GRACE).await?;
    for team in &gone {
        let mut tx = bot.store().begin().await?;
        forget::team(&mut tx, team).await?;
        tx.commit().await?;
        tracing::info!(%team, "erased what was stored about a server that was left");
    }
    Ok(gone.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_belongs_to_one_shard() {
        let of = |number| Shard { number, of: 4 };
        let guild = (7_u64 << 22).to_string();
        assert!(is_of(&guild, of(3)) && !is_of(&guild, of(0)));
        assert!(!is_of("dm-7", of(0)));
    }
}
