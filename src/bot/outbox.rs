//! The worker that says what is in the outbox.
//!
//! Lanes are served beside each other, the rows of one lane after each other. What is unclear after a failure or a crash is
//! never said again blindly: see `send` for what is done then, and `ledger` for what follows from each outcome. `body`: what rows say that
//! name only their reply; `echoes`: posts that come back.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use tokio::{
    sync::{Notify, Semaphore},
    task::{JoinError, JoinSet},
};

use super::Bot;
use crate::{
    message::{Platform, TeamId},
    store::{
        Result, Store, digests, drafts, inbox,
        outbox::{self, Lease, Next},
    },
};

mod body;
mod chores;
mod courier;
mod echoes;
mod ends;
mod ledger;
mod run;
mod send;

use echoes::Echoes;
use ledger::Ledger;

pub use courier::{Courier, Delivery, LookUp, Soon, draw};

/// How the worker goes about it.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a lane stays taken when a worker dies. A platform gets a third of it to answer.
    pub lease: SignedDuration,
    /// Lanes of one platform served at the same time.
    pub lanes: usize,
    /// Tries before a row is set aside, those counted whose sender died. With the waits between them they take about an hour at most.
    pub attempts: i64,
    /// The first wait after a failure; it doubles each time.
    pub backoff: SignedDuration,
    /// The longest wait.
    pub longest: SignedDuration,
    /// How long to wait for a post's echo before looking for it.
    pub echo: SignedDuration,
    /// How long a stop waits for what is being sent.
    pub drain: Duration,
    /// Where the randomness of waits comes from: 0 to 1.
    pub jitter: fn() -> f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: SignedDuration::from_secs(60),
            lanes: 16,
            attempts: 20,
            backoff: SignedDuration::from_secs(1),
            longest: SignedDuration::from_mins(5),
            echo: SignedDuration::from_secs(3),
            drain: Duration::from_secs(10),
            jitter: rand::random::<f64>,
        }
    }
}

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often to look for rows that another process put in.
const POLL: Duration = Duration::from_secs(2);
/// The shortest pause, so that a clock that stands still keeps no core busy.
const SHORTEST: Duration = Duration::from_millis(10);
/// How long to wait when the database does not answer.
const TROUBLE: Duration = Duration::from_secs(1);

/// How often what is too old is dropped.
const TIDY: SignedDuration = SignedDuration::from_hours(1);
/// Events dropped at a time, so that nothing that is to be said waits for it.
const DROPPED: i64 = 1000;

/// Serves the lanes of the platforms it has couriers for.
pub struct Worker {
    bot: Arc<Bot>,
    store: Store,
    couriers: Vec<Arc<dyn Courier>>,
    /// Each courier's free hands: a platform that hangs holds its own lanes up, and nobody else's.
    hands: Vec<Arc<Semaphore>>,
    settings: Settings,
    lease: Lease,
    clock: Clock,
    /// When to tidy up next.
    tidy: Mutex<Timestamp>,
    stopping: AtomicBool,
    stop: Notify,
    /// When it last found something to carry out.
    chores_at: AtomicI64,
    ledger: Ledger,
    echoes: Echoes,
    /// When the first of the lanes that it gave back is due again.
    due: Mutex<Option<Timestamp>>,
    /// Until when lanes rest after something was said in them, in milliseconds since 1970.
    resting: AtomicI64,
}

impl Worker {
    /// A worker with a name of its own, which says what this bot answers.
    #[must_use]
    pub fn new(bot: Arc<Bot>, couriers: Vec<Arc<dyn Courier>>, settings: Settings, clock: Clock) -> Arc<Self> {
        let store = bot.store().clone();
        let lease = Lease { owner: uuid::Uuid::now_v7().simple().to_string(), length: settings.lease };
        let (stopping, stop) = (AtomicBool::new(false), Notify::new());
        let hands = couriers.iter().map(|_| Arc::new(Semaphore::new(settings.lanes))).collect();
        let (tidy, chores_at) = (Mutex::new(Timestamp::MIN), AtomicI64::new(i64::MIN));
        let (ledger, echoes, due) = (Ledger::default(), Echoes::default(), Mutex::default());
        Arc::new(Self {
            bot,
            store,
            couriers,
            hands,
            settings,
            lease,
            clock,
            tidy,
            stopping,
            stop,
            chores_at,
            ledger,
            echoes,
            due,
            resting: AtomicI64::new(i64::MIN),
        })
    }

    /// Says what is due until nothing is; returns how many rows were dealt with.
    pub async fn drain(self: &Arc<Self>) -> Result<usize> {
        let mut all = 0;
        loop {
            let done = self.step().await?;
            all += done;
            if done == 0 || self.stops() {
                return Ok(all);
            }
        }
    }

