//! What a digest says: from the store's counts to its lines.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use sqlx::AnyConnection;

use crate::{
    answer::digest::{Days, Digest, Entry},
    bot::{Bot, choices::Pick, saved, schedule::Week},
    classifier::Diagnosis,
    message::{ChannelId, TeamId},
    store::{
        Result,
        digests::{self, ByDay, ErrorRow, Latest, Scope},
        fixes::{self, FixWanted},
        recurrence,
    },
};

/// Errors of each kind that a digest lists.
const LISTED: usize = 5;
/// Registries that it names.
const REGISTRIES: usize = 3;
/// Saved fixes that it names.
const FIXES: i64 = 3;
/// Days of its picture.
const DAYS: i64 = 28;

/// Which UTC days a digest is about: the seven up to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until(i64);

impl Until {
    /// The seven full days before a moment.
    #[must_use]
    pub fn before(moment: Timestamp) -> Self {
        Self(number(moment.to_zoned(TimeZone::UTC).date()) - 1)
    }

    /// A week from Monday to Sunday.
    #[must_use]
    pub fn end_of(week: Week) -> Self {
        Self(number(week.monday()) + 6)
    }

    /// The first of the seven days.
    #[must_use]
    pub fn first(self) -> Date {
        date(self.0 - 6)
    }

    /// The last.
    #[must_use]
    pub fn last(self) -> Date {
        date(self.0)
    }
}

const DAY: i64 = 24 * 3600;

/// Days since 1970.
fn number(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC).map_or(0, |midnight| midnight.timestamp().as_second().div_euclid(DAY))
}

fn date(number: i64) -> Date {
    let midnight = Timestamp::from_second(number.saturating_mul(DAY)).unwrap_or(Timestamp::UNIX_EPOCH);
    midnight.to_zoned(TimeZone::UTC).date()
}

impl Bot {
    /// What a team's digest of some days says in a channel.
    pub async fn digest(
        &self,
        conn: &mut AnyConnection,
        (team, channel): (&TeamId, &ChannelId),
        until: Until,
    ) -> Result<Digest> {
        let end = until.0 + 1;
        let four = Scope { team, channel, first: end - DAYS, end };
        let week = Scope { first: end - 7, ..four };
        let all = digests::errors(conn, four).await?;
        let mut tallies: Vec<Tally> = all.iter().map(|(fingerprint, (days, _))| Tally::of(fingerprint, days)).collect();
        tallies.sort_by(|a, b| b.key().cmp(&a.key()).then_with(|| a.fingerprint.cmp(b.fingerprint)));
        let row = |tally: &Tally<'_>| all.get(tally.fingerprint).and_then(|(_, row)| row.as_ref());
        let started = Timestamp::from_second(week.first.saturating_mul(DAY)).unwrap_or(Timestamp::MIN);
        let met = tallies.iter().filter(|tally| tally.times > 0);
        let met = met.filter_map(|tally| Some((tally, row(tally)?)));
        let (new, recurring): (Vec<_>, Vec<_>) = met.partition(|(_, row)| row.first >= started);
        // An error of this week that came back within it is both; it is listed where it is news.
        let listed = |all: &[(&Tally, &ErrorRow)]| (all.len().min(LISTED), all.len().saturating_sub(LISTED));
        let ((recurring_shown, more_recurring), (new_shown, more_new)) = (listed(&recurring), listed(&new));
        let shown = recurring.iter().take(recurring_shown).chain(new.iter().take(new_shown));
        let mut recurring = self.entries(conn, week, &shown.copied().collect::<Vec<_>>()).await?;
        let new = recurring.split_off(recurring_shown);
        let mut totals = digests::totals(conn, week, recurrence::AWAY_DAYS).await?;
        let helpful = if totals.helped > 0 { digests::helpful(conn, week, FIXES).await? } else { Vec::new() };
        Ok(Digest {
            first: until.first(),
            last: until.last(),
            times: tallies.iter().map(|tally| tally.times).sum(),
            before: tallies.iter().map(|tally| tally.before).sum(),
            recurring,
            more_recurring,
            new,
            more_new,
            resolved: totals.times.len(),
            median_seconds: median(&mut totals.times).map(|millis| SignedDuration::from_millis(millis).as_secs()),
            quiet: totals.quiet,
            helped: totals.helped,
            helpful,
            secrets: totals.secrets,
            registries: registries(tallies.iter().filter_map(|tally| Some((tally, row(tally)?)))),
            unsaid: Vec::new(),
            days: Days {
                first: (!tallies.is_empty()).then(|| date(four.first)),
                errors: tallies
                    .iter()
                    .map(|tally| (row(tally).map(label).unwrap_or_default(), tally.days.counts.clone()))
                    .collect(),
            },
        })
    }

