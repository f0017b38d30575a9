//! Slack under load: `cargo bench --bench slack [-- quick] [npmfix|probe|bolt] [http|socket]`.
//!
//! npmfix beside a bare probe of its own stack and beside a Bolt app, each with a core of its own, in the same run: 5 % pastes, each
//! about a registry of its own, among talk in 20 channels. Shown are the highest rate at which 99 of 100 replies come within 250 ms
//! and nothing is lost, and at 200 events a second CPU seconds per 10,000 events, memory, and times to the acknowledgement (when
//! npmfix has committed) and from there to the post. Pastes stand in channels of their own, so that nobody waits for Slack's pace
//! of one post a second and channel; what that pace costs is shown apart.
//!
//! Ends with status 1 when a target is missed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints and may fail by panicking")]

use std::{
    collections::BTreeMap,
    net::TcpListener,
    process::{Command, ExitCode},
    time::Duration,
};

use contestant::{Contestant, Running, Start, Way, install_bolt};
use load::{Load, Places, Plan, SECRET, Shown};
use tempfile::TempDir;
use tokio::time::sleep;

mod contestant;
mod load;
mod platform;
mod probe;

/// Events a second at which CPU and memory are measured.
const USUAL: f64 = 200.0;
/// The rate at which the search begins, and where it gives up.
const FIRST: f64 = 400.0;
const LAST: f64 = 25_600.0;
/// How often the search halves its steps.
const HALVINGS: usize = 3;
/// What 99 of 100 replies may take, in milliseconds.
const REPLY: f64 = 250.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.iter().any(|argument| argument == "--probe") {
        probe::run();
        return ExitCode::SUCCESS;
    }
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let named = |names: &[&str], name: &str| !names.iter().any(|name| has(name)) || has(name);
    let lengths = if has("quick") { (Duration::from_secs(5), 3) } else { (Duration::from_secs(25), 6) };
    // The generator and the platform keep to the first core; the bot has the second.
    let pinned = Command::new("taskset").args(["-cp", "0", &std::process::id().to_string()]).output();
    assert!(pinned.is_ok_and(|done| done.status.success()), "taskset (util-linux) is needed");
    let bolt = named(&["npmfix", "probe", "bolt"], "bolt") && install_bolt();
    let mut all = BTreeMap::new();
    for way in [Way::Http, Way::Socket] {
        if !named(&["http", "socket"], if way == Way::Http { "http" } else { "socket" }) {
            continue;
        }
        for contestant in Contestant::ALL {
            let name = match contestant {
                Contestant::Npmfix => "npmfix",
                Contestant::Probe => "probe",
                Contestant::Bolt => "bolt",
            };
            if !named(&["npmfix", "probe", "bolt"], name) || (contestant == Contestant::Bolt && !bolt) {
                continue;
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let measured = runtime.block_on(measure(contestant, way, lengths));
            measured.print(contestant, way);
            all.insert((way.name(), name), measured);
        }
    }
    if !bolt && named(&["npmfix", "probe", "bolt"], "bolt") {
        println!("Bolt is missing: npm could not install it");
    }
    if verdicts(&all) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What was measured of a bot.
struct Measured {
    first_ack: Duration,
    idle: f64,
    peak: f64,
    cpu: f64,
    usual: Shown,
    rate: f64,
    paced: Option<Shown>,
}

struct Stage {
    load: Load,
    running: Running,
    first_ack: Duration,
    port: u16,
    way: Way,
    _folder: TempDir,
}

impl Stage {
    /// A fresh process with a fresh database.
    async fn set(contestant: Contestant, way: Way) -> Self {
        let mut load = Load::new().await;
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let api = load.platform.api();
        let start = Start { way, api: &api, port, folder: folder.path(), secret: SECRET };
        let mut running = Running::start(contestant, &start);
        let plan = Plan { way, port, rate: 0.0, length: Duration::ZERO, places: Places::Apart };
        let first_ack = load.first_ack(&plan).await;
        assert!(running.is_alive(), "{} has ended", contestant.name());
        Self { load, running, first_ack, port, way, _folder: folder }
    }

    async fn run(&mut self, rate: f64, length: Duration, places: Places) -> Shown {
        self.load.run(&Plan { way: self.way, port: self.port, rate, length, places }).await
    }
}

async fn measure(contestant: Contestant, way: Way, (usual, short): (Duration, u64)) -> Measured {
    let mut stage = Stage::set(contestant, way).await;
    let first_ack = stage.first_ack;
    sleep(Duration::from_secs(2)).await;
    let idle = stage.running.memory("VmRSS");
    let before = stage.running.cpu();
    let shown = stage.run(USUAL, usual, Places::Apart).await;
    let cpu = stage.running.cpu() - before;
    let peak = stage.running.memory("VmHWM");
    let paced =
        if contestant == Contestant::Npmfix { Some(stage.run(USUAL, usual / 2, Places::Together).await) } else { None };
    drop(stage);
    #[expect(clippy::cast_precision_loss, reason = "a number of events")]
    let events = shown.events as f64;
    let rate = highest(contestant, way, Duration::from_secs(short)).await;
    Measured { first_ack, idle, peak, cpu: cpu / events * 10_000.0, usual: shown, rate, paced }
}

/// The highest rate at which replies come in time and nothing is lost.
async fn highest(contestant: Contestant, way: Way, length: Duration) -> f64 {
    let holds = async |rate: f64| {
        let mut stage = Stage::set(contestant, way).await;
        // Connections and caches are there before it counts.
        stage.run(50.0, Duration::from_secs(1), Places::Apart).await;
        let shown = stage.run(rate, length, Places::Apart).await;
        let good = shown.is_whole() && shown.reply.at(0.99) < REPLY;
        println!(
            "    {} over {}, {rate:.0}/s: reply p99 {:.0} ms, ack p99 {:.0} ms, lost {}, not acknowledged {}, doubled {}, sent \
             late p99 {:.1} ms",
            contestant.name(),
            way.name(),
            shown.reply.at(0.99),
            shown.ack.at(0.99),
            shown.lost,
            shown.unacked,
            shown.doubles + shown.strays,
            shown.late.at(0.99),
        );
        good
    };
    let (mut good, mut rate) = (0.0, FIRST);
    while rate <= LAST && holds(rate).await {
        good = rate;
        rate *= 2.0;
    }
    let mut bad = rate;
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(good, bad);
        if holds(middle).await { good = middle } else { bad = middle }
    }
    good
}

