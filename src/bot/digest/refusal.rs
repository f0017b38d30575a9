//! Whoever set a digest hears of it, alone and once, when its channel does not take it any more. Everybody else sees it where they
//! ask when the digest comes.

use jiff::{Timestamp, tz::TimeZone};
use sqlx::AnyConnection;

use crate::{
    answer::{Inline, digest::words, reply::Reply},
    bot::{Bot, record::row, say::Say},
    message::{ChannelId, TeamId, UserId, Where},
    store::{
        Result,
        digests::{self, Refusal, Switch},
        moved,
        outbox::{self, Kind, Parcel},
    },
};

impl Bot {
    /// A channel has another id, because people of other organisations may read it from now on. What is stored about it follows; a
    /// digest that came to it has ended.
    pub async fn renumbered(&self, team: &TeamId, old: &ChannelId, new: &ChannelId, now: Timestamp) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let setting = digests::held(&mut tx, team).await?;
        moved::channel(&mut tx, team, old, new).await?;
        let ended = setting.filter(|setting| setting.switch == Switch::On && setting.channel == *old && old != new);
        if let Some(user) = ended.and_then(|setting| setting.set_by) {
            tell(&mut tx, (team, new), (&user, words::ended(new)), now).await?;
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}

/// The post of a week's digest was refused, for this reason: a word to whoever set it, unless they had it. A message to them alone,
/// because in the channel the bot may not be heard, and nobody else there can do anything about it. Returns when it is due.
pub(in crate::bot) async fn refused(
    conn: &mut AnyConnection,
    parcel: &Parcel,
    why: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let team = &parcel.team;
    if !digests::refused(conn, team, (&parcel.lane, why), now).await? {
        return Ok(None);
    }
    let Some(refusal) = digests::refusal(conn, team).await? else { return Ok(None) };
    let Some(user) = &refusal.set_by else { return Ok(None) };
    tell(conn, (team, &refusal.channel), (user, sentence(&refusal)), now).await?;
    Ok(Some(now))
}

/// Why a team's digest does not come, if its channel refuses it.
pub(in crate::bot) async fn why_not(conn: &mut AnyConnection, team: &TeamId) -> Result<Option<Inline>> {
    Ok(digests::refusal(conn, team).await?.as_ref().map(sentence))
}

fn sentence(refusal: &Refusal) -> Inline {
    let zone = TimeZone::get(&refusal.zone).unwrap_or(TimeZone::UTC);
    words::refused(&refusal.channel, &words::day(refusal.since.to_zoned(zone).date()), &refusal.why)
}

async fn tell(
    conn: &mut AnyConnection,
    (team, channel): (&TeamId, &ChannelId),
    (user, sentence): (&UserId, Inline),
    now: Timestamp,
) -> Result<()> {
    let to = Where::Channel { team: team.clone(), channel: channel.clone() };
    let say = Say::directly(to, user, Reply::say(sentence));
    outbox::put(conn, &[row(&say, Kind::Notice, None)], now).await
}
