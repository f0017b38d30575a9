//! Every sentence of a digest, and of the commands about it.

use jiff::{
    SignedDuration,
    civil::{Date, Weekday},
};

use super::Entry;
use crate::{
    answer::{Inline, picture::Series},
    message::ChannelId,
};

/// Over the digest.
#[must_use]
pub fn heading(first: Date, last: Date) -> String {
    format!("npm auth failures, {}", days(first, last))
}

/// `16 – 22 November 2026`; what both days share is said once.
fn days(first: Date, last: Date) -> String {
    let end = last.strftime("%-d %B %Y");
    let same_month = (first.year(), first.month()) == (last.year(), last.month());
    let start = match same_month {
        true => first.strftime("%-d").to_string(),
        false if first.year() == last.year() => first.strftime("%-d %B").to_string(),
        false => first.strftime("%-d %B %Y").to_string(),
    };
    format!("{start} – {end}")
}

fn errors(times: u64) -> String {
    if times == 1 { "1 error".to_owned() } else { format!("{times} errors") }
}

/// How many errors there were, and whether that is more or less than before.
#[must_use]
pub fn total(times: u64, before: u64) -> Inline {
    let trend = match (times, before) {
        (_, 0) => "there were none the week before".to_owned(),
        (times, before) if times > before => format!("{} more than the week before ({before})", times - before),
        (times, before) if times < before => format!("{} fewer than the week before ({before})", before - times),
        _ => "as many as the week before".to_owned(),
    };
    Inline::plain(&format!("{}, {trend}.", errors(times)))
}

/// Earlier digests could not be said.
#[must_use]
pub fn unsaid(weeks: &[String]) -> Option<Inline> {
    let sentence = match weeks {
        [] => return None,
        [week] => format!("The digest of week {week} could not be posted, so it was left out."),
        [first, .., last] => format!(
            "The digests of {} weeks, from {first} to {last}, could not be posted, so they were left out.",
            weeks.len()
        ),
    };
    Some(Inline::plain(&sentence))
}

/// Over the picture.
#[must_use]
pub fn picture_title(first: Date, last: Date) -> String {
    format!("Errors by day, {}", days(first, last))
}

/// What the picture shows.
#[must_use]
pub fn picture_alt(first: Date, last: Date, series: &[Series]) -> String {
    let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
    let weeks = |counts: &[u32]| counts.chunks(7).map(|week| sum(week).to_string()).collect::<Vec<_>>().join(", ");
    let of = |series: &Series| format!("{}: {}", series.label, weeks(&series.counts));
    let lines: Vec<String> = series.iter().map(of).collect();
    format!("Errors by day, {}, stacked by error. By week: {}.", days(first, last), lines.join("; "))
}

/// In the picture, the errors that have no colour of their own.
#[must_use]
pub fn others(count: usize) -> String {
    if count == 1 { "1 other".to_owned() } else { format!("{count} others") }
}

/// Over the errors that the team had met before.
#[must_use]
pub fn recurring() -> &'static str {
    "Keeps coming back"
}

/// Over the errors that it had not.
#[must_use]
pub fn new() -> &'static str {
    "Seen for the first time"
}

/// Over the sums.
#[must_use]
pub fn sums() -> &'static str {
    "In all"
}

/// Errors that are not listed.
#[must_use]
pub fn more(count: usize) -> Inline {
    Inline::parse(&format!("and {count} more: `/npmfix history` lists them"))
}

/// An error: how often, by whom, where.
#[must_use]
pub fn entry(entry: &Entry) -> Inline {
    let target = if entry.target.is_empty() { String::new() } else { format!(" `{}`", entry.target) };
    let before = if entry.before > 0 { format!(" ({} the week before)", entry.before) } else { String::new() };
    let people = match entry.people {
        ..=0 => String::new(),
        1 => ", 1 person".to_owned(),
        people => format!(", {people} people"),
    };
    let channels = if entry.channels > 1 { format!(", {} channels", entry.channels) } else { String::new() };
    let times = if entry.times == 1 { "once".to_owned() } else { format!("{} times", entry.times) };
    Inline::parse(&format!("{}{target}: {times}{before}{people}{channels}", entry.code))
}

/// What is behind an error, and what is saved for it.
#[must_use]
pub fn about(cause: Option<&str>, fix: Option<&(i64, String)>) -> Inline {
    let cause = cause.map(|cause| format!("{}. ", cause.trim_end_matches('.'))).unwrap_or_default();
    let Some((id, author)) = fix else { return Inline::plain(&format!("{cause}No fix saved yet.")) };
    let author = if author.trim().is_empty() { String::new() } else { format!(", saved by {author}") };
    // A name is shown as it is, backticks and all.
    Inline::plain(&format!("{cause}Fix {id}{author}."))
}

/// How many errors were resolved, and how fast.
#[must_use]
pub fn resolved(count: usize, median: Option<SignedDuration>) -> Inline {
    let time = median.map(|median| format!("; half of them within {}", length(median))).unwrap_or_default();
    Inline::plain(&format!("Fixed, as somebody said: {count}{time}"))
}

/// Errors that stayed away.
#[must_use]
pub fn quiet(count: i64) -> Inline {
    Inline::plain(&format!("Not seen for two weeks, so taken for fixed: {count}"))
}

/// A time in its two largest units at most.
fn length(time: SignedDuration) -> String {
    let count = |number: i64, unit: &str| {
        if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
    };
    match time.as_mins() {
        ..=0 => "a minute".to_owned(),
        minutes @ 1..120 => count(minutes, "minute"),
        minutes @ 120..2880 => count(minutes / 60, "hour"),
        minutes => count(minutes / 1440, "day"),
    }
}

