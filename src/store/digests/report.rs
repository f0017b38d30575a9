//! What a digest is made of. All of it comes from counts that are kept up to date; no occurrence is looked at.
//!
//! A channel is shown what public channels met and what it met itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::{
    message::{ChannelId, MessageRef, TeamId, Visibility},
    store::{
        Result, StoreError,
        rows::{millis, timestamp},
    },
};

/// From where a digest is looked at, and which UTC days (counted since 1970) it is about.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The team.
    pub team: &'a TeamId,
    /// Where it is shown.
    pub channel: &'a ChannelId,
    /// The first day.
    pub first: i64,
    /// The day after the last.
    pub end: i64,
}

impl Scope<'_> {
    /// The first of the last seven days.
    fn week(&self) -> i64 {
        self.end - 7
    }

    fn begins(&self) -> i64 {
        self.first.saturating_mul(DAY)
    }

    fn ends(&self) -> i64 {
        self.end.saturating_mul(DAY)
    }
}

const DAY: i64 = 24 * 3600 * 1000;

/// How often an error was met by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByDay {
    /// A count for each day of the scope.
    pub counts: Vec<u32>,
    /// Where it was met in the last seven of them.
    pub channels: BTreeSet<String>,
    /// How many people met it in these, as far as it is known who they were.
    pub people: i64,
}

impl ByDay {
    /// Reads what [`errors`] asks for: a day, a count, a channel, and so on, with blanks between them, which no channel's id holds.
    fn read(scope: Scope<'_>, counts: &str, people: i64) -> Result<Self> {
        let bad = || StoreError::Row { what: "counts by day".to_owned(), why: format!("{counts:?}") };
        let days = usize::try_from(scope.end - scope.first).unwrap_or_default();
        let mut all = Self { counts: vec![0; days], channels: BTreeSet::new(), people };
        let parts: Vec<&str> = counts.split(' ').collect();
        for part in parts.chunks(3) {
            let [day, seen, channel] = part else { return Err(bad()) };
            let (Ok(day), Ok(seen)) = (day.parse::<i64>(), seen.parse::<i64>()) else { return Err(bad()) };
            let slot = usize::try_from(day - scope.first).ok().and_then(|at| all.counts.get_mut(at));
            if let Some(count) = slot {
                *count = count.saturating_add(u32::try_from(seen).unwrap_or(u32::MAX));
            }
            if day >= scope.week() {
                all.channels.insert((*channel).to_owned());
            }
        }
        Ok(all)
    }
}

/// What is known about an error, as far as the channel may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRow {
    /// The code family.
    pub code: String,
    /// The cause that was named last.
    pub cause: Option<String>,
    /// The registry's host.
    pub host: Option<String>,
    /// The scope.
    pub scope: Option<String>,
    /// The package.
    pub package: Option<String>,
    /// When it was met first.
    pub first: Timestamp,
    /// How it stands, as stored; see [`crate::store::recurrence`].
    pub state: Option<String>,
}

/// What the channel may know of an error as it is stored: its days and people, see [`ByDay`]; code, cause, host, scope, package, when
/// public channels and when this one met it first, state. Without an error, there is nothing.
type Described = (
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

/// The errors of some days, by fingerprint: when and by how many people they were met, and what is known about them.
///
/// A row for each error, not for each of its days and channels: rows come one by one from SQLite's thread, and most of the time of a
/// digest would be waiting for them.
pub async fn errors(conn: &mut AnyConnection, scope: Scope<'_>) -> Result<BTreeMap<String, (ByDay, Option<ErrorRow>)>> {
    let rows: Vec<Described> = sqlx::query_as(
        "SELECT met.fingerprint, met.days, met.people, e.code, COALESCE(c.cause, e.cause), e.host, COALESCE(c.scope, e.scope), \
         COALESCE(c.package, e.package), e.public_at, c.first_at, e.state FROM ( \
         SELECT fingerprint, string_agg(CAST(day AS TEXT) || ' ' || CAST(seen AS TEXT) || ' ' || channel, ' ') AS days, \
         COUNT(DISTINCT CASE WHEN day >= $3 AND who <> '' THEN who END) AS people FROM error_day \
         WHERE team = $1 AND day >= $2 AND day < $4 AND (private_at IS NULL OR channel = $5) GROUP BY fingerprint) AS met \
         LEFT JOIN error e ON e.team = $1 AND e.fingerprint = met.fingerprint \
         LEFT JOIN error_channel c ON c.team = $1 AND c.channel = $5 AND c.fingerprint = met.fingerprint \
         AND c.private_at IS NOT NULL",
    )
    .bind(scope.team.as_str())
    .bind(scope.first)
    .bind(scope.week())
    .bind(scope.end)
    .bind(scope.channel.as_str())
    .fetch_all(conn)
    .await?;
    let read = |(fingerprint, days, people, code, cause, host, scoped, package, public, own, state): Described| {
        let first = [public, own].into_iter().flatten().min().map_or(Timestamp::MIN, timestamp);
        let row = code.map(|code| ErrorRow { code, cause, host, scope: scoped, package, first, state });
        Ok((fingerprint, (ByDay::read(scope, &days, people)?, row)))
    };
    rows.into_iter().map(read).collect()
}

/// Sums of some days, and the errors of public channels that were resolved in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Secrets pasted.
    pub secrets: i64,
    /// Answers led by a saved fix of which somebody said that they fixed it.
    pub helped: i64,
    /// How many milliseconds each error took of which somebody said that it was fixed.
    pub times: Vec<i64>,
    /// How many errors stayed away for so long that they count as resolved.
    pub quiet: i64,
}

