//! What the gateway says, sorted: messages into their lanes, interactions to the desk, the rest to what it concerns.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{sync::Semaphore, time::sleep};
use tokio_util::task::TaskTracker;

use super::missed::Missed;
use crate::{
    bot::{
        Bot,
        outbox::{Clock, Worker},
    },
    discord::{
        catch_up::CatchUp,
        facts::{Facts, team},
        guilds,
        intake::{Job, Lanes, Open, Sorted, What, sort},
        interact::{Back, Desk},
        wire::{Channel, Deleted, Event, Guild, Interaction, Ready, Role, made},
    },
    message::TeamId,
    store::{
        StoreError,
        discord::{self as kept, Kept, Shard as Number},
    },
};

/// Interactions that are answered at the same time.
const AT_ONCE: usize = 64;
/// Discord takes a first answer for three seconds; in milliseconds.
const ANSWERABLE: i64 = 3_000;
/// How often, and for how long, what a connection still deals with is waited for at its end.
const SETTLE: (u32, Duration) = (80, Duration::from_millis(50));

/// Where events go.
pub struct Events {
    /// The bot.
    pub bot: Arc<Bot>,
    /// Who the bot is where a table asks for a team.
    pub team: TeamId,
    /// The bot's own id.
    pub me: String,
    /// For echoes of what was posted.
    pub worker: Arc<Worker>,
    /// For messages.
    pub lanes: Lanes,
    /// For interactions.
    pub desk: Arc<Desk>,
    /// Hands that are free for them.
    pub hands: Arc<Semaphore>,
    /// For what was missed.
    pub catch_up: Arc<CatchUp>,
    /// What is known about channels.
    pub facts: Arc<Facts>,
    /// What is begun is waited for at the end.
    pub tasks: TaskTracker,
    /// The time.
    pub clock: Clock,
    /// What is still to be read from the time before each session.
    pub missed: Missed,
}

/// Around an event.
pub(super) struct Moment<'l> {
    /// The shard.
    pub number: Number,
    /// The event's place in its session.
    pub seq: u64,
    /// What is still being dealt with.
    pub open: &'l Arc<Open>,
    /// Up to when everything was heard, before this session.
    pub heard: Option<Timestamp>,
    /// Whether it comes from before this connection.
    pub replayed: bool,
}

