//! The settings of a team.

use super::Run;
use crate::{
    answer::{commands as words, reply::Reply},
    bot::schedule,
    message::{Rights, UserId},
    store::{Result, teams},
};

impl Run<'_> {
    pub(super) async fn settings(&mut self, arguments: &[String]) -> Result<Reply> {
        let mut settings = teams::settings(&mut self.tx, self.asked.team).await?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match *arguments.as_slice() {
            [] => {
                let followups = if settings.follows_up() { "on" } else { "off" };
                Ok(Reply::say(words::settings(settings.admins.len(), settings.zone.as_deref(), followups)))
            }
            ["admins", change, name] => self.admins(settings, change, name).await,
            [what, value] if what.eq_ignore_ascii_case("zone") => {
                let Some(zone) = schedule::zone(value) else { return Ok(Reply::say(words::no_such_zone(value))) };
                settings.zone = Some(zone);
                self.change(settings).await
            }
            [what, value] if what.eq_ignore_ascii_case("followups") && matches!(value, "on" | "off") => {
                settings.followups = (value == "off").then(|| value.to_owned());
                self.change(settings).await
            }
            _ => Ok(Reply::say(words::settings_usage())),
        }
    }

    async fn change(&mut self, settings: teams::Settings) -> Result<Reply> {
        if self.rights().await? != Rights::Admin {
            return Ok(Reply::say(words::admins_only()));
        }
        teams::set(&mut self.tx, self.asked.team, &settings, self.now).await?;
        Ok(Reply::say(words::settings_changed()))
    }

    async fn admins(&mut self, mut settings: teams::Settings, change: &str, name: &str) -> Result<Reply> {
        // Slack writes `<@U…|name>`, Discord `<@…>` or `<@!…>`.
        let name = name.trim_matches(|c| matches!(c, '<' | '>' | '@' | '!')).split('|').next().unwrap_or_default();
        let (Ok(name), "add" | "remove") = (UserId::parse(name), change) else {
            return Ok(Reply::say(words::settings_usage()));
        };
        if self.rights().await? != Rights::Admin {
            return Ok(Reply::say(words::admins_only()));
        }
        let who = self.bot.store.who(self.asked.team, &name);
        let before = settings.admins.len();
        settings.admins.retain(|admin| admin != who.as_str());
        if change == "remove" && settings.admins.len() == before {
            return Ok(Reply::say(words::was_no_admin()));
        }
        if change == "add" {
            settings.admins.push(who.as_str().to_owned());
        }
        self.change(settings).await
    }
}
