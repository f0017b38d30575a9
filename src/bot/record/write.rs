//! One transaction for findings that arrived together: dedupe, count, decide, record, and put into the outbox.
//!
//! They are counted before they are decided on. Counting holds the row of an error in its channel, so that on PostgreSQL, too,
//! the second of two messages with one error sees that the first is being answered.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use sqlx::AnyConnection;
use tokio::sync::Notify;

use super::{Finding, TRIES, row};
use crate::{
    bot::{
        Limits,
        amend::{self, Aftermath},
        compose::Fixes,
        decide::{self, Case, Decided, Known, Silence},
        gone::Gone,
        hear::{self, Heard},
        saved,
    },
    classifier::Diagnosis,
    knowledge::Knowledge,
    message::{MessageRef, TeamId, Visibility},
    store::{
        Result, Store, StoreError,
        channels::{self, ErrorPlace},
        findings::{self, DayCounts, DayKey, NewHeard, NewOccurrence},
        fixes::{self, FixWanted},
        memory,
        outbox::{self, Kind, NewRow},
        replies,
    },
};

/// Who writes findings, and with what.
#[derive(Debug, Clone)]
pub(in crate::bot) struct Writer {
    pub knowledge: Arc<Knowledge>,
    pub store: Store,
    pub limits: Limits,
    /// Messages that were deleted before they were heard.
    pub gone: Arc<Gone>,
    /// Is notified when there is something new to say.
    pub wake: Arc<Notify>,
}

impl Writer {
    /// Where others write at the same time, two can lock each other out: the one that the database turns away tries again.
    pub(super) async fn write_alone(&self, alone: &[Arc<Finding>; 1]) -> Result<Heard> {
        let mut written = self.write(alone).await;
        for _ in 1..TRIES {
            if !matches!(written, Err(StoreError::Locked)) {
                break;
            }
            written = self.write(alone).await;
        }
        let [finding] = alone;
        let heard = written?.pop().unwrap_or(Heard::Silent(Silence::NoFailure));
        self.unless_gone(finding).await?;
        Ok(heard)
    }

    /// Takes back what was just written about a message that was deleted meanwhile.
    pub(super) async fn unless_gone(&self, finding: &Finding) -> Result<()> {
        let place = &finding.heard.place;
        if self.gone.has(place) {
            amend::erase(&self.store, place, Aftermath::Unknown, finding.heard.at).await?;
        }
        Ok(())
    }

    /// One transaction: dedupe, decide, record, and put into the outbox.
    pub(super) async fn write(&self, findings: &[Arc<Finding>]) -> Result<Vec<Heard>> {
        let mut tx = self.store.begin().await?;
        let outcomes = self.write_in(&mut tx, findings).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(outcomes)
    }

    /// The same in somebody's transaction.
    pub(in crate::bot) async fn write_in(
        &self,
        conn: &mut AnyConnection,
        findings: &[Arc<Finding>],
    ) -> Result<Vec<Heard>> {
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
        count(conn, &fresh).await?;
        known.latest = self.latest(conn, &fresh).await?;
        let mut decided = Vec::new();
        for ((index, finding), fixes) in fresh.iter().zip(&fixes) {
            let case = Case { heard: &finding.heard, address: finding.address, diagnoses: &finding.diagnoses, fixes };
            let outcome = match decide::decide(&case, &mut known, &self.limits, finding.heard.at) {
                Ok(answer) => {
                    let id = answer.reply.id.clone();
                    decided.push(answer);
                    Heard::Answered(id)
                }
                Err(silence) => Heard::Silent(silence),
            };
            if let Some(slot) = outcomes.get_mut(*index) {
                *slot = outcome;
            }
        }
        store(conn, &fresh, &known.settings, decided).await?;
        Ok(outcomes)
    }

