//! What people say, change and delete.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{
    Bot,
    compose::{self, Scene},
    decide::{Silence, listens},
    record::{Finding, row},
    say::Say,
};
use crate::{
    answer::reply::{self, Block, Reply},
    classifier::{self, Diagnosis, Findings},
    message::{Address, Message, MessageRef, Speaker},
    redact,
    store::{
        Result, Tx, channels, findings, inbox,
        outbox::{self, Kind},
        replies::{self, Given, Outcome, State},
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

/// What became of the conversation after a message was deleted, as far as the platform can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// Nobody replied to the answer.
    Quiet,
    /// Somebody did, or the platform cannot tell.
    Unknown,
}

/// The most failures of one message that are kept.
const KEPT: usize = 20;
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
        let findings = classifier::explain(message.text, &&self.knowledge);
        if findings.diagnoses.is_empty() && findings.secrets.is_empty() {
            return match message.address {
                Address::Overheard => Ok(Heard::Chatter),
                Address::Addressed => self.say_nothing_found(message, now).await,
            };
        }
        self.record(self.finding(message, findings, now)).await
    }

    /// Whoever speaks to the bot gets a word, also when there is nothing to explain; but never another bot, which might answer
    /// that in turn.
    async fn say_nothing_found(&self, message: &Message<'_>, now: Timestamp) -> Result<Heard> {
        if message.author.speaker == Speaker::Bot {
            return Ok(Heard::Silent(Silence::Bot));
        }
        if let Some(silence) = self.silence(message).await? {
            return Ok(Heard::Silent(silence));
        }
        let place = &message.place;
        let mut tx = self.store.begin().await?;
        let event = format!("heard {} {}", place.channel, place.id);
        if !inbox::take(&mut tx, &place.team, &event, now).await? {
            return Ok(Heard::Again);
        }
        let say = Say { to: place.clone(), user: None, content: Reply::say(reply::nothing_to_explain()) };
        outbox::put(&mut tx, &[row(&say, Kind::Post, None)], now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(Heard::Silent(Silence::NoFailure))
    }

    fn finding(&self, message: &Message<'_>, findings: Findings, now: Timestamp) -> Finding {
        let gist = gist(&findings);
        let mut diagnoses = findings.diagnoses;
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
            diagnoses,
            secrets: findings.secrets,
        }
    }

    /// Takes in the new text of a message that was edited. Its answer changes only when its diagnosis did.
    pub async fn edited(&self, message: &Message<'_>, now: Timestamp) -> Result<Heard> {
        if message.author.speaker == Speaker::Itself {
            return Ok(Heard::Silent(Silence::Itself));
        }
        let mut found = classifier::explain(message.text, &&self.knowledge);
        let known = findings::heard(&mut *self.store.read().await?, &message.place).await?;
        let Some(known) = known else {
            // It may have become one worth answering.
            return self.hear(message, now).await;
        };
        let new = gist(&found);
        if known.gist == new {
            return Ok(Heard::Again);
        }
        if let Some(silence) = self.silence(message).await? {
            return Ok(Heard::Silent(silence));
        }
        if secrets(&known.gist) == secrets(&new) {
            // Its author was warned.
            found.secrets = redact::Tally::default();
        }
        let mut finding = self.finding(message, found, now);
        finding.heard.gist = new;
        let mut tx = self.store.begin().await?;
        let given = replies::of_message(&mut tx, &message.place).await?;
        let warning = warning(&finding).map(|notice| row(&notice, Kind::Notice, None));
        if failures(&known.gist) == failures(&finding.heard.gist) {
            findings::heard_besides(&mut tx, &message.place, &finding.heard.gist).await?;
            outbox::put(&mut tx, warning.as_slice(), now).await?;
            tx.commit().await?;
            self.wake.notify_one();
            return Ok(Heard::Silent(Silence::NoFailure));
        }
        if given.is_none() && failures(&known.gist).is_empty() {
            // It was heard for a secret alone. What it has become is decided on like any other message.
            findings::unheard(&mut tx, &message.place).await?;
            tx.commit().await?;
            return self.record(finding).await;
        }
        findings::heard_anew(&mut tx, &message.place, &finding.heard.gist).await?;
        let occurrences: Vec<_> = (0..)
            .zip(&finding.diagnoses)
            .map(|(ordinal, diagnosis)| findings::NewOccurrence { heard: &finding.heard, ordinal, diagnosis })
            .collect();
        findings::record(&mut tx, &occurrences).await?;
        let mut rows: Vec<_> = warning.into_iter().collect();
        let mut heard = Heard::Silent(Silence::NoFailure);
        // One that was taken away stays away.
        let gone = |given: &Given| matches!(given.outcome, Some(Outcome::Dismissed | Outcome::False));
        if let Some(mut given) = given.filter(|given| !gone(given)) {
            let content = self.anew(&mut tx, &mut given, &finding.diagnoses).await?;
            replies::update(&mut tx, &given).await?;
            let say = Say { to: message.place.clone(), user: None, content };
            rows.push(row(&say, Kind::Edit, Some(&given.id)));
            heard = Heard::Answered(given.id);
        }
        outbox::put(&mut tx, &rows, now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(heard)
    }

    /// Begins the conversation about a message again, with what it says now.
    async fn anew(&self, tx: &mut Tx, given: &mut Given, diagnoses: &[Diagnosis]) -> Result<Reply> {
        let Some(first) = diagnoses.first() else {
            given.outcome = Some(Outcome::Withdrawn);
            return Ok(Reply::say(reply::no_error_any_more()));
        };
        let fixes = self.fixes_that_fit(tx, &given.place.team, &given.place.channel, first, &[]).await?;
        given.fingerprint.clone_from(&first.fingerprint);
        given.outcome = None;
        given.kind = replies::Kind::Answer;
        given.state = State { seen: 1, fix: fixes.lead.as_ref().map(|fix| fix.id), ..State::default() };
        let scene = Scene { id: &given.id, diagnoses, state: &given.state, outcome: None, fixes: &fixes };
        Ok(compose::answer(&scene, &self.knowledge).unwrap_or_default())
    }

    /// What stands against reading a message at all.
    async fn silence(&self, message: &Message<'_>) -> Result<Option<Silence>> {
        let place = (message.place.team.clone(), message.place.channel.clone());
        let settings = channels::settings(&mut *self.store.read().await?, &HashSet::from([place])).await?;
        Ok(settings.values().find_map(|settings| listens(settings, message.author.speaker, message.address)))
    }

    /// Takes in that a message was deleted: what is kept of its text is erased, and its answer removed if nobody replied.
    pub async fn deleted(&self, place: &MessageRef, aftermath: Aftermath, now: Timestamp) -> Result<()> {
        let known = findings::heard(&mut *self.store.read().await?, place).await?;
        if known.is_none() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let given = replies::of_message(&mut tx, place).await?;
        findings::deleted(&mut tx, place, now).await?;
        if let Some(mut given) = given {
            // What was not said yet repeats the text, and nobody can have replied to it.
            let unsaid = outbox::withdraw(&mut tx, &place.team, place.channel.as_str(), &given.id).await?;
            if unsaid || aftermath == Aftermath::Quiet {
                given.outcome = Some(Outcome::Withdrawn);
                replies::update(&mut tx, &given).await?;
            }
            if !unsaid && aftermath == Aftermath::Quiet {
                let say = Say { to: place.clone(), user: None, content: Reply::default() };
                outbox::put(&mut tx, &[row(&say, Kind::Remove, Some(&given.id))], now).await?;
            }
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}

/// What was found, short: an edit that leaves this as it is changes nothing. A line for each failure, an empty one, and a line
/// for each kind of secret.
fn gist(findings: &Findings) -> String {
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
fn failures(gist: &str) -> &str {
    gist.split_once("\n\n").map_or(gist, |(failures, _)| failures)
}

/// The kinds of secrets of a gist.
fn secrets(gist: &str) -> &str {
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

/// A private warning to whoever pasted a secret.
pub(super) fn warning(finding: &Finding) -> Option<Say> {
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
    Some(Say { to: finding.heard.place.clone(), user: Some(finding.author.id.clone()), content })
}
