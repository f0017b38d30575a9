//! Weekly digests: made when they are due, and planned again. `report`: what a digest says.

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
        chores::{self, Chore, What},
        digests::{self, NewDigest, Outcome, Setting, Switch},
        outbox::{self, Kind, NewRow},
    },
};

mod report;

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
}

impl Bot {
    /// Makes a digest that is due, in one transaction with all that follows from it: what an earlier one left unsaid is given up, and
    /// the next one is planned. Nothing happens when somebody else did it.
    pub async fn make_digest(&self, chore: &Chore, now: Timestamp) -> Result<()> {
        let (mut tx, team) = (self.store.begin().await?, &chore.team);
        // Whoever sets it anew meanwhile waits, and then sees what is planned next.
        let setting = digests::held(&mut tx, team).await?;
        if !chores::take(&mut tx, chore).await? {
            return Ok(());
        }
        let Some(setting) = setting.filter(|s| s.switch == Switch::On) else {
            tx.commit().await?;
            return Ok(());
        };
        let schedule = schedule(&setting);
        let week = chore.about.parse().unwrap_or_else(|_| schedule.week_at(chore.due));
        let (weeks, next) = schedule.catch_up(Planned { week, due: chore.due }, now);
        let (last, missed) = weeks.split_last().map_or((week, &[][..]), |(last, missed)| (*last, missed));
        digests::give_up(&mut tx, team, Some(&last.to_string()), now).await?;
        for week in missed {
            let week = week.to_string();
            let (channel, due, outcome) = (&setting.channel, chore.due, Some(Outcome::Late));
            digests::add(&mut tx, team, NewDigest { week: &week, channel, due, outcome }, now).await?;
        }
        // What was kept for this week from an earlier schedule has a moment of its own.
        let due = if last == week { chore.due } else { schedule.due(last) };
        self.say_digest(&mut tx, (team, &setting.channel), Due { week: last, at: due }, now).await?;
        chores::plan(&mut tx, team, (What::Digest, &next.week.to_string()), next.due, now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Has the digest of a local week said, unless it has one already.
    async fn say_digest(
        &self,
        conn: &mut AnyConnection,
        (team, channel): (&TeamId, &ChannelId),
        Due { week, at: due }: Due,
        now: Timestamp,
    ) -> Result<()> {
        let mut digest = self.digest(conn, (team, channel), Until::before(due)).await?;
        digest.unsaid = digests::unsaid(conn, team).await?;
        let outcome = digest.is_empty().then_some(Outcome::Empty);
        let week = week.to_string();
        if !digests::add(conn, team, NewDigest { week: &week, channel, due, outcome }, now).await? || outcome.is_some()
        {
            return Ok(());
        }
        let key = post(conn, (team, channel), &digest, now).await?;
        digests::waits(conn, team, &week, &key).await
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
            post(conn, (team, channel), &digest, now).await?;
        }
        Ok(!digest.is_empty())
    }
}

/// Puts a digest into the outbox; returns the row's key.
async fn post(
    conn: &mut AnyConnection,
    (team, channel): (&TeamId, &ChannelId),
    digest: &Digest,
    now: Timestamp,
) -> Result<String> {
    let to = Where::Channel { team: team.clone(), channel: channel.clone() };
    let say = Say::new(to, digest.reply());
    let row = NewRow { lane: digests::lane(channel), ..row(&say, Kind::Post, None) };
    outbox::put(conn, std::slice::from_ref(&row), now).await?;
    Ok(row.key)
}
