//! What memory costs: `cargo bench --bench store [-- chatter|findings|years|full]`.
//!
//! - a chat message without an error: `hear` is to cost no more than a microsecond above the bare classifier, and the database is
//!   closed meanwhile, so that nothing can touch it;
//! - findings recorded with their outbox rows, durably, in `SQLite`: at least 5,000 per second, or 50 times as many as the disk
//!   syncs, whichever is lower;
//! - `hear` of a finding, `history`, `fixes` and `stats` for a team that met 1,000 and 100,000 errors, and with `full` (20 GB of disk,
//!   some minutes) 10 million: the largest is to cost at most twice the smallest.
//!
//! Ends with status 1 when a target is missed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints and may fail by panicking")]

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use npmfix::{
    bot::{Bot, Limits},
    classifier,
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    store::Store,
};
use statements::Statements;
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet};

#[path = "../../tests/support/statements.rs"]
mod statements;
mod years;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 200 bytes of talk that names npm and a 403.
const CHAT: &str = "ok so to summarise: the staging deploy is green again, the npm cache was stale and the 403 came from the \
                    CDN, not from us. I will write it up for the runbook tomorrow, thanks team for your help today!";
/// Findings that are recorded for a rate.
const FINDINGS: usize = 20_000;
/// Messages that are heard at the same time, as from many channels.
const AT_ONCE: usize = 2048;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let has = |name: &str| wanted.iter().any(|wanted| wanted == name);
    let all = wanted.is_empty() || has("full");
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut good = true;
    if all || has("chatter") {
        good &= chatter(&runtime);
    }
    if all || has("findings") {
        good &= findings(&runtime, folder.path());
    }
    if all || has("years") {
        let sizes: &[u64] = if has("full") { &[1_000, 100_000, 10_000_000] } else { &[1_000, 100_000] };
        good &= runtime.block_on(years::compare(folder.path(), sizes));
    }
    if all || has("findings") {
        runtime.block_on(count(folder.path()));
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says whether a target is met.
fn verdict(good: bool) -> &'static str {
    if good { "good" } else { "MISSED" }
}

async fn bot(database: &Path) -> Bot {
    let store = Store::open(&format!("sqlite:{}", database.display())).await.unwrap();
    let limits = Limits { answers_per_hour: i64::MAX, ..Limits::default() };
    Bot::new(load_embedded().unwrap(), store, limits)
}

fn author() -> Author {
    let id = UserId::parse("ann").unwrap();
    Author { id, name: "ann".to_owned(), speaker: Speaker::Person, rights: Rights::Member }
}

fn message<'a>(channel: &str, id: &str, text: &'a [u8]) -> Message<'a> {
    let (channel, id) = (ChannelId::parse(channel).unwrap(), MessageId::parse(id).unwrap());
    let place = MessageRef { team: TeamId::local(), channel, thread: None, id };
    Message { place, visibility: Visibility::Public, author: author(), address: Address::Overheard, text }
}

/// A paste about a registry of its own.
fn paste(n: usize) -> String {
    format!("npm error code E401\nnpm error 401 Unauthorized - GET https://host{n}.example/pkg\n")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Times of one call, of batches that alternate so that both see the same machine.
fn chatter(runtime: &Runtime) -> bool {
    const CALLS: u32 = 10_000;
    let folder = TempDir::new().unwrap();
    let (bare, heard) = runtime.block_on(async {
        let bot = bot(&folder.path().join("chatter.db")).await;
        bot.store().close().await;
        let message = message("general", "1", CHAT.as_bytes());
        let now = Timestamp::now();
        let (mut bare, mut heard) = (Vec::new(), Vec::new());
        for _ in 0..51 {
            let begun = Instant::now();
            for _ in 0..CALLS {
                std::hint::black_box(classifier::explain(std::hint::black_box(CHAT.as_bytes()), &bot.knowledge()));
            }
            bare.push(begun.elapsed() / CALLS);
            let begun = Instant::now();
            for _ in 0..CALLS {
                std::hint::black_box(bot.hear(std::hint::black_box(&message), now).await.unwrap());
            }
            heard.push(begun.elapsed() / CALLS);
        }
        (median(bare), median(heard))
    });
    let above = heard.saturating_sub(bare);
    let good = above <= Duration::from_micros(1);
    println!(
        "chatter of {} bytes: classifier {bare:?}, hear {heard:?}, {above:?} above it, no database: {}",
        CHAT.len(),
        verdict(good)
    );
    good
}

/// How often a second the disk takes 4 KB for good.
fn syncs(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("sync")).unwrap();
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < Duration::from_secs(2) {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_all().unwrap();
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// Hears distinct errors, many at once; returns how many a second were stored.
async fn record(bot: Arc<Bot>, run: &str, number: usize) -> f64 {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..AT_ONCE {
        let (bot, run) = (Arc::clone(&bot), run.to_owned());
        tasks.spawn(async move {
            for n in (task..number).step_by(AT_ONCE) {
                let text = paste(n);
                let message = message(&format!("c{}", n % 20), &format!("{run}-{n}"), text.as_bytes());
                bot.hear(&message, Timestamp::now()).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = number as f64 / begun.elapsed().as_secs_f64();
    rate
}

fn findings(runtime: &Runtime, folder: &Path) -> bool {
    let before = syncs(folder);
    let rate = runtime.block_on(async {
        let bot = Arc::new(bot(&folder.join("findings.db")).await);
        let rate = record(Arc::clone(&bot), "run", FINDINGS).await;
        bot.store().close().await;
        rate
    });
    let after = syncs(folder);
    let target = (50.0 * before.min(after)).min(5000.0);
    let good = rate >= target;
    println!("the disk syncs {before:.0} times a second before and {after:.0} after");
    println!("findings recorded: {rate:.0} a second, {AT_ONCE} at once; target {target:.0}: {}", verdict(good));
    good
}

/// Counts statements, with a listener that costs time: so this comes last.
async fn count(folder: &Path) {
    let bot = Arc::new(bot(&folder.join("count.db")).await);
    let statements = Statements::listen();
    for (what, number) in [("one finding alone", 1), ("findings at once", AT_ONCE * 4)] {
        statements.take();
        record(Arc::clone(&bot), what.split(' ').next().unwrap(), number).await;
        let all = statements.take().into_iter().filter(|text| !text.starts_with("PRAGMA")).count();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let each = all as f64 / number as f64;
        println!("statements for {number} ({what}): {all}, {each:.2} for each, BEGIN and COMMIT apart");
    }
    bot.store().close().await;
}
