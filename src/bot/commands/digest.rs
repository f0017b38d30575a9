//! When the weekly digest comes.

use super::Run;
use crate::{
    answer::{
        digest::words,
        reply::{Block, Reply},
    },
    bot::{
        digest::{self, Until},
        grammar::Digest,
        schedule::{self, Planned},
    },
    message::{ChannelId, Visibility},
    store::{
        Result,
        chores::{self, What},
        digests::{self, Setting, Switch},
        teams,
    },
};

impl Run<'_> {
    pub(super) async fn digest(&mut self, wish: Digest) -> Result<Reply> {
        let setting = digests::setting(&mut self.tx, self.asked.team).await?;
        match wish {
            Digest::Show => match setting.filter(|setting| setting.switch == Switch::On) {
                Some(setting) => {
                    let mut reply = self.comes(&setting).await?;
                    let trouble = digest::why_not(&mut self.tx, self.asked.team).await?;
                    reply.blocks.extend(trouble.map(Block::Say));
                    Ok(reply)
                }
                None => Ok(Reply::say(words::comes_not())),
            },
            Digest::On { weekday, time, zone, channel } => {
                if channel.is_none() && self.asked.visibility == Visibility::Shared {
                    return Ok(Reply::say(words::not_in_shared()));
                }
                if channel.as_ref().is_some_and(|channel| !self.asked.team.platform().could_name(channel)) {
                    return Ok(Reply::say(words::which_channel()));
                }
                let mut settings = teams::settings(&mut self.tx, self.asked.team).await?;
                let known = setting.as_ref().map(|s| s.zone.clone()).or_else(|| settings.zone.clone());
                let Some(zone) = zone.clone().or(known).or_else(|| self.zone.and_then(schedule::zone)) else {
                    return Ok(Reply::say(words::which_zone()));
                };
                let now = setting.as_ref().map(digest::schedule);
                let weekday = weekday.or(now.as_ref().map(|s| s.weekday)).unwrap_or(schedule::WEEKDAY);
                let time = time.or(now.as_ref().map(|s| s.time)).unwrap_or(schedule::TIME);
                let setting = Setting {
                    channel: channel.unwrap_or_else(|| self.asked.channel.clone()),
                    weekday: i64::from(weekday.to_monday_one_offset()),
                    minute: i64::from(time.hour()) * 60 + i64::from(time.minute()),
                    zone: zone.clone(),
                    switch: Switch::On,
                    set_by: Some(self.asked.author.id.clone()),
                };
                // The zone of working hours is for admins to change; the first to name one gives the team its own.
                if settings.zone.is_none() {
                    settings.zone = Some(zone);
                    teams::set(&mut self.tx, self.asked.team, &settings, self.now).await?;
                }
                self.begin(&setting).await?;
                self.comes(&setting).await
            }
            Digest::Off => {
                if let Some(setting) = setting {
                    let setting = Setting { switch: Switch::Off, ..setting };
                    digests::set(&mut self.tx, self.asked.team, &setting, self.now).await?;
                    chores::cancel(&mut self.tx, self.asked.team, (What::Digest, "")).await?;
                    digests::give_up(&mut self.tx, self.asked.team, None, self.now).await?;
                }
                Ok(Reply::say(words::switched_off()))
            }
            Digest::Now => {
                let channel = setting.filter(|s| s.switch == Switch::On).map(|setting| setting.channel);
                if channel.is_none() && self.asked.visibility == Visibility::Shared {
                    return Ok(Reply::say(words::not_in_shared()));
                }
                let channel = channel.unwrap_or_else(|| self.asked.channel.clone());
                let (team, until) = (self.asked.team, Until::before(self.now));
                let posted = self.bot.post_digest(&mut self.tx, (team, &channel), until, self.now).await?;
                Ok(Reply::say(if posted { words::posted(self.named(&channel)) } else { words::nothing() }))
            }
            Digest::Preview => {
                let (team, channel) = (self.asked.team, self.asked.channel);
                let digest = self.bot.digest(&mut self.tx, (team, channel), Until::before(self.now)).await?;
                Ok(if digest.is_empty() { Reply::say(words::nothing()) } else { digest.reply() })
            }
        }
    }

    /// Sets the schedule and plans its first digest.
    async fn begin(&mut self, setting: &Setting) -> Result<()> {
        let team = self.asked.team;
        // This holds the team's schedule against others who set it.
        digests::set(&mut self.tx, team, setting, self.now).await?;
        let last = digests::last_week(&mut self.tx, team).await?.and_then(|week| week.parse().ok());
        let waiting = chores::planned(&mut self.tx, team, (What::Digest, "")).await?;
        let waiting = waiting.and_then(|(week, due)| Some(Planned { week: week.parse().ok()?, due }));
        let next = digest::schedule(setting).begin(self.now, last, waiting);
        chores::plan(&mut self.tx, team, (What::Digest, &next.week.to_string()), next.due, self.now).await
    }

    async fn comes(&mut self, setting: &Setting) -> Result<Reply> {
        let planned = chores::planned(&mut self.tx, self.asked.team, (What::Digest, "")).await?;
        let schedule = digest::schedule(setting);
        let next = planned.map_or(self.now, |(_, due)| due.max(self.now));
        Ok(Reply::say(words::comes(&words::Coming {
            weekday: words::weekday(schedule.weekday),
            time: &schedule.time.strftime("%H:%M").to_string(),
            zone: schedule.zone(),
            channel: self.named(&setting.channel),
            next: &words::day(schedule.local_date(next)),
        })))
    }

    /// A channel as it is called where somebody asks; `None`: it is this one.
    fn named<'c>(&self, channel: &'c ChannelId) -> Option<&'c ChannelId> {
        Some(channel).filter(|channel| *channel != self.asked.channel)
    }
}
