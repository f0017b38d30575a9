//! What a team has met before. Read from counts that are kept up to date; no query here looks at occurrences.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Result,
    channels::ErrorPlace,
    rows::{FULL, day, padded, query_as, timestamp},
};
use crate::message::{ChannelId, TeamId, Visibility};

/// How often an error was met, as far as a channel may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How often.
    pub times: i64,
    /// When last.
    pub last: Timestamp,
    /// Since when it had been taken for fixed, if it was.
    pub resolved: Option<Timestamp>,
}

impl Seen {
    /// Both together. What was met again after it had been taken for fixed is not fixed.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let resolved = self.resolved.filter(|at| *at > other.last).or(other.resolved.filter(|at| *at > self.last));
        Self { times: self.times + other.times, last: self.last.max(other.last), resolved }
    }
}

/// How often errors were met before. A private channel adds what it met itself.
pub async fn seen(
    conn: &mut AnyConnection,
    errors: &HashMap<ErrorPlace, Visibility>,
) -> Result<HashMap<ErrorPlace, Seen>> {
    let public: HashSet<(&str, &str)> = errors.keys().map(|(team, _, f)| (team.as_str(), f.as_str())).collect();
    let mut counts: HashMap<(String, String), Seen> = HashMap::new();
    let public: Vec<(&str, &str)> = public.into_iter().collect();
    for some in public.chunks(FULL).map(padded) {
        let mut select = query_as::<(String, String, i64, i64, Option<i64>)>(
            conn,
            "SELECT team, fingerprint, seen, last_at, CASE WHEN state = 'resolved' THEN state_at END FROM error \
             WHERE (team, fingerprint) IN (VALUES {rows})",
            0,
            some.len(),
            2,
        );
        for (team, fingerprint) in some {
            select = select.bind(team).bind(fingerprint);
        }
        for (team, fingerprint, times, last, resolved) in select.fetch_all(&mut *conn).await? {
            if times > 0 {
                let resolved = resolved.map(timestamp);
                counts.insert((team, fingerprint), Seen { times, last: timestamp(last), resolved });
            }
        }
    }
    let private: Vec<&ErrorPlace> =
        errors.iter().filter(|(_, v)| **v != Visibility::Public).map(|(place, _)| place).collect();
    let mut own: HashMap<(String, String, String), Seen> = HashMap::new();
    for some in private.chunks(FULL).map(padded) {
        let mut select = query_as::<(String, String, String, i64, i64)>(
            conn,
            "SELECT team, channel, fingerprint, seen, last_at FROM error_channel \
             WHERE private_at IS NOT NULL AND (team, channel, fingerprint) IN (VALUES {rows})",
            0,
            some.len(),
            3,
        );
        for (team, channel, fingerprint) in some {
            select = select.bind(team.as_str()).bind(channel.as_str()).bind(fingerprint.as_str());
        }
        for (team, channel, fingerprint, times, last) in select.fetch_all(&mut *conn).await? {
            own.insert((team, channel, fingerprint), Seen { times, last: timestamp(last), resolved: None });
        }
    }
    let all = errors.keys().filter_map(|place| {
        let (team, channel, fingerprint) = place;
        let everywhere = counts.get(&(team.to_string(), fingerprint.clone()));
        let here = own.get(&(team.to_string(), channel.to_string(), fingerprint.clone()));
        let seen = everywhere.into_iter().chain(here).copied().reduce(Seen::and)?;
        Some((place.clone(), seen))
    });
    Ok(all.collect())
}

/// An error that the team has met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its key.
    pub fingerprint: String,
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
    /// How often and when last.
    pub seen: Seen,
}

type KnownRow = (String, String, Option<String>, Option<String>, Option<String>, Option<String>, i64, i64);

