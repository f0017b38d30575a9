//! When the weekly digests of teams come, and what became of each. `report`: what a digest is made of; `latest`: where it leads;
//! `refusal`: channels that refuse theirs.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{Result, StoreError, outbox, rows::millis};
use crate::message::{ChannelId, TeamId, UserId};

mod latest;
mod refusal;
mod report;

pub use latest::{Latest, latest};
pub use refusal::{Refusal, refusal, refused};
pub use report::{ByDay, ErrorRow, Scope, Totals, count_helped, errors, helpful, totals};

/// When the digest of a team comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Where.
    pub channel: ChannelId,
    /// On which day: 1 for Monday to 7 for Sunday.
    pub weekday: i64,
    /// At which local time: minutes since midnight.
    pub minute: i64,
    /// In which time zone, by its IANA name.
    pub zone: String,
    /// Whether it comes at all.
    pub switch: Switch,
    /// Who set it, as the platform names them: whom to tell when its channel refuses it.
    pub set_by: Option<UserId>,
}

/// Whether something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It does.
    On,
    /// It does not.
    Off,
}

type Row = (String, i64, i64, String, Option<i64>, Option<String>);

/// When the digest of a team comes; `None` when nobody ever said.
pub async fn setting(conn: &mut AnyConnection, team: &TeamId) -> Result<Option<Setting>> {
    let row = sqlx::query_as("SELECT channel, weekday, minute, zone, off_at, set_by FROM schedule WHERE team = $1");
    row.bind(team.as_str()).fetch_optional(conn).await?.map(|row| read(team, row)).transpose()
}

/// The same, held against others who read it this way or set it, until the transaction ends.
pub async fn held(conn: &mut AnyConnection, team: &TeamId) -> Result<Option<Setting>> {
    let row = sqlx::query_as(
        "UPDATE schedule SET set_at = set_at WHERE team = $1 RETURNING channel, weekday, minute, zone, off_at, set_by",
    );
    row.bind(team.as_str()).fetch_optional(conn).await?.map(|row| read(team, row)).transpose()
}

fn read(team: &TeamId, (channel, weekday, minute, zone, off, set_by): Row) -> Result<Setting> {
    let channel = ChannelId::parse(&channel)
        .map_err(|e| StoreError::Row { what: format!("the digest's channel of {team}"), why: e.to_string() })?;
    let switch = if off.is_some() { Switch::Off } else { Switch::On };
    let set_by = set_by.and_then(|user| UserId::parse(&user).ok());
    Ok(Setting { channel, weekday, minute, zone, switch, set_by })
}

/// Sets when the digest of a team comes. Whoever does so holds the team's row until the transaction ends.
pub async fn set(conn: &mut AnyConnection, team: &TeamId, setting: &Setting, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO schedule (team, channel, weekday, minute, zone, set_at, off_at, set_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (team) DO UPDATE SET channel = excluded.channel, \
         weekday = excluded.weekday, minute = excluded.minute, zone = excluded.zone, set_at = excluded.set_at, \
         off_at = excluded.off_at, set_by = excluded.set_by, refused_at = NULL, refused = NULL",
    )
    .bind(team.as_str())
    .bind(setting.channel.as_str())
    .bind(setting.weekday)
    .bind(setting.minute)
    .bind(setting.zone.as_str())
    .bind(millis(now))
    .bind((setting.switch == Switch::Off).then(|| millis(now)))
    .bind(setting.set_by.as_ref().map(UserId::as_str))
    .execute(conn)
    .await?;
    Ok(())
}

/// What became of the digest of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was said.
    Sent,
    /// There was nothing to say.
    Empty,
    /// It could not be said before the next one was due.
    Late,
}

impl Outcome {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Empty => "empty",
            Self::Late => "late",
        }
    }
}

/// The digest of a week.
#[derive(Debug, Clone, Copy)]
pub struct NewDigest<'a> {
    /// The local week, as `2026-W47`.
    pub week: &'a str,
    /// Where it is said.
    pub channel: &'a ChannelId,
    /// When it was due.
    pub due: Timestamp,
    /// What becomes of it.
    pub fate: Fate<'a>,
}

