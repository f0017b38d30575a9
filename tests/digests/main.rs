//! No team without its digest and none with two, however often whoever makes and posts them is killed; and what becomes of one that
//! cannot be posted. The counts are printed: `cargo test --test digests -- --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use npmfix::{
    bot::{
        Bot, Limits,
        commands::{Asked, Audience},
        outbox::{Clock, Courier, Delivery, LookUp, Settings, Soon, Worker},
        say::Say,
    },
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Platform, Rights, Speaker, TeamId, UserId,
        Visibility,
    },
    store::{
        Engine, Store,
        outbox::{Kind, Parcel},
    },
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

mod ends;
#[path = "../support/engines.rs"]
mod engines;
#[path = "../slack/fake/fake.rs"]
mod fake;
mod program;
#[path = "../support/tables.rs"]
mod tables;
mod terminal;

const HOUR: i64 = 3_600_000;
const WEEK: i64 = 7 * 24 * HOUR;
/// Monday, 23 November 2026, 08:00 UTC: an hour before the digests are due.
const BEGIN: i64 = 1_795_420_800_000;
/// Teams that have a digest.
const TEAMS: usize = 20;
/// Kills around the moment at which the digests of a week are due.
const KILLS: usize = 25;
const WEEKS: i64 = 4;

/// A channel that remembers what was posted, over all deaths of those who post.
#[derive(Default)]
struct Wall {
    posts: Mutex<BTreeMap<String, (String, String)>>,
    /// What one person was told, with who that is.
    told: Mutex<Vec<(String, String)>>,
    delay: AtomicI64,
    broken: AtomicBool,
    tries: AtomicUsize,
}

impl Wall {
    fn pages(&self) -> Vec<String> {
        self.posts.lock().unwrap().values().map(|(_, page)| page.clone()).collect()
    }
}

impl Courier for Wall {
    fn platform(&self) -> Platform {
        Platform::Slack
    }

    fn pace(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(async move {
            self.tries.fetch_add(1, Ordering::Relaxed);
            if self.broken.load(Ordering::Relaxed) && parcel.kind == Kind::Post {
                return Delivery::Refused("the bot is not in this channel".to_owned());
            }
            let delay = Duration::from_micros(self.delay.load(Ordering::Relaxed).unsigned_abs());
            // A kill may come before the platform heard of it, or before its answer came.
            tokio::time::sleep(delay).await;
            let say: Say = serde_json::from_str(&parcel.body).unwrap();
            let page = npmfix::answer::text::reply(&say.content, 500, npmfix::answer::text::Paint::Plain);
            if let Some(user) = &say.user {
                self.told.lock().unwrap().push((user.to_string(), page));
            } else if parcel.kind == Kind::Post {
                let before = self.posts.lock().unwrap().insert(parcel.key.clone(), (parcel.team.to_string(), page));
                assert!(before.is_none(), "{} was posted twice", parcel.key);
            }
            tokio::time::sleep(delay).await;
            Delivery::Done(Some(parcel.key.clone()))
        })
    }

    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(async move {
            let there = self.posts.lock().unwrap().contains_key(&parcel.key);
            if there { LookUp::Found(Some(parcel.key.clone())) } else { LookUp::Absent }
        })
    }
}

fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).unwrap())
}

fn worker(store: &Store, wall: &Arc<Wall>, now: &Arc<AtomicI64>) -> Arc<Worker> {
    let courier: Arc<dyn Courier> = Arc::clone(wall) as Arc<dyn Courier>;
    Worker::new(Arc::new(bot(store)), vec![courier], Settings::default(), clock(now))
}

fn bot(store: &Store) -> Bot {
    Bot::new(load_embedded().unwrap(), store.clone(), Limits::default())
}

fn team(number: usize) -> TeamId {
    TeamId::parse(&format!("slack:T{number}")).unwrap()
}

fn author() -> Author {
    let id = UserId::parse("U1").unwrap();
    Author { id, name: "ann".to_owned(), speaker: Speaker::Person, rights: Rights::Admin }
}

/// Where the digests of most teams come.
const CHANNEL: &str = "C1";

async fn command(bot: &Bot, (team, channel): (&TeamId, &str), text: &str, at: i64) {
    let channel = ChannelId::parse(channel).unwrap();
    let (visibility, event, audience) = (Visibility::Public, format!("{text} {at}"), Audience::Asker);
    let (author, reply, about) = (author(), None, None);
    let asked = Asked { team, channel: &channel, visibility, author: &author, event: &event, reply, about, audience };
    bot.command(&asked, text, Timestamp::from_millisecond(at).unwrap()).await.unwrap().unwrap();
}

