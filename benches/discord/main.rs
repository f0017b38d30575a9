//! Discord under load: `cargo bench --bench discord [-- quick] [npmfix|probe|discordjs]`.
//!
//! npmfix beside a bare probe of its own stack and beside a discord.js bot, each with a core of its own, in the same run: 5 % pastes,
//! each about a registry of its own and in a channel of its own, among talk in 20 channels. Shown are the highest rate at which 99
//! of 100 replies come within 250 ms and nothing is lost, and at 200 messages a second CPU seconds per 10,000 messages and memory;
//! and how long after its start a bot has replied to a first paste. npmfix asks Discord about each channel that it meets, the others
//! do not; none of them keeps to the 50 calls a second that Discord takes from a bot.
//!
//! Ends with status 1 when a target is missed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints and may fail by panicking")]

use std::{
    collections::BTreeMap,
    process::ExitCode,
    time::{Duration, Instant},
};

use contestant::{DISCORD_JS, start, watch};
use load::{
    book::Shown,
    bots::{Contestant, Running, pin_self},
    pace::{self, Pace},
    search::highest,
    texts,
    verdicts::{Asked, Verdicts},
};
use platform::Platform;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

mod contestant;
#[path = "../load/load.rs"]
mod load;
mod platform;
mod probe;

/// Messages a second at which CPU and memory are measured.
const USUAL: f64 = 200.0;
/// What comes before it counts.
const BEFORE: Pace = Pace { rate: 50.0, length: Duration::from_secs(1) };
/// How long a start may take.
const START: Duration = Duration::from_secs(20);

/// What was measured of whom.
type All = BTreeMap<Contestant, Measured>;

fn main() -> ExitCode {
    let asked = Asked::read();
    if asked.has("--probe") {
        probe::run();
        return ExitCode::SUCCESS;
    }
    pin_self();
    let wants_js = asked.wants_bot(Contestant::Rival, "discordjs");
    let js = wants_js && DISCORD_JS.install();
    let mut all = All::new();
    for contestant in Contestant::ALL {
        if !asked.wants_bot(contestant, "discordjs") || (contestant == Contestant::Rival && !js) {
            continue;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let measured = runtime.block_on(measure(contestant, asked.lengths()));
        measured.print(name(contestant));
        all.insert(contestant, measured);
    }
    if wants_js && !js {
        println!("discord.js is missing: npm could not install it");
    }
    verdicts(&all).code()
}

fn name(contestant: Contestant) -> &'static str {
    contestant.name("discord.js")
}

/// What was measured of a bot.
struct Measured {
    first_reply: Duration,
    idle: f64,
    peak: f64,
    cpu: f64,
    usual: Shown,
    rate: f64,
}

struct Stage {
    platform: Platform,
    running: Running,
    first_reply: Duration,
    _folder: TempDir,
}

impl Stage {
    /// A fresh process with a fresh database, for so many events at most.
    async fn set(contestant: Contestant, events: usize) -> Self {
        let platform = Platform::start(texts::pastes_among(events) + 2).await;
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        if contestant == Contestant::Npmfix {
            watch(folder.path(), platform.paste_channels()).await;
        }
        let begun = Instant::now();
        let mut running = start(contestant, &platform.api(), folder.path());
        let begins = timeout(START, platform.begins()).await;
        assert!(begins.is_ok(), "{} does not start", name(contestant));
        let number = platform.book().lock().enter(true, Instant::now());
        platform.says(number, true);
        while platform.book().lock().records.iter().any(|record| record.replied.is_none()) {
            assert!(begun.elapsed() < START && running.is_alive(), "{} does not answer", name(contestant));
            sleep(Duration::from_micros(500)).await;
        }
        Self { platform, running, first_reply: begun.elapsed(), _folder: folder }
    }

    async fn run(&mut self, pace: Pace) -> Shown {
        pace::run(&self.platform.book(), pace, |number, paste| self.platform.says(number, paste), || {}).await
    }
}

async fn measure(contestant: Contestant, (usual, short): (Duration, Duration)) -> Measured {
    let pace = Pace { rate: USUAL, length: usual };
    let mut stage = Stage::set(contestant, pace.events() + 1).await;
    let first_reply = stage.first_reply;
    sleep(Duration::from_secs(2)).await;
    let idle = stage.running.memory("VmRSS");
    let before = stage.running.cpu();
    let shown = stage.run(pace).await;
    let cpu = shown.per_10_000(stage.running.cpu() - before);
    let peak = stage.running.memory("VmHWM");
    drop(stage);
    let rate = highest(name(contestant), async |rate| {
        let pace = Pace { rate, length: short };
        let mut stage = Stage::set(contestant, BEFORE.events() + pace.events() + 1).await;
        // Connections and caches are there before it counts.
        stage.run(BEFORE).await;
        stage.run(pace).await
    })
    .await;
    Measured { first_reply, idle, peak, cpu, usual: shown, rate }
}

impl Measured {
    fn print(&self, name: &str) {
        let usual = &self.usual;
        println!(
            "{name}: up to {:.0} messages/s; at {USUAL:.0}/s {:.2} CPU s per 10,000 messages, memory {:.1} MiB idle and {:.1} MiB at \
             most, message to reply p50 {:.2} ms p99 {:.2} ms; first reply {:.0} ms after the start; {} messages, {} pastes, {} \
             lost, {} doubled, {} uncalled for",
            self.rate,
            self.cpu,
            self.idle,
            self.peak,
            usual.reply.at(0.5),
            usual.reply.at(0.99),
            self.first_reply.as_secs_f64() * 1000.0,
            usual.events,
            usual.pastes,
            usual.lost,
            usual.doubles,
            usual.strays,
        );
    }
}

fn verdicts(all: &All) -> Verdicts {
    let mut verdicts = Verdicts::new();
    let Some(npmfix) = all.get(&Contestant::Npmfix) else { return verdicts };
    if let Some(probe) = all.get(&Contestant::Probe) {
        let cpu = npmfix.cpu / probe.cpu;
        verdicts.say(&format!("{cpu:.2} of the probe's CPU (aim 1.0, at most 1.3)"), cpu <= 1.3);
        let rate = npmfix.rate / probe.rate;
        verdicts.say(&format!("{rate:.2} of the probe's rate (at least 0.75)"), rate >= 0.75);
    }
    if let Some(js) = all.get(&Contestant::Rival) {
        let rate = npmfix.rate / js.rate;
        verdicts.say(&format!("{rate:.1} times discord.js's rate (at least 2.2)"), rate >= 2.2);
    }
    verdicts.say(&format!("{:.1} MiB at most under load (at most 26)", npmfix.peak), npmfix.peak <= 26.0);
    verdicts.say("nothing lost or doubled", npmfix.usual.is_whole());
    verdicts
}