    async fn entries(
        &self,
        conn: &mut AnyConnection,
        week: Scope<'_>,
        errors: &[(&Tally<'_>, &ErrorRow)],
    ) -> Result<Vec<Entry>> {
        let met: Vec<_> = errors.iter().map(|(tally, _)| (tally.fingerprint, &tally.days.channels)).collect();
        let mut latest = digests::latest(conn, week, &met).await?;
        let mut fixes = self.leading(conn, week.team, &latest).await?;
        let entry = |(tally, row): &(&Tally<'_>, &ErrorRow)| {
            let cause = row.cause.as_deref().and_then(|id| self.knowledge.cause(id));
            let last = latest.remove(tally.fingerprint);
            let save = last.as_ref().filter(|last| last.open).map(|last| format!("{}:{}", last.reply, Pick::Save));
            Entry {
                fingerprint: tally.fingerprint.to_owned(),
                code: row.code.clone(),
                target: target(row).to_owned(),
                cause: cause.map(|cause| cause.title.trim().to_owned()),
                times: tally.times,
                before: tally.before,
                // Somebody met it, even if nobody knows any more who that was.
                people: tally.days.people.max(1),
                channels: tally.days.channels.len(),
                fix: fixes.remove(tally.fingerprint),
                save,
                place: last.map(|last| last.place),
            }
        };
        Ok(errors.iter().map(entry).collect())
    }

    /// The saved fixes that lead where errors were answered last, by fingerprint: their numbers and who saved them.
    async fn leading(
        &self,
        conn: &mut AnyConnection,
        team: &TeamId,
        latest: &HashMap<String, Latest>,
    ) -> Result<HashMap<String, (i64, String)>> {
        let known: Vec<_> =
            latest.iter().filter_map(|(key, last)| Some((key, last, last.diagnosis.as_ref()?))).collect();
        let wanted = |(_, last, diagnosis): &(_, &Latest, &Diagnosis)| {
            let keys = saved::keys(&diagnosis.report, &self.knowledge);
            (team.clone(), FixWanted { channel: last.place.channel.clone(), keys })
        };
        let wanted: Vec<(TeamId, FixWanted)> = known.iter().map(wanted).collect();
        let found = fixes::matching(conn, &wanted).await?;
        let leading = known.into_iter().zip(found).filter_map(|((key, _, diagnosis), found)| {
            let lead = saved::lead(&found, diagnosis).leads?;
            Some((key.clone(), (lead.id, lead.author.clone())))
        });
        Ok(leading.collect())
    }
}

/// An error's days, summed up.
struct Tally<'a> {
    fingerprint: &'a str,
    days: &'a ByDay,
    times: u64,
    before: u64,
    all: u64,
}

impl<'a> Tally<'a> {
    fn of(fingerprint: &'a str, days: &'a ByDay) -> Self {
        let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum();
        let mut weeks = days.counts.rchunks(7).map(sum);
        let (times, before) = (weeks.next().unwrap_or_default(), weeks.next().unwrap_or_default());
        Self { fingerprint, days, times, before, all: sum(&days.counts) }
    }

    fn key(&self) -> (u64, u64) {
        (self.times, self.all)
    }
}

/// What was refused.
fn target(row: &ErrorRow) -> &str {
    row.package.as_deref().or(row.scope.as_deref()).or(row.host.as_deref()).unwrap_or_default()
}

fn label(row: &ErrorRow) -> String {
    Entry::label(&row.code, target(row))
}

fn registries<'a>(all: impl Iterator<Item = (&'a Tally<'a>, &'a ErrorRow)>) -> Vec<(String, u64)> {
    let mut hosts: BTreeMap<&str, u64> = BTreeMap::new();
    for (tally, row) in all.filter(|(tally, _)| tally.times > 0) {
        if let Some(host) = row.host.as_deref() {
            *hosts.entry(host).or_default() += tally.times;
        }
    }
    let mut hosts: Vec<(String, u64)> = hosts.into_iter().map(|(host, times)| (host.to_owned(), times)).collect();
    hosts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    hosts.truncate(REGISTRIES);
    hosts
}

fn median(times: &mut [i64]) -> Option<i64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}
