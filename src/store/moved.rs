//! A channel is opened to people of other organisations, which are not to see there what the team remembers. Slack may give it another
//! id for that, and what is stored about it follows; what was already stored under the new id is kept and added to.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{Result, rows::millis};
use crate::message::{ChannelId, TeamId};

/// Counts that exist under both ids are added up. `$1` is the team, `$2` the old id, `$3` the new one.
const ADDED: &[&str] = &[
    "UPDATE error_channel SET seen = error_channel.seen + gone.seen, \
     first_at = CASE WHEN gone.first_at < error_channel.first_at THEN gone.first_at ELSE error_channel.first_at END, \
     last_at = CASE WHEN gone.last_at > error_channel.last_at THEN gone.last_at ELSE error_channel.last_at END \
     FROM error_channel AS gone WHERE error_channel.team = $1 AND error_channel.channel = $3 \
     AND gone.team = $1 AND gone.channel = $2 AND gone.fingerprint = error_channel.fingerprint",
    "UPDATE error_day SET seen = error_day.seen + gone.seen FROM error_day AS gone \
     WHERE error_day.team = $1 AND error_day.channel = $3 AND gone.team = $1 AND gone.channel = $2 \
     AND gone.day = error_day.day AND gone.fingerprint = error_day.fingerprint AND gone.who = error_day.who",
    "UPDATE channel_day SET seen = channel_day.seen + gone.seen, answered = channel_day.answered + gone.answered, \
     fixed = channel_day.fixed + gone.fixed, unhelpful = channel_day.unhelpful + gone.unhelpful, \
     false_answers = channel_day.false_answers + gone.false_answers, secrets = channel_day.secrets + gone.secrets, helped = channel_day.helped + gone.helped \
     FROM channel_day AS gone WHERE channel_day.team = $1 AND channel_day.channel = $3 \
     AND gone.team = $1 AND gone.channel = $2 AND gone.day = channel_day.day",
];

/// Tables with the channel in their key, and the rest of that key.
const KEYED: &[(&str, &[&str])] = &[
    ("channel", &[]),
    ("shared_channel", &[]),
    ("mute", &["fingerprint"]),
    ("heard", &["message"]),
    ("occurrence", &["message", "ordinal"]),
    ("error_channel", &["fingerprint"]),
    ("error_day", &["day", "fingerprint", "who"]),
    ("channel_day", &["day"]),
    ("reply", &["message"]),
];

/// Rows with the channel beside their key. `$4` and `$5` are the ids as they stand in the rows' JSON.
const BESIDE: [&str; 2] = [
    "UPDATE fix SET channel = $3 WHERE team = $1 AND channel = $2",
    // People of other organisations may read the channel now, and they are not to read what the team met: the digest ends.
    "UPDATE schedule SET channel = $3, off_at = COALESCE(off_at, set_at) WHERE team = $1 AND channel = $2",
];

/// What waits to be said is said after what waits under the new id.
const WAITING: &str = "UPDATE outbox SET lane = $3, body = REPLACE(body, $4, $5), \
                       seq = seq + COALESCE((SELECT lane.seq FROM lane WHERE lane.team = $1 AND lane.lane = $3), 0) \
                       WHERE team = $1 AND lane = $2";
const LANES: &[&str] = &[
    "UPDATE lane SET seq = lane.seq + gone.seq, \
     due_at = CASE WHEN lane.due_at IS NULL OR gone.due_at < lane.due_at THEN gone.due_at ELSE lane.due_at END \
     FROM lane AS gone WHERE lane.team = $1 AND lane.lane = $3 AND gone.team = $1 AND gone.lane = $2",
    "UPDATE lane SET lane = $3 WHERE team = $1 AND lane = $2 \
     AND NOT EXISTS (SELECT 1 FROM lane AS kept WHERE kept.team = $1 AND kept.lane = $3)",
    "DELETE FROM lane WHERE team = $1 AND lane = $2 AND $3 <> ''",
];

/// Of a channel that others read: what somebody was shown alone and did not share yet goes. `$2` is the id as it stands in JSON.
const DRAFTS: &str = "DELETE FROM draft WHERE team = $1 AND REPLACE(body, $2, '') <> body";
/// Answers there say from now on what they would say to anybody; see [`super::replies::State::shared`]. `$2` is the channel.
const ANSWERS: &str = "UPDATE reply SET state = '{\"shared\":true,' || SUBSTR(state, 2) \
                       WHERE team = $1 AND channel = $2 AND state NOT LIKE '%\"shared\":true%'";