impl Measured {
    fn print(&self, contestant: Contestant, way: Way) {
        let usual = &self.usual;
        println!(
            "{} over {}: up to {:.0} events/s; at {USUAL:.0}/s {:.2} CPU s per 10,000 events, memory {:.1} MiB idle and {:.1} MiB at \
             most, first ack after {:.0} ms, ack p50 {:.2} ms p99 {:.2} ms, ack to post p50 {:.2} ms p99 {:.2} ms, event to \
             reply p99 {:.2} ms; {} events, {} pastes, {} lost, {} not acknowledged, {} doubled, {} uncalled for",
            contestant.name(),
            way.name(),
            self.rate,
            self.cpu,
            self.idle,
            self.peak,
            self.first_ack.as_secs_f64() * 1000.0,
            usual.ack.at(0.5),
            usual.ack.at(0.99),
            usual.post.at(0.5),
            usual.post.at(0.99),
            usual.reply.at(0.99),
            usual.events,
            usual.pastes,
            usual.lost,
            usual.unacked,
            usual.doubles,
            usual.strays,
        );
        if let Some(paced) = &self.paced {
            println!(
                "  with all pastes in the 20 channels, where Slack's pace counts: ack to post p50 {:.0} ms, p99 {:.0} ms, {} lost",
                paced.post.at(0.5),
                paced.post.at(0.99),
                paced.lost
            );
        }
    }
}

fn verdicts(all: &BTreeMap<(&'static str, &'static str), Measured>) -> bool {
    let mut good = true;
    for way in [Way::Http, Way::Socket] {
        let Some(npmfix) = all.get(&(way.name(), "npmfix")) else { continue };
        let mut verdict = |what: String, met: bool| {
            println!("{} over {}: {what}", if met { "good" } else { "MISSED" }, way.name());
            good &= met;
        };
        if let Some(probe) = all.get(&(way.name(), "probe")) {
            let cpu = npmfix.cpu / probe.cpu;
            verdict(format!("{cpu:.2} of the probe's CPU (aim 1.0, at most 1.3)"), cpu <= 1.3);
            let rate = npmfix.rate / probe.rate;
            verdict(format!("{rate:.2} of the probe's rate (at least 0.75)"), rate >= 0.75);
        }
        if let Some(bolt) = all.get(&(way.name(), "bolt")) {
            let least = if way == Way::Http { 3.0 } else { 2.5 };
            let rate = npmfix.rate / bolt.rate;
            verdict(format!("{rate:.1} times Bolt's rate (at least {least})"), rate >= least);
        }
        verdict(format!("{:.1} MiB at most under load (at most 24)", npmfix.peak), npmfix.peak <= 24.0);
        let first = npmfix.first_ack.as_secs_f64() * 1000.0;
        verdict(format!("first ack after {first:.0} ms (at most 60)"), first <= 60.0);
        let ack = npmfix.usual.ack.at(0.99);
        verdict(format!("ack p99 {ack:.1} ms (at most 10)"), ack <= 10.0);
        verdict("nothing lost or doubled".to_owned(), npmfix.usual.is_whole());
    }
    good
}