/// What becomes of a digest that is taken down.
#[derive(Debug, Clone, Copy)]
pub enum Fate<'a> {
    /// The row of this key says it.
    Said(&'a str),
    /// It has its end already.
    Ended(Outcome),
}

/// Takes down the digest of a week; `false` when the team has one for it.
pub async fn add(conn: &mut AnyConnection, team: &TeamId, new: NewDigest<'_>, now: Timestamp) -> Result<bool> {
    let (key, outcome) = match new.fate {
        Fate::Said(key) => (Some(key), None),
        Fate::Ended(outcome) => (None, Some(outcome)),
    };
    let done = sqlx::query(
        "INSERT INTO digest (team, week, channel, due_at, made_at, post_key, outcome, ended_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (team, week) DO NOTHING",
    )
    .bind(team.as_str())
    .bind(new.week)
    .bind(new.channel.as_str())
    .bind(millis(new.due))
    .bind(millis(now))
    .bind(key)
    .bind(outcome.map(Outcome::as_str))
    .bind(outcome.map(|_| millis(now)))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The lane in which digests to a channel wait: one that cannot be said is not to hold up answers.
#[must_use]
pub fn lane(channel: &ChannelId) -> String {
    format!("{LANE}{channel}")
}

/// Whether digests wait in a lane.
#[must_use]
pub fn is_lane(lane: &str) -> bool {
    lane.starts_with(LANE)
}

/// No channel's name holds a blank.
const LANE: &str = "digest to ";

/// The last week for which there is a digest.
pub async fn last_week(conn: &mut AnyConnection, team: &TeamId) -> Result<Option<String>> {
    let (week,): (Option<String>,) =
        sqlx::query_as("SELECT MAX(week) FROM digest WHERE team = $1").bind(team.as_str()).fetch_one(conn).await?;
    Ok(week)
}

/// Whether the row of this key says the digest of a week.
pub async fn is_of_a_week(conn: &mut AnyConnection, team: &TeamId, key: &str) -> Result<bool> {
    let found: Option<(i64,)> = sqlx::query_as("SELECT due_at FROM digest WHERE team = $1 AND post_key = $2")
        .bind(team.as_str())
        .bind(key)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

/// The row of this key was said; if it was a digest, that has its end.
pub async fn sent(conn: &mut AnyConnection, team: &TeamId, key: &str, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE digest SET outcome = 'sent', ended_at = $3 WHERE team = $1 AND post_key = $2")
        .bind(team.as_str())
        .bind(key)
        .bind(millis(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives up digests that could not be said so far, but for that of the week that is made now. One that is being said at this moment
/// stays. Returns the weeks that were given up since the last digest that was said, now or before: the next one says so.
pub async fn give_up(
    conn: &mut AnyConnection,
    team: &TeamId,
    making: Option<&str>,
    now: Timestamp,
) -> Result<Vec<String>> {
    let unsaid: Vec<(String, String, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT week, channel, post_key, outcome FROM digest WHERE team = $1 AND outcome IS NULL UNION ALL \
         SELECT week, channel, post_key, outcome FROM digest WHERE team = $1 AND outcome = 'late' AND week > COALESCE(( \
         SELECT week FROM digest WHERE team = $1 AND outcome = 'sent' ORDER BY week DESC LIMIT 1), '') ORDER BY week",
    )
    .bind(team.as_str())
    .fetch_all(&mut *conn)
    .await?;
    let mut weeks = Vec::new();
    for (week, channel, key, outcome) in unsaid.into_iter().filter(|(week, ..)| Some(week.as_str()) != making) {
        if outcome.is_none() {
            let lane = ChannelId::parse(&channel).map(|channel| lane(&channel)).unwrap_or_default();
            if !outbox::take_back(conn, team, &lane, key.as_deref().unwrap_or_default()).await? {
                continue;
            }
            sqlx::query(
                "UPDATE digest SET outcome = 'late', ended_at = $3 WHERE team = $1 AND week = $2 AND outcome IS NULL",
            )
            .bind(team.as_str())
            .bind(&week)
            .bind(millis(now))
            .execute(&mut *conn)
            .await?;
        }
        weeks.push(week);
    }
    Ok(weeks)
}