/// The errors that were met last, newest first, as far as a channel may know.
pub async fn history(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId, limit: i64) -> Result<Vec<Known>> {
    // Two short walks along an index, merged here: what public channels met, and what this channel met by itself. The sum keeps
    // the first on the index by time: SQLite would rather find all that were seen and sort them.
    let public: Vec<KnownRow> = sqlx::query_as(
        "SELECT fingerprint, code, cause, host, scope, package, seen, last_at FROM error \
         WHERE team = $1 AND seen + 0 > 0 ORDER BY last_at DESC, fingerprint LIMIT $2",
    )
    .bind(team.as_str())
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    let own: Vec<KnownRow> = sqlx::query_as(
        "SELECT error.fingerprint, code, error_channel.cause, host, error_channel.scope, error_channel.package, \
         error_channel.seen, error_channel.last_at \
         FROM error_channel JOIN error ON error.team = error_channel.team \
         AND error.fingerprint = error_channel.fingerprint \
         WHERE error_channel.team = $1 AND error_channel.channel = $2 AND error_channel.private_at IS NOT NULL \
         ORDER BY error_channel.last_at DESC, error.fingerprint LIMIT $3",
    )
    .bind(team.as_str())
    .bind(channel.as_str())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    let mut all: Vec<Known> = Vec::new();
    for (fingerprint, code, cause, host, scope, package, times, last) in public.into_iter().chain(own) {
        let last = timestamp(last);
        let Some(known) = all.iter_mut().find(|known| known.fingerprint == fingerprint) else {
            let seen = Seen { times, last, resolved: None };
            all.push(Known { fingerprint, code, cause, host, scope, package, seen });
            continue;
        };
        let (times, last) = (known.seen.times + times, known.seen.last.max(last));
        known.seen = Seen { times, last, resolved: None };
        (known.cause, known.scope, known.package) = (cause, scope, package);
    }
    all.sort_by(|a, b| b.seen.last.cmp(&a.seen.last).then_with(|| a.fingerprint.cmp(&b.fingerprint)));
    all.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(all)
}

/// One error, as far as a channel may know.
pub async fn known(
    conn: &mut AnyConnection,
    team: &TeamId,
    channel: &ChannelId,
    visibility: Visibility,
    fingerprint: &str,
) -> Result<Option<Known>> {
    let row: Option<KnownRow> = sqlx::query_as(
        "SELECT e.fingerprint, e.code, COALESCE(c.cause, e.cause), e.host, COALESCE(c.scope, e.scope), \
         COALESCE(c.package, e.package), e.seen, e.last_at FROM error e LEFT JOIN error_channel c ON c.team = e.team \
         AND c.fingerprint = e.fingerprint AND c.channel = $3 AND c.private_at IS NOT NULL \
         WHERE e.team = $1 AND e.fingerprint = $2",
    )
    .bind(team.as_str())
    .bind(fingerprint)
    .bind(channel.as_str())
    .fetch_optional(&mut *conn)
    .await?;
    let Some((fingerprint, code, cause, host, scope, package, ..)) = row else { return Ok(None) };
    let place = (team.clone(), channel.clone(), fingerprint.clone());
    let seen = seen(conn, &HashMap::from([(place.clone(), visibility)])).await?.get(&place).copied();
    Ok(seen.map(|seen| Known { fingerprint, code, cause, host, scope, package, seen }))
}

/// What happened in a span of days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Failures met.
    pub seen: i64,
    /// Messages answered.
    pub answered: i64,
    /// Answers that fixed it.
    pub fixed: i64,
    /// Answers that did not help.
    pub unhelpful: i64,
    /// Answers that should not have been given.
    pub false_answers: i64,
    /// Secrets pasted.
    pub secrets: i64,
}

/// The totals from a day to today, of the public channels and of this one.
pub async fn totals(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId, since: Timestamp) -> Result<Totals> {
    let (seen, answered, fixed, unhelpful, false_answers, secrets) = sqlx::query_as(
        "SELECT CAST(COALESCE(SUM(seen), 0) AS BIGINT), CAST(COALESCE(SUM(answered), 0) AS BIGINT), \
         CAST(COALESCE(SUM(fixed), 0) AS BIGINT), CAST(COALESCE(SUM(unhelpful), 0) AS BIGINT), \
         CAST(COALESCE(SUM(false_answers), 0) AS BIGINT), CAST(COALESCE(SUM(secrets), 0) AS BIGINT) \
         FROM channel_day WHERE team = $1 AND day >= $2 AND (private_at IS NULL OR channel = $3)",
    )
    .bind(team.as_str())
    .bind(day(since))
    .bind(channel.as_str())
    .fetch_one(conn)
    .await?;
    Ok(Totals { seen, answered, fixed, unhelpful, false_answers, secrets })
}
