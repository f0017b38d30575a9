//! What was asked for, done.

use serde_json::{Value, json};

use super::{
    Act, COMMAND, COMPONENT, Desk, MODAL, PING, TYPING, modal,
    modal::{Filled, Form},
};
use crate::{
    answer::{
        Inline, commands as about_commands,
        digest::words as about_digests,
        discord as said,
        reply::{Block, Reply, words},
    },
    bot::{
        choices::{Chosen, Click},
        commands::{self, Asked, Audience, Saved},
        grammar::{self, Command as Asks, Digest},
        schedule,
    },
    discord::{
        commands::Used,
        courier::REVOKE,
        facts::{Spot, team},
        fetch::fetch,
        render::limits::{OPTION, OPTIONS, cut},
        text::text,
        wire::{Data, Interaction, Message, User},
    },
    message::{Author, ChannelId, IdError, MessageRef, Rights, Speaker, TeamId, UserId},
    store::{StoreError, fixes, replies},
};

/// Rights of Discord's that make an admin: everything, or the server's settings.
const ADMIN: u64 = 1 << 3 | 1 << 5;
/// Discord's number for a command in a message's menu.
const MENU: u64 = 3;
/// Fixes that are looked through while somebody types.
const SEARCHED: u32 = 25;

/// Why something asked for is not done.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Rest(#[from] crate::discord::rest::RestError),
}

/// Who asks where.
struct Scene {
    team: TeamId,
    channel: ChannelId,
    spot: Spot,
    author: Author,
    /// In a thread, the thread.
    about: Option<MessageRef>,
}

impl Scene {
    fn asked<'a>(&'a self, event: &'a str, reply: Option<&'a str>) -> Asked<'a> {
        Asked {
            team: &self.team,
            channel: &self.channel,
            visibility: self.spot.visibility,
            author: &self.author,
            event,
            reply,
            about: self.about.as_ref(),
            audience: Audience::Asker,
        }
    }
}

impl Desk {
    /// Carries out an interaction.
    pub(super) async fn act(&self, interaction: &Interaction<'_>) -> Act {
        if interaction.kind.0 == PING {
            return Act::Pong;
        }
        match self.asked(interaction).await {
            Ok(act) => act,
            Err(error) => {
                tracing::warn!(%error, interaction = interaction.id.as_str(), "an interaction failed");
                if interaction.kind.0 == TYPING { Act::Offers(Vec::new()) } else { private(words::trouble()) }
            }
        }
    }

    async fn asked(&self, interaction: &Interaction<'_>) -> Result<Act, AskError> {
        let Some(data) = interaction.data.get() else { return Ok(Act::Done) };
        let scene = self.scene(interaction).await?;
        match interaction.kind.0 {
            COMMAND if data.kind.0 == MENU => self.menu(interaction, data, &scene).await,
            COMMAND => self.command(interaction, data, &scene).await,
            COMPONENT => self.chosen(interaction, data, &scene).await,
            TYPING => self.offers(data, &scene).await,
            MODAL => self.filled(interaction, data, &scene).await,
            _ => Ok(Act::Done),
        }
    }

    async fn scene(&self, interaction: &Interaction<'_>) -> Result<Scene, AskError> {
        let guild = interaction.guild_id.as_str();
        let channel = interaction.channel_id.some().or(interaction.channel.get().and_then(|c| c.id.some()));
        let spot = self.facts.of(guild, channel.unwrap_or_default()).await?;
        let member = interaction.member.get();
        let id = interaction.who().map_or("", |user| user.id.as_str());
        let name = member.and_then(|m| m.nick.some()).or(interaction.who().map(User::name));
        // A direct message is its own team, and whoever is in it its admin.
        let admin = member.map_or(guild.is_empty(), |member| member.permissions.0 & ADMIN != 0);
        let about = spot.thread.as_deref().map(|thread| spot.place(guild, thread)).transpose()?;
        Ok(Scene {
            about,
            team: team(guild, &spot.channel)?,
            channel: ChannelId::parse(&spot.channel)?,
            author: Author {
                id: UserId::parse(id)?,
                name: name.unwrap_or_default().to_owned(),
                speaker: Speaker::Person,
                rights: if admin { Rights::Admin } else { Rights::Member },
            },
            spot,
        })
    }

