//! Days, times, time zones and channels, as people write them.

use jiff::civil::{Time, Weekday};

use super::schedule;
use crate::message::ChannelId;

/// Words that only join others.
pub(super) const FILLERS: [&str; 5] = ["at", "in", "to", "on", "every"];

/// `monday`, `mon` and the like.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let name = |day: Weekday| match day {
        Weekday::Monday => "mondays",
        Weekday::Tuesday => "tuesdays",
        Weekday::Wednesday => "wednesdays",
        Weekday::Thursday => "thursdays",
        Weekday::Friday => "fridays",
        Weekday::Saturday => "saturdays",
        Weekday::Sunday => "sundays",
    };
    (word.len() >= 3).then(|| Weekday::Monday.cycle_forward().take(7).find(|day| name(*day).starts_with(word)))?
}

/// `9`, `09:00`, `9.30`, `9am`, `5:15pm`.
pub(super) fn time(word: &str) -> Option<Time> {
    let (clock, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        (None, None) => (word, None),
    };
    let (hour, minute) = clock.split_once([':', '.']).unwrap_or((clock, "00"));
    let number = |text: &str, digits: &[usize]| {
        let good = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        good.then(|| text.parse::<i8>().ok()).flatten()
    };
    let (hour, minute) = (number(hour, &[1, 2])?, number(minute, &[2])?);
    let hour = match half {
        None => hour,
        Some(half) => (1..=12).contains(&hour).then_some(hour % 12 + half)?,
    };
    Time::new(hour, minute, 0, 0).ok()
}

/// `#dev`, or as the platforms write it: `<#C024BE7LR|dev>`, `<#1234>`.
pub(super) fn channel(word: &str) -> Option<ChannelId> {
    let name = match word.strip_prefix("<#") {
        Some(id) => id.strip_suffix('>')?.split('|').next()?,
        None => word.strip_prefix('#')?,
    };
    ChannelId::parse(name).ok()
}

/// The IANA name of a time zone.
pub(super) fn zone(word: &str) -> Option<String> {
    schedule::zone(word.trim_matches(['"', '\'', '`', ',', '.']))
}
