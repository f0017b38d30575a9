//! Findings that arrive together are decided on and written together: on SQLite they share one commit, and with it one wait
//! for the disk. On PostgreSQL each has its own, or one error would fail its neighbours.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use sqlx::AnyConnection;
use tokio::sync::oneshot;

use super::{
    Bot,
    compose::Fixes,
    decide::{self, Case, Decided, Known, Silence},
    hear::{self, Heard},
    saved,
    say::Say,
};
use crate::{
    classifier::Diagnosis,
    message::{Address, Author, ChannelId, MessageRef, TeamId, Visibility},
    redact::Tally,
    store::{
        Engine, Result, StoreError, channels,
        findings::{self, DayCounts, DayKey, NewHeard, NewOccurrence},
        fixes::{self, FixWanted},
        memory,
        outbox::{self, Kind, NewRow},
        replies,
    },
};

/// More findings than this do not share a commit: the first would wait long for the last.
const TOGETHER: usize = 256;
/// Nor do more failures, of which a message may have several: a statement takes 32,766 arguments, and a failure has 16.
const FAILURES: usize = 64 * hear::KEPT;

/// How often a finding is written that the database turns away for another's sake.
const TRIES: usize = 4;

/// A message with something in it, read and redacted.
#[derive(Debug)]
pub(super) struct Finding {
    pub heard: NewHeard,
    pub author: Author,
    pub address: Address,
    pub diagnoses: Vec<Diagnosis>,
    pub secrets: Tally,
}

/// A finding with somebody who waits for it to be stored.
#[derive(Debug)]
pub(super) struct Waiting {
    finding: Arc<Finding>,
    done: oneshot::Sender<Result<Heard>>,
}

impl Bot {
    /// Stores a finding with what is to be said about it. Whoever comes to write takes along all that wait.
    pub(super) async fn record(&self, finding: Finding) -> Result<Heard> {
        let finding = Arc::new(finding);
        if self.store.engine() == Engine::Postgres {
            return self.write_alone(&[finding]).await;
        }
        let mut outcome = self.wait(&finding);
        loop {
            // Whoever has been told steps out of the queue: if each still took its turn, it would find only what came since the
            // turn before, and hardly any two would share a commit.
            tokio::select! {
                biased;
                told = &mut outcome => match told {
                    Ok(told) => return told,
                    // Whoever had taken it was stopped half-way.
                    Err(_) => outcome = self.wait(&finding),
                },
                turn = self.turn.lock() => {
                    let batch = self.next_batch();
                    if !batch.is_empty() {
                        self.write_batch(batch).await;
                    }
                    drop(turn);
                }
            }
        }
    }

    /// Where others write at the same time, two can lock each other out: the one that the database turns away tries again.
    async fn write_alone(&self, alone: &[Arc<Finding>; 1]) -> Result<Heard> {
        for _ in 1..TRIES {
            match self.write(alone).await {
                Err(StoreError::Locked) => {}
                other => return other.map(first),
            }
        }
        self.write(alone).await.map(first)
    }

    fn wait(&self, finding: &Arc<Finding>) -> oneshot::Receiver<Result<Heard>> {
        let (done, outcome) = oneshot::channel();
        lock(&self.waiting).push(Waiting { finding: Arc::clone(finding), done });
        outcome
    }

    /// Takes what waits, but no message and no error of a channel twice: the second is to see what became of the first.
    fn next_batch(&self) -> Vec<Waiting> {
        let mut waiting = lock(&self.waiting);
        let (mut batch, mut rest): (Vec<Waiting>, Vec<Waiting>) = (Vec::new(), Vec::new());
        let mut taken: HashSet<MessageRef> = HashSet::new();
        let mut failures = 0;
        for one in waiting.drain(..) {
            failures += one.finding.diagnoses.len();
            let room = batch.len() < TOGETHER && failures <= FAILURES;
            if room && taken.insert(one.finding.heard.place.clone()) { batch.push(one) } else { rest.push(one) }
        }
        *waiting = rest;
        batch
    }

    async fn write_batch(&self, batch: Vec<Waiting>) {
        let findings: Vec<Arc<Finding>> = batch.iter().map(|w| Arc::clone(&w.finding)).collect();
        match self.write(&findings).await {
            Ok(outcomes) => {
                for (waiting, heard) in batch.into_iter().zip(outcomes) {
                    let _ = waiting.done.send(Ok(heard));
                }
            }
            Err(error) if batch.len() == 1 || error.passes() => {
                let text = error.to_string();
                let mut error = Some(error);
                for waiting in batch {
                    let error = error.take().unwrap_or_else(|| StoreError::Gone(text.clone()));
                    let _ = waiting.done.send(Err(error));
                }
            }
            // One of them is at fault; the others are not to suffer for it.
            Err(_) => {
                for waiting in batch {
                    let outcome = self.write(&[waiting.finding]).await.map(first);
                    let _ = waiting.done.send(outcome);
                }
            }
        }
    }

