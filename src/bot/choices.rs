//! What people choose under an answer.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::{
    Bot,
    compose::{self, Fixes, Scene},
    record::{TRIES, row},
    say::Say,
};
use crate::{
    answer::reply::{self, Block, Reply},
    message::{Author, Rights, TeamId, UserId, Visibility},
    store::{
        Result, StoreError, Tx, channels, digests, drafts,
        findings::{self, DayCounts, DayKey},
        fixes,
        outbox::{self, Kind},
        people::Who,
        recurrence,
        replies::{self, Given, Outcome},
    },
};

/// A choice under an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// *That fixed it*.
    Fixed,
    /// *Didn't help*, and what was shown then; see [`replies::State::step`].
    Unhelpful(usize),
    /// *Save our fix*.
    Save,
    /// *Not an npm problem*.
    NotNpm,
    /// *Dismiss*.
    Dismiss,
    /// *Share to channel*; the id before it is that of a draft.
    Share,
    /// An answer to the narrowing question.
    Option {
        /// The question's id.
        question: String,
        /// The option's id.
        option: String,
    },
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed => f.write_str("fixed"),
            Self::Unhelpful(step) => write!(f, "unhelpful:{step}"),
            Self::Save => f.write_str("save"),
            Self::NotNpm => f.write_str("not-npm"),
            Self::Dismiss => f.write_str("dismiss"),
            Self::Share => f.write_str("share"),
            Self::Option { question, option } => write!(f, "is:{question}:{option}"),
        }
    }
}

impl Pick {
    /// Reads the id of a choice: the reply's id and what was picked.
    #[must_use]
    pub fn parse(id: &str) -> Option<(&str, Self)> {
        let (reply, pick) = id.split_once(':')?;
        let pick = match pick {
            "fixed" => Self::Fixed,
            "save" => Self::Save,
            "not-npm" => Self::NotNpm,
            "dismiss" => Self::Dismiss,
            "share" => Self::Share,
            other if other.starts_with("unhelpful:") => {
                Self::Unhelpful(other.strip_prefix("unhelpful:")?.parse().ok()?)
            }
            other => {
                let (question, option) = other.strip_prefix("is:")?.split_once(':')?;
                Self::Option { question: question.to_owned(), option: option.to_owned() }
            }
        };
        Some((reply, pick))
    }
}

/// What the platform shows to whoever chose; the answer itself is edited through the outbox.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    /// A word to them alone.
    Said(Reply),
    /// They are to write down their fix for this reply.
    Write(String),
    /// It is taken down, and the answer says so itself.
    Done,
    /// The same click came twice; nothing changed.
    Again,
}

/// Somebody's choice.
#[derive(Debug, Clone)]
pub struct Click<'a> {
    /// The team it was made in.
    pub team: &'a TeamId,
    /// The platform's id of the click; a repeat with the same id changes nothing.
    pub event: &'a str,
    /// Who.
    pub author: &'a Author,
    /// The id of the choice.
    pub choice: &'a str,
}

impl Bot {
    /// Takes in a choice. When this returns without an error, what it led to is stored.
    pub async fn choose(&self, click: &Click<'_>, now: Timestamp) -> Result<Chosen> {
        // Two who write at the same time can lock each other out: the one that the database turns away tries again.
        for _ in 1..TRIES {
            match self.choose_once(click, now).await {
                Err(StoreError::Locked) => {}
                other => return other,
            }
        }
        self.choose_once(click, now).await
    }

    async fn choose_once(&self, click: &Click<'_>, now: Timestamp) -> Result<Chosen> {
        let closed = || Chosen::Said(Reply::say(reply::choice_gone()));
        let Some((id, pick)) = Pick::parse(click.choice) else { return Ok(closed()) };
        let mut tx = self.store.begin().await?;
        if !crate::store::inbox::take(&mut tx, click.team, click.event, now).await? {
            return Ok(Chosen::Again);
        }
        if pick == Pick::Share {
            return self.share(tx, click, id, now).await;
        }
        let Some(given) = replies::get(&mut tx, click.team, id).await? else { return Ok(closed()) };
        if matches!(given.outcome, Some(Outcome::Dismissed | Outcome::False | Outcome::Withdrawn)) {
            return Ok(closed());
        }
        let who = self.store.who(click.team, &click.author.id);
        let mut scene = Conversation { bot: self, tx: &mut tx, given, who, user: &click.author.id, now };
        let chosen = match pick {
            Pick::Share => return Ok(closed()),
            Pick::Save => return Ok(Chosen::Write(id.to_owned())),
            Pick::Fixed => scene.fixed().await?,
            Pick::Unhelpful(step) => scene.unhelpful(step).await?,
            Pick::NotNpm => scene.not_npm().await?,
            Pick::Dismiss => scene.dismiss(click.author).await?,
            Pick::Option { question, option } => scene.narrow(&question, &option).await?,
        };
        tx.commit().await?;
        self.wake.notify_one();
        Ok(chosen)
    }
}

