//! When weekly digests are due: once in each local week, at the local time that was asked for, wherever and whatever the clocks do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, Time, Weekday, date, time},
    tz::{self, TimeZone},
};
use npmfix::bot::schedule::{MISSED, Planned, Schedule, Week, after_working, zone, zones};
use proptest::prelude::*;
use rstest::rstest;

const FIRST: Date = date(2024, 1, 1);
const LAST: Date = date(2030, 12, 30);

fn weeks() -> impl Iterator<Item = Week> {
    FIRST.series(7.days()).take_while(|monday| *monday <= LAST).map(Week::of)
}

fn names() -> Vec<String> {
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400, "only {} zones are known", names.len());
    names
}

/// Checks one week: the moment has the local time that was asked for, or lies as much later as the clocks jump over it.
fn check(schedule: &Schedule, zone: &TimeZone, week: Week) {
    let due = schedule.due(week);
    let wanted = week.day(schedule.weekday).to_datetime(schedule.time);
    let local = due.to_zoned(zone.clone()).datetime();
    let name = schedule.zone();
    if local == wanted {
        // Of two such moments it is the first.
        let earlier = (due - SignedDuration::from_hours(3)).to_zoned(zone.clone());
        assert!(earlier.datetime() < wanted, "{name} {wanted}: not the first");
        let before = zone.to_ambiguous_timestamp(wanted).earlier().unwrap();
        assert_eq!(due, before, "{name} {wanted}");
    } else {
        let jump = local.duration_since(wanted);
        assert!(zone.to_ambiguous_timestamp(wanted).is_ambiguous(), "{name} {wanted}: {local}");
        assert!(jump > SignedDuration::ZERO && jump <= SignedDuration::from_hours(24), "{name} {wanted}: {local}");
        // No clock there ever showed it.
        let offset = zone.to_offset(due - jump);
        assert_ne!(offset.to_datetime(due - jump), wanted);
    }
    assert_eq!(schedule.week_at(due), week, "{name} {wanted} is in another local week");
}

#[test]
fn every_zone_has_one_digest_in_every_week_of_seven_years() {
    for name in names() {
        let zone = TimeZone::get(&name).unwrap();
        let schedule = Schedule::new(Weekday::Monday, time(9, 0, 0, 0), &name);
        let mut before = None;
        for week in weeks() {
            check(&schedule, &zone, week);
            let due = schedule.due(week);
            assert!(before.is_none_or(|before| before < due), "{name} {week}");
            before = Some(due);
        }
    }
}

#[test]
fn a_local_hour_that_does_not_exist_or_comes_twice_gives_one_digest_in_every_zone() {
    let start = FIRST.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let end = LAST.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let mut changes = 0;
    for name in names() {
        let zone = TimeZone::get(&name).unwrap();
        for change in zone.following(start).take_while(|change| change.timestamp() < end) {
            // The clocks show one thing just before, and another just after.
            let old = (change.timestamp() - SignedDuration::from_nanos(1)).to_zoned(zone.clone());
            let new = change.timestamp().to_zoned(zone.clone());
            changes += 1;
            for local in [old.datetime(), new.datetime()] {
                for minutes in [-61, -31, -1, 0, 1, 29, 30, 59, 60, 61] {
                    let at = local.saturating_add(SignedDuration::from_mins(minutes));
                    let wanted = Time::constant(at.hour(), at.minute(), 0, 0);
                    let schedule = Schedule::new(at.weekday(), wanted, &name);
                    let week = Week::of(at.date());
                    check(&schedule, &zone, week);
                    assert!(schedule.due(week) < schedule.due(week.next()));
                }
            }
        }
    }
    assert!(changes > 1000, "only {changes} changes of clocks were seen");
}

#[rstest]
#[case::gap("Europe/Berlin", (2026, 3, 29), (2, 30), "2026-03-29T01:30:00Z")]
#[case::fold("Europe/Berlin", (2026, 10, 25), (2, 30), "2026-10-25T00:30:00Z")]
#[case::half_an_hour("Australia/Lord_Howe", (2026, 10, 4), (2, 10), "2026-10-03T15:40:00Z")]
#[case::midnight("Africa/Cairo", (2026, 4, 24), (0, 15), "2026-04-23T22:15:00Z")]
#[case::far_east("Pacific/Kiritimati", (2026, 11, 23), (9, 0), "2026-11-22T19:00:00Z")]
#[case::odd("Asia/Kathmandu", (2026, 11, 23), (9, 0), "2026-11-23T03:15:00Z")]
fn the_documented_moment(
    #[case] zone: &str,
    #[case] (year, month, day): (i16, i8, i8),
    #[case] (hour, minute): (i8, i8),
    #[case] due: &str,
) {
    let day = date(year, month, day);
    let schedule = Schedule::new(day.weekday(), time(hour, minute, 0, 0), zone);
    assert_eq!(schedule.due(Week::of(day)), due.parse().unwrap());
}

proptest! {
    /// Whatever is set whenever, no local week has two digests, and none that a schedule covers has none.
    #[test]
    fn a_team_that_changes_its_mind_has_one_digest_a_week(
        changes in prop::collection::vec((0_i8..7, 0_i8..24, 0_i8..60, 0_i64..10_080), 1..30),
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Pacific/Chatham", "UTC"]),
        start in 0_i64..360,
    ) {
        let mut now: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        now += SignedDuration::from_hours(start * 24 * 7);
        let mut made: Vec<Week> = Vec::new();
        let mut waiting: Option<Planned> = None;
        for (day, hour, minute, minutes) in changes {
            let weekday = Weekday::from_monday_zero_offset(day).unwrap();
            let schedule = Schedule::new(weekday, time(hour, minute, 0, 0), zone);
            let mut next = schedule.begin(now, made.last().copied(), waiting);
            now += SignedDuration::from_mins(minutes);
            while next.due <= now {
                // Up to two weeks: nothing is ever late here but what the pause made late.
                let (weeks, later) = schedule.catch_up(next, now);
                made.extend(weeks);
                next = later;
            }
            waiting = Some(next);
        }
        for pair in made.windows(2) {
            prop_assert_eq!(pair[0].next(), pair[1], "{:?}", made);
        }
    }
}

