//! Following up: an answer that nobody reacted to asks once whether it helped; whoever resolves an error that keeps coming back is
//! invited to save their fix; and the author of a fix that fails is asked to look at it again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{
    Bot,
    compose::{self, Scene},
    record::row,
    say::Say,
    schedule,
};
use crate::{
    answer::reply::{self, Reply},
    message::{MessageRef, TeamId, UserId},
    store::{
        Result,
        chores::{self, Chore, What},
        fixes,
        outbox::{self, Kind},
        recurrence::{self, State},
        replies::{self, Given},
        teams,
    },
};

/// Working time after which an answer asks whether it helped.
const AFTER: SignedDuration = SignedDuration::from_hours(4);
/// How often in a row a fix does not help before its author hears of it.
const FAILED: i64 = 2;

impl Bot {
    /// Plans to follow up answers that were just posted.
    pub(super) async fn plan_follow_ups(
        &self,
        conn: &mut AnyConnection,
        answers: &[(&TeamId, &str)],
        now: Timestamp,
    ) -> Result<()> {
        if answers.is_empty() {
            return Ok(());
        }
        let settings = teams::settings_of(conn, &answers.iter().map(|(team, _)| *team).collect()).await?;
        let mut planned = BTreeMap::new();
        for (team, reply) in answers {
            let zone = match settings.get(*team) {
                Some(Ok(settings)) if !settings.follows_up() => continue,
                Some(Ok(settings)) => settings.zone.as_deref(),
                // Settings that cannot be read are no reason to post again.
                Some(Err(error)) => {
                    tracing::warn!(%team, %error, "an answer will not be followed up");
                    continue;
                }
                None => None,
            };
            planned.insert((*team, *reply), schedule::after_working(now, AFTER, zone.unwrap_or("UTC")));
        }
        chores::plan_all(conn, What::FollowUp, &planned, now).await
    }

    /// Lets an answer ask whether it helped, if nobody reacted to it. Nothing happens when somebody else did it.
    pub async fn follow_up(&self, chore: &Chore, now: Timestamp) -> Result<()> {
        let mut tx = self.store.begin().await?;
        if !chores::take(&mut tx, chore).await? {
            return Ok(());
        }
        let wanted = teams::settings(&mut tx, &chore.team).await?.follows_up();
        let given = if wanted { replies::get(&mut tx, &chore.team, &chore.about).await? } else { None };
        if let Some(given) = given
            && let Some(say) = self.question(&mut tx, given, now).await?
        {
            outbox::put(&mut tx, &[row(&say, Kind::Edit, Some(&chore.about))], now).await?;
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }

    async fn question(&self, conn: &mut AnyConnection, mut given: Given, now: Timestamp) -> Result<Option<Say>> {
        let answer = given.kind == replies::Kind::Answer && given.outcome.is_none();
        if !answer || given.state.asked.is_some() || given.state.step() > 0 || !given.state.answers.is_empty() {
            return Ok(None);
        }
        if replies::has_feedback(conn, &given.place.team, &given.id).await? {
            return Ok(None);
        }
        let fixes = self.fixes_for(conn, &given).await?;
        // Whoever saved a fix for it has said what helped.
        if fixes.lead.as_ref().is_some_and(|fix| fix.saved_at >= given.at) {
            return Ok(None);
        }
        given.state.asked = Some(now);
        let Some(content) = compose::answer(&Scene::of(&given, &fixes), &self.knowledge) else { return Ok(None) };
        replies::update(conn, &given).await?;
        Ok(Some(Say::under(&given.place, content)))
    }

    /// Somebody said that an error is fixed: if it keeps coming back and nothing is saved for it, they are invited to save what they
    /// did.
    pub(super) async fn invitation(
        &self,
        conn: &mut AnyConnection,
        given: &Given,
        who: &UserId,
        now: Timestamp,
    ) -> Result<Option<Say>> {
        // Nobody of another organisation is to learn what the team met before.
        if given.state.shared {
            return Ok(None);
        }
        let (team, fingerprint) = (&given.place.team, given.fingerprint.as_str());
        let standing = recurrence::standing(conn, team, fingerprint, now).await?;
        if !standing.is_some_and(|standing| matches!(standing.state, State::Recurring | State::Reopened)) {
            return Ok(None);
        }
        let fixes = self.fixes_for(conn, given).await?;
        let saved = fixes.lead.is_some() || fixes.below.is_some();
        Ok((!saved).then(|| Say::notice(&given.place, who, Reply::say(reply::save_what_you_did()))))
    }

    /// A saved fix did not help: the second time in a row its author is asked to look at it.
    pub(super) async fn revision(&self, conn: &mut AnyConnection, place: &MessageRef, fix: i64) -> Result<Option<Say>> {
        let author = fixes::author_to_ask(conn, &place.team, fix, FAILED).await?;
        Ok(author.map(|author| Say::notice(place, &author, Reply::say(reply::look_at_your_fix(fix)))))
    }
}
