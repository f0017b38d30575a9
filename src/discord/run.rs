//! The bot as it is connected: its shards, what ends them, and that it is alone with them.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Discord, DiscordError, catch_up,
    gateway::{self, Health, Refusal},
    guilds,
    intake::{Lanes, Taker},
    rest::RestError,
    start::Start,
};
use crate::{
    bot::outbox::Worker,
    store::{StoreError, lock::Lock},
};

/// For what is being dealt with when the program ends; the server allows fifteen seconds for all of it.
const DRAIN: Duration = Duration::from_secs(4);
/// How often it is looked for servers that were left long ago.
const SWEEP: Duration = Duration::from_hours(1);
/// How often it is looked whether Discord still takes the token.
const LOOK: Duration = Duration::from_secs(5);

/// Why a process does not have the connection any more.
enum End {
    /// It is to end, or everything has.
    Stop,
    /// Another process may have it.
    NotAlone(StoreError),
}

impl Discord {
    /// Listens until `stop`, or until Discord does not want the bot any more. A Discord that is not reached is waited for, and so is
    /// the database when it cannot say any more that no other process listens.
    pub async fn run(&self, worker: Arc<Worker>, stop: CancellationToken) -> Result<(), DiscordError> {
        let stop = stop.child_token();
        loop {
            let Some(start) = self.begin(&stop).await? else { return Ok(()) };
            let Some((start, alone)) = self.alone(start, &stop).await? else { return Ok(()) };
            match self.listen(start, &alone, &worker, &stop).await? {
                End::Stop => return Ok(()),
                End::NotAlone(error) => {
                    tracing::warn!(%error, "another process may have the connection to Discord by now: this one gives it up");
                }
            }
        }
    }

    /// Has the connection for as long as no other process may have it.
    async fn listen(
        &self,
        start: Start,
        alone: &Lock,
        worker: &Arc<Worker>,
        stop: &CancellationToken,
    ) -> Result<End, DiscordError> {
        let stop = stop.child_token();
        let taker = Arc::new(Taker {
            bot: Arc::clone(&self.bot),
            rest: Arc::clone(&self.rest),
            facts: Arc::clone(&self.facts),
            me: start.known.me.clone(),
            clock: Arc::clone(&self.clock),
        });
        let events = Arc::new(gateway::Events {
            bot: Arc::clone(&self.bot),
            team: start.known.team()?,
            me: start.known.me.clone(),
            worker: Arc::clone(worker),
            lanes: Lanes::start(&taker, &self.tasks, &stop),
            desk: Arc::clone(&self.desk),
            hands: gateway::Events::hands(),
            catch_up: Arc::new(catch_up::CatchUp::new(taker, stop.clone())),
            facts: Arc::clone(&self.facts),
            tasks: self.tasks.clone(),
            clock: Arc::clone(&self.clock),
            missed: gateway::Missed::default(),
        });
        let settings = Arc::new(start.gateway);
        let mut shards = JoinSet::new();
        for number in start.shards {
            let health = Arc::new(Health::default());
            self.health.lock().unwrap_or_else(PoisonError::into_inner).push((number, Arc::clone(&health)));
            let (settings, events, stop) = (Arc::clone(&settings), Arc::clone(&events), stop.clone());
            shards.spawn(async move { gateway::run(&settings, number, &events, &health, &stop).await });
        }
        drop(events);
        let outcome = tokio::select! {
            outcome = self.watch(&mut shards, &stop) => outcome.map(|()| End::Stop),
            error = alone.lost() => Ok(End::NotAlone(error)),
        };
        stop.cancel();
        let ends = async { while shards.join_next().await.is_some() {} };
        if timeout(DRAIN + DRAIN / 2, ends).await.is_err() {
            shards.shutdown().await;
        }
        self.tasks.close();
        if timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("stopped while something from Discord was being dealt with; it comes again");
        }
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clear();
        outcome
    }

    /// Waits for an end: that of the program, of a shard, or of the token. Meanwhile it erases what was left long ago.
    async fn watch(
        &self,
        shards: &mut JoinSet<Result<(), Refusal>>,
        stop: &CancellationToken,
    ) -> Result<(), DiscordError> {
        let (mut sweep, mut look) = (interval(SWEEP), interval(LOOK));
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                ended = shards.join_next() => match ended {
                    Some(Ok(Ok(()))) => {}
                    Some(Ok(Err(refusal))) => return Err(refusal.into()),
                    Some(Err(panic)) => return Err(DiscordError::Setup(format!("a shard failed: {panic}"))),
                    None => return Ok(()),
                },
                _ = sweep.tick() => {
                    if let Err(error) = guilds::sweep(&self.bot, (self.clock)()).await {
                        tracing::warn!(%error, "cannot erase yet what was stored about servers that were left");
                    }
                }
                _ = look.tick() => {
                    if self.rest.is_unauthorized() {
                        return Err(RestError::Unauthorized.into());
                    }
                }
            }
        }
    }
}