    /// What the store knows about the channels and errors of findings, before they are counted. What was answered to the errors
    /// comes afterwards.
    async fn known(
        &self,
        conn: &mut AnyConnection,
        fresh: &[(usize, &Finding)],
        settings: HashMap<channels::Place, channels::Settings>,
    ) -> Result<Known> {
        let now = latest_time(fresh);
        let mut errors = HashMap::new();
        for (_, finding) in fresh {
            for diagnosis in &finding.diagnoses {
                errors.insert(error(&finding.heard.place, diagnosis), finding.heard.visibility);
            }
        }
        let places = fresh.iter().map(|(_, f)| (f.heard.place.team.clone(), f.heard.place.channel.clone())).collect();
        // Where there is no limit, nobody counts.
        let answered = match self.limits.answers_per_hour {
            i64::MAX => HashMap::new(),
            _ => replies::answered(conn, &places, now - jiff::SignedDuration::from_hours(1)).await?,
        };
        let mut seen = memory::seen(conn, &errors).await?;
        // What was counted before an edit is not to be met as if it were another time.
        for (_, finding) in fresh {
            for fingerprint in &finding.counted {
                let place = &finding.heard.place;
                let error = (place.team.clone(), place.channel.clone(), fingerprint.clone());
                if let Some(before) = seen.get_mut(&error) {
                    before.times -= 1;
                }
            }
        }
        seen.retain(|_, seen| seen.times > 0);
        Ok(Known {
            settings: settings.into_iter().map(|((t, c), s)| ((t.to_string(), c.to_string()), s)).collect(),
            muted: channels::muted(conn, &places, now).await?,
            answered,
            latest: HashMap::new(),
            seen,
            met: HashMap::new(),
        })
    }

    /// The answers that findings may point to instead.
    async fn latest(
        &self,
        conn: &mut AnyConnection,
        fresh: &[(usize, &Finding)],
    ) -> Result<HashMap<ErrorPlace, (MessageRef, Timestamp)>> {
        let led = fresh.iter().filter_map(|(_, f)| f.diagnoses.first().map(|first| error(&f.heard.place, first)));
        replies::latest(conn, &led.collect(), latest_time(fresh) - self.limits.cool_down).await
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

fn error(place: &MessageRef, diagnosis: &Diagnosis) -> ErrorPlace {
    (place.team.clone(), place.channel.clone(), diagnosis.fingerprint.clone())
}

fn latest_time(fresh: &[(usize, &Finding)]) -> Timestamp {
    fresh.iter().map(|(_, finding)| finding.heard.at).max().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Records and counts failures, whatever is said about them.
async fn count(conn: &mut AnyConnection, fresh: &[(usize, &Finding)]) -> Result<()> {
    let occurrences: Vec<NewOccurrence<'_>> = fresh.iter().flat_map(|(_, finding)| finding.occurrences()).collect();
    findings::insert(conn, &occurrences).await?;
    let uncounted: Vec<NewOccurrence<'_>> = fresh.iter().flat_map(|(_, finding)| finding.uncounted()).collect();
    findings::count_failures(conn, &uncounted).await
}

/// Takes down what was decided.
async fn store(
    conn: &mut AnyConnection,
    fresh: &[(usize, &Finding)],
    settings: &HashMap<(String, String), channels::Settings>,
    decided: Vec<Decided>,
) -> Result<()> {
    let mut days: BTreeMap<DayKey, (Visibility, DayCounts)> = BTreeMap::new();
    let mut rows: Vec<NewRow> = Vec::new();
    for (_, finding) in fresh {
        let place = &finding.heard.place;
        let key = DayKey::of(place, finding.heard.at);
        let (visibility, counts) = days.entry(key).or_insert((finding.heard.visibility, DayCounts::default()));
        if finding.heard.visibility != Visibility::Public {
            *visibility = finding.heard.visibility;
        }
        counts.seen += i64::try_from(finding.uncounted().count()).unwrap_or(i64::MAX);
        counts.secrets += finding.secrets.iter().map(|(_, count)| i64::from(count)).sum::<i64>();
        rows.extend(
            hear::warning(finding, settings.get(&(place.team.to_string(), place.channel.to_string())))
                .map(|say| row(&say, Kind::Notice, None)),
        );
    }
    let mut given = Vec::new();
    for Decided { reply, say } in decided {
        if let Some((_, counts)) = days.get_mut(&DayKey::of(&reply.place, reply.at)) {
            counts.answered += 1;
        }
        rows.push(match say {
            Some(say) => row(&say, Kind::Post, Some(&reply.id)),
            None => NewRow::of_reply(&reply),
        });
        given.push(reply);
    }
    let led: Vec<(TeamId, i64)> =
        given.iter().filter_map(|reply| Some((reply.place.team.clone(), reply.state.fix?))).collect();
    fixes::used(conn, &led).await?;
    findings::count(conn, &days).await?;
    replies::add(conn, &given).await?;
    outbox::put(conn, &rows, latest_time(fresh)).await
}
