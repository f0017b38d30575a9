//! Who asks, and who reads along: what a payload does not tell, Slack is asked, for a short time, and the answer is kept for some
//! minutes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    message::{Author, ChannelId, Rights, Speaker, TeamId, UserId, Visibility},
    slack::{
        Slack,
        channels::{described, is_true},
        workspaces::Workspace,
    },
};

/// How long an answer of Slack's is believed: somebody who was made an admin waits no longer.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// Answers that are kept; beyond that, all are asked for anew.
const MOST: usize = 10_000;
/// How long Slack may take: whoever asks has three seconds for all.
const TIME: Duration = Duration::from_millis(1200);

/// What Slack said about people.
#[derive(Debug, Default)]
pub struct People(Mutex<HashMap<(TeamId, String), (Timestamp, Person)>>);

/// What Slack says about somebody.
#[derive(Debug, Clone)]
struct Person {
    rights: Rights,
    /// The IANA name of their time zone.
    zone: Option<String>,
}

impl People {
    fn person(&self, workspace: &Workspace, user: &str, now: Timestamp) -> Option<Person> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, person) = known.get(&(workspace.team.clone(), user.to_owned()))?;
        (now.duration_since(*at) < KEPT).then(|| person.clone())
    }

    fn learn(&self, workspace: &Workspace, user: &str, person: Person, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert((workspace.team.clone(), user.to_owned()), (now, person));
    }
}

impl Slack {
    /// Somebody with what they may do: Slack's own admins may do everything, and so may whoever installed the app.
    pub(super) async fn person(&self, workspace: &Workspace, user: &str, name: &str) -> Option<Author> {
        let id = UserId::parse(user).ok()?;
        let installer = workspace.installer.as_ref();
        let installed = installer.is_some_and(|who| *who == self.bot.store().who(&workspace.team, &id));
        let named = installed || self.workspaces.names_admin(user);
        let rights = if named { Rights::Admin } else { self.asked_about(workspace, user).await.rights };
        let name = if name.is_empty() { user } else { name };
        Some(Author { id, name: name.to_owned(), speaker: Speaker::Person, rights })
    }

    /// The time zone of somebody, by its IANA name, if Slack tells.
    pub(super) async fn zone(&self, workspace: &Workspace, user: &str) -> Option<String> {
        self.asked_about(workspace, user).await.zone
    }

    async fn asked_about(&self, workspace: &Workspace, user: &str) -> Person {
        let now = (self.clock)();
        if let Some(person) = self.people.person(workspace, user, now) {
            return person;
        }
        let nobody = Person { rights: Rights::Member, zone: None };
        if !workspace.may("users:read") {
            return nobody;
        }
        let Some(answer) = self.ask(workspace, "users.info", ("user", user)).await else { return nobody };
        let is = |what: &str| answer.pointer(&format!("/user/{what}")).and_then(Value::as_bool) == Some(true);
        let rights = if is("is_admin") || is("is_owner") { Rights::Admin } else { Rights::Member };
        let zone = answer.pointer("/user/tz").and_then(Value::as_str).map(str::to_owned);
        let person = Person { rights, zone };
        self.people.learn(workspace, user, person.clone(), now);
        person
    }

    /// Who reads a channel. What nobody knows is taken for private: then nothing of it is shown elsewhere.
    pub(in crate::slack) async fn visibility(&self, workspace: &Workspace, channel: &ChannelId) -> Visibility {
        if channel.as_str().starts_with(['D', 'G']) {
            return Visibility::Private;
        }
        if let Some(known) = self.channels.visibility(&workspace.team, channel) {
            return known;
        }
        if !workspace.may("channels:read") && !workspace.may("groups:read") {
            return Visibility::Private;
        }
        let Some(answer) = self.about_channel(workspace, channel).await else { return Visibility::Private };
        let visibility = described(&answer);
        self.channels.learn(&workspace.team, channel, visibility);
        visibility
    }

    /// Who reads a channel that the bot is in. `None` when it is not, or nobody knows.
    pub(super) async fn joined_channel(&self, workspace: &Workspace, channel: &ChannelId) -> Option<Visibility> {
        let answer = self.about_channel(workspace, channel).await?;
        is_true(&answer, "is_member").then(|| described(&answer))
    }

    async fn about_channel(&self, workspace: &Workspace, channel: &ChannelId) -> Option<Value> {
        self.ask(workspace, "conversations.info", ("channel", channel.as_str())).await
    }

    async fn ask(&self, workspace: &Workspace, method: &'static str, field: (&str, &str)) -> Option<Value> {
        let fields = [field];
        let call = self.api.form(Some(&workspace.token), method, &fields);
        match timeout(TIME, call).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::info!(team = %workspace.team, method, %error, "Slack does not tell");
                None
            }
            Err(_) => None,
        }
    }
}
