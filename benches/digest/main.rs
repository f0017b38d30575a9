//! What digests cost: `cargo bench --bench digest [-- picture|sqlite|postgres]`.
//!
//! - the picture: a PNG of at most 100 KiB in at most 50 ms;
//! - the digests of 200 teams that met 1 million errors in SQLite, and of 10,000 teams that met 10 million in PostgreSQL (when
//!   `NPMFIX_TEST_POSTGRES` names a server): at most 5 ms of the database's time for each, with memory flat, and spread over the
//!   hour when all are due at nine. `fill`: what these teams have behind them; `spent`: what statements take.
//!
//! Ends with status 1 when a target is missed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints and may fail by panicking")]

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp, civil::date};
use npmfix::{
    answer::picture::{Picture, Series, png},
    bot::{
        Bot, Limits,
        outbox::{Clock, Courier, Delivery, LookUp, Settings, Soon, Worker},
    },
    knowledge::load_embedded,
    message::Platform,
    store::{
        Engine, Store,
        chores::{self, What},
        outbox::Parcel,
    },
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;

mod fill;
mod spent;

use fill::fill;
use spent::Spent;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a team's digest may take.
const TIME: Duration = Duration::from_millis(5);
/// Megabytes that memory may differ by between the first quarter of the teams and the last: what SQLite's connection keeps of the
/// file fills up meanwhile.
fn growth(engine: Engine) -> u64 {
    if engine == Engine::Sqlite { 70 } else { 10 }
}
/// How far the clock goes on with each step of the worker: it looks for digests no more often.
const STEP: i64 = 2000;
/// An hour has so many steps.
const STEPS: u32 = 1800;
/// Posts of a minute: 10,000 spread over an hour are 167 a minute.
const A_MINUTE: u64 = 200;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let has = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let spent = Spent::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut good = true;
    if has("picture") {
        good &= picture();
    }
    if has("sqlite") {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let address = format!("sqlite:{}", folder.path().join("digest.db").display());
        good &= runtime.block_on(digests(&address, &spent, (200, 1_000_000)));
    }
    #[expect(clippy::disallowed_methods, reason = "only benches and tests are set up this way")]
    let server = std::env::var("NPMFIX_TEST_POSTGRES");
    if let Ok(server) = server
        && has("postgres")
    {
        good &= runtime.block_on(async {
            sqlx::any::install_default_drivers();
            let name = format!("npmfix_{}", uuid::Uuid::now_v7().simple());
            let mut admin = AnyConnection::connect(&server).await.unwrap();
            admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
            let mut url = url::Url::parse(&server).unwrap();
            url.set_path(&name);
            let good = digests(url.as_str(), &spent, (10_000, 10_000_000)).await;
            admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
            good
        });
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says whether a target is met.
fn verdict(good: bool) -> &'static str {
    if good { "good" } else { "MISSED" }
}

fn picture() -> bool {
    let counts = |seed: u32| (0..28).map(|day: u32| (day * 31 + seed * 17) % 23).collect();
    let series = |n: u32| Series { label: format!("E401 npm{n}.acme.example"), counts: counts(n) };
    let picture = Picture {
        title: "Errors by day, 26 October – 22 November 2026".to_owned(),
        alt: String::new(),
        first: date(2026, 10, 26),
        series: (0..6).map(series).collect(),
    };
    let mut times = Vec::new();
    let mut size = 0;
    for _ in 0..51 {
        let begun = Instant::now();
        size = png(&picture).unwrap().len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let good = size <= 100 * 1024 && median <= Duration::from_millis(50);
    println!("picture: {size} bytes in {median:?}, at worst {worst:?}: {}", verdict(good));
    good
}

async fn digests(address: &str, spent: &Spent, (teams, occurrences): (u64, u64)) -> bool {
    let store = Store::open(address).await.unwrap();
    let due: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
    let next = due + SignedDuration::from_hours(7 * 24);
    let begun = Instant::now();
    // There is something to say in the week after, too.
    fill(address, store.engine(), (teams, occurrences), (due, next)).await;
    println!(
        "{:?}: {teams} teams, {occurrences} occurrences, filled in {:.0} s",
        store.engine(),
        begun.elapsed().as_secs_f64()
    );
    let good = make(&store, spent, teams, due).await & spread(&store, teams, next).await;
    store.close().await;
    good
}

/// Makes the digests of all teams, one after the other. The database's time is what we wait for its statements, the way to it and back
/// included, and a commit; what the words take besides is printed.
async fn make(store: &Store, spent: &Spent, teams: u64, due: Timestamp) -> bool {
    let bot = Bot::new(load_embedded().unwrap(), store.clone(), Limits::default());
    let limit = i64::try_from(teams).unwrap();
    let chores = chores::due(&mut store.read().await.unwrap(), What::Digest, limit, due).await.unwrap();
    assert_eq!(chores.len(), usize::try_from(teams).unwrap());
    let mut times = Vec::with_capacity(chores.len());
    let mut memory = vec![resident()];
    spent.take();
    for (n, chore) in chores.iter().enumerate() {
        let begun = Instant::now();
        bot.make_digest(chore, due).await.unwrap();
        times.push(begun.elapsed());
        if (n + 1) % (chores.len() / 4) == 0 {
            memory.push(resident());
        }
    }
    let statements = spent.take() / u32::try_from(teams).unwrap();
    let mut conn = store.begin().await.unwrap();
    for end in [
        "UPDATE digest SET outcome = 'sent', ended_at = due_at WHERE outcome IS NULL AND post_key IS NOT NULL",
        "DELETE FROM outbox WHERE kind = 'post'",
    ] {
        assert_eq!(conn.execute(end).await.unwrap().rows_affected(), teams);
    }
    conn.execute("UPDATE lane SET due_at = NULL").await.unwrap();
    conn.commit().await.unwrap();
    let commit = commit(store).await;
    times.sort_unstable();
    let all: Duration = times.iter().sum();
    let mean = all / u32::try_from(times.len()).unwrap();
    // The first digests bring in what the connection and its statements need.
    let (after_the_first, end) = (memory[1], memory[4]);
    let (fast, flat) = (statements + commit <= TIME, end <= after_the_first + growth(store.engine()));
    println!(
        "made: mean {mean:?}, median {:?}, 99 of 100 within {:?}, at worst {:?}",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
    println!("  of the mean, {statements:?} are its statements and {commit:?} a commit: {}", verdict(fast));
    println!("memory at the start and after each quarter: {memory:?} MB: {}", verdict(flat));
    fast && flat
}

/// What the commit of a row takes, at the median.
async fn commit(store: &Store) -> Duration {
    let mut times = Vec::new();
    for _ in 0..51 {
        let mut tx = store.begin().await.unwrap();
        tx.execute("UPDATE schedule SET set_at = set_at + 1 WHERE team = 'slack:T0'").await.unwrap();
        let begun = Instant::now();
        tx.commit().await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// Lets the outbox's worker make and post the digests of all teams that are due at one moment, by a clock that goes on as its steps
/// do; prints in which minutes they were posted.
async fn spread(store: &Store, teams: u64, due: Timestamp) -> bool {
    let now = Arc::new(AtomicI64::new(due.as_millisecond()));
    let clock: Clock = {
        let now = Arc::clone(&now);
        Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).unwrap())
    };
    let wall = Arc::new(Wall { clock: Arc::clone(&clock), minutes: Mutex::default() });
    let courier: Arc<dyn Courier> = Arc::clone(&wall) as Arc<dyn Courier>;
    let bot = Arc::new(Bot::new(load_embedded().unwrap(), store.clone(), Limits::default()));
    let worker = Worker::new(bot, vec![courier], Settings::default(), clock);
    let (begun, before) = (Instant::now(), resident());
    let mut steps = 0_u32;
    while wall.posts() < teams && steps < STEPS {
        worker.step().await.unwrap();
        now.fetch_add(STEP, Ordering::Relaxed);
        steps += 1;
    }
    let minutes = wall.minutes.lock().unwrap().clone();
    let most = minutes.values().copied().max().unwrap_or_default();
    let good = wall.posts() == teams && most <= A_MINUTE && minutes.keys().all(|minute| *minute < 60);
    println!(
        "posted: {} in {steps} steps and {:.0} s; memory {before} to {} MB; by minute, {most} at most: {}",
        wall.posts(),
        begun.elapsed().as_secs_f64(),
        resident(),
        verdict(good)
    );
    let row: Vec<String> = minutes.iter().map(|(minute, posts)| format!("{minute}:{posts}")).collect();
    println!("  {}", row.join(" "));
    good
}

/// A platform that takes everything at once and looks at the clock.
struct Wall {
    clock: Clock,
    /// Posts by the minute of the hour.
    minutes: Mutex<BTreeMap<i64, u64>>,
}

impl Wall {
    fn posts(&self) -> u64 {
        self.minutes.lock().unwrap().values().sum()
    }
}

impl Courier for Wall {
    fn platform(&self) -> Platform {
        Platform::Slack
    }

    fn pace(&self) -> SignedDuration {
        SignedDuration::from_secs(1)
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(async {
            let minute = (self.clock)().as_second() / 60 % 60;
            *self.minutes.lock().unwrap().entry(minute).or_default() += 1;
            Delivery::Done(Some(parcel.key.clone()))
        })
    }

    fn look_up<'a>(&'a self, _: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(async { LookUp::Unknown })
    }
}

/// Megabytes of this process.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096 / 1_000_000
}
