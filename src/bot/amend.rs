//! What people change and delete after they said it.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    Bot, Heard,
    compose::{self, Fixes, Scene},
    decide::{self, Silence},
    hear::{failures, fingerprints, gist, secrets, settings, warning},
    record::{Finding, TRIES, row},
    say::Say,
};
use crate::{
    answer::reply::{self, Reply},
    classifier,
    message::{Address, Message, MessageRef, Speaker},
    redact::Tally,
    store::{
        Result, Store, StoreError,
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
        for _ in 1..TRIES {
            match self.edited_once(message, now).await {
                // Somebody else wrote at the same time; or its first text was still being written down, and is by now.
                Err(StoreError::Locked) | Ok(None) => {}
                Ok(Some(heard)) => return Ok(heard),
                Err(error) => return Err(error),
            }
        }
        Ok(self.edited_once(message, now).await?.unwrap_or(Heard::Again))
    }

    /// `None` when it was not heard before, and then it was.
    async fn edited_once(&self, message: &Message<'_>, now: Timestamp) -> Result<Option<Heard>> {
        if let Some(heard) = self.amend(message, now).await? {
            return Ok(Some(heard));
        }
        // It may have become one worth answering.
        let heard = self.hear(message, now).await?;
        Ok((heard != Heard::Again).then_some(heard))
    }

    /// Changes what is kept of a message. `None` when nothing is.
    async fn amend(&self, message: &Message<'_>, now: Timestamp) -> Result<Option<Heard>> {
        let place = &message.place;
        let mut found = classifier::explain(message.text, &&*self.knowledge);
        let new = gist(&found);
        let nothing = found.diagnoses.is_empty() && found.secrets.is_empty();
        // Most of what people edit was never worth a row: nothing is written for it.
        let mut before = self.gist(place).await?;
        if before.is_none() {
            // Its first text may yet come, late or again, or be written down just now.
            if nothing {
                self.gone.add(place);
                before = self.gist(place).await?;
            } else {
                self.gone.remove(place);
            }
        }
        match before {
            Some(before) if before == new && message.address == Address::Overheard => return Ok(Some(Heard::Again)),
            Some(_) => self.gone.remove(place),
            None => return Ok(None),
        }
        let mut tx = self.store.begin().await?;
        let (before, same) = match findings::heard_anew(&mut tx, place, &new).await? {
            Anew::Unknown => return Ok(None),
            Anew::Same => {
                // It was passed over; now the bot is spoken to.
                let wanted = message.address == Address::Addressed && !found.diagnoses.is_empty();
                if !wanted || replies::of_message(&mut tx, place).await?.is_some() {
                    return Ok(Some(Heard::Again));
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
            return Ok(Some(Heard::Silent(silence)));
        }
        let nothing = found.diagnoses.is_empty() && found.secrets.is_empty();
        let mut finding = self.finding(message, found, now);
        finding.heard.gist = new;
        finding.counted = before;
        let given = replies::of_message(&mut tx, place).await?;
        let Some(given) = given else {
            if nothing {
                tx.commit().await?;
                return Ok(Some(Heard::Silent(Silence::NoFailure)));
            }
            // Nothing was said about it so far: it is decided on as if it had just been said.
            findings::unhear(&mut tx, place).await?;
            let heard = self.writer.write_in(&mut tx, &[Arc::new(finding)]).await?.pop();
            tx.commit().await?;
            self.wake.notify_one();
            return Ok(heard);
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
        Ok(Some(heard))
    }

    async fn gist(&self, place: &MessageRef) -> Result<Option<String>> {
        findings::gist(&mut *self.store.read().await?, place).await
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
        // Before it is looked for: whoever writes it down just now looks here afterwards.
        self.gone.add(place);
        // Most of what people delete was never worth a row: nothing is written for it.
        if findings::is_heard(&mut *self.store.read().await?, place).await? {
            erase(&self.store, place, aftermath, now).await?;
            self.wake.notify_one();
        }
        Ok(())
    }
}

/// Erases what is kept of a message, and takes back what was said about it as far as nobody replied to that.
pub(super) async fn erase(store: &Store, place: &MessageRef, aftermath: Aftermath, now: Timestamp) -> Result<()> {
    let mut tx = store.begin().await?;
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
    tx.commit().await
}
