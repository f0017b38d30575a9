//! What people say.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Bot,
    amend::Aftermath,
    decide::{self, Silence},
    record::{Finding, row},
    say::Say,
};
use crate::{
    answer::reply::{self, Block, Reply},
    classifier::{self, Diagnosis, Findings},
    message::{Address, Message, Speaker},
    redact,
    store::{
        Result,
        channels::{self, Mode},
        findings, inbox,
        outbox::{self, Kind},
    },
};

/// What became of something that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Nothing in it. Nothing was kept, and no database was asked.
    Chatter,
    /// It was heard before; nothing changed.
    Again,
    /// It was recorded or passed over, and nothing is said in the channel.
    Silent(Silence),
    /// It was recorded, and the reply with this id is in the outbox.
    Answered(String),
}

/// The most failures of one message that are kept.
pub(super) const KEPT: usize = 20;
/// The most decisive lines of a failure that are kept.
const LINES: usize = 12;
/// The most characters of such a line.
const WIDTH: usize = 600;

impl Bot {
    /// Takes in a message. When this returns without an error, what it led to is stored; a repeat changes nothing.
    ///
    /// The text is read and redacted here, and dropped.
    pub async fn hear(&self, message: &Message<'_>, now: Timestamp) -> Result<Heard> {
        if message.author.speaker == Speaker::Itself {
            return Ok(Heard::Silent(Silence::Itself));
        }
        let findings = classifier::explain(message.text, &&*self.knowledge);
        if findings.diagnoses.is_empty() && findings.secrets.is_empty() {
            return match message.address {
                Address::Overheard => Ok(Heard::Chatter),
                Address::Addressed => self.say_nothing_found(message, now).await,
            };
        }
        if self.gone.has(&message.place) {
            // It may have been written down before without anybody who could take it back then.
            self.deleted(&message.place, Aftermath::Unknown, now).await?;
            return Ok(Heard::Silent(Silence::Gone));
        }
        self.record(self.finding(message, findings, now)).await
    }

    /// Whether a text holds no failure.
    #[must_use]
    pub fn is_chatter(&self, text: &[u8]) -> bool {
        classifier::explain(text, &&*self.knowledge).diagnoses.is_empty()
    }

    /// Whoever speaks to the bot gets a word, also when there is nothing to explain.
    async fn say_nothing_found(&self, message: &Message<'_>, now: Timestamp) -> Result<Heard> {
        // Two bots that answer each other would never end.
        if message.author.speaker != Speaker::Person {
            return Ok(Heard::Silent(Silence::Bot));
        }
        let place = &message.place;
        let mut tx = self.store.begin().await?;
        let settings = settings(&mut tx, message).await?;
        if let Some(silence) = decide::listens(&settings, message.author.speaker, message.address) {
            return Ok(Heard::Silent(silence));
        }
        let event = format!("heard {} {}", place.channel, place.id);
        if !inbox::take(&mut tx, &place.team, &event, now).await? {
            return Ok(Heard::Again);
        }
        let say = Say::under(place, Reply::say(reply::nothing_to_explain()));
        outbox::put(&mut tx, &[row(&say, Kind::Post, None)], now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(Heard::Silent(Silence::NoFailure))
    }

    pub(super) fn finding(&self, message: &Message<'_>, found: Findings, now: Timestamp) -> Finding {
        let gist = gist(&found);
        let mut diagnoses = found.diagnoses;
        diagnoses.truncate(KEPT);
        diagnoses.iter_mut().for_each(decisive);
        Finding {
            heard: findings::NewHeard {
                place: message.place.clone(),
                visibility: message.visibility,
                who: self.store.who(&message.place.team, &message.author.id),
                gist,
                at: now,
            },
            author: message.author.clone(),
            address: message.address,
            kept: diagnoses.iter().map(findings::to_json).collect(),
            diagnoses,
            counted: HashSet::new(),
            secrets: found.secrets,
        }
    }
}

/// What was found, short: an edit that leaves this as it is changes nothing. A line for each failure, an empty one, and a line
/// for each kind of secret.
pub(super) fn gist(findings: &Findings) -> String {
    let causes = |d: &Diagnosis| d.causes.first().map_or("", |c| c.id.as_str()).to_owned();
    let failures: Vec<String> = findings
        .diagnoses
        .iter()
        .take(KEPT)
        .map(|d| {
            let target = d.report.package.as_deref().unwrap_or_default();
            format!("{} {} {target}", d.fingerprint, causes(d))
        })
        .collect();
    let secrets: Vec<&str> = findings.secrets.iter().map(|(kind, _)| kind).collect();
    format!("{}\n\n{}", failures.join("\n"), secrets.join("\n"))
}

/// The failures of a gist.
pub(super) fn failures(gist: &str) -> &str {
    gist.split_once("\n\n").map_or(gist, |(failures, _)| failures)
}

/// The fingerprints of a gist's failures.
pub(super) fn fingerprints(gist: &str) -> HashSet<String> {
    failures(gist).lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The kinds of secrets of a gist.
pub(super) fn secrets(gist: &str) -> &str {
    gist.split_once("\n\n").map_or("", |(_, secrets)| secrets)
}

/// Keeps only the lines that decide.
fn decisive(diagnosis: &mut Diagnosis) {
    let report = &mut diagnosis.report;
    for lines in [&mut report.said, &mut report.around] {
        lines.truncate(LINES);
        for line in lines {
            if let Some((end, _)) = line.text.char_indices().nth(WIDTH) {
                line.text.truncate(end);
            }
        }
    }
}

/// A private warning to whoever pasted a secret. Where the channel listens only to what is addressed to the bot, and this was not,
/// nobody else is to hear of it.
pub(super) fn warning(finding: &Finding, settings: Option<&channels::Settings>) -> Option<Say> {
    if finding.secrets.is_empty() || finding.author.speaker != Speaker::Person {
        return None;
    }
    let blocks = finding
        .secrets
        .iter()
        .map(|(kind, count)| {
            let (what, revoke) = redact::pattern(kind).map_or((kind, ""), |p| (p.what, p.revoke));
            Block::Say(reply::secret_pasted(what, count, revoke))
        })
        .collect();
    let content = Reply { blocks, rows: Vec::new() };
    let chosen = finding.address == Address::Addressed || settings.is_some_and(|settings| settings.mode == Mode::Auto);
    Some(Say { in_channel: chosen, ..Say::notice(&finding.heard.place, &finding.author.id, content) })
}

/// The settings of a message's channel.
pub(super) async fn settings(conn: &mut AnyConnection, message: &Message<'_>) -> Result<channels::Settings> {
    let place = (message.place.team.clone(), message.place.channel.clone());
    let all = channels::settings(conn, &HashSet::from([place.clone()])).await?;
    Ok(all.get(&place).copied().unwrap_or_else(|| channels::Settings::default_on(place.0.platform())))
}
