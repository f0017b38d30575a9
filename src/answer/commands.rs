//! Every sentence that answers a command.

use jiff::Timestamp;

use super::{Inline, reply::words::date};
use crate::store::memory::{Known, Totals};

mod keep;

pub use keep::*;

/// The heading of the history.
#[must_use]
pub fn history() -> &'static str {
    "Errors met last"
}

/// Nothing was met.
#[must_use]
pub fn no_history() -> Inline {
    Inline::plain("No error was met yet.")
}

/// That error was not met.
#[must_use]
pub fn unknown_error(fingerprint: &str) -> Inline {
    Inline::parse(&format!("No error `{fingerprint}` was met here. `/npmfix history` lists those that were."))
}

/// An error in the history.
#[must_use]
pub fn known(known: &Known, title: Option<&str>) -> Inline {
    let target = known.package.as_deref().or(known.scope.as_deref()).or(known.host.as_deref()).unwrap_or_default();
    let times = if known.seen.times == 1 { "once".to_owned() } else { format!("{} times", known.seen.times) };
    let title = title.map(|t| format!(", {t}")).unwrap_or_default();
    Inline::parse(&format!(
        "`{}` {} {target}{title}: {times}, last on {}",
        known.fingerprint,
        known.code,
        date(known.seen.last)
    ))
}

/// The heading of the statistics.
#[must_use]
pub fn stats_heading(days: i64) -> String {
    format!("The last {days} days")
}

/// The statistics.
#[must_use]
pub fn stats(t: &Totals) -> Vec<Inline> {
    let mut lines = vec![
        Inline::plain(&format!("Errors met: {}", t.seen)),
        Inline::plain(&format!("Messages answered: {}", t.answered)),
        Inline::plain(&format!("Fixed, as somebody said: {}", t.fixed)),
        Inline::plain(&format!("Did not help, as somebody said: {}", t.unhelpful)),
        Inline::plain(&format!("Answers that were not wanted: {}", t.false_answers)),
    ];
    if t.secrets > 0 {
        lines.push(Inline::plain(&format!(
            "Secrets pasted: {}. Revoke each; deleting the message is not enough.",
            t.secrets
        )));
    }
    lines
}

/// How the bot behaves here from now on.
#[must_use]
pub fn mode_set(mode: &str) -> Inline {
    Inline::parse(match mode {
        "auto" => {
            "I answer every npm auth failure that is pasted here. `/npmfix mention` or `/npmfix off` changes that."
        }
        "mention" => "I answer here only when I am mentioned. `/npmfix watch` changes that.",
        _ => "I read nothing here any more; commands still work. `/npmfix watch` changes that.",
    })
}

/// The channel is muted.
#[must_use]
pub fn muted(until: Option<Timestamp>) -> Inline {
    match until {
        Some(until) => Inline::parse(&format!(
            "I stay silent here until {} UTC. `/npmfix unmute` ends that.",
            until.strftime("%-d %B %Y, %H:%M")
        )),
        None => Inline::parse("I stay silent here. `/npmfix unmute` ends that."),
    }
}

/// The channel is not muted any more.
#[must_use]
pub fn unmuted() -> Inline {
    Inline::plain("I answer here again.")
}

/// One error is not answered here any more.
#[must_use]
pub fn error_muted(fingerprint: &str) -> Inline {
    Inline::parse(&format!("I stay silent about `{fingerprint}` here. `/npmfix unmute {fingerprint}` ends that."))
}

/// One error is answered here again.
#[must_use]
pub fn error_unmuted(fingerprint: &str, was: Unmuted) -> Inline {
    match was {
        Unmuted::Now => Inline::parse(&format!("I answer `{fingerprint}` here again.")),
        Unmuted::Never => Inline::parse(&format!("I was not silent about `{fingerprint}` here.")),
    }
}

/// Whether an error had been muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmuted {
    /// It had.
    Now,
    /// It had not.
    Never,
}

/// Whether other bots are answered here.
#[must_use]
pub fn bots_set(switch: &str) -> Inline {
    Inline::plain(match switch {
        "on" => "I answer what CI bots and other bots post here.",
        _ => "I answer only people here.",
    })
}

/// Only admins may do this.
#[must_use]
pub fn admins_only() -> Inline {
    Inline::plain("Only an admin can do this.")
}

/// The settings.
#[must_use]
pub fn settings(admins: usize, zone: Option<&str>, followups: &str) -> Inline {
    let zone = match zone {
        Some(zone) => format!("Time zone: {zone}."),
        None => "Time zone: UTC, as none is set; `/npmfix settings zone Europe/Berlin` sets one.".to_owned(),
    };
    let asks = if followups == "on" {
        "After 4 working hours (Monday to Friday, 09 to 17 there) I ask under an answer whether it helped; \
         `/npmfix settings followups off` ends that."
    } else {
        "I do not ask whether an answer helped; `/npmfix settings followups on` has me ask."
    };
    Inline::parse(&format!(
        "Admins named here besides the platform's own: {admins}. `/npmfix settings admins add @NAME` names one, \
         `remove` takes it back. {zone} {asks}"
    ))
}

/// Over the settings.
#[must_use]
pub fn settings_heading() -> &'static str {
    "Settings"
}

/// At the end of the page about a team.
#[must_use]
pub fn home_hint() -> Inline {
    Inline::parse(
        "What was met or saved in a private channel is shown only there. `/npmfix digest` in a channel sets its weekly report, \
         `/npmfix help` says what else I do.",
    )
}

/// There is no such time zone.
#[must_use]
pub fn no_such_zone(zone: &str) -> Inline {
    let zone: String = zone.chars().take(40).collect();
    Inline::parse(&format!("I know no time zone {zone}. They are called like `Europe/Berlin` or `America/New_York`."))
}

/// The settings were changed.
#[must_use]
pub fn settings_changed() -> Inline {
    Inline::plain("The settings are changed.")
}

/// Somebody was not named as an admin.
#[must_use]
pub fn was_no_admin() -> Inline {
    Inline::plain("They were not named as an admin here. What the platform's own admins may do is set there.")
}

/// How settings are changed.
#[must_use]
pub fn settings_usage() -> Inline {
    Inline::parse(
        "I read `settings`, `settings admins add @NAME`, `settings admins remove @NAME`, `settings zone Europe/Berlin` and \
         `settings followups on` or `off`.",
    )
}

/// Asks whether to forget somebody.
#[must_use]
pub fn forget_me_sure() -> Inline {
    Inline::parse(
        "This deletes the errors you pasted and what you chose under answers, and takes your name off the fixes you \
         saved and off the admins named here. Say `/npmfix forget me yes` to do it.",
    )
}

/// Asks whether to forget a team.
#[must_use]
pub fn forget_team_sure() -> Inline {
    Inline::parse(
        "This deletes everything stored about this team: errors, answers, saved fixes and settings. \
         Say `/npmfix forget team yes` to do it.",
    )
}

/// It is forgotten.
#[must_use]
pub fn forgotten(rows: u64) -> Inline {
    Inline::plain(&format!("Done: {rows} rows deleted or made nameless."))
}
