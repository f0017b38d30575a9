//! When a team's weekly digest is due: a weekday and a time in a time zone → one moment for each local week.
//!
//! Pure: the time is an argument. A local time that a change of clocks leaves out is taken as much later as the clocks jump; of
//! one that comes twice, the first counts. Either way a week has one moment.

use std::{fmt, str::FromStr};

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, ISOWeekDate, Time, Weekday},
    tz::{self, TimeZone},
};

/// A week from Monday to Sunday, by ISO 8601; written `2026-W47`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Week {
    monday: Date,
}

impl Week {
    /// The week of a day.
    #[must_use]
    pub fn of(day: Date) -> Self {
        let before = day.weekday().to_monday_zero_offset();
        Self { monday: day.saturating_sub(before.days()) }
    }

    /// Its first day.
    #[must_use]
    pub fn monday(self) -> Date {
        self.monday
    }

    /// The week after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self { monday: self.monday.saturating_add(7.days()) }
    }

    /// Its day of this name.
    #[must_use]
    pub fn day(self, weekday: Weekday) -> Date {
        self.monday.saturating_add(weekday.to_monday_zero_offset().days())
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let week = self.monday.iso_week_date();
        write!(f, "{:04}-W{:02}", week.year(), week.week())
    }
}

/// Not a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a week looks like 2026-W47")]
pub struct NoWeek;

impl FromStr for Week {
    type Err = NoWeek;

    fn from_str(text: &str) -> Result<Self, NoWeek> {
        let (year, week) = text.split_once("-W").or_else(|| text.split_once("-w")).ok_or(NoWeek)?;
        let (year, week) = (year.parse().map_err(|_| NoWeek)?, week.parse().map_err(|_| NoWeek)?);
        let monday = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| NoWeek)?;
        Ok(Self { monday: monday.date() })
    }
}

/// When the digest of a team is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The day.
    pub weekday: Weekday,
    /// The local time, to the minute.
    pub time: Time,
    zone: TimeZone,
}

/// A digest that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// For which local week.
    pub week: Week,
    /// When.
    pub due: Timestamp,
}

/// Monday, when nobody says.
pub const WEEKDAY: Weekday = Weekday::Monday;
/// Nine o'clock, when nobody says.
pub const TIME: Time = Time::constant(9, 0, 0, 0);

impl Schedule {
    /// In the zone of this IANA name; one that this program does not know any more is UTC.
    #[must_use]
    pub fn new(weekday: Weekday, time: Time, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or_else(|error| {
            tracing::warn!(%error, "a team's time zone is not known; UTC is taken");
            TimeZone::UTC
        });
        Self { weekday, time, zone }
    }

    /// The zone's IANA name.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// When the digest of a local week is due.
    #[must_use]
    pub fn due(&self, week: Week) -> Timestamp {
        let local = week.day(self.weekday).to_datetime(self.time);
        // Only the ends of the calendar have no such moment.
        self.zone.to_timestamp(local).unwrap_or(Timestamp::MAX)
    }

    /// The digest of a local week.
    #[must_use]
    pub fn planned(&self, week: Week) -> Planned {
        Planned { week, due: self.due(week) }
    }

    /// The local day of a moment.
    #[must_use]
    pub fn local_date(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }

    /// The local week of a moment.
    #[must_use]
    pub fn week_at(&self, now: Timestamp) -> Week {
        Week::of(self.local_date(now))
    }

    /// The next digest once this schedule is set. `last` is the last week that had its digest, `waiting` what an earlier schedule
    /// has planned.
    ///
    /// The week that runs keeps what the earlier schedule planned for it, unless neither that nor the new moment is past.
    #[must_use]
    pub fn begin(&self, now: Timestamp, last: Option<Week>, waiting: Option<Planned>) -> Planned {
        if let Some(overdue) = waiting.filter(|waiting| waiting.due <= now) {
            return overdue;
        }
        let this = self.week_at(now);
        let first = last.map_or(this, |last| this.max(last.next()));
        let planned = self.planned(first);
        if planned.due > now {
            return planned;
        }
        // The new moment of this week is past.
        waiting.filter(|waiting| waiting.week == first).unwrap_or_else(|| self.planned(first.next()))
    }

    /// The weeks whose digests are due by now, from the planned one on, and the one that comes next. All of them but the last are
    /// too late. No more than [`MISSED`] are counted.
    #[must_use]
    pub fn catch_up(&self, planned: Planned, now: Timestamp) -> (Vec<Week>, Planned) {
        let mut due = vec![planned.week];
        let mut next = self.planned(planned.week.next());
        // A schedule that was set meanwhile may have a moment before the one that was kept for this week.
        while next.due <= now && due.len() < MISSED {
            due.push(next.week);
            next = self.planned(next.week.next());
        }
        (due, next)
    }
}

/// Weeks that are made up for after a standstill: ten years of them; a clock that is further off is wrong.
pub const MISSED: usize = 520;

/// The IANA name of a time zone as it is written there, however somebody writes it. `None` when there is none.
#[must_use]
pub fn zone(name: &str) -> Option<String> {
    let name = if name.eq_ignore_ascii_case("utc") { "UTC" } else { name };
    TimeZone::get(name).ok()?.iana_name().map(str::to_owned)
}

/// Time zones whose names hold a text, for whoever types: those that begin with it first, then by name.
#[must_use]
pub fn zones(text: &str, limit: usize) -> Vec<String> {
    let wanted = text.trim().to_lowercase().replace(' ', "_");
    let rank = |name: &str| {
        let name = name.to_lowercase();
        let city = name.rsplit('/').next().unwrap_or_default();
        (!city.starts_with(&wanted) && !name.starts_with(&wanted), !name.contains('/'))
    };
    let named = tz::db().available().map(|name| name.to_string());
    let mut found: Vec<String> = named.filter(|name| name.to_lowercase().contains(&wanted)).collect();
    found.sort_by_cached_key(|name| (rank(name), name.clone()));
    found.truncate(limit);
    found
}

/// Working hours: Monday to Friday, from nine to five.
const DAY: (Time, Time) = (Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0));

/// The moment after which this much working time has gone by in a zone. Hours that a change of clocks leaves out are none.
#[must_use]
pub fn after_working(start: Timestamp, mut length: SignedDuration, zone: &str) -> Timestamp {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let mut day = start.to_zoned(zone.clone()).date();
    // Four hours need two working days at most; two weeks are more than any length asks for.
    for _ in 0..14 {
        let works = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let moment = |time| zone.to_timestamp(day.to_datetime(time)).unwrap_or(start);
        let (opens, closes) = (moment(DAY.0).max(start), moment(DAY.1));
        if works && opens < closes {
            let open = closes.duration_since(opens);
            if length <= open {
                return opens + length;
            }
            length -= open;
        }
        day = day.saturating_add(1.days());
    }
    start + length
}
