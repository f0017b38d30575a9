//! The worker that says what is in the outbox.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    message::Platform,
    store::{
        Result, Store,
        outbox::{self, Kind, Lease, Parcel},
    },
};

/// A future in a box, so that couriers of different platforms fit one list.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What became of an attempt to say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It was said; for a post, the platform's id of it.
    Done(Option<String>),
    /// The platform asked to wait this long.
    Later(SignedDuration),
    /// It was certainly not said; another try may succeed.
    Failed(String),
    /// Nobody knows whether it was said.
    Unclear(String),
    /// It will never be said: the channel is gone, or the bot is not in it any more.
    Refused(String),
}

/// What a look into the platform's own history says about a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// It is there; the platform's id of it.
    Found(String),
    /// It is not there.
    Absent,
    /// The platform does not let the bot look.
    Unknown,
}

/// A platform as the outbox sees it.
pub trait Courier: Send + Sync {
    /// Which platform.
    fn platform(&self) -> Platform;
    /// How long to wait between two rows of one lane.
    fn pace(&self) -> SignedDuration;
    /// Says it, once.
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery>;
    /// Looks whether a post was said.
    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, LookUp>;
}

/// How the worker goes about it.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a lane stays taken when a worker dies.
    pub lease: SignedDuration,
    /// Lanes served at the same time.
    pub lanes: i64,
    /// Tries before a row is set aside.
    pub attempts: i64,
    /// The first wait after a failure; it doubles each time.
    pub backoff: SignedDuration,
    /// The longest wait.
    pub longest: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: SignedDuration::from_secs(60),
            lanes: 16,
            attempts: 10,
            backoff: SignedDuration::from_secs(1),
            longest: SignedDuration::from_mins(5),
        }
    }
}

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often to look for rows that another process put in.
const POLL: SignedDuration = SignedDuration::from_secs(2);
/// How long to wait when the database does not answer.
const TROUBLE: std::time::Duration = std::time::Duration::from_secs(1);
/// The longest text of an error that is kept.
const ERROR: usize = 500;

/// Serves the lanes of the platforms it has couriers for.
pub struct Worker {
    store: Store,
    couriers: Vec<Arc<dyn Courier>>,
    settings: Settings,
    lease: Lease,
    clock: Clock,
    stopping: AtomicBool,
    stop: Notify,
}

impl Worker {
    /// A worker with a name of its own.
    #[must_use]
    pub fn new(store: Store, couriers: Vec<Arc<dyn Courier>>, settings: Settings, clock: Clock) -> Arc<Self> {
        let lease = Lease { owner: uuid::Uuid::now_v7().simple().to_string(), length: settings.lease };
        let (stopping, stop) = (AtomicBool::new(false), Notify::new());
        Arc::new(Self { store, couriers, settings, lease, clock, stopping, stop })
    }

    /// Says what is due until nothing is; returns how many rows were dealt with.
    pub async fn drain(self: &Arc<Self>) -> Result<usize> {
        let mut all = 0;
        loop {
            let done = self.step().await?;
            all += done;
            if done == 0 || self.stopping.load(Ordering::Relaxed) {
                return Ok(all);
            }
        }
    }

    /// Takes the lanes that are due and serves each until it is empty or has to wait; returns how many rows were dealt with.
    pub async fn step(self: &Arc<Self>) -> Result<usize> {
        let platforms: Vec<Platform> = self.couriers.iter().map(|c| c.platform()).collect();
        if platforms.is_empty() {
            return Ok(0);
        }
        let mut tx = self.store.begin().await?;
        let parcels = outbox::claim(&mut tx, &platforms, &self.lease, self.settings.lanes, (self.clock)()).await?;
        tx.commit().await?;
        let mut lanes = JoinSet::new();
        for parcel in parcels {
            let worker = Arc::clone(self);
            lanes.spawn(async move { worker.serve(parcel).await });
        }
        let (mut done, mut trouble) = (0, None);
        while let Some(served) = lanes.join_next().await {
            match served {
                Ok(Ok(rows)) => done += rows,
                Ok(Err(error)) => trouble = Some(error),
                // A courier panicked: its lane comes free when the lease runs out, and the row is then unclear.
                Err(panic) => tracing::error!(%panic, "a courier failed"),
            }
        }
        trouble.map_or(Ok(done), Err)
    }

    async fn serve(&self, parcel: Parcel) -> Result<usize> {
        let mut rows = 0;
        let mut next = Some(parcel);
        while let Some(parcel) = next {
            if self.stopping.load(Ordering::Relaxed) {
                let mut tx = self.store.begin().await?;
                outbox::given_back(&mut tx, &parcel, &self.lease, (self.clock)()).await?;
                tx.commit().await?;
                break;
            }
            rows += 1;
            next = self.send(&parcel).await?;
        }
        Ok(rows)
    }