    /// Has the bot carry out a line of the grammar.
    async fn line(&self, event: &str, scene: &Scene, line: &str, reply: Option<&str>) -> Result<Act, AskError> {
        Ok(self.bot.command(&scene.asked(event, reply), line, (self.clock)()).await?.map_or(Act::Again, Act::Private))
    }

    async fn command(&self, i: &Interaction<'_>, data: &Data<'_>, scene: &Scene) -> Result<Act, AskError> {
        let event = i.id.as_str();
        let Some(used) = Used::of(data) else { return self.line(event, scene, "help", None).await };
        let action = used.get("do");
        match used.name {
            "explain" => {
                if let Some(file) = used.get("file") {
                    let file = data.resolved.get().and_then(|resolved| resolved.attachments.get(file));
                    let log = match file {
                        Some(file) => fetch(&self.rest, file).await,
                        None => None,
                    };
                    let Some(log) = log else { return Ok(private(said::no_file())) };
                    let said = format!("{}\n{log}", used.get("text").unwrap_or_default());
                    if said.trim().is_empty() {
                        return Ok(private(words::nothing_to_explain()));
                    }
                    return self.line(event, scene, &format!("explain {said}"), None).await;
                }
                match used.get("text") {
                    Some(_) => self.line(event, scene, &used.line(), None).await,
                    None => Ok(Act::Modal(modal::paste())),
                }
            }
            "save" if used.get("text").is_none() => self.save_form(event, scene, None, "").await,
            "fix" if action == Some("edit") && used.get("text").is_none() => {
                let id = used.get("fix").unwrap_or_default().trim_start_matches('#');
                let text = self.fix_text(scene, id).await?;
                match text {
                    Some(text) => Ok(Act::Modal(modal::edit(id, &text))),
                    None => self.line(event, scene, &used.line(), None).await,
                }
            }
            "digest" => match self.no_digest(i.guild_id.as_str(), scene, &used.line()).await? {
                Some(sentence) => Ok(private(sentence)),
                None => self.line(event, scene, &used.line(), None).await,
            },
            _ => self.line(event, scene, &used.line(), None).await,
        }
    }

    /// Why a digest cannot come to the channel that somebody named, if it cannot. Anybody may write down any id, so only whoever may
    /// see and write everywhere in a server names a channel, and only one of that server.
    async fn no_digest(&self, guild: &str, scene: &Scene, line: &str) -> Result<Option<Inline>, AskError> {
        let Ok(Asks::Digest(Digest::On { channel: Some(to), .. })) = grammar::parse(line) else { return Ok(None) };
        if to == scene.channel {
            return Ok(None);
        }
        let may = !guild.is_empty() && scene.author.rights == Rights::Admin;
        let good = may && self.facts.is_in(guild, to.as_str()).await?;
        Ok((!good).then(about_digests::which_channel))
    }

