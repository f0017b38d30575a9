//! Which saved fixes fit an error, and which of them leads the answer.

use std::{cmp::Reverse, collections::HashMap};

use sqlx::AnyConnection;

use super::{Bot, compose::Fixes};
use crate::{
    classifier::{Confidence, Diagnosis, Report, fingerprint::is_identity},
    knowledge::Knowledge,
    message::{ChannelId, TeamId},
    store::{
        Result,
        fixes::{self, Breadth, FixKey, FixWanted, SavedFix},
        replies::Given,
    },
};

/// The keys of fixes that fit a report, the most specific first.
///
/// Without a host there is no registry's key: nobody can tell which registry it was. On a registry that passes public
/// packages through, the failing public package is chance and has none either.
#[must_use]
pub fn keys(report: &Report, knowledge: &Knowledge) -> Vec<FixKey> {
    let Some(family) = report.family() else { return Vec::new() };
    let passes_through = knowledge.registry(&report.registry.kind).is_some_and(|kind| kind.proxies);
    let package = report.package.as_deref().filter(|name| name.starts_with('@') || !passes_through);
    let host = report.registry.host.as_ref().map(|host| host.to_lowercase());
    let key = |breadth, value: &str| FixKey { family: family.clone(), breadth, value: value.to_owned() };
    [
        package.map(|name| key(Breadth::Package, name)),
        report.scope.as_deref().map(|scope| key(Breadth::Scope, scope)),
        host.map(|host| key(Breadth::Registry, &host)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The key under which a fix for this report is saved when nobody says: the scope, as a team's packages share their access;
/// without one the registry for errors of identity, else the package. `None` when the report has no key at all.
#[must_use]
pub fn suggested(report: &Report, knowledge: &Knowledge) -> Option<FixKey> {
    let keys = keys(report, knowledge);
    let identity = report.family().is_some_and(|family| is_identity(&family));
    let order = if identity {
        [Breadth::Scope, Breadth::Registry, Breadth::Package]
    } else {
        [Breadth::Scope, Breadth::Package, Breadth::Registry]
    };
    order.into_iter().find_map(|breadth| keys.iter().find(|key| key.breadth == breadth).cloned())
}

/// How saved fixes stand in an answer. Both empty: there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice<'a> {
    /// Stands before what the knowledge says.
    pub leads: Option<&'a SavedFix>,
    /// Listed below it, the best first.
    pub below: Vec<&'a SavedFix>,
}

/// Chooses among the fixes that fit: the most specific leads, then the one that helped more, then the newer. One that was saved
/// for another cause than the one that the text names for certain does not lead.
#[must_use]
pub fn lead<'a>(fixes: &'a [SavedFix], diagnosis: &Diagnosis) -> Choice<'a> {
    let certain = diagnosis.causes.first().filter(|top| top.confidence == Confidence::Certain).map(|top| &top.id);
    let mut below: Vec<&SavedFix> = fixes.iter().collect();
    below.sort_by_key(|fix| {
        (fix.key.breadth, Reverse(fix.helped), Reverse(fix.edited_at.unwrap_or(fix.saved_at)), Reverse(fix.id))
    });
    let agrees = |fix: &&SavedFix| match (certain, &fix.cause) {
        (Some(certain), Some(cause)) => certain == cause,
        _ => true,
    };
    let leads = below.iter().position(agrees).map(|at| below.remove(at));
    Choice { leads, below }
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
        let mut found = self.matching(conn, team, channel, diagnosis).await?;
        found.retain(|fix| !failed.contains(&fix.id));
        Ok(Fixes::of(&lead(&found, diagnosis)))
    }

    /// The saved fixes that fit an answer that was given, as the conversation stands now.
    pub(super) async fn fixes_for(&self, conn: &mut AnyConnection, given: &Given) -> Result<Fixes> {
        let Some(first) = given.diagnoses.first().filter(|_| !given.state.shared) else { return Ok(Fixes::default()) };
        let (team, channel) = (&given.place.team, &given.place.channel);
        self.fixes_that_fit(conn, team, channel, first, &given.state.failed_fixes).await
    }

    /// The saved fixes that answers were given with, by the answers' ids.
    pub(super) async fn fixes_of(&self, conn: &mut AnyConnection, given: &[&Given]) -> Result<HashMap<String, Fixes>> {
        let met = |given: &&'_ &Given| !given.state.shared && !given.diagnoses.is_empty();
        let met: Vec<&&Given> = given.iter().filter(met).collect();
        let wanted = |given: &&&Given| {
            let keys = given.diagnoses.first().map(|first| keys(&first.report, &self.knowledge)).unwrap_or_default();
            (given.place.team.clone(), FixWanted { channel: given.place.channel.clone(), keys })
        };
        let wanted: Vec<(TeamId, FixWanted)> = met.iter().map(wanted).collect();
        let found = fixes::matching(conn, &wanted).await?;
        let chosen = met.into_iter().zip(found).filter_map(|(given, found)| {
            let leads = found.iter().find(|fix| Some(fix.id) == given.state.fix);
            let below = lead(&found, given.diagnoses.first()?).below;
            Some((given.id.clone(), Fixes::of(&Choice { leads, below })))
        });
        Ok(chosen.collect())
    }

    async fn matching(
        &self,
        conn: &mut AnyConnection,
        team: &TeamId,
        channel: &ChannelId,
        diagnosis: &Diagnosis,
    ) -> Result<Vec<SavedFix>> {
        let keys = keys(&diagnosis.report, &self.knowledge);
        let wanted = [(team.clone(), FixWanted { channel: channel.clone(), keys })];
        Ok(fixes::matching(conn, &wanted).await?.pop().unwrap_or_default())
    }
}
