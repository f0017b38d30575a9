//! What people ask for. Reading a command is `grammar`'s, wording the answers is [`crate::answer::commands`]'s; this carries
//! them out.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{
    Bot,
    compose::{self, Fixes, Scene},
    grammar::{self, Command, Forget},
};
use crate::{
    answer::{
        commands as words,
        reply::{Block, Reply, words as common},
    },
    classifier,
    message::{Author, ChannelId, MessageRef, Rights, TeamId, Visibility},
    redact::{Tally, redact},
    store::{Result, Tx, channels, forget, inbox, memory, replies, replies::State, teams},
};

mod digest;
mod form;
mod help;
mod home;
mod keep;
mod settings;
mod share;

pub use form::{Filled, SaveForm, Saved, Target};

/// Who asks where.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The team.
    pub team: &'a TeamId,
    /// The channel.
    pub channel: &'a ChannelId,
    /// Who can read it.
    pub visibility: Visibility,
    /// Who asks.
    pub author: &'a Author,
    /// The platform's id of the command; a repeat with the same id changes nothing.
    pub event: &'a str,
    /// The reply under which it was asked, if it was.
    pub reply: Option<&'a str>,
    /// The message that it was asked about, or a message of the thread that it was asked in.
    pub about: Option<&'a MessageRef>,
    /// Who is to see what is answered.
    pub audience: Audience,
}

/// Who sees what a command is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever gave it; what others may want to see comes with a choice to share it.
    Asker,
    /// Whoever gave it, where nobody could tell who else would see it: nothing is offered to be shared.
    AskerAlone,
    /// Everybody in the channel.
    Everybody,
}

/// Errors that `history` lists.
const LISTED: i64 = 15;
/// Days that `stats` looks back: four weeks.
const DAYS: i64 = 28;
/// Failures of a text that `explain` answers.
const EXPLAINED: usize = 3;

impl Bot {
    /// Carries out a command and answers whoever gave it, and nobody else. `None` for a repeat.
    pub async fn command(&self, asked: &Asked<'_>, text: &str, now: Timestamp) -> Result<Option<Reply>> {
        self.command_from(asked, None, text, now).await
    }

    /// The same, where the platform tells the asker's time zone by its IANA name.
    pub async fn command_from(
        &self,
        asked: &Asked<'_>,
        zone: Option<&str>,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<Reply>> {
        let (command, secrets) = parse(text);
        let command = match command {
            Ok(command) => command,
            Err(misread) => {
                let mut reply = help::misread(&misread);
                reply.blocks.extend(removed(&secrets));
                return Ok(Some(reply));
            }
        };
        let mut tx = self.store.begin().await?;
        if !inbox::take(&mut tx, asked.team, asked.event, now).await? {
            return Ok(None);
        }
        let mut run = Run { bot: self, asked, zone, tx, now };
        let mut reply = run.carry_out(command).await?;
        reply.blocks.extend(removed(&secrets));
        run.tx.commit().await?;
        self.wake.notify_one();
        Ok(Some(reply))
    }

    /// What somebody may do in a team: what the platform says, and more for those whom the team has named.
    pub(super) async fn rights(&self, conn: &mut AnyConnection, team: &TeamId, author: &Author) -> Result<Rights> {
        if author.rights == Rights::Admin {
            return Ok(Rights::Admin);
        }
        let who = self.store.who(team, &author.id);
        let named = teams::settings(conn, team).await?.admins.iter().any(|admin| admin == who.as_str());
        Ok(if named { Rights::Admin } else { Rights::Member })
    }

    /// The last answer in a channel that is still open, as it stands now.
    pub async fn last_answer(&self, team: &TeamId, channel: &ChannelId) -> Result<Option<Reply>> {
        let mut conn = self.store.read().await?;
        let Some(given) = replies::last_in(&mut conn, team, channel).await? else { return Ok(None) };
        let fixes = self.fixes_for(&mut conn, &given).await?;
        Ok(compose::answer(&Scene::of(&given, &fixes), &self.knowledge))
    }
}

/// A command being carried out.
struct Run<'a> {
    bot: &'a Bot,
    asked: &'a Asked<'a>,
    zone: Option<&'a str>,
    tx: Tx,
    now: Timestamp,
}