async fn pastes(bot: &Bot, (team, channel): (&TeamId, &str), at: i64) {
    let (channel, id) = (ChannelId::parse(channel).unwrap(), MessageId::parse(&at.to_string()).unwrap());
    let place = MessageRef { team: team.clone(), channel, thread: None, id };
    let text = b"npm error code E401\nnpm error 401 Unauthorized - GET https://npm.acme.example/pkg\n";
    let (visibility, address) = (Visibility::Public, Address::Overheard);
    let message = Message { place, visibility, author: author(), address, text };
    bot.hear(&message, Timestamp::from_millisecond(at).unwrap()).await.unwrap();
}

/// The rows about digests, as `team week outcome`.
async fn rows(store: &Store) -> Vec<String> {
    let dump = tables::dump(store).await;
    let of = |row: &String, name: &str| {
        let value = row.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or("open").to_owned()
    };
    let mut rows: Vec<String> = dump["digest"]
        .iter()
        .map(|row| format!("{} {} {}", of(row, "team"), of(row, "week"), of(row, "outcome")))
        .collect();
    rows.sort();
    rows
}

/// A process that works and is killed.
fn lives_and_dies(
    address: &str,
    wall: &Arc<Wall>,
    now: &Arc<AtomicI64>,
    life: Duration,
) -> std::thread::JoinHandle<()> {
    let (address, wall, now) = (address.to_owned(), Arc::clone(wall), Arc::clone(now));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let store = runtime.block_on(Store::open(&address)).unwrap();
        let worker = worker(&store, &wall, &now);
        let work = async {
            loop {
                let _ = worker.drain().await;
                now.fetch_add(500, Ordering::Relaxed);
            }
        };
        let _: Result<(), _> = runtime.block_on(async { tokio::time::timeout(life, work).await });
        // Nothing is given back and no transaction is ended: what it held goes with its connections.
        runtime.shutdown_background();
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_team_is_without_its_digest_and_none_has_two_however_often_those_who_post_are_killed() {
    engines::each_engine(async |store, address| {
        let replicas = if store.engine() == Engine::Postgres { 2 } else { 1 };
        let (wall, now) = (Arc::new(Wall::default()), Arc::new(AtomicI64::new(BEGIN)));
        let setup = bot(&store);
        for number in 0..TEAMS {
            command(&setup, (&team(number), CHANNEL), "settings followups off", BEGIN).await;
            command(&setup, (&team(number), CHANNEL), "digest on monday 09:00 utc", BEGIN).await;
        }
        let mut random = StdRng::seed_from_u64(20_261_123);
        let mut kills = 0;
        for week in 0..WEEKS {
            let monday = BEGIN + week * WEEK;
            for number in 0..TEAMS {
                pastes(&setup, (&team(number), CHANNEL), monday - 48 * HOUR).await;
            }
            // What was pasted is answered first, so that the deaths are about digests.
            now.store(monday, Ordering::Relaxed);
            let steady = worker(&store, &wall, &now);
            while steady.drain().await.unwrap() > 0 {}
            now.store(monday + HOUR - 1000, Ordering::Relaxed);
            for _ in 0..KILLS {
                wall.delay.store(random.random_range(0..3000), Ordering::Relaxed);
                let lives = (0..replicas).map(|_| Duration::from_micros(random.random_range(1_000..40_000)));
                let all: Vec<_> = lives.map(|life| lives_and_dies(address, &wall, &now, life)).collect();
                kills += all.len();
                for one in all {
                    tokio::task::spawn_blocking(|| one.join().unwrap()).await.unwrap();
                }
                // The leases of the dead run out.
                now.fetch_add(61_000, Ordering::Relaxed);
            }
            wall.delay.store(0, Ordering::Relaxed);
            for _ in 0..TEAMS * 4 {
                let _ = steady.drain().await.unwrap();
                now.fetch_add(61_000, Ordering::Relaxed);
            }
        }
        let expected: Vec<String> = (0..TEAMS)
            .flat_map(|number| (48..48 + WEEKS).map(move |week| format!("{} 2026-W{week} sent", team(number))))
            .collect();
        let mut expected = expected;
        expected.sort();
        assert_eq!(rows(&store).await, expected);
        let mut posts: BTreeMap<String, i64> = BTreeMap::new();
        for (team, page) in wall.posts.lock().unwrap().values() {
            *posts.entry(team.clone()).or_default() += i64::from(page.starts_with("npm auth failures, "));
        }
        assert_eq!(posts.len(), TEAMS);
        assert!(posts.values().all(|count| *count == WEEKS), "{posts:?}");
        println!("{:?}: {TEAMS} teams, {WEEKS} weeks, {kills} kills: one digest each", store.engine());
        assert!(kills >= 100, "only {kills} kills");
    })
    .await;
}
