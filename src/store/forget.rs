//! Erasing what is stored about a person or a team.

use sqlx::AnyConnection;

use super::{Result, people::Who};
use crate::message::{TeamId, UserId};

/// Rows that speak of a person. Their fixes stay the team's, without their name.
const PERSON: &[&str] = &[
    // What waits to be said quotes their messages; what was set aside may name them.
    "DELETE FROM outbox WHERE team = $1 AND reply IN (SELECT reply.id FROM reply JOIN heard ON heard.team = reply.team \
     AND heard.channel = reply.channel AND heard.message = reply.message WHERE reply.team = $1 AND heard.who = $2)",
    "DELETE FROM outbox WHERE team = $1 AND parked_at IS NOT NULL AND $2 <> ''",
    // What was answered to somebody alone does not say to whom.
    "DELETE FROM draft WHERE team = $1 AND $2 <> ''",
    "DELETE FROM occurrence WHERE team = $1 AND (channel, message) IN \
     (SELECT channel, message FROM heard WHERE team = $1 AND who = $2)",
    "INSERT INTO error_day (team, day, channel, fingerprint, who, private_at, seen) SELECT team, day, channel, fingerprint, \
     '', private_at, seen FROM error_day WHERE team = $1 AND who = $2 ON CONFLICT (team, day, channel, fingerprint, who) \
     DO UPDATE SET seen = error_day.seen + excluded.seen",
    "DELETE FROM error_day WHERE team = $1 AND who = $2",
    "DELETE FROM feedback WHERE team = $1 AND who = $2",
    "UPDATE heard SET who = '', gist = '' WHERE team = $1 AND who = $2",
    "UPDATE fix SET who = '', author = '', author_id = NULL WHERE team = $1 AND who = $2",
    "UPDATE error SET first_by = NULL WHERE team = $1 AND first_by = $2",
    "UPDATE fix_edit SET who = '', editor = '' WHERE team = $1 AND who = $2",
];

/// Every table but the database's own and where the bot is installed.
const TEAM: &[&str] = &[
    "DELETE FROM outbox WHERE team = $1",
    "DELETE FROM digest WHERE team = $1",
    "DELETE FROM schedule WHERE team = $1",
    "DELETE FROM lane WHERE team = $1",
    "DELETE FROM draft WHERE team = $1",
    "DELETE FROM inbox WHERE team = $1",
    "DELETE FROM fix_edit WHERE team = $1",
    "DELETE FROM fix WHERE team = $1",
    "DELETE FROM feedback WHERE team = $1",
    "DELETE FROM reply WHERE team = $1",
    "DELETE FROM channel_day WHERE team = $1",
    "DELETE FROM error_day WHERE team = $1",
    "DELETE FROM error_channel WHERE team = $1",
    "DELETE FROM error WHERE team = $1",
    "DELETE FROM occurrence WHERE team = $1",
    "DELETE FROM heard WHERE team = $1",
    "DELETE FROM mute WHERE team = $1",
    "DELETE FROM channel WHERE team = $1",
    "DELETE FROM shared_channel WHERE team = $1",
    "DELETE FROM discord_guild WHERE team = $1",
    "DELETE FROM discord_shard WHERE team = $1",
    "DELETE FROM discord_commands WHERE team = $1",
    "DELETE FROM team WHERE team = $1",
];

/// Erases what is stored about a person; counts without names stay. Returns how many rows were touched.
pub async fn person(conn: &mut AnyConnection, team: &TeamId, user: &UserId, who: &Who) -> Result<u64> {
    // A notice that waits names whom it is for.
    let named = serde_json::to_string(user).unwrap_or_default().replace(['\\', '%', '_'], "_");
    let mut rows = sqlx::query("DELETE FROM outbox WHERE team = $1 AND kind = 'notice' AND body LIKE $2")
        .bind(team.as_str())
        .bind(format!("%\"user\":{named}%"))
        .execute(&mut *conn)
        .await?
        .rows_affected();
    let set = sqlx::query("UPDATE schedule SET set_by = NULL WHERE team = $1 AND set_by = $2");
    rows += set.bind(team.as_str()).bind(user.as_str()).execute(&mut *conn).await?.rows_affected();
    for statement in PERSON {
        rows +=
            sqlx::query(*statement).bind(team.as_str()).bind(who.as_str()).execute(&mut *conn).await?.rows_affected();
    }
    Ok(rows)
}

/// Erases everything of a team, and that the bot is installed there. Returns how many rows there were.
pub async fn install_too(conn: &mut AnyConnection, team: &TeamId) -> Result<u64> {
    let install = sqlx::query("DELETE FROM install WHERE team = $1").bind(team.as_str());
    Ok(install.execute(&mut *conn).await?.rows_affected() + self::team(conn, team).await?)
}

/// Erases everything that was met and said in a team; the bot stays installed. Returns how many rows there were.
pub async fn team(conn: &mut AnyConnection, team: &TeamId) -> Result<u64> {
    let mut rows = 0;
    for statement in TEAM {
        rows += sqlx::query(*statement).bind(team.as_str()).execute(&mut *conn).await?.rows_affected();
    }
    Ok(rows)
}