impl Bot {
    /// Takes away what the choice with this id would have shared: it is not to be shared any more.
    pub async fn withhold(&self, team: &TeamId, choice: &str) -> Result<()> {
        if let Some((draft, Pick::Share)) = Pick::parse(choice) {
            let mut tx = self.store.begin().await?;
            drafts::take(&mut tx, team, draft).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Says to everybody what was said to one person.
    async fn share(&self, mut tx: Tx, click: &Click<'_>, id: &str, now: Timestamp) -> Result<Chosen> {
        let draft = drafts::take(&mut tx, click.team, id).await?;
        let draft: Option<Say> = draft.and_then(|body| serde_json::from_str(&body).ok());
        let Some(mut say) = draft else { return Ok(Chosen::Said(Reply::say(reply::choice_gone()))) };
        say.content.blocks.push(Block::Say(reply::shared_by(&click.author.name)));
        outbox::put(&mut tx, &[row(&say, Kind::Post, None)], now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(Chosen::Said(Reply::say(reply::shared())))
    }
}

/// A choice being carried out.
struct Conversation<'a> {
    bot: &'a Bot,
    tx: &'a mut Tx,
    given: Given,
    who: Who,
    user: &'a UserId,
    now: Timestamp,
}

impl Conversation<'_> {
    async fn fixed(&mut self) -> Result<Chosen> {
        let fix = self.given.state.fix;
        if self.feedback("fixed").await? {
            let invitation = self.bot.invitation(self.tx, &self.given, self.user, self.now).await?;
            // Whoever records findings holds the error before the fix, too: the other order could lock both out.
            recurrence::resolve(self.tx, &self.given.place.team, &self.given.fingerprint, self.now).await?;
            if let Some(fix) = fix {
                fixes::helped(self.tx, &self.given.place.team, fix, self.now).await?;
            }
            if self.given.outcome.is_none() {
                self.count(DayCounts { fixed: 1, ..DayCounts::default() }).await?;
            }
            if fix.is_some() {
                digests::count_helped(self.tx, &self.given.place, self.given.visibility, self.now).await?;
            }
            self.tell(invitation).await?;
        }
        self.given.outcome = Some(Outcome::Fixed);
        self.redraw().await
    }

    async fn unhelpful(&mut self, step: usize) -> Result<Chosen> {
        let first_time = self.feedback("unhelpful").await?;
        // Two people who saw the same answer mean the same cause.
        let seen = step == self.given.state.step();
        let fix = self.given.state.fix.filter(|_| seen);
        if let Some(fix) = fix {
            // The team's own fix led, so the answer below it has not had its turn yet.
            fixes::failed(self.tx, &self.given.place.team, fix).await?;
            let revision = self.bot.revision(self.tx, &self.given.place, fix).await?;
            self.tell(revision).await?;
            self.given.state.failed_fixes.push(fix);
        }
        if first_time {
            self.count(DayCounts { unhelpful: 1, ..DayCounts::default() }).await?;
        }
        if !seen {
            replies::update(self.tx, &self.given).await?;
            return Ok(Chosen::Done);
        }
        self.given.outcome = None;
        if let (None, Some(first)) = (fix, self.given.diagnoses.first()) {
            let (current, left) = compose::current(first, &self.given.state, &self.bot.knowledge);
            if let Some(cause) = current.causes.first().filter(|_| left) {
                self.given.state.tried.push(cause.id.clone());
            }
        }
        self.redraw().await
    }

    async fn not_npm(&mut self) -> Result<Chosen> {
        self.feedback("false").await?;
        self.count(DayCounts { false_answers: 1, ..DayCounts::default() }).await?;
        let place = &self.given.place;
        channels::mute_error(self.tx, &place.team, &place.channel, &self.given.fingerprint, self.now).await?;
        self.given.outcome = Some(Outcome::False);
        let content = Reply::say(reply::not_npm_noted(&self.given.fingerprint));
        self.put(Kind::Edit, content).await
    }

    async fn dismiss(&mut self, author: &Author) -> Result<Chosen> {
        let rights = self.bot.rights(self.tx, &self.given.place.team, author).await?;
        if rights != Rights::Admin && self.who != self.given.asker {
            return Ok(Chosen::Said(Reply::say(reply::not_allowed())));
        }
        self.feedback("dismissed").await?;
        self.given.outcome = Some(Outcome::Dismissed);
        self.put(Kind::Remove, Reply::default()).await
    }

    async fn narrow(&mut self, question: &str, option: &str) -> Result<Chosen> {
        self.given.state.answers.give(question, option);
        self.redraw().await
    }

    async fn feedback(&mut self, kind: &'static str) -> Result<bool> {
        let current = self.given.diagnoses.first();
        let current = current.map(|d| compose::current(d, &self.given.state, &self.bot.knowledge).0);
        let cause = current.as_ref().and_then(|d| d.causes.first()).map(|c| &c.id);
        let feedback = replies::Feedback { who: &self.who, kind, cause, fix: self.given.state.fix };
        replies::feedback(self.tx, &self.given, feedback, self.now).await
    }

    async fn count(&mut self, counts: DayCounts) -> Result<()> {
        let visibility: Visibility = self.given.visibility;
        let day = DayKey::of(&self.given.place, self.now);
        findings::count(self.tx, &BTreeMap::from([(day, (visibility, counts))])).await
    }

    /// Says the answer anew, as the conversation stands now.
    async fn redraw(&mut self) -> Result<Chosen> {
        let fixes: Fixes = self.bot.fixes_for(self.tx, &self.given).await?;
        self.given.state.fix = fixes.lead.as_ref().map(|fix| fix.id);
        let Some(content) = compose::answer(&Scene::of(&self.given, &fixes), &self.bot.knowledge) else {
            return Ok(Chosen::Said(Reply::say(reply::paste_gone())));
        };
        self.put(Kind::Edit, content).await
    }

    /// Tells somebody alone.
    async fn tell(&mut self, say: Option<Say>) -> Result<()> {
        let rows: Vec<_> = say.iter().map(|say| row(say, Kind::Notice, None)).collect();
        outbox::put(self.tx, &rows, self.now).await
    }

    async fn put(&mut self, kind: Kind, content: Reply) -> Result<Chosen> {
        replies::update(self.tx, &self.given).await?;
        let say = Say::under(&self.given.place, content);
        outbox::put(self.tx, &[row(&say, kind, Some(&self.given.id))], self.now).await?;
        Ok(Chosen::Done)
    }
}