impl Run<'_> {
    async fn carry_out(&mut self, command: Command) -> Result<Reply> {
        match command {
            Command::Explain(text) => {
                let reply = self.explain(&text).await?;
                self.sharable(reply).await
            }
            Command::Save(saving) => self.save(saving).await,
            Command::Fixes { search } => {
                let reply = self.fixes(search.as_deref()).await?;
                self.sharable(reply).await
            }
            Command::Fix { id, action } => self.fix(id, action).await,
            Command::History { fingerprint } => {
                let reply = self.history(fingerprint.as_deref()).await?;
                self.sharable(reply).await
            }
            Command::Stats => {
                let reply = self.stats().await?;
                self.sharable(reply).await
            }
            Command::Mode(mode) => self.mode(mode).await,
            Command::Mute(length) => self.mute(length).await,
            Command::Unmute(fingerprint) => self.unmute(fingerprint.as_deref()).await,
            Command::MuteError(fingerprint) => self.mute_error(&fingerprint).await,
            Command::Bots(on) => self.bots(on).await,
            Command::Settings(words) => self.settings(&words).await,
            Command::Forget { what, confirmed } => self.forget(what, confirmed).await,
            Command::Digest(wish) => self.digest(wish).await,
            Command::Help(topic) => Ok(help::help(topic.as_deref())),
        }
    }

    async fn rights(&mut self) -> Result<Rights> {
        self.bot.rights(&mut self.tx, self.asked.team, self.asked.author).await
    }

    async fn explain(&mut self, text: &str) -> Result<Reply> {
        let findings = classifier::explain(text.as_bytes(), &&*self.bot.knowledge);
        let mut reply = Reply::default();
        for diagnosis in findings.diagnoses.iter().take(EXPLAINED) {
            let (team, channel) = (self.asked.team, self.asked.channel);
            let fixes = if self.asked.visibility == Visibility::Shared {
                Fixes::default()
            } else {
                self.bot.fixes_that_fit(&mut self.tx, team, channel, diagnosis, &[]).await?
            };
            let scene = Scene {
                id: "",
                diagnoses: std::slice::from_ref(diagnosis),
                state: &State::default(),
                outcome: None,
                fixes: &fixes,
            };
            reply.blocks.extend(compose::answer(&scene, &self.bot.knowledge).unwrap_or_default().blocks);
        }
        if findings.diagnoses.is_empty() {
            reply.blocks.push(Block::Say(common::nothing_to_explain()));
        }
        reply.blocks.extend(removed(&findings.secrets));
        Ok(reply)
    }

    async fn history(&mut self, fingerprint: Option<&str>) -> Result<Reply> {
        let (team, channel) = (self.asked.team, self.asked.channel);
        if let Some(fingerprint) = fingerprint {
            let known = memory::known(&mut self.tx, team, channel, self.asked.visibility, fingerprint).await?;
            let line = known.map_or_else(|| words::unknown_error(fingerprint), |known| self.line(&known));
            return Ok(Reply::say(line));
        }
        let all = memory::history(&mut self.tx, team, channel, LISTED).await?;
        if all.is_empty() {
            return Ok(Reply::say(words::no_history()));
        }
        let heading = Block::Heading(words::history().to_owned());
        let lines = all.iter().map(|known| Block::Item(self.line(known)));
        Ok(Reply { blocks: std::iter::once(heading).chain(lines).collect(), rows: Vec::new() })
    }

    fn line(&self, known: &memory::Known) -> crate::answer::Inline {
        let cause = known.cause.as_deref().and_then(|id| self.bot.knowledge.cause(id));
        words::known(known, cause.map(|cause| cause.title.trim()))
    }

    async fn stats(&mut self) -> Result<Reply> {
        let since = self.now - SignedDuration::from_hours(24 * (DAYS - 1));
        let totals = memory::totals(&mut self.tx, self.asked.team, self.asked.channel, since).await?;
        let heading = Block::Heading(words::stats_heading(DAYS));
        let lines = words::stats(&totals).into_iter().map(Block::Item);
        Ok(Reply { blocks: std::iter::once(heading).chain(lines).collect(), rows: Vec::new() })
    }

    async fn mode(&mut self, mode: grammar::Mode) -> Result<Reply> {
        let mode = match mode {
            grammar::Mode::Auto => channels::Mode::Auto,
            grammar::Mode::Mention => channels::Mode::Mention,
            grammar::Mode::Off => channels::Mode::Off,
        };
        channels::set_mode(&mut self.tx, self.asked.team, self.asked.channel, mode).await?;
        Ok(Reply::say(words::mode_set(mode.as_str())))
    }

    async fn mute(&mut self, length: Option<SignedDuration>) -> Result<Reply> {
        let until = length.map(|length| self.now + length);
        channels::mute(&mut self.tx, self.asked.team, self.asked.channel, Some(until.unwrap_or(Timestamp::MAX)))
            .await?;
        Ok(Reply::say(words::muted(until)))
    }

    async fn unmute(&mut self, fingerprint: Option<&str>) -> Result<Reply> {
        let (team, channel) = (self.asked.team, self.asked.channel);
        let Some(fingerprint) = fingerprint else {
            channels::mute(&mut self.tx, team, channel, None).await?;
            return Ok(Reply::say(words::unmuted()));
        };
        let was = channels::unmute_error(&mut self.tx, team, channel, fingerprint).await?;
        let was = if was { words::Unmuted::Now } else { words::Unmuted::Never };
        Ok(Reply::say(words::error_unmuted(fingerprint, was)))
    }

    async fn mute_error(&mut self, fingerprint: &str) -> Result<Reply> {
        channels::mute_error(&mut self.tx, self.asked.team, self.asked.channel, fingerprint, self.now).await?;
        Ok(Reply::say(words::error_muted(fingerprint)))
    }

    async fn bots(&mut self, on: bool) -> Result<Reply> {
        let since = on.then_some(self.now);
        channels::set_bots(&mut self.tx, self.asked.team, self.asked.channel, since).await?;
        Ok(Reply::say(words::bots_set(if on { "on" } else { "off" })))
    }

    async fn forget(&mut self, what: Forget, confirmed: bool) -> Result<Reply> {
        let (team, author) = (self.asked.team, self.asked.author);
        match (what, confirmed) {
            (Forget::Me, false) => Ok(Reply::say(words::forget_me_sure())),
            (Forget::Me, true) => {
                let who = self.bot.store.who(team, &author.id);
                let rows = forget::person(&mut self.tx, team, &author.id, &who).await?;
                let mut settings = teams::settings(&mut self.tx, team).await?;
                let named = settings.admins.len();
                settings.admins.retain(|admin| admin != who.as_str());
                if settings.admins.len() < named {
                    teams::set(&mut self.tx, team, &settings, self.now).await?;
                }
                Ok(Reply::say(words::forgotten(rows)))
            }
            (Forget::Team, _) if self.rights().await? != Rights::Admin => Ok(Reply::say(words::admins_only())),
            (Forget::Team, false) => Ok(Reply::say(words::forget_team_sure())),
            (Forget::Team, true) => Ok(Reply::say(words::forgotten(forget::team(&mut self.tx, team).await?))),
        }
    }
}

/// Reads a command. Its words may come back in the answer; a secret among them does not. Texts lose theirs later, when they
/// are read.
fn parse(text: &str) -> (std::result::Result<Command, grammar::Misread>, Tally) {
    let mut secrets = Tally::default();
    let command = grammar::parse(text);
    if matches!(command, Ok(Command::Explain(_) | Command::Save(_) | Command::Fix { .. })) {
        return (command, secrets);
    }
    let read = text.get(..text.floor_char_boundary(grammar::INPUT_LIMIT)).unwrap_or_default();
    let plain = redact(read, &mut secrets);
    if secrets.is_empty() { (command, secrets) } else { (grammar::parse(plain.as_str()), secrets) }
}

/// What somebody is told about the secrets in their own text.
fn removed(secrets: &Tally) -> Vec<Block> {
    secrets.iter().map(|(kind, _)| Block::Say(words::secret_removed(kind))).collect()
}
