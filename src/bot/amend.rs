//! What people change and delete after they said it.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Bot, Heard,
    compose::{self, Fixes, Scene},
    decide::{self, Silence},
    hear::{failures, fingerprints, gist, secrets, settings, warning},
    record::{Finding, row},
    say::Say,
};
use crate::{
    answer::reply::{self, Reply},
    classifier,
    message::{Address, Message, MessageRef, Speaker},
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
        let mut found = classifier::explain(message.text, &&*self.knowledge);
        let new = gist(&found);
        let nothing = found.diagnoses.is_empty() && found.secrets.is_empty();
        // Most of what people edit was never worth a row: nothing is written for it.
        match findings::gist(&mut *self.store.read().await?, place).await? {
            Some(before) if before == new && message.address == Address::Overheard => return Ok(Heard::Again),
            Some(_) => {}
            None => {
                // Its first text may yet come, late or again.
                if nothing {
                    self.gone.add(place);
                } else {
                    self.gone.remove(place);
                }
                return self.hear(message, now).await;
            }
        }
        let mut tx = self.store.begin().await?;
        let (before, same) = match findings::heard_anew(&mut tx, place, &new).await? {
            // It may have become one worth answering.
            Anew::Unknown => {
                drop(tx);
                return self.hear(message, now).await;
            }
            Anew::Same => {
                // It was passed over; now the bot is spoken to.
                let wanted = message.address == Address::Addressed && !found.diagnoses.is_empty();
                if !wanted || replies::of_message(&mut tx, place).await?.is_some() {
                    return Ok(Heard::Again);
                }
                found.secrets = Tally::default();
                (fingerprints(&new), true)
            }
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
        finding.counted = before;
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
        let new: Vec<_> = finding.uncounted().collect();
        findings::count_failures(&mut tx, &new).await?;
        let mut rows: Vec<_> =
            warning(&finding, Some(&settings)).iter().map(|notice| row(notice, Kind::Notice, None)).collect();
        // One that was taken away stays away, and one whose failures are as they were says so already.
        let closed = same || matches!(given.outcome, Some(Outcome::Dismissed | Outcome::False));
        let heard = if closed { Heard::Silent(Silence::NotNpm) } else { Heard::Answered(given.id.clone()) };
        if !closed {
            let id = given.id.clone();
            let content = self.answer_anew(&mut tx, given, &finding).await?;
            let say = Say::under(place, content);
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
        // Most of what people delete was never worth a row: nothing is written for it.
        if !findings::is_heard(&mut *self.store.read().await?, place).await? {
            self.gone.add(place);
            return Ok(());
        }
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
                let say = Say::under(place, Reply::default());
                outbox::put(&mut tx, &[row(&say, Kind::Remove, Some(&given.id))], now).await?;
            }
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}
