//! What people say, change and delete.

use jiff::Timestamp;

use super::{
    Bot,
    compose::{self, Scene},
    decide::Silence,
    record::{Finding, row},
    say::Say,
};
use crate::{
    answer::reply::{self, Block, Reply},
    classifier::{self, Diagnosis, Findings},
    message::{Address, Message, MessageRef, Speaker},
    redact,
    store::{
        Result, findings, inbox,
        outbox::{self, Kind},
        replies::{self, Outcome, State},
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
        let findings = classifier::explain(message.text, &&self.knowledge);
        if findings.diagnoses.is_empty() && findings.secrets.is_empty() {
            return match message.address {
                Address::Overheard => Ok(Heard::Chatter),
                Address::Addressed => self.say_nothing_found(&message.place, now).await,
            };
        }
        self.record(self.finding(message, findings, now)).await
    }

    /// Whoever speaks to the bot gets a word, also when there is nothing to explain.
    async fn say_nothing_found(&self, place: &MessageRef, now: Timestamp) -> Result<Heard> {
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
        let found = classifier::explain(message.text, &&self.knowledge);
        let known = findings::heard(&mut *self.store.read().await?, &message.place).await?;
        let Some(known) = known else {
            // It may have become one worth answering.
            return self.hear(message, now).await;
        };
        if known.gist == gist(&found) {
            return Ok(Heard::Again);
        }
        let finding = self.finding(message, found, now);
        let mut tx = self.store.begin().await?;
        findings::heard_anew(&mut tx, &message.place, &finding.heard.gist).await?;
        let given = replies::of_message(&mut tx, &message.place).await?;
        let occurrences: Vec<_> = (0..)
            .zip(&finding.diagnoses)
            .map(|(ordinal, diagnosis)| findings::NewOccurrence { heard: &finding.heard, ordinal, diagnosis })
            .collect();
        findings::record(&mut tx, &occurrences).await?;
        let mut rows: Vec<_> = warning(&finding).iter().map(|notice| row(notice, Kind::Notice, None)).collect();
        let mut heard = Heard::Silent(Silence::NoFailure);
        if let Some(mut given) = given {
            let content = if let Some(first) = finding.diagnoses.first() {
                let channel = &message.place.channel;
                let fixes = self.fixes_that_fit(&mut tx, &message.place.team, channel, first, &[]).await?;
                given.fingerprint.clone_from(&first.fingerprint);
                given.outcome = None;
                given.kind = replies::Kind::Answer;
                given.state = State { seen: 1, fix: fixes.lead.as_ref().map(|fix| fix.id), ..State::default() };
                given.diagnoses.clone_from(&finding.diagnoses);
                let scene = Scene {
                    id: &given.id,
                    diagnoses: &given.diagnoses,
                    state: &given.state,
                    outcome: None,
                    fixes: &fixes,
                };
                compose::answer(&scene, &self.knowledge).unwrap_or_default()
            } else {
                given.outcome = Some(Outcome::Withdrawn);
                Reply::say(reply::no_error_any_more())
            };
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

    /// Takes in that a message was deleted: what is kept of its text is erased, and its answer removed if nobody replied.
    pub async fn deleted(&self, place: &MessageRef, aftermath: Aftermath, now: Timestamp) -> Result<()> {
        let known = findings::heard(&mut *self.store.read().await?, place).await?;
        if known.is_none() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let given = replies::of_message(&mut tx, place).await?;
        findings::deleted(&mut tx, place, now).await?;
        if let Some(mut given) = given.filter(|_| aftermath == Aftermath::Quiet) {
            given.outcome = Some(Outcome::Withdrawn);
            replies::update(&mut tx, &given).await?;
            let say = Say { to: place.clone(), user: None, content: Reply::default() };
            outbox::put(&mut tx, &[row(&say, Kind::Remove, Some(&given.id))], now).await?;
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}

/// What was found, short: an edit that leaves this as it is changes nothing.
fn gist(findings: &Findings) -> String {
    let causes = |d: &Diagnosis| d.causes.first().map_or("", |c| c.id.as_str()).to_owned();
    let mut parts: Vec<String> = findings
        .diagnoses
        .iter()
        .take(KEPT)
        .map(|d| {
            let target = d.report.package.as_deref().unwrap_or_default();
            format!("{} {} {target}", d.fingerprint, causes(d))
        })
        .collect();
    parts.extend(findings.secrets.iter().map(|(kind, _)| kind.to_owned()));
    parts.join("\n")
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