    async fn fix_text(&self, scene: &Scene, id: &str) -> Result<Option<String>, AskError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let mut conn = self.bot.store().read().await?;
        let fix = fixes::get(&mut conn, &scene.team, id, fixes::View::From(&scene.channel)).await?;
        Ok(fix.map(|fix| fix.text))
    }

    /// A command in a message's menu: its text comes along, also where the bot may read nothing else.
    async fn menu(&self, i: &Interaction<'_>, data: &Data<'_>, scene: &Scene) -> Result<Act, AskError> {
        let messages = data.resolved.get().map(|resolved| &resolved.messages);
        let message = messages.and_then(|messages| messages.get(data.target_id.as_str()));
        let mut said = message.map(text).unwrap_or_default().into_owned();
        if data.name.as_str() == said::SAVE_THIS {
            let reply = self.answer_to(i.guild_id.as_str(), scene, data.target_id.as_str(), message).await?;
            return self.save_form(i.id.as_str(), scene, reply.as_deref(), &said).await;
        }
        if let Some(message) = message {
            for file in crate::discord::text::logs(message).take(crate::discord::fetch::FILES) {
                if let Some(log) = fetch(&self.rest, file).await {
                    said.push('\n');
                    said.push_str(&log);
                }
            }
        }
        if said.trim().is_empty() {
            return Ok(private(words::nothing_to_explain()));
        }
        self.line(i.id.as_str(), scene, &format!("explain {said}"), None).await
    }

    /// The answer to a message, or to the one that it replies to. Where there is none, the last one here is meant.
    async fn answer_to(
        &self,
        guild: &str,
        scene: &Scene,
        id: &str,
        message: Option<&Message<'_>>,
    ) -> Result<Option<String>, AskError> {
        let above = message.and_then(|message| message.message_reference.get()).map(|above| above.message_id.as_str());
        let mut conn = self.bot.store().read().await?;
        for id in [Some(id), above].into_iter().flatten().filter(|id| !id.is_empty()) {
            let about = MessageRef { thread: None, ..scene.spot.place(guild, id)? };
            if let Some(given) = replies::last_under(&mut conn, &about).await? {
                return Ok(Some(given.id));
            }
        }
        Ok(None)
    }

    /// The form for a fix. What it is for is settled now: another answer may come while it is filled in.
    async fn save_form(&self, event: &str, scene: &Scene, reply: Option<&str>, text: &str) -> Result<Act, AskError> {
        let form = self.bot.save_form(&scene.asked(event, reply), (self.clock)()).await?;
        Ok(match form {
            Some(form) => Act::Modal(modal::save(&form, text)),
            None => private(about_commands::nothing_to_save_for()),
        })
    }

    async fn chosen(&self, i: &Interaction<'_>, data: &Data<'_>, scene: &Scene) -> Result<Act, AskError> {
        let id = data.values.0.first().map_or(data.custom_id.as_str(), String::as_str);
        if let Some(message) = id.strip_prefix(REVOKE) {
            return Ok(Act::Private(self.how_to_revoke(i.guild_id.as_str(), scene, message).await?));
        }
        let click = Click { team: &scene.team, event: i.id.as_str(), author: &scene.author, choice: id };
        Ok(match self.bot.choose(&click, (self.clock)()).await? {
            Chosen::Said(reply) => Act::Private(reply),
            Chosen::Write(reply) => return self.save_form(i.id.as_str(), scene, Some(&reply), "").await,
            Chosen::Done => Act::Done,
            Chosen::Again => Act::Again,
        })
    }

    async fn how_to_revoke(&self, guild: &str, scene: &Scene, message: &str) -> Result<Reply, AskError> {
        let place = scene.spot.place(guild, message)?;
        let reply = self.bot.how_to_revoke(&place).await?;
        Ok(reply.unwrap_or_else(|| Reply::say(said::no_secret_known())))
    }

    async fn offers(&self, data: &Data<'_>, scene: &Scene) -> Result<Act, AskError> {
        let (option, typed) = Used::of(data).map_or(("", ""), |used| used.typed());
        let typed = typed.trim();
        if option == "zone" {
            let zones = schedule::zones(typed, OPTIONS);
            return Ok(Act::Offers(zones.iter().map(|zone| json!({ "name": zone, "value": zone })).collect()));
        }
        let view = fixes::View::From(&scene.channel);
        let mut conn = self.bot.store().read().await?;
        let found = match typed.trim_start_matches('#').parse() {
            Ok(id) => fixes::get(&mut conn, &scene.team, id, view).await?.into_iter().collect(),
            Err(_) => fixes::search(&mut conn, &scene.team, typed, view, SEARCHED).await?,
        };
        let offer = |fix: &fixes::SavedFix| {
            let line = said::fix_offer(fix.id, &fix.key.family, &fix.key.value, &fix.text);
            json!({ "name": cut(&line, OPTION), "value": fix.id.to_string() })
        };
        Ok(Act::Offers(found.iter().take(OPTIONS).map(offer).collect::<Vec<Value>>()))
    }

    async fn filled(&self, i: &Interaction<'_>, data: &Data<'_>, scene: &Scene) -> Result<Act, AskError> {
        let Filled { text, breadth, sharing } = Filled::of(data);
        let event = i.id.as_str();
        match Form::parse(data.custom_id.as_str()) {
            Some(Form::Paste) => self.line(event, scene, &format!("explain {text}"), None).await,
            Some(Form::Save(reply)) => {
                let filled = commands::Filled { text: &text, breadth, sharing };
                let asked = scene.asked(event, Some(&reply));
                Ok(match self.bot.save_filled(&asked, filled, (self.clock)()).await? {
                    Saved::Said(reply) => Act::Private(reply),
                    Saved::Wrong(what) => private(what),
                    Saved::Again => Act::Again,
                })
            }
            Some(Form::Edit(fix)) => self.line(event, scene, &format!("fix {fix} edit {text}"), None).await,
            None => Ok(private(words::choice_gone())),
        }
    }
}

fn private(sentence: Inline) -> Act {
    Act::Private(Reply { blocks: vec![Block::Say(sentence)], rows: Vec::new() })
}
