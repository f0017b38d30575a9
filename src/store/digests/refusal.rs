//! Channels that refuse the digest of their team: the bot is not in them any more, may not post there, or others read them.
//!
//! Digests go on being tried, so that one refusal follows the other: they count as one, from the first on, until a digest was said or
//! somebody set it anew.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::LANE;
use crate::{
    message::{ChannelId, TeamId, UserId},
    store::{
        Result,
        rows::{millis, timestamp},
    },
};

/// A team's digest is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// By this channel.
    pub channel: ChannelId,
    /// Since when.
    pub since: Timestamp,
    /// In which time zone the team counts its days.
    pub zone: String,
    /// Why, in the platform's words.
    pub why: String,
    /// Who set it, if that is known.
    pub set_by: Option<UserId>,
}

/// Takes down that the digest in a lane was refused; says whether that is news. A lane of another channel than the one that is set
/// tells nothing. Whoever calls this holds no lane yet: who makes a digest takes the team's schedule first.
pub async fn refused(
    conn: &mut AnyConnection,
    team: &TeamId,
    (lane, why): (&str, &str),
    now: Timestamp,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE schedule SET refused_at = $3, refused = $4 WHERE team = $1 AND channel = $2 AND off_at IS NULL \
         AND (refused_at IS NULL OR refused_at < (SELECT MAX(ended_at) FROM digest WHERE team = $1 AND outcome = 'sent'))",
    )
    .bind(team.as_str())
    .bind(lane.strip_prefix(LANE).unwrap_or_default())
    .bind(millis(now))
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether a team's digest is refused at present.
pub async fn refusal(conn: &mut AnyConnection, team: &TeamId) -> Result<Option<Refusal>> {
    let row: Option<(String, i64, String, String, Option<String>)> = sqlx::query_as(
        "SELECT channel, refused_at, zone, refused, set_by FROM schedule WHERE team = $1 AND off_at IS NULL \
         AND refused IS NOT NULL AND refused_at > COALESCE((SELECT MAX(ended_at) FROM digest WHERE team = $1 AND outcome = 'sent'), 0)",
    )
    .bind(team.as_str())
    .fetch_optional(conn)
    .await?;
    let Some((channel, since, zone, why, set_by)) = row else { return Ok(None) };
    let Ok(channel) = ChannelId::parse(&channel) else { return Ok(None) };
    let set_by = set_by.and_then(|user| UserId::parse(&user).ok());
    Ok(Some(Refusal { channel, since: timestamp(since), zone, why, set_by }))
}
