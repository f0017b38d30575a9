//! Who asks, and who reads along: what a payload does not tell, Slack is asked, until a time, and the answer is kept for some
//! minutes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::{Inline, slack as words},
    bot::commands::Audience,
    message::{Author, ChannelId, Rights, Speaker, TeamId, UserId, Visibility},
    slack::{
        Slack,
        api::ApiError,
        channels::{described, is_true},
        workspaces::Workspace,
    },
};

/// How long an answer of Slack's is believed: somebody who was made an admin waits no longer.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// Answers that are kept; beyond that, all are asked for anew.
const MOST: usize = 10_000;

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
    /// Somebody, where it does not matter what they may do: nobody is asked.
    pub(super) fn somebody(&self, workspace: &Workspace, user: &str, name: &str) -> Option<Author> {
        let id = UserId::parse(user).ok()?;
        let installer = workspace.installer.as_ref();
        let installed = installer.is_some_and(|who| *who == self.bot.store().who(&workspace.team, &id));
        let named = installed || self.workspaces.names_admin(user);
        let rights = if named { Rights::Admin } else { Rights::Member };
        let name = if name.is_empty() { user } else { name };
        Some(Author { id, name: name.to_owned(), speaker: Speaker::Person, rights })
    }

    /// The same with what they may do: Slack's own admins may do everything, and so may whoever installed the app.
    pub(super) async fn with_rights(&self, workspace: &Workspace, author: Author, until: Instant) -> Author {
        if author.rights == Rights::Admin {
            return author;
        }
        let rights = self.asked_about(workspace, author.id.as_str(), until).await.rights;
        Author { rights, ..author }
    }

    /// The time zone of somebody, by its IANA name, if Slack tells.
    pub(super) async fn zone(&self, workspace: &Workspace, user: &str, until: Instant) -> Option<String> {
        self.asked_about(workspace, user, until).await.zone
    }

    async fn asked_about(&self, workspace: &Workspace, user: &str, until: Instant) -> Person {
        let now = (self.clock)();
        if let Some(person) = self.people.person(workspace, user, now) {
            return person;
        }
        let nobody = Person { rights: Rights::Member, zone: None };
        if !workspace.may("users:read") {
            return nobody;
        }
        let Ok(answer) = self.ask(workspace, "users.info", ("user", user), until).await else { return nobody };
        let is = |what: &str| answer.pointer(&format!("/user/{what}")).and_then(Value::as_bool) == Some(true);
        let rights = if is("is_admin") || is("is_owner") { Rights::Admin } else { Rights::Member };
        let zone = answer.pointer("/user/tz").and_then(Value::as_str).map(str::to_owned);
        let person = Person { rights, zone };
        self.people.learn(workspace, user, person.clone(), now);
        person
    }

    /// Who reads a channel. What nobody knows is taken for private: then nothing of it is shown elsewhere.
    pub(in crate::slack) async fn visibility(
        &self,
        workspace: &Workspace,
        channel: &ChannelId,
        until: Instant,
    ) -> Visibility {
        let team = &workspace.team;
        if let Some(known) = self.channels.visibility(team, channel, (self.clock)()) {
            return known;
        }
        if may_ask(workspace, channel)
            && let Ok(answer) = self.about_channel(workspace, channel, until).await
        {
            return self.learnt(workspace, channel, &answer).await;
        }
        self.channels.careful(team, channel)
    }

    /// The same, where nobody is to be asked.
    pub(super) fn known_visibility(&self, workspace: &Workspace, channel: &ChannelId) -> Visibility {
        let known = self.channels.visibility(&workspace.team, channel, (self.clock)());
        known.unwrap_or_else(|| self.channels.careful(&workspace.team, channel))
    }

    /// Whether what one person saw may be posted in a channel as it is now; if not, what to tell them.
    pub(super) async fn may_share(
        &self,
        workspace: &Workspace,
        channel: &ChannelId,
        until: Instant,
    ) -> Result<(), (Sharing, Inline)> {
        match self.about_channel(workspace, channel, until).await {
            Ok(answer) => match self.learnt(workspace, channel, &answer).await {
                Visibility::Shared => Err((Sharing::Never, words::not_before_others())),
                _ if !is_true(&answer, "is_member") => Err((Sharing::Later, words::invite_me())),
                Visibility::Public | Visibility::Private => Ok(()),
            },
            Err(ApiError::Refused(word)) if matches!(word.as_str(), "channel_not_found" | "not_in_channel") => {
                Err((Sharing::Later, words::invite_me()))
            }
            Err(ApiError::Refused(word)) if word == "missing_scope" => {
                Err((Sharing::Later, words::may_not_look(missing(workspace))))
            }
            Err(_) => Err((Sharing::Later, words::who_reads_this())),
        }
    }

    /// Who reads a channel that the bot is in. `None` when it is not, or nobody knows.
    pub(super) async fn joined_channel(
        &self,
        workspace: &Workspace,
        channel: &ChannelId,
        until: Instant,
    ) -> Option<Visibility> {
        let answer = self.about_channel(workspace, channel, until).await.ok()?;
        let visibility = self.learnt(workspace, channel, &answer).await;
        is_true(&answer, "is_member").then_some(visibility)
    }

    async fn learnt(&self, workspace: &Workspace, channel: &ChannelId, answer: &Value) -> Visibility {
        let visibility = described(answer);
        if let Err(error) = self.learn(&workspace.team, channel, visibility).await {
            tracing::warn!(team = %workspace.team, %error, "cannot take down yet that others read a channel");
        }
        visibility
    }

    async fn about_channel(
        &self,
        workspace: &Workspace,
        channel: &ChannelId,
        until: Instant,
    ) -> Result<Value, ApiError> {
        self.ask(workspace, "conversations.info", ("channel", channel.as_str()), until).await
    }

    async fn ask(
        &self,
        workspace: &Workspace,
        method: &'static str,
        field: (&str, &str),
        until: Instant,
    ) -> Result<Value, ApiError> {
        let fields = [field];
        let call = self.api.form(Some(&workspace.token), method, &fields);
        let late = || Err(ApiError::Unclear("no answer in time".to_owned()));
        let answer = timeout_at(until, call).await.unwrap_or_else(|_| late());
        answer.inspect_err(|error| tracing::info!(team = %workspace.team, method, %error, "Slack does not tell"))
    }
}

/// What becomes of what cannot be shared now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// It may be shared yet.
    Later,
    /// It is not to be shared any more.
    Never,
}

/// Whether others in a channel may be shown what somebody asked for there. Where Slack would not tell who they are, there is nothing
/// to offer.
pub(super) fn audience(workspace: &Workspace, channel: &ChannelId) -> Audience {
    if may_ask(workspace, channel) { Audience::Asker } else { Audience::AskerAlone }
}

/// The scope without which Slack does not tell who reads some kind of channel.
fn missing(workspace: &Workspace) -> &'static str {
    let all = ["channels:read", "groups:read"];
    all.into_iter().find(|scope| !workspace.may(scope)).unwrap_or("mpim:read")
}

/// Whether Slack would tell who reads a channel: of talks between a few people it does not.
fn may_ask(workspace: &Workspace, channel: &ChannelId) -> bool {
    let talk = channel.as_str().starts_with('D');
    !talk && (workspace.may("channels:read") || workspace.may("groups:read"))
}