#[test]
fn a_change_in_the_middle_of_the_week_waits_for_the_next_one() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let berlin = |day, hour| Schedule::new(day, time(hour, 0, 0, 0), "Europe/Berlin");
    let wednesday = at("2026-11-18T12:00:00Z");
    let week: Week = "2026-W47".parse().unwrap();
    let due = |planned: Planned| (planned.week.to_string(), planned.due.to_string());

    // Switched on: this week's moment is past, or is to come.
    assert_eq!(due(berlin(Weekday::Monday, 9).begin(wednesday, None, None)).0, "2026-W48");
    assert_eq!(due(berlin(Weekday::Friday, 9).begin(wednesday, None, None)).0, "2026-W47");
    // This week had its digest on Monday: Friday begins next week.
    let friday = berlin(Weekday::Friday, 9).begin(wednesday, Some(week), None);
    assert_eq!(due(friday), ("2026-W48".to_owned(), "2026-11-27T08:00:00Z".to_owned()));
    // This week's comes on Friday: Thursday is in time, Monday is not, so Friday stays.
    let waiting = Some(berlin(Weekday::Friday, 9).planned(week));
    let thursday = berlin(Weekday::Thursday, 9).begin(wednesday, None, waiting);
    assert_eq!(due(thursday), ("2026-W47".to_owned(), "2026-11-19T08:00:00Z".to_owned()));
    let monday = berlin(Weekday::Monday, 9).begin(wednesday, None, waiting);
    assert_eq!(Some(monday), waiting);
    let (weeks, next) = berlin(Weekday::Monday, 9).catch_up(monday, at("2026-11-20T08:00:01Z"));
    assert_eq!((weeks, next.week.to_string()), (vec![week], "2026-W48".to_owned()));
    // What is due already stays due.
    let late = at("2026-11-20T09:00:00Z");
    assert_eq!(Some(berlin(Weekday::Saturday, 9).begin(late, None, waiting)), waiting);
}

#[test]
fn weeks_missed_are_counted_and_a_clock_that_is_years_off_ends_somewhere() {
    let schedule = Schedule::new(Weekday::Monday, time(9, 0, 0, 0), "UTC");
    let planned = schedule.planned("2026-W40".parse().unwrap());
    let (weeks, next) = schedule.catch_up(planned, "2026-10-20T00:00:00Z".parse().unwrap());
    let weeks: Vec<String> = weeks.iter().map(Week::to_string).collect();
    assert_eq!(
        (weeks.join(" ").as_str(), next.week.to_string().as_str()),
        ("2026-W40 2026-W41 2026-W42 2026-W43", "2026-W44")
    );
    let (weeks, _) = schedule.catch_up(planned, Timestamp::MAX);
    assert_eq!(weeks.len(), MISSED);
}

#[rstest]
#[case("2026-W01", "2025-12-29")]
#[case("2026-W53", "2026-12-28")]
#[case("2026-w7", "2026-02-09")]
fn weeks_by_name(#[case] name: &str, #[case] monday: &str) {
    let week: Week = name.parse().unwrap();
    assert_eq!(week.monday().to_string(), monday);
    assert_eq!(week.to_string().parse(), Ok(week));
}

#[rstest]
#[case("2025-W53")]
#[case("2026-W00")]
#[case("2026W10")]
#[case("W10")]
#[case("")]
fn no_weeks(#[case] name: &str) {
    assert!(name.parse::<Week>().is_err());
}

#[test]
fn zones_are_found_by_parts_of_their_names() {
    assert_eq!(zone("europe/berlin").as_deref(), Some("Europe/Berlin"));
    assert_eq!((zone("utc").as_deref(), zone("Mars/Base"), zone("")), (Some("UTC"), None, None));
    assert_eq!(zones("berl", 5), ["Europe/Berlin"]);
    assert!(zones("new york", 5).contains(&"America/New_York".to_owned()));
    assert_eq!(zones("", 7).len(), 7);
    for name in names() {
        assert!(zone(&name).is_some(), "{name}");
    }
}

#[rstest]
#[case::morning("2026-11-18T08:00:00Z", "Europe/Berlin", "2026-11-18T12:00:00Z")]
#[case::before_work("2026-11-18T02:00:00Z", "Europe/Berlin", "2026-11-18T12:00:00Z")]
#[case::afternoon("2026-11-18T14:00:00Z", "Europe/Berlin", "2026-11-19T10:00:00Z")]
#[case::friday("2026-11-20T15:30:00Z", "Europe/Berlin", "2026-11-23T11:30:00Z")]
#[case::weekend("2026-11-21T10:00:00Z", "Europe/Berlin", "2026-11-23T12:00:00Z")]
#[case::utc("2026-11-18T16:00:00Z", "UTC", "2026-11-19T12:00:00Z")]
#[case::elsewhere("2026-11-18T16:00:00Z", "America/New_York", "2026-11-18T20:00:00Z")]
#[case::unknown("2026-11-18T16:00:00Z", "Mars/Base", "2026-11-19T12:00:00Z")]
fn working_hours(#[case] start: &str, #[case] zone: &str, #[case] end: &str) {
    let end: Timestamp = end.parse().unwrap();
    assert_eq!(after_working(start.parse().unwrap(), SignedDuration::from_hours(4), zone), end);
}
