//! A platform that does as it is told, a clock that stands until it is moved, and workers.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use npmfix::{
    bot::{
        Bot, Limits,
        outbox::{Clock, Courier, Delivery, LookUp, Settings, Soon, Worker},
    },
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Platform, Rights, Speaker, TeamId, UserId,
        Visibility,
    },
    store::{
        Store,
        outbox::{self, Kind, Listed, NewRow, Parcel},
        replies::{self, NewReply},
    },
};
use tokio::sync::Notify;

#[derive(Default)]
struct Told {
    said: Vec<String>,
    ids: Vec<Option<String>>,
    next: VecDeque<Delivery>,
    history: VecDeque<LookUp>,
    pace: SignedDuration,
    held: Option<Arc<Notify>>,
}

/// Slack, as a test tells it to be.
#[derive(Default)]
pub struct Slack {
    told: Mutex<Told>,
    /// Notified when something is about to be said.
    pub asked: Notify,
}

impl Slack {
    /// What happens to the next thing to say. It is said when it is done or unclear.
    pub fn next(&self, delivery: Delivery) {
        self.told.lock().unwrap().next.push_back(delivery);
    }

    /// What the next look into the history shows.
    pub fn history(&self, seen: LookUp) {
        self.told.lock().unwrap().history.push_back(seen);
    }

    /// How long a lane rests after each row.
    pub fn pace(&self, pace: SignedDuration) {
        self.told.lock().unwrap().pace = pace;
    }

    /// Nothing is said before the gate opens.
    pub fn gate(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        self.told.lock().unwrap().held = Some(Arc::clone(&gate));
        gate
    }

    /// What was said since the last call, as `lane kind text`.
    pub fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap().said)
    }

    /// The posts that edits and removals were about.
    pub fn ids(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.told.lock().unwrap().ids)
    }
}

impl Courier for Slack {
    fn platform(&self) -> Platform {
        Platform::Slack
    }

    fn pace(&self) -> SignedDuration {
        self.told.lock().unwrap().pace
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(async move {
            self.asked.notify_one();
            let gate = self.told.lock().unwrap().held.clone();
            if let Some(gate) = gate {
                gate.notified().await;
            }
            let mut told = self.told.lock().unwrap();
            let delivery =
                told.next.pop_front().unwrap_or_else(|| Delivery::Done(Some(format!("id of {}", parcel.body))));
            if matches!(delivery, Delivery::Done(_)) {
                told.said.push(format!("{} {} {}", parcel.lane, parcel.kind.as_str(), parcel.body));
            }
            if parcel.kind != Kind::Post {
                told.ids.push(parcel.answer.clone());
            }
            delivery
        })
    }

    fn look_up<'a>(&'a self, _: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(async { self.told.lock().unwrap().history.pop_front().expect("nobody was to look") })
    }
}

/// A database, a platform and the time.
pub struct World {
    pub store: Store,
    pub bot: Arc<Bot>,
    pub slack: Arc<Slack>,
    pub now: Arc<AtomicI64>,
}

/// A row to put in: `team`, `lane`, what it does, which reply, and its text.
pub fn row(team: &str, lane: &str, kind: Kind, reply: Option<&str>, body: &str) -> NewRow {
    NewRow {
        team: TeamId::parse(team).unwrap(),
        lane: lane.to_owned(),
        key: outbox::post_key(),
        kind,
        reply: reply.map(str::to_owned),
        body: body.to_owned(),
    }
}

impl World {
    pub fn new(store: Store) -> Self {
        let now = Arc::new(AtomicI64::new(1_750_000_000_000));
        let bot = Arc::new(Bot::new(load_embedded().unwrap(), store.clone(), Limits::default()));
        Self { store, bot, slack: Arc::default(), now }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).unwrap()
    }

    pub fn passes(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// Another worker on the same database.
    pub fn worker(&self) -> Arc<Worker> {
        self.worker_with(Settings::default())
    }

    /// Another one, whose clock goes.
    pub fn worker_in_time(&self) -> Arc<Worker> {
        let couriers = vec![Arc::clone(&self.slack) as Arc<dyn Courier>];
        Worker::new(Arc::clone(&self.bot), couriers, Settings::default(), Arc::new(Timestamp::now))
    }

    /// The same with settings; the waits after failures are the longest that chance allows.
    pub fn worker_with(&self, settings: Settings) -> Arc<Worker> {
        let now = Arc::clone(&self.now);
        let clock: Clock = Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).unwrap());
        let settings = Settings { jitter: || 1.0, ..settings };
        Worker::new(Arc::clone(&self.bot), vec![Arc::clone(&self.slack) as Arc<dyn Courier>], settings, clock)
    }

    pub async fn put(&self, rows: &[NewRow]) {
        let mut tx = self.store.begin().await.unwrap();
        outbox::put(&mut tx, rows, self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Hears somebody in a team.
    pub async fn hears(&self, team: &str, text: &str) {
        let place = MessageRef {
            team: TeamId::parse(team).unwrap(),
            channel: ChannelId::parse("C1").unwrap(),
            thread: None,
            id: MessageId::parse("1").unwrap(),
        };
        let (id, name) = (UserId::parse("U1").unwrap(), "alice".to_owned());
        let author = Author { id, name, speaker: Speaker::Person, rights: Rights::Member };
        let (visibility, address) = (Visibility::Public, Address::Overheard);
        let message = Message { place, visibility, author, address, text: text.as_bytes() };
        self.bot.hear(&message, self.now()).await.unwrap();
    }

    /// Puts a post into a lane of one team.
    pub async fn post(&self, lane: &str, body: &str) {
        self.put(&[row("slack:T1", lane, Kind::Post, None, body)]).await;
    }

    /// Takes down a reply, so that its post can become known.
    pub async fn reply(&self, id: &str) {
        let place = MessageRef {
            team: TeamId::parse("slack:T1").unwrap(),
            channel: ChannelId::parse("C1").unwrap(),
            thread: None,
            id: MessageId::parse(id).unwrap(),
        };
        let reply = NewReply {
            id: id.to_owned(),
            kind: replies::Kind::Answer,
            place,
            fingerprint: "v1".to_owned(),
            state: replies::State::default(),
            at: self.now(),
        };
        let mut tx = self.store.begin().await.unwrap();
        replies::add(&mut tx, &[reply]).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn list(&self) -> Vec<Listed> {
        outbox::list(&mut self.store.read().await.unwrap(), 100).await.unwrap()
    }

    /// Takes what is due as a worker would, and dies before it says anything or takes anything down.
    pub async fn dies_sending(&self) -> Vec<Parcel> {
        let lease = outbox::Lease { owner: "dead".to_owned(), length: SignedDuration::from_secs(60) };
        let mut tx = self.store.begin().await.unwrap();
        let (next, _) = outbox::claim(&mut tx, &[Platform::Slack], &lease, 10, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        next.parcels
    }
}
