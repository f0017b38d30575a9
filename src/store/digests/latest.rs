//! Where errors were answered last, to lead whoever reads a digest there.

use std::collections::{BTreeSet, HashMap};

use sqlx::AnyConnection;

use super::report::{Scope, TOGETHER};
use crate::{
    classifier::Diagnosis,
    message::{ChannelId, IdError, MessageId, MessageRef, TeamId},
    store::{Result, StoreError, findings::from_json, rows::query_as},
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

/// An error's answers in several channels of which the last may be gone.
const CANDIDATES: usize = 3;
/// Channels of an error that are looked at for the last message.
const LOOKED_AT: usize = 20;

/// Where errors were answered last in some channels, by fingerprint; in two statements for all. Of what is private only what the
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
    let mut answers: HashMap<String, Vec<String>> = HashMap::new();
    for some in places.chunks(TOGETHER) {
        let mut select = query_as::<(String, String, Option<i64>, String, i64)>(
            conn,
            "SELECT fingerprint, channel, private_at, reply, last_at FROM error_channel \
             WHERE (team, channel, fingerprint) IN (VALUES {rows}) AND reply IS NOT NULL ORDER BY last_at DESC, channel",
            0,
            some.len(),
            3,
        );
        for (channel, fingerprint) in some {
            select = select.bind(scope.team.as_str()).bind(*channel).bind(*fingerprint);
        }
        for (fingerprint, channel, private, reply, _) in select.fetch_all(&mut *conn).await? {
            let answers = answers.entry(fingerprint).or_default();
            if answers.len() < CANDIDATES && (private.is_none() || channel == scope.channel.as_str()) {
                answers.push(reply);
            }
        }
    }
    let ids: Vec<&str> = answers.values().flatten().map(String::as_str).collect();
    let mut given: HashMap<String, Latest> = HashMap::new();
    for some in ids.chunks(TOGETHER) {
        let mut select = query_as::<Answer>(
            conn,
            "SELECT r.id, r.channel, r.message, r.thread, r.outcome, o.diagnosis FROM reply r JOIN heard h \
             ON h.team = r.team AND h.channel = r.channel AND h.message = r.message LEFT JOIN occurrence o \
             ON o.team = r.team AND o.channel = r.channel AND o.message = r.message AND o.ordinal = 0 \
             WHERE r.team = $1 AND h.deleted_at IS NULL AND (h.private_at IS NULL OR h.channel = $2) AND r.id IN ({rows})",
            2,
            some.len(),
            1,
        )
        .bind(scope.team.as_str())
        .bind(scope.channel.as_str());
        for id in some {
            select = select.bind(*id);
        }
        for answer in select.fetch_all(&mut *conn).await? {
            let latest = of(scope.team, answer)?;
            given.insert(latest.reply.clone(), latest);
        }
    }
    let latest = |(fingerprint, answers): (String, Vec<String>)| {
        let found = answers.iter().find_map(|id| given.get(id))?;
        Some((fingerprint, found.clone()))
    };
    Ok(answers.into_iter().filter_map(latest).collect())
}

/// Its id, channel, message and thread, its outcome, and the first failure of the message.
type Answer = (String, String, String, Option<String>, Option<String>, Option<String>);

fn of(team: &TeamId, (reply, channel, message, thread, outcome, diagnosis): Answer) -> Result<Latest> {
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