    /// One transaction: dedupe, decide, record, and put into the outbox.
    async fn write(&self, findings: &[Arc<Finding>]) -> Result<Vec<Heard>> {
        let mut tx = self.store.begin().await?;
        let outcomes = self.write_in(&mut tx, findings).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(outcomes)
    }

    async fn write_in(&self, conn: &mut AnyConnection, findings: &[Arc<Finding>]) -> Result<Vec<Heard>> {
        let places = findings.iter().map(|f| (f.heard.place.team.clone(), f.heard.place.channel.clone())).collect();
        let settings = channels::settings(conn, &places).await?;
        let mut outcomes: Vec<Heard> = Vec::with_capacity(findings.len());
        let mut listened: Vec<(usize, &Finding)> = Vec::new();
        for (index, finding) in findings.iter().enumerate() {
            let place = &finding.heard.place;
            let settings = settings.get(&(place.team.clone(), place.channel.clone()));
            let silence = settings.and_then(|s| decide::listens(s, finding.author.speaker, finding.address));
            if silence.is_none() {
                listened.push((index, finding));
            }
            outcomes.push(Heard::Silent(silence.unwrap_or(Silence::NoFailure)));
        }
        let heard: Vec<&NewHeard> = listened.iter().map(|(_, f)| &f.heard).collect();
        let new = findings::hear(conn, &heard).await?;
        let mut fresh = Vec::new();
        for ((index, finding), new) in listened.into_iter().zip(new) {
            if new {
                fresh.push((index, finding));
            } else if let Some(outcome) = outcomes.get_mut(index) {
                *outcome = Heard::Again;
            }
        }
        let mut known = self.known(conn, &fresh, settings).await?;
        let fixes = self.fixes(conn, &fresh).await?;
        let mut decided = Vec::new();
        let mut notices = Vec::new();
        for ((index, finding), fixes) in fresh.iter().zip(&fixes) {
            let case = Case { heard: &finding.heard, address: finding.address, diagnoses: &finding.diagnoses, fixes };
            let outcome = match decide::decide(&case, &mut known, &self.limits, &self.knowledge, finding.heard.at) {
                Ok(answer) => {
                    let id = answer.reply.id.clone();
                    decided.push(answer);
                    Heard::Answered(id)
                }
                Err(silence) => Heard::Silent(silence),
            };
            notices.extend(hear::warning(finding));
            if let Some(slot) = outcomes.get_mut(*index) {
                *slot = outcome;
            }
        }
        let fresh: Vec<&Finding> = fresh.into_iter().map(|(_, finding)| finding).collect();
        store(conn, &fresh, decided, notices).await?;
        Ok(outcomes)
    }

    /// What the store knows about the channels and errors of findings.
    async fn known(
        &self,
        conn: &mut AnyConnection,
        fresh: &[(usize, &Finding)],
        settings: HashMap<channels::Place, channels::Settings>,
    ) -> Result<Known> {
        let now = fresh.iter().map(|(_, f)| f.heard.at).max().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut errors = HashMap::new();
        for (_, finding) in fresh {
            let place = &finding.heard.place;
            for diagnosis in &finding.diagnoses {
                let key = (place.team.clone(), place.channel.clone(), diagnosis.fingerprint.clone());
                errors.insert(key, finding.heard.visibility);
            }
        }
        let keys: HashSet<channels::ErrorPlace> = errors.keys().cloned().collect();
        let places = fresh.iter().map(|(_, f)| (f.heard.place.team.clone(), f.heard.place.channel.clone())).collect();
        let hour = now - jiff::SignedDuration::from_hours(1);
        Ok(Known {
            settings: settings.into_iter().map(|((t, c), s)| ((t.to_string(), c.to_string()), s)).collect(),
            muted: channels::muted(conn, &keys, now).await?,
            answered: replies::answered(conn, &places, hour).await?,
            latest: replies::latest(conn, &keys, now - self.limits.cool_down).await?,
            seen: memory::seen(conn, &errors).await?,
        })
    }

