//! Weekly digests: made when they are due, and planned again. `report`: what a digest says. `refusal`: who hears that it cannot be
//! posted.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Bot,
    record::row,
    say::Say,
    schedule::{self, Planned, Schedule, Week},
};
use crate::{
    answer::digest::Digest,
    message::{ChannelId, TeamId, Where},
    store::{
        Result,
        chores::{self, Chore},
        digests::{self, Fate, NewDigest, Outcome, Setting, Switch},
        outbox::{self, Kind, NewRow},
    },
};

mod refusal;
mod report;

pub(super) use refusal::{refused, why_not};
pub use report::Until;

/// The schedule that a team has set.
#[must_use]
pub fn schedule(setting: &Setting) -> Schedule {
    let weekday =
        i8::try_from(setting.weekday).ok().and_then(|day| jiff::civil::Weekday::from_monday_one_offset(day).ok());
    let part = |number: i64| i8::try_from(number).unwrap_or_default();
    let time = jiff::civil::Time::new(part(setting.minute / 60), part(setting.minute % 60), 0, 0);
    let (weekday, time) = (weekday.unwrap_or(schedule::WEEKDAY), time.unwrap_or(schedule::TIME));
    Schedule::new(weekday, time, &setting.zone)
}

/// A digest that is to be said.
struct Due {
    week: Week,
    at: Timestamp,
    /// Weeks before it whose digests could not be said.
    unsaid: Vec<String>,
}

impl Bot {
    /// Makes a digest that is due, in one transaction with all that follows from it: what an earlier one left unsaid is given up, and
    /// the next one is planned. Nothing happens when somebody else did it.
    pub async fn make_digest(&self, chore: &Chore, now: Timestamp) -> Result<()> {
        let (mut tx, team) = (self.store.begin().await?, &chore.team);
        // Whoever sets it anew meanwhile waits, and then sees what is planned next.
        let setting = digests::held(&mut tx, team).await?;
        let Some(setting) = setting.filter(|s| s.switch == Switch::On) else {
            chores::take(&mut tx, chore).await?;
            return tx.commit().await;
        };
        let schedule = schedule(&setting);
        let week = chore.about.parse().unwrap_or_else(|_| schedule.week_at(chore.due));
        let (weeks, next) = schedule.catch_up(Planned { week, due: chore.due }, now);
        if !chores::go_on(&mut tx, chore, (&next.week.to_string(), next.due), now).await? {
            return Ok(());
        }
        let (last, missed) = weeks.split_last().map_or((week, &[][..]), |(last, missed)| (*last, missed));
        let mut unsaid = digests::give_up(&mut tx, team, Some(&last.to_string()), now).await?;
        for week in missed {
            let week = week.to_string();
            let new =
                NewDigest { week: &week, channel: &setting.channel, due: chore.due, fate: Fate::Ended(Outcome::Late) };
            if digests::add(&mut tx, team, new, now).await? {
                unsaid.push(week);
            }
        }
        // What was kept for this week from an earlier schedule has a moment of its own.
        let at = if last == week { chore.due } else { schedule.due(last) };
        self.say_digest(&mut tx, (team, &setting.channel), Due { week: last, at, unsaid }, now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Has the digest of a local week said, unless it has one already.
    async fn say_digest(
        &self,
        conn: &mut AnyConnection,
        (team, channel): (&TeamId, &ChannelId),
        Due { week, at: due, unsaid }: Due,
        now: Timestamp,
    ) -> Result<()> {
        let digest = Digest { unsaid, ..self.digest(conn, (team, channel), Until::before(due)).await? };
        let post = (!digest.is_empty()).then(|| post((team, channel), &digest));
        let fate = post.as_ref().map_or(Fate::Ended(Outcome::Empty), |post| Fate::Said(&post.key));
        let new = digests::add(conn, team, NewDigest { week: &week.to_string(), channel, due, fate }, now).await?;
        outbox::put(conn, post.filter(|_| new).as_slice(), now).await
    }

    /// Has the digest of some days said in a channel, besides the weekly ones. `false` when there is nothing to say.
    pub async fn post_digest(
        &self,
        conn: &mut AnyConnection,
        (team, channel): (&TeamId, &ChannelId),
        until: Until,
        now: Timestamp,
    ) -> Result<bool> {
        let digest = self.digest(conn, (team, channel), until).await?;
        if !digest.is_empty() {
            outbox::put(conn, &[post((team, channel), &digest)], now).await?;
        }
        Ok(!digest.is_empty())
    }
}

/// The row that says a digest.
fn post((team, channel): (&TeamId, &ChannelId), digest: &Digest) -> NewRow {
    let to = Where::Channel { team: team.clone(), channel: channel.clone() };
    NewRow { lane: digests::lane(channel), ..row(&Say::new(to, digest.reply()), Kind::Post, None) }
}