    /// Sends one row and takes down what became of it; returns the lane's next row if it is due.
    async fn send(&self, parcel: &Parcel) -> Result<Option<Parcel>> {
        let platform = parcel.team.platform();
        let Some(courier) = self.couriers.iter().find(|c| c.platform() == platform) else { return Ok(None) };
        let mut delivery = if parcel.unclear { resolve(&**courier, parcel).await } else { courier.deliver(parcel).await };
        if let Delivery::Unclear(error) = &delivery
            && !parcel.unclear
        {
            tracing::warn!(key = %parcel.key, %error, "unclear whether a row was said");
            delivery = resolve(&**courier, parcel).await;
        }
        let now = (self.clock)();
        let mut tx = self.store.begin().await?;
        let next = match delivery {
            Delivery::Done(answer) => {
                outbox::sent(&mut tx, parcel, answer.as_deref(), &self.lease, courier.pace(), now).await?
            }
            Delivery::Later(wait) => {
                outbox::retry(&mut tx, parcel, "asked to wait", &self.lease, now + wait).await?;
                None
            }
            Delivery::Failed(error) if parcel.attempts < self.settings.attempts => {
                let at = now + self.wait(parcel.attempts);
                outbox::retry(&mut tx, parcel, &short(&error), &self.lease, at).await?;
                None
            }
            Delivery::Failed(error) | Delivery::Unclear(error) | Delivery::Refused(error) => {
                tracing::warn!(key = %parcel.key, %error, "a row is set aside");
                outbox::parked(&mut tx, parcel, &short(&error), &self.lease, now).await?
            }
        };
        tx.commit().await?;
        Ok(next)
    }

    /// Doubles with each attempt; a random half of it keeps workers from trying in step.
    fn wait(&self, attempts: i64) -> SignedDuration {
        let doubled = i32::try_from(attempts.clamp(1, 20)).map_or(1, |n| 1_i32 << (n - 1));
        let full = self.settings.backoff.checked_mul(doubled).unwrap_or(self.settings.longest).min(self.settings.longest);
        full.mul_f64(0.5 + 0.5 * rand::random::<f64>())
    }

    /// Works until [`Worker::stop`]: at once when `wake` says that something was put in, else when the next row is due.
    /// A database that does not answer is waited for.
    pub async fn run(self: &Arc<Self>, wake: &Notify) -> Result<()> {
        while !self.stopping.load(Ordering::Relaxed) {
            match self.drain().await {
                Ok(_) => {}
                Err(error) if error.passes() => {
                    tracing::warn!(%error, "the outbox waits");
                    tokio::time::sleep(TROUBLE).await;
                    continue;
                }
                Err(error) => return Err(error),
            }
            let pause = std::time::Duration::try_from(self.pause().await).unwrap_or(TROUBLE);
            tokio::select! {
                () = wake.notified() => {}
                () = self.stop.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    /// How long nothing is due, as far as is known.
    async fn pause(&self) -> SignedDuration {
        let platforms: Vec<Platform> = self.couriers.iter().map(|c| c.platform()).collect();
        let due = async { outbox::next_due(&mut *self.store.read().await?, &platforms).await };
        let now = (self.clock)();
        match due.await {
            Ok(Some(due)) => due.duration_since(now).clamp(SignedDuration::from_millis(1), POLL),
            Ok(None) | Err(_) => POLL,
        }
    }

    /// Begins no new row; what is being sent is finished, and lanes are given back.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stop.notify_one();
    }
}

/// What to do about a row that may have been said. Changing or removing a post twice does no harm; a notice is said at most
/// once; for a post, the platform's history is asked once.
async fn resolve(courier: &dyn Courier, parcel: &Parcel) -> Delivery {
    match parcel.kind {
        Kind::Edit | Kind::Remove => courier.deliver(parcel).await,
        Kind::Notice => Delivery::Refused("it may have been said, and notices are said at most once".to_owned()),
        Kind::Post => match courier.look_up(parcel).await {
            LookUp::Found(answer) => Delivery::Done(Some(answer)),
            LookUp::Absent => courier.deliver(parcel).await,
            LookUp::Unknown => Delivery::Refused("it may have been said, and the platform cannot be asked".to_owned()),
        },
    }
}

fn short(error: &str) -> String {
    error.chars().filter(|c| !c.is_control()).take(ERROR).collect()
}
