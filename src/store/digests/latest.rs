//! Where errors were answered last, to lead whoever reads a digest there.

use std::collections::{BTreeSet, HashMap};

use sqlx::AnyConnection;

use super::report::Scope;
use crate::{
    classifier::Diagnosis,
    message::{ChannelId, IdError, MessageId, MessageRef, TeamId},
    store::{
        Result, StoreError,
        findings::from_json,
        rows::{FULL, padded, query_as},
    },
};

/// Where an error was answered last.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    /// The message.
    pub place: MessageRef,
    /// The answer to it.
    pub reply: String,
    /// Whether something can still be saved under that answer.
    pub open: bool,
    /// The first failure of the message, if it can be read.
    pub diagnosis: Option<Diagnosis>,
}

/// Channels of an error that are looked at for the last message.
const LOOKED_AT: usize = 20;

/// Where errors were answered last in some channels, by fingerprint; in one statement for all. Of what is private only what the
/// scope's channel met itself is there.
pub async fn latest(
    conn: &mut AnyConnection,
    scope: Scope<'_>,
    errors: &[(&str, &BTreeSet<String>)],
) -> Result<HashMap<String, Latest>> {
    let places: Vec<(&str, &str)> = errors
        .iter()
        .flat_map(|(fingerprint, channels)| channels.iter().take(LOOKED_AT).map(move |c| (c.as_str(), *fingerprint)))
        .collect();
    let mut all: HashMap<String, (i64, Latest)> = HashMap::new();
    for some in places.chunks(FULL).map(padded) {
        let mut select = query_as::<Answer>(
            conn,
            "WITH scope (team, channel) AS (VALUES ($1, $2)), wanted (channel, fingerprint) AS ( \
             SELECT DISTINCT * FROM (VALUES {rows}) AS asked), answer AS ( \
             SELECT c.fingerprint, c.last_at, r.id, r.channel, r.message, r.thread, r.outcome, \
             ROW_NUMBER() OVER (PARTITION BY c.fingerprint ORDER BY c.last_at DESC, c.channel) AS place \
             FROM scope CROSS JOIN wanted CROSS JOIN error_channel c CROSS JOIN reply r CROSS JOIN heard h \
             WHERE c.team = scope.team AND c.channel = wanted.channel AND c.fingerprint = wanted.fingerprint \
             AND (c.private_at IS NULL OR c.channel = scope.channel) AND r.id = c.reply AND r.team = c.team \
             AND h.team = r.team AND h.channel = r.channel AND h.message = r.message AND h.deleted_at IS NULL \
             AND (h.private_at IS NULL OR h.channel = scope.channel)) \
             SELECT answer.fingerprint, answer.last_at, answer.id, answer.channel, answer.message, answer.thread, answer.outcome, o.diagnosis \
             FROM scope CROSS JOIN answer LEFT JOIN occurrence o ON o.team = scope.team AND o.channel = answer.channel \
             AND o.message = answer.message AND o.ordinal = 0 WHERE answer.place = 1",
            2,
            some.len(),
            2,
        )
        .bind(scope.team.as_str())
        .bind(scope.channel.as_str());
        for (channel, fingerprint) in some {
            select = select.bind(channel).bind(fingerprint);
        }
        for answer in select.fetch_all(&mut *conn).await? {
            let (fingerprint, at) = (answer.0.clone(), answer.1);
            if all.get(&fingerprint).is_none_or(|(before, _)| *before < at) {
                all.insert(fingerprint, (at, of(scope.team, answer)?));
            }
        }
    }
    Ok(all.into_iter().map(|(fingerprint, (_, latest))| (fingerprint, latest)).collect())
}

/// The error's fingerprint and last time; the answer's id, channel, message and thread, its outcome, and the first failure of the
/// message.
type Answer = (String, i64, String, String, String, Option<String>, Option<String>, Option<String>);

fn of(team: &TeamId, answer: Answer) -> Result<Latest> {
    let (_, _, reply, channel, message, thread, outcome, diagnosis) = answer;
    let bad = |e: IdError| StoreError::Row { what: "the place of a message".to_owned(), why: e.to_string() };
    let place = MessageRef {
        team: team.clone(),
        channel: ChannelId::parse(&channel).map_err(bad)?,
        thread: thread.as_deref().map(MessageId::parse).transpose().map_err(bad)?,
        id: MessageId::parse(&message).map_err(bad)?,
    };
    let open = matches!(outcome.as_deref(), None | Some("fixed"));
    let diagnosis = diagnosis.and_then(|json| match from_json(&json) {
        Ok(diagnosis) => Some(diagnosis),
        // The error is told all the same.
        Err(error) => {
            tracing::warn!(%team, reply, %error, "a failure cannot be read");
            None
        }
    });
    Ok(Latest { place, reply, open, diagnosis })
}