    /// The saved fixes that fit each finding.
    async fn fixes(&self, conn: &mut AnyConnection, fresh: &[(usize, &Finding)]) -> Result<Vec<Fixes>> {
        let wanted: Vec<(TeamId, FixWanted)> = fresh
            .iter()
            .map(|(_, finding)| {
                let shown = finding.heard.visibility != Visibility::Shared;
                let first = finding.diagnoses.first().filter(|_| shown);
                let keys = first.map(|d| saved::keys(&d.report, &self.knowledge));
                let place = &finding.heard.place;
                (place.team.clone(), FixWanted { channel: place.channel.clone(), keys: keys.unwrap_or_default() })
            })
            .collect();
        let found = fixes::matching(conn, &wanted).await?;
        let chosen = fresh.iter().zip(found).map(|((_, finding), found)| match finding.diagnoses.first() {
            Some(first) => Fixes::of(&saved::lead(&found, first)),
            None => Fixes::default(),
        });
        Ok(chosen.collect())
    }
}

async fn store(conn: &mut AnyConnection, fresh: &[&Finding], decided: Vec<Decided>, notices: Vec<Say>) -> Result<()> {
    let mut occurrences = Vec::new();
    let mut days: BTreeMap<DayKey, (Visibility, DayCounts)> = BTreeMap::new();
    for finding in fresh {
        for (ordinal, diagnosis) in (0..).zip(&finding.diagnoses) {
            occurrences.push(NewOccurrence { heard: &finding.heard, ordinal, diagnosis });
        }
        let key = DayKey::of(&finding.heard.place, finding.heard.at);
        let counts = &mut days.entry(key).or_insert((finding.heard.visibility, DayCounts::default())).1;
        counts.seen += i64::try_from(finding.diagnoses.len()).unwrap_or(i64::MAX);
        counts.secrets += finding.secrets.iter().map(|(_, count)| i64::from(count)).sum::<i64>();
    }
    let mut rows: Vec<NewRow> = notices.iter().map(|say| row(say, Kind::Notice, None)).collect();
    let mut given = Vec::new();
    for Decided { reply, say } in decided {
        if let Some((_, counts)) = days.get_mut(&DayKey::of(&reply.place, reply.at)) {
            counts.answered += 1;
        }
        rows.push(row(&say, Kind::Post, Some(&reply.id)));
        given.push(reply);
    }
    let led: Vec<(TeamId, i64)> =
        given.iter().filter_map(|reply| Some((reply.place.team.clone(), reply.state.fix?))).collect();
    fixes::used(conn, &led).await?;
    findings::record(conn, &occurrences).await?;
    findings::count(conn, &days).await?;
    replies::add(conn, &given).await?;
    let now = fresh.iter().map(|f| f.heard.at).max().unwrap_or(Timestamp::UNIX_EPOCH);
    outbox::put(conn, &rows, now).await
}

/// An outbox row for something to say at once.
pub(super) fn row(say: &Say, kind: Kind, reply: Option<&str>) -> NewRow {
    NewRow {
        team: say.to.team().clone(),
        lane: say.to.channel().to_string(),
        kind,
        reply: reply.map(str::to_owned),
        body: say.to_json(),
    }
}

fn first(outcomes: Vec<Heard>) -> Heard {
    outcomes.into_iter().next().unwrap_or(Heard::Silent(Silence::NoFailure))
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Bot {
    /// The saved fixes that fit a diagnosis in a channel, but for those that did not help.
    pub(super) async fn fixes_that_fit(
        &self,
        conn: &mut AnyConnection,
        team: &TeamId,
        channel: &ChannelId,
        diagnosis: &Diagnosis,
        failed: &[i64],
    ) -> Result<Fixes> {
        let keys = saved::keys(&diagnosis.report, &self.knowledge);
        let wanted = [(team.clone(), FixWanted { channel: channel.clone(), keys })];
        let mut found = fixes::matching(conn, &wanted).await?.pop().unwrap_or_default();
        found.retain(|fix| !failed.contains(&fix.id));
        Ok(Fixes::of(&saved::lead(&found, diagnosis)))
    }

    /// The saved fixes that fit an answer that was given, as the conversation stands now.
    pub(super) async fn fixes_for(&self, conn: &mut AnyConnection, given: &replies::Given) -> Result<Fixes> {
        let Some(first) = given.diagnoses.first().filter(|_| !given.state.shared) else { return Ok(Fixes::default()) };
        let (team, channel) = (&given.place.team, &given.place.channel);
        self.fixes_that_fit(conn, team, channel, first, &given.state.failed_fixes).await
    }
}
