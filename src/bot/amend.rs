//! What people change and delete after they said it.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Bot, Heard,
    compose::{self, Fixes, Scene},
    decide::{self, Silence},
    hear::{failures, gist, secrets, settings, warning},
    record::{Finding, row},
    say::Say,
};
use crate::{
    answer::reply::{self, Reply},
    classifier,
    message::{Message, MessageRef, Speaker, Where},
    redact::Tally,
    store::{
        Result,
        findings::{self, Anew},
        outbox::{self, Kind},
        replies::{self, Given, Outcome, State},
    },
};

/// What became of the conversation after a message was deleted, as far as the platform can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// Nobody replied to the answer.
    Quiet,
    /// Somebody did, or the platform cannot tell.
    Unknown,
}

impl Bot {
    /// Takes in the new text of a message that was edited. Its answer changes only when its diagnosis did.
    pub async fn edited(&self, message: &Message<'_>, now: Timestamp) -> Result<Heard> {
        if message.author.speaker == Speaker::Itself {
            return Ok(Heard::Silent(Silence::Itself));
        }
        let place = &message.place;
        let mut found = classifier::explain(message.text, &&self.knowledge);
        let mut tx = self.store.begin().await?;
        let new = gist(&found);
        let (before, same) = match findings::heard_anew(&mut tx, place, &new).await? {
            // It may have become one worth answering.
            Anew::Unknown => {
                drop(tx);
                return self.hear(message, now).await;
            }
            Anew::Same => return Ok(Heard::Again),
            Anew::Changed { failures: former, gist: before } => {
                if secrets(&before) == secrets(&new) {
                    // Its author was warned.
                    found.secrets = Tally::default();
                }
                (former, failures(&before) == failures(&new))
            }
        };
        let settings = settings(&mut tx, message).await?;
        if let Some(silence) = decide::listens(&settings, message.author.speaker, message.address) {
            return Ok(Heard::Silent(silence));
        }
        let nothing = found.diagnoses.is_empty() && found.secrets.is_empty();
        let mut finding = self.finding(message, found, now);
        finding.heard.gist = new;
        let given = replies::of_message(&mut tx, place).await?;
        let Some(given) = given else {
            if nothing {
                tx.commit().await?;
                return Ok(Heard::Silent(Silence::NoFailure));
            }
            // Nothing was said about it so far: it is decided on as if it had just been said.
            findings::unhear(&mut tx, place).await?;
            tx.commit().await?;
            return self.record(finding).await;
        };
        let all: Vec<_> = finding.occurrences().collect();
        findings::insert(&mut tx, &all).await?;
        let new: Vec<_> = all.iter().copied().filter(|o| !before.contains(&o.diagnosis.fingerprint)).collect();
        findings::count_failures(&mut tx, &new).await?;
        let mut rows: Vec<_> = warning(&finding).iter().map(|notice| row(notice, Kind::Notice, None)).collect();
        // One that was taken away stays away, and one whose failures are as they were says so already.
        let closed = same || matches!(given.outcome, Some(Outcome::Dismissed | Outcome::False));
        let heard = if closed { Heard::Silent(Silence::NotNpm) } else { Heard::Answered(given.id.clone()) };
        if !closed {
            let id = given.id.clone();
            let content = self.answer_anew(&mut tx, given, &finding).await?;
            let say = Say { to: Where::Under(place.clone()), user: None, content };
            rows.push(row(&say, Kind::Edit, Some(&id)));
        }
        outbox::put(&mut tx, &rows, now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(heard)
    }

    /// What the answer to an edited message says now.
    async fn answer_anew(&self, conn: &mut AnyConnection, mut given: Given, finding: &Finding) -> Result<Reply> {
        let Some(first) = finding.diagnoses.first() else {
            given.outcome = Some(Outcome::Withdrawn);
            replies::update(conn, &given).await?;
            return Ok(Reply::say(reply::no_error_any_more()));
        };
        let shared = given.state.shared;
        let fixes = if shared {
            Fixes::default()
        } else {
            self.fixes_that_fit(conn, &given.place.team, &given.place.channel, first, &[]).await?
        };
        let same = given.fingerprint == first.fingerprint;
        let (seen, last) = if same { (given.state.seen, given.state.last) } else { (1, None) };
        given.fingerprint.clone_from(&first.fingerprint);
        given.outcome = None;
        given.kind = replies::Kind::Answer;
        given.state = State { seen, last, fix: fixes.lead.as_ref().map(|fix| fix.id), shared, ..State::default() };
        replies::update(conn, &given).await?;
        replies::lead_to(conn, &[(&given.place, &given.fingerprint, &given.id)]).await?;
        let (id, diagnoses) = (given.id.as_str(), finding.diagnoses.as_slice());
        let scene = Scene { id, diagnoses, state: &given.state, outcome: None, fixes: &fixes };
        Ok(compose::answer(&scene, &self.knowledge).unwrap_or_default())
    }

    /// Takes in that a message was deleted: what is kept of its text is erased, and its answer removed if nobody replied.
    pub async fn deleted(&self, place: &MessageRef, aftermath: Aftermath, now: Timestamp) -> Result<()> {
        let mut tx = self.store.begin().await?;
        if !findings::deleted(&mut tx, place, now).await? {
            return Ok(());
        }
        if let Some(mut given) = replies::of_message(&mut tx, place).await? {
            // What was not said yet repeats the text, and nobody can have replied to it.
            let unsaid = outbox::withdraw(&mut tx, &place.team, place.channel.as_str(), &given.id).await?;
            if unsaid || aftermath == Aftermath::Quiet {
                given.outcome = Some(Outcome::Withdrawn);
                replies::update(&mut tx, &given).await?;
            }
            if !unsaid && aftermath == Aftermath::Quiet {
                let say = Say { to: Where::Under(place.clone()), user: None, content: Reply::default() };
                outbox::put(&mut tx, &[row(&say, Kind::Remove, Some(&given.id))], now).await?;
            }
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}