impl Events {
    /// Hands for interactions.
    #[must_use]
    pub fn hands() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(AT_ONCE))
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Where a shard stood.
    pub(super) async fn kept(&self, number: Number) -> Kept {
        let kept = async { kept::shard(&mut *self.bot.store().read().await?, &self.team, number).await };
        kept.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot read where the connection stood");
            Kept::default()
        })
    }

    /// Keeps where a shard stands.
    pub(super) async fn keep(&self, number: Number, kept: &Kept) {
        let keep = async {
            let mut tx = self.bot.store().begin().await?;
            kept::keep(&mut tx, &self.team, number, kept).await?;
            tx.commit().await
        };
        self.note("cannot keep where the connection stands", keep.await);
    }

    /// Waits until what a connection brought is dealt with, but not for ever.
    pub(super) async fn settle(&self, open: &Open) {
        for _ in 0..SETTLE.0 {
            if open.first().is_none() {
                return;
            }
            sleep(SETTLE.1).await;
        }
    }

    fn note(&self, what: &'static str, outcome: Result<(), StoreError>) {
        if let Err(error) = outcome {
            tracing::warn!(%error, bot = %self.team, "{what}");
        }
    }

    /// Takes in an event.
    pub(super) async fn take(&self, kind: &str, json: String, moment: &Moment<'_>) {
        match kind {
            "MESSAGE_CREATE" => self.message(json, What::Said, moment).await,
            "MESSAGE_UPDATE" => self.message(json, What::Edited, moment).await,
            "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
                let channel = read::<Deleted<'_>>(&json).map(|e| e.channel_id.as_str().to_owned()).unwrap_or_default();
                self.put(&channel, What::Deleted, json, moment).await;
            }
            "INTERACTION_CREATE" => self.interaction(json, moment),
            "READY" => self.ready(&json, moment).await,
            "GUILD_CREATE" => self.guild(&json, moment).await,
            "GUILD_DELETE" => self.guild_gone(&json, moment).await,
            "CHANNEL_UPDATE" | "CHANNEL_DELETE" | "THREAD_UPDATE" | "THREAD_DELETE" => {
                if let Some(channel) = read::<Channel<'_>>(&json) {
                    self.facts.forget_channel(channel.id.as_str());
                }
            }
            "GUILD_ROLE_UPDATE" => {
                if let Some(changed) = read::<RoleChange<'_>>(&json)
                    && changed.role.get().is_some_and(|role| role.id == changed.guild_id)
                {
                    self.facts.forget_guild(changed.guild_id.as_str());
                }
            }
            _ => {}
        }
    }

    async fn put(&self, channel: &str, what: What, json: String, moment: &Moment<'_>) {
        let job = Job { what, json, ticket: moment.open.begin(moment.seq), again: moment.replayed };
        self.lanes.put(channel, job).await;
    }

    async fn message(&self, json: String, what: What, moment: &Moment<'_>) {
        match sort(&json, &self.me, what) {
            Sorted::Chatter => {}
            Sorted::Echo { guild, channel, key, id } => {
                let Ok(team) = team(&guild, &channel) else { return };
                let outcome = self.worker.echo(&team, &key, &id).await;
                self.note("an echo is lost", outcome.map(|_| ()));
            }
            Sorted::Matters(channel) => self.put(&channel, what, json, moment).await,
        }
    }

    fn interaction(&self, json: String, moment: &Moment<'_>) {
        // Whoever asked was told that it failed, and has asked again. Two clocks may differ: what comes live is answered.
        if moment.replayed && read::<Interaction<'_>>(&json).is_some_and(|old| self.is_over(old.id.as_str())) {
            tracing::info!("an interaction from before the connection is over");
            return;
        }
        let (desk, hands) = (Arc::clone(&self.desk), Arc::clone(&self.hands));
        let ticket = moment.open.begin(moment.seq);
        self.tasks.spawn(async move {
            let hand = hands.acquire().await;
            if let Some(interaction) = read::<Interaction<'_>>(&json) {
                desk.serve(&interaction, Back::Call).await;
            }
            drop(hand);
            ticket.done();
        });
    }

    fn is_over(&self, interaction: &str) -> bool {
        let at = made(interaction);
        at > 0 && at < self.now().as_millisecond().saturating_sub(ANSWERABLE)
    }

    async fn ready(&self, json: &str, moment: &Moment<'_>) {
        let Some(ready) = read::<Ready<'_>>(json) else { return };
        tracing::info!(shard = moment.number.number, of = moment.number.of, "connected to the gateway");
        let outcome = guilds::present(&self.bot, &ready, moment.number, self.now()).await;
        self.note("cannot tell which servers were left", outcome);
        self.missed.begins(moment, ready.guilds.0.iter().map(|guild| guild.id.as_str()), self.now());
    }

    async fn guild(&self, json: &str, moment: &Moment<'_>) {
        let Some(guild) = read::<Guild<'_>>(json) else { return };
        let Ok(team) = team(guild.id.as_str(), "") else { return };
        if guild.unavailable.0 {
            return;
        }
        // What changed while nobody listened is not told again.
        self.facts.forget_guild(guild.id.as_str());
        let watched = self.catch_up.watched(&team).await;
        self.facts.learn(&guild, &watched);
        match guilds::came(&self.bot, &team, &guild, self.now()).await {
            Ok(true) => self.note("cannot say hello", guilds::greet(&self.bot, &team, &guild, self.now()).await),
            Ok(false) => {}
            Err(error) => self.note("cannot take in a server", Err(error)),
        }
        let (gap, coming) = self.missed.came(moment.number, guild.id.as_str(), self.now());
        if let Some(gap) = gap {
            for channel in CatchUp::missed(&guild, &watched, &gap) {
                let ticket = moment.open.begin(moment.seq);
                let (catch_up, guild) = (Arc::clone(&self.catch_up), guild.id.as_str().to_owned());
                self.tasks.spawn(async move {
                    if catch_up.read(&guild, &channel, &gap).await {
                        ticket.done();
                    }
                });
            }
        }
        if let Some(coming) = coming {
            coming.done();
        }
    }

    async fn guild_gone(&self, json: &str, moment: &Moment<'_>) {
        let Some(guild) = read::<Guild<'_>>(json) else { return };
        if let (_, Some(coming)) = self.missed.came(moment.number, guild.id.as_str(), self.now()) {
            coming.done();
        }
        self.facts.forget_guild(guild.id.as_str());
        // What Discord cannot reach has not been left.
        if guild.unavailable.0 {
            return;
        }
        let Ok(team) = team(guild.id.as_str(), "") else { return };
        self.note("cannot take in that a server was left", guilds::left(&self.bot, &team, self.now()).await);
    }
}

/// A role of a server has changed.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct RoleChange<'a> {
    #[serde(borrow)]
    guild_id: crate::discord::wire::loose::Text<'a>,
    #[serde(borrow)]
    role: crate::discord::wire::loose::Maybe<Role<'a>>,
}

/// The data of an event.
fn read<'j, T: serde::Deserialize<'j>>(json: &'j str) -> Option<T> {
    serde_json::from_str::<Event<T>>(json).ok().and_then(|event| event.d.0).map(|data| *data)
}