/// How often saved fixes helped.
#[must_use]
pub fn helped(times: i64, fixes: &[(i64, String)]) -> Inline {
    let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let fix = |(id, author): &(i64, String)| {
        if author.trim().is_empty() { format!("fix {id}") } else { format!("fix {id} by {author}") }
    };
    let fixes: Vec<String> = fixes.iter().map(fix).collect();
    let fixes = if fixes.is_empty() { String::new() } else { format!(" ({})", fixes.join(", ")) };
    Inline::plain(&format!("Saved fixes helped {times}{fixes}"))
}

/// The registries that failed most.
#[must_use]
pub fn registries(all: &[(String, u64)]) -> Inline {
    let all: Vec<String> = all.iter().map(|(host, times)| format!("`{host}` ({times})")).collect();
    Inline::parse(&format!("Registries that refused most: {}", all.join(", ")))
}

/// Secrets were pasted.
#[must_use]
pub fn secrets(count: i64) -> Inline {
    let what =
        if count == 1 { "1 token or password was".to_owned() } else { format!("{count} tokens or passwords were") };
    Inline::plain(&format!(
        "{what} pasted. Revoke each, deleting the message is not enough, and keep tokens in your CI's secret store."
    ))
}

/// When the digest comes.
#[derive(Debug, Clone, Copy)]
pub struct Coming<'a> {
    /// The day's name.
    pub weekday: &'a str,
    /// The local time.
    pub time: &'a str,
    /// The zone's IANA name.
    pub zone: &'a str,
    /// Where; absent: in the channel where somebody asks.
    pub channel: Option<&'a ChannelId>,
    /// The day of the next one.
    pub next: &'a str,
}

/// The digest comes.
#[must_use]
pub fn comes(c: &Coming<'_>) -> Inline {
    let Coming { weekday, time, zone, channel, next } = c;
    Inline::plain("The weekly digest comes ").then(to(*channel)).then(Inline::parse(&format!(
        " every {weekday} at {time}, {zone} time; the next one on {next}. \
         A week without errors has none. `/npmfix digest off` ends it, `/npmfix digest preview` shows it to you."
    )))
}

/// To a channel; absent: the one where somebody asks.
fn to(channel: Option<&ChannelId>) -> Inline {
    channel.map_or_else(|| Inline::plain("to this channel"), |channel| Inline::plain("to ").channel(channel))
}

/// The digest's channel refuses it, since a day, and this is why, in the platform's words.
#[must_use]
pub fn refused(channel: &ChannelId, since: &str, why: &str) -> Inline {
    Inline::plain("The weekly digest could not be posted in ")
        .channel(channel)
        .then(Inline::plain(&format!(" since {since}: {}. ", why.trim_end_matches('.'))))
        .then(Inline::parse(
            "Invite me there and see that I may post, or have it come to another channel: `/npmfix digest on #dev`. \
             `/npmfix digest off` ends it. Until the next one is due I try again.",
        ))
}

/// The digest's channel got a new id as people of other organisations came to it, so the digest has ended.
#[must_use]
pub fn ended(channel: &ChannelId) -> Inline {
    Inline::plain("People of other organisations may read ")
        .channel(channel)
        .then(Inline::parse(
            " now, so your team's weekly digest does not come there any more. `/npmfix digest on #dev` has it come to another \
             channel.",
        ))
}

/// A day's name.
#[must_use]
pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// A day.
#[must_use]
pub fn day(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// A channel with people of other organisations has no digest.
#[must_use]
pub fn not_in_shared() -> Inline {
    Inline::parse(
        "People of other organisations read this channel, so your team's digest does not come here. Name another one: \
         `/npmfix digest on #dev`.",
    )
}

/// It does not.
#[must_use]
pub fn comes_not() -> Inline {
    Inline::parse("There is no weekly digest. `/npmfix digest on monday 09:00 Europe/Berlin #dev` has one come.")
}

/// It does not any more.
#[must_use]
pub fn switched_off() -> Inline {
    Inline::parse("The weekly digest is off. `/npmfix digest on` has it come again.")
}

/// Nobody knows in which zone.
#[must_use]
pub fn which_zone() -> Inline {
    Inline::parse(
        "In which time zone? Say it behind the command, by its IANA name: `/npmfix digest on monday 09:00 Europe/Berlin`.",
    )
}

/// Nobody knows to which channel.
#[must_use]
pub fn which_channel() -> Inline {
    Inline::parse(
        "I do not know that channel, or may not post there. Invite me, then type `#` and pick it from the list that opens; or \
         say this in that channel.",
    )
}

/// It is posted at once.
#[must_use]
pub fn posted(channel: Option<&ChannelId>) -> Inline {
    Inline::plain("The digest of the last seven days is on its way ").then(to(channel)).then(Inline::plain("."))
}

/// There is nothing to say.
#[must_use]
pub fn nothing() -> Inline {
    Inline::plain("Nothing was met in these seven days, so there is no digest.")
}

/// The same for the terminal, where the week is known.
#[must_use]
pub fn nothing_in(first: Date, last: Date) -> String {
    format!("nothing was met in {}", days(first, last))
}

/// The digest has nowhere to go.
#[must_use]
pub fn no_channel(team: &str) -> String {
    format!("team {team} has no channel for digests; set one with `/npmfix digest on` there")
}

/// The digest was put into the outbox.
#[must_use]
pub fn queued(channel: &str) -> String {
    format!("the digest is on its way to {channel}; whoever serves the team posts it")
}

/// A picture is no text.
#[must_use]
pub fn png_to_a_file() -> &'static str {
    "this is a picture: send it to a file, as in `npmfix digest --team local --format png > week.png`"
}

/// There is nothing to draw.
#[must_use]
pub fn no_picture() -> &'static str {
    "no error was met in these four weeks, so there is nothing to draw"
}
