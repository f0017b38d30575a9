//! The worker that says what is in the outbox.
//!
//! Lanes are served beside each other, the rows of one lane after each other. What is unclear after a failure or a crash is
//! never said again blindly; see `Worker::send` for what follows from each outcome.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use crate::{
    message::{Platform, TeamId},
    store::{
        Result, Store,
        lock::Lock,
        outbox::{self, Kind, Lease, Parcel},
    },
};

mod courier;
mod ends;

pub use courier::{Courier, Delivery, LookUp, Soon};

/// How the worker goes about it.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a lane stays taken when a worker dies. A platform gets a third of it to answer.
    pub lease: SignedDuration,
    /// Lanes served at the same time.
    pub lanes: usize,
    /// Tries before a row is set aside.
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
            attempts: 10,
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
/// How often to try to take down what became of a row: for less than a lease, or somebody else looks after it.
const TRIES: usize = 20;
/// Rows of one lane in a row before the others get their turn.
const ROWS_AT_A_TIME: usize = 20;
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
            if done == 0 || self.stops() {
                return Ok(all);
            }
        }
    }

    /// Takes the lanes that are due and serves each until it is empty or has to wait; returns how many rows were dealt with.
    pub async fn step(self: &Arc<Self>) -> Result<usize> {
        let mut lanes = JoinSet::new();
        self.take(&mut lanes).await?;
        let (mut done, mut trouble) = (0, None);
        while let Some(served) = lanes.join_next().await {
            match rows(served) {
                Ok(rows) => done += rows,
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok(done), Err)
    }

    /// Works until [`Worker::stop`]: at once when `wake` says that something was put in, else when the next row is due.
    /// A database that does not answer is waited for.
    pub async fn run(self: &Arc<Self>, wake: &Notify, lock: &Lock) -> Result<()> {
        let mut lanes = JoinSet::new();
        let (mut outcome, mut first) = (Ok(()), true);
        while outcome.is_ok() && !self.stops() {
            let taken = async {
                if first {
                    self.take_over(lock).await?;
                    first = false;
                }
                self.take(&mut lanes).await
            };
            let pause = match taken.await {
                Ok(()) => self.pause(lanes.len()).await,
                Err(error) if error.passes() => {
                    tracing::warn!(%error, "the outbox waits");
                    TROUBLE
                }
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            };
            tokio::select! {
                () = wake.notified() => {}
                () = self.stop.notified() => {}
                () = sleep(pause) => {}
                Some(served) = lanes.join_next() => match rows(served) {
                    Err(error) if !error.passes() => outcome = Err(error),
                    _ => {}
                },
            }
        }
        // Serving lanes end after the row that they are sending.
        self.stopping.store(true, Ordering::Relaxed);
        let end = async { while lanes.join_next().await.is_some() {} };
        if timeout(self.settings.drain, end).await.is_err() {
            tracing::warn!("stopped while something was being sent");
            lanes.shutdown().await;
        }
        let mut tx = self.store.begin().await?;
        outbox::give_up(&mut tx, &self.lease).await?;
        tx.commit().await?;
        outcome
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
        let mut tx = self.store.begin().await?;
        let news = outbox::echoed(&mut tx, team, key, answer).await?;
        tx.commit().await?;
        Ok(news)
    }

    /// Takes as many lanes as can be served and begins to serve them.
    async fn take(self: &Arc<Self>, lanes: &mut JoinSet<Result<usize>>) -> Result<()> {
        let platforms = self.platforms();
        let free = self.settings.lanes.saturating_sub(lanes.len());
        if platforms.is_empty() || free == 0 {
            return Ok(());
        }
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let mut tx = self.store.begin().await?;
        let parcels = outbox::claim(&mut tx, &platforms, &self.lease, limit, (self.clock)()).await?;
        tx.commit().await?;
        for parcel in parcels {
            let worker = Arc::clone(self);
            lanes.spawn(async move { worker.serve(parcel).await });
        }
        Ok(())
    }

    fn platforms(&self) -> Vec<Platform> {
        self.couriers.iter().map(|c| c.platform()).collect()
    }

    async fn serve(&self, parcel: Parcel) -> Result<usize> {
        let mut rows = 0;
        let mut next = Some(parcel);
        while let Some(parcel) = next {
            if self.stops() || rows == ROWS_AT_A_TIME {
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
    ///
    /// Changing or removing a post twice does no harm, so these are tried again. A notice is said at most once. A post that may
    /// have been said rests until its echo could have come; then the platform's history is asked once.
    async fn send(&self, parcel: &Parcel) -> Result<Option<Parcel>> {
        let platform = parcel.team.platform();
        let Some(courier) = self.couriers.iter().find(|c| c.platform() == platform) else { return Ok(None) };
        let delivery = match parcel.kind {
            Kind::Notice if parcel.unclear => Delivery::Unclear("its sender died".to_owned()),
            Kind::Post if parcel.unclear => match self.limited(courier.look_up(parcel)).await {
                Some(LookUp::Found(answer)) => Delivery::Done(answer),
                Some(LookUp::Absent) => self.deliver(&**courier, parcel).await,
                Some(LookUp::Unknown) | None => {
                    Delivery::Refused("it may have been said, and the platform does not tell".to_owned())
                }
            },
            _ => self.deliver(&**courier, parcel).await,
        };
        let mut tries = 0;
        loop {
            match self.take_down(parcel, &delivery, courier.pace()).await {
                Err(error) if error.passes() && tries < TRIES => {
                    tracing::warn!(%error, key = %parcel.key, "cannot take down yet what became of a row");
                    tries += 1;
                    sleep(TROUBLE).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn deliver(&self, courier: &dyn Courier, parcel: &Parcel) -> Delivery {
        let delivery = self.limited(courier.deliver(parcel)).await;
        delivery.unwrap_or_else(|| Delivery::Unclear("the platform did not answer in time".to_owned()))
    }

    /// Waits for a platform, but not until somebody else takes the lane.
    async fn limited<T>(&self, answer: Soon<'_, T>) -> Option<T> {
        let limit = Duration::try_from(self.settings.lease / 3).unwrap_or_default();
        timeout(limit, answer).await.ok()
    }

    async fn take_down(&self, parcel: &Parcel, delivery: &Delivery, pace: SignedDuration) -> Result<Option<Parcel>> {
        let (now, lease) = ((self.clock)(), &self.lease);
        let again = parcel.attempts < self.settings.attempts;
        let mut tx = self.store.begin().await?;
        let next = match delivery {
            Delivery::Done(answer) => outbox::sent(&mut tx, parcel, answer.as_deref(), lease, pace, now).await?,
            Delivery::Later(wait) => {
                outbox::later(&mut tx, parcel, lease, now + *wait).await?;
                None
            }
            Delivery::Unclear(error) if again && parcel.kind == Kind::Post => {
                tracing::warn!(key = %parcel.key, %error, "unclear whether a row was said");
                outbox::unclear(&mut tx, parcel, &short(error), lease, now + self.settings.echo).await?;
                None
            }
            Delivery::Failed(error) | Delivery::Unclear(error)
                if again && (matches!(delivery, Delivery::Failed(_)) || parcel.kind != Kind::Notice) =>
            {
                outbox::retry(&mut tx, parcel, &short(error), lease, now + self.wait(parcel.attempts)).await?;
                None
            }
            Delivery::Failed(error) | Delivery::Refused(error) => {
                tracing::warn!(key = %parcel.key, %error, "a row is set aside");
                outbox::parked(&mut tx, parcel, &short(error), lease, now).await?
            }
            Delivery::Unclear(error) => {
                tracing::warn!(key = %parcel.key, %error, "a row that may have been said is set aside");
                outbox::parked(&mut tx, parcel, &format!("it may have been said: {}", short(error)), lease, now).await?
            }
        };
        tx.commit().await?;
        Ok(next)
    }

    /// Doubles with each attempt; a random half of it keeps workers from trying in step.
    fn wait(&self, attempts: i64) -> SignedDuration {
        let doubled = i32::try_from(attempts.clamp(1, 20)).map_or(1, |n| 1_i32 << (n - 1));
        let (first, longest) = (self.settings.backoff, self.settings.longest);
        first.checked_mul(doubled).unwrap_or(longest).min(longest).mul_f64(0.5 + 0.5 * (self.settings.jitter)())
    }

    /// How long nothing can be begun, as far as is known.
    async fn pause(&self, busy: usize) -> Duration {
        // When all hands are full, the first that is free ends the pause.
        if busy >= self.settings.lanes {
            return POLL;
        }
        let due = async { outbox::next_due(&mut *self.store.read().await?, &self.platforms()).await };
        match due.await {
            Ok(Some(due)) => {
                Duration::try_from(due.duration_since((self.clock)())).unwrap_or_default().clamp(SHORTEST, POLL)
            }
            Ok(None) | Err(_) => POLL,
        }
    }
}

/// A courier that panicked costs its lane until the lease runs out; its row is then unclear.
fn rows(served: std::result::Result<Result<usize>, JoinError>) -> Result<usize> {
    served.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a courier failed");
        Ok(0)
    })
}

fn short(error: &str) -> String {
    error.chars().filter(|c| !c.is_control()).take(ERROR).collect()
}