/// The sums of the scope's days. `away` is after how many days without it an error counts as resolved.
pub async fn totals(conn: &mut AnyConnection, scope: Scope<'_>, away: i64) -> Result<Totals> {
    let away = away.saturating_mul(DAY);
    let (secrets, helped, times, quiet): (i64, i64, Option<String>, i64) = sqlx::query_as(
        "SELECT CAST(COALESCE(SUM(secrets), 0) AS BIGINT), CAST(COALESCE(SUM(helped), 0) AS BIGINT), \
         (SELECT string_agg(CAST(resolved_at - COALESCE(opened_at, first_at) AS TEXT), ' ') FROM error WHERE team = $1 \
         AND resolved_at >= $5 AND resolved_at < $6 AND state = 'resolved'), \
         (SELECT COUNT(*) FROM error WHERE team = $1 AND last_at >= $7 AND last_at < $8 AND state <> 'resolved') \
         FROM channel_day WHERE team = $1 AND day >= $2 AND day < $3 AND (private_at IS NULL OR channel = $4)",
    )
    .bind(scope.team.as_str())
    .bind(scope.first)
    .bind(scope.end)
    .bind(scope.channel.as_str())
    .bind(scope.begins())
    .bind(scope.ends())
    .bind(scope.begins().saturating_sub(away))
    .bind(scope.ends().saturating_sub(away))
    .fetch_one(conn)
    .await?;
    let times = times.unwrap_or_default();
    Ok(Totals { secrets, helped, quiet, times: times.split(' ').filter_map(|time| time.parse().ok()).collect() })
}

/// The saved fixes that helped last within the scope: their numbers and who saved them, those that helped most first.
pub async fn helpful(conn: &mut AnyConnection, scope: Scope<'_>, limit: i64) -> Result<Vec<(i64, String)>> {
    Ok(sqlx::query_as(
        "SELECT id, author FROM fix WHERE team = $1 AND helped_at >= $2 AND helped_at < $3 \
         AND (channel IS NULL OR channel = $4) ORDER BY helped DESC, id LIMIT $5",
    )
    .bind(scope.team.as_str())
    .bind(scope.begins())
    .bind(scope.ends())
    .bind(scope.channel.as_str())
    .bind(limit)
    .fetch_all(conn)
    .await?)
}

/// Counts an answer, led by a saved fix, of which somebody said that it fixed it.
pub async fn count_helped(
    conn: &mut AnyConnection,
    place: &MessageRef,
    visibility: Visibility,
    now: Timestamp,
) -> Result<()> {
    let day = millis(now).div_euclid(DAY);
    sqlx::query(
        "INSERT INTO channel_day (team, day, channel, private_at, seen, answered, fixed, unhelpful, false_answers, \
         secrets, helped) VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, 0, 1) ON CONFLICT (team, day, channel) DO UPDATE SET \
         helped = channel_day.helped + 1",
    )
    .bind(place.team.as_str())
    .bind(day)
    .bind(place.channel.as_str())
    .bind((visibility != Visibility::Public).then_some(day))
    .execute(conn)
    .await?;
    Ok(())
}