/// What waits to be said there. Whoever changes rows holds their lane, and the answers before.
const SAID: [&str; 3] = [
    "UPDATE lane SET seq = seq WHERE team = $1 AND lane = $2",
    // What was shared and not said yet goes: answers are put into words when they are said, everything else was before.
    "DELETE FROM outbox WHERE team = $1 AND lane = $2 AND kind = 'post' AND reply IS NULL AND sending_at IS NULL",
    // An answer that was to be changed is put into words when that is said, too. Those that are closed do not say what is remembered.
    "UPDATE outbox SET body = '' WHERE team = $1 AND lane = $2 AND kind = 'edit' AND EXISTS (SELECT 1 FROM reply \
     WHERE reply.team = $1 AND reply.id = outbox.reply AND (reply.outcome IS NULL OR reply.outcome = 'fixed'))",
];

/// People of other organisations read a channel, as is known `now`. When that is news, what the team remembers is kept from it; what is
/// said there afterwards was meant for all who read it.
pub async fn opened(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId, now: Timestamp) -> Result<()> {
    let insert = "INSERT INTO shared_channel (team, channel, shared_at) VALUES ($1, $2, $3) \
                  ON CONFLICT (team, channel) DO NOTHING";
    let insert = sqlx::query(insert).bind(team.as_str()).bind(channel.as_str()).bind(millis(now));
    if insert.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(());
    }
    keep_from(conn, team, channel).await
}

/// The team is among itself in a channel again.
pub async fn closed(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId) -> Result<()> {
    let delete = "DELETE FROM shared_channel WHERE team = $1 AND channel = $2";
    sqlx::query(delete).bind(team.as_str()).bind(channel.as_str()).execute(conn).await?;
    Ok(())
}

/// Whether people of other organisations read a channel, as far as is known.
pub async fn is_open(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId) -> Result<bool> {
    let select = "SELECT shared_at FROM shared_channel WHERE team = $1 AND channel = $2";
    let row: Option<(i64,)> =
        sqlx::query_as(select).bind(team.as_str()).bind(channel.as_str()).fetch_optional(conn).await?;
    Ok(row.is_some())
}

async fn keep_from(conn: &mut AnyConnection, team: &TeamId, channel: &ChannelId) -> Result<()> {
    sqlx::query(DRAFTS).bind(team.as_str()).bind(json(channel)).execute(&mut *conn).await?;
    for statement in [ANSWERS].iter().chain(&SAID) {
        sqlx::query(*statement).bind(team.as_str()).bind(channel.as_str()).execute(&mut *conn).await?;
    }
    Ok(())
}

/// A channel as it stands in JSON.
fn json(channel: &ChannelId) -> String {
    format!("\"channel\":\"{channel}\"")
}

/// Lets everything that is stored about a channel follow its new id. A repeat changes nothing.
pub async fn channel(conn: &mut AnyConnection, team: &TeamId, old: &ChannelId, new: &ChannelId) -> Result<()> {
    if old == new {
        return Ok(());
    }
    // Whoever reads it now had no part in what was kept under the old one.
    keep_from(conn, team, old).await?;
    let mut statements: Vec<String> = ADDED.iter().map(|statement| (*statement).to_owned()).collect();
    for (table, rest) in KEYED {
        let same: Vec<String> = rest.iter().map(|column| format!(" AND kept.{column} = {table}.{column}")).collect();
        let same = same.concat();
        statements.push(format!(
            "UPDATE {table} SET channel = $3 WHERE team = $1 AND channel = $2 \
             AND NOT EXISTS (SELECT 1 FROM {table} AS kept WHERE kept.team = $1 AND kept.channel = $3{same})"
        ));
        statements.push(format!("DELETE FROM {table} WHERE team = $1 AND channel = $2 AND $3 <> ''"));
    }
    statements.extend(BESIDE.map(str::to_owned));
    for statement in statements {
        let statement = sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false);
        statement.bind(team.as_str()).bind(old.as_str()).bind(new.as_str()).execute(&mut *conn).await?;
    }
    let waiting = sqlx::query(WAITING).bind(team.as_str()).bind(old.as_str()).bind(new.as_str());
    waiting.bind(json(old)).bind(json(new)).execute(&mut *conn).await?;
    for statement in LANES {
        sqlx::query(*statement).bind(team.as_str()).bind(old.as_str()).bind(new.as_str()).execute(&mut *conn).await?;
    }
    Ok(())
}