    /// Takes the lanes that are due and serves each until it is empty or has to wait; returns how many rows were dealt with.
    pub async fn step(self: &Arc<Self>) -> Result<usize> {
        let mut done = self.chores().await?;
        let mut lanes = JoinSet::new();
        done += self.take(&mut lanes).await?.silent;
        let mut trouble = None;
        while let Some(served) = lanes.join_next().await {
            match rows(served) {
                Ok(rows) => done += rows,
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok(done), Err)
    }

    /// Begins no new row; what is being sent is finished, and lanes are given back.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stop.notify_one();
    }

    fn stops(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Our own post came back from the platform: it was said, whatever its sender knows. Says whether that was news.
    pub async fn echo(&self, team: &TeamId, key: &str, answer: &str) -> Result<bool> {
        if self.echoes.came(key, answer) {
            return Ok(false);
        }
        let mut tx = self.store.begin().await?;
        let now = (self.clock)();
        let reply = outbox::reply_of(&mut tx, team, key).await?;
        let news = outbox::echoed(&mut tx, team, key, answer).await?;
        if news {
            self.posted(&mut tx, &[(team, key, reply.as_deref())], now).await?;
        }
        tx.commit().await?;
        Ok(news)
    }

    /// What follows from posts, each given by its team, key and reply: the end of a digest, or a later look at how an answer did.
    async fn posted(
        &self,
        conn: &mut AnyConnection,
        posts: &[(&TeamId, &str, Option<&str>)],
        now: Timestamp,
    ) -> Result<()> {
        for (team, key, _) in posts.iter().filter(|(.., reply)| reply.is_none()) {
            digests::sent(conn, team, key, now).await?;
        }
        let answers = posts.iter().filter_map(|(team, _, reply)| Some((*team, (*reply)?)));
        self.bot.plan_follow_ups(conn, &answers.collect::<Vec<_>>(), now).await
    }

    /// Takes as many lanes as can be served and begins to serve them.
    async fn take(self: &Arc<Self>, lanes: &mut JoinSet<Result<usize>>) -> Result<Taken> {
        let free: Vec<_> = self.free().collect();
        let mut taken = Taken { silent: 0, hungry: free.len() < self.couriers.len() };
        if free.is_empty() {
            return Ok(taken);
        }
        let mut all = Next::default();
        let mut tx = self.store.begin().await?;
        for (platform, hands) in &free {
            let limit = hands.available_permits();
            let few = i64::try_from(limit).unwrap_or(i64::MAX);
            let (next, claimed) = outbox::claim(&mut tx, &[*platform], &self.lease, few, (self.clock)()).await?;
            taken.hungry |= claimed >= limit;
            taken.silent += next.parcels.len();
            all.add(self.with_bodies(&mut tx, next).await?);
        }
        let tidied = self.tidy(&mut tx).await?;
        tx.commit().await?;
        if let Some(next) = tidied {
            *self.tidy.lock().unwrap_or_else(PoisonError::into_inner) = next;
        }
        self.due_at(all.due);
        taken.silent = taken.silent.saturating_sub(all.parcels.len());
        for parcel in all.parcels {
            let hands = free.iter().find(|(platform, _)| *platform == parcel.team.platform());
            let hand = hands.and_then(|(_, hands)| Arc::clone(hands).try_acquire_owned().ok());
            let worker = Arc::clone(self);
            lanes.spawn(async move {
                let served = worker.serve(parcel).await;
                drop(hand);
                served
            });
        }
        Ok(taken)
    }

    /// Lanes in which something was said rest until this time.
    fn rests_until(&self, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.resting.fetch_max(until.as_millisecond(), Ordering::Relaxed);
        }
    }

    /// A lane that was given back is due at this time.
    fn due_at(&self, due: Option<Timestamp>) {
        let mut first = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        *first = [*first, due].into_iter().flatten().min();
    }

    /// The platforms with free hands.
    fn free(&self) -> impl Iterator<Item = (Platform, &Arc<Semaphore>)> {
        let all = self.couriers.iter().map(|courier| courier.platform()).zip(&self.hands);
        all.filter(|(_, hands)| hands.available_permits() > 0)
    }

    /// Drops old events, and what nobody asked for any more, if it is time to; returns when to do so again.
    async fn tidy(&self, conn: &mut AnyConnection) -> Result<Option<Timestamp>> {
        let now = (self.clock)();
        if now < *self.tidy.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(None);
        }
        drafts::prune(conn, now).await?;
        outbox::prune(conn, now).await?;
        let dropped = inbox::prune(conn, DROPPED, now).await?;
        // When there are more, they go the next time.
        Ok(Some(if i64::try_from(dropped).is_ok_and(|dropped| dropped < DROPPED) { now + TIDY } else { now }))
    }

    fn platforms(&self) -> Vec<Platform> {
        self.couriers.iter().map(|c| c.platform()).collect()
    }
}

/// What came of taking lanes.
struct Taken {
    /// Lanes that turned out to have nothing to say.
    silent: usize,
    /// Whether there may be more than there were hands for.
    hungry: bool,
}

/// A courier that panicked costs its lane until the lease runs out; its row is then unclear.
fn rows(served: std::result::Result<Result<usize>, JoinError>) -> Result<usize> {
    served.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a courier failed");
        Ok(0)
    })
}
