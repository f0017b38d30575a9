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

use std::{collections::BTreeMap, net::TcpListener, process::ExitCode, time::Duration};

use contestant::{BOLT, Start, Way, start};
use events::{Events, Places, Plan, SECRET};
use load::{
    book::Shown,
    bots::{Contestant, Running, pin_self},
    pace::Pace,
    search::highest,
    verdicts::{Asked, Verdicts},
};
use tempfile::TempDir;
use tokio::time::sleep;

mod contestant;
mod events;
#[path = "../load/load.rs"]
mod load;
mod platform;
mod probe;

/// Events a second at which CPU and memory are measured.
const USUAL: f64 = 200.0;

/// What was measured of whom.
type All = BTreeMap<(Way, Contestant), Measured>;

fn main() -> ExitCode {
    let asked = Asked::read();
    if asked.has("--probe") {
        probe::run();
        return ExitCode::SUCCESS;
    }
    pin_self();
    let wants_bolt = asked.wants_bot(Contestant::Rival, "bolt");
    let bolt = wants_bolt && BOLT.install();
    let mut all = All::new();
    for (way, word) in [(Way::Http, "http"), (Way::Socket, "socket")] {
        if !asked.wants(word, &["http", "socket"]) {
            continue;
        }
        for contestant in Contestant::ALL {
            if !asked.wants_bot(contestant, "bolt") || (contestant == Contestant::Rival && !bolt) {
                continue;
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let measured = runtime.block_on(measure(contestant, way, asked.lengths()));
            measured.print(&name(contestant, way));
            all.insert((way, contestant), measured);
        }
    }
    if wants_bolt && !bolt {
        println!("Bolt is missing: npm could not install it");
    }
    verdicts(&all).code()
}

fn name(contestant: Contestant, way: Way) -> String {
    format!("{} over {}", contestant.name("Bolt"), way.name())
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
    events: Events,
    running: Running,
    first_ack: Duration,
    port: u16,
    way: Way,
    _folder: TempDir,
}

impl Stage {
    /// A fresh process with a fresh database.
    async fn set(contestant: Contestant, way: Way) -> Self {
        let mut events = Events::new().await;
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let api = events.platform.api();
        let mut running = start(contestant, &Start { way, api: &api, port, folder: folder.path(), secret: SECRET });
        let first_ack = events.first_ack(&Plan { way, port, places: Places::Apart }).await;
        assert!(running.is_alive(), "{} has ended", name(contestant, way));
        Self { events, running, first_ack, port, way, _folder: folder }
    }

    async fn run(&mut self, rate: f64, length: Duration, places: Places) -> Shown {
        self.events.run(&Plan { way: self.way, port: self.port, places }, Pace { rate, length }).await
    }
}

async fn measure(contestant: Contestant, way: Way, (usual, short): (Duration, Duration)) -> Measured {
    let mut stage = Stage::set(contestant, way).await;
    let first_ack = stage.first_ack;
    sleep(Duration::from_secs(2)).await;
    let idle = stage.running.memory("VmRSS");
    let before = stage.running.cpu();
    let shown = stage.run(USUAL, usual, Places::Apart).await;
    let cpu = shown.per_10_000(stage.running.cpu() - before);
    let peak = stage.running.memory("VmHWM");
    let paced =
        if contestant == Contestant::Npmfix { Some(stage.run(USUAL, usual / 2, Places::Together).await) } else { None };
    drop(stage);
    let rate = highest(&name(contestant, way), async |rate| {
        let mut stage = Stage::set(contestant, way).await;
        // Connections and caches are there before it counts.
        stage.run(50.0, Duration::from_secs(1), Places::Apart).await;
        stage.run(rate, short, Places::Apart).await
    })
    .await;
    Measured { first_ack, idle, peak, cpu, usual: shown, rate, paced }
}

impl Measured {
    fn print(&self, name: &str) {
        let usual = &self.usual;
        println!(
            "{name}: up to {:.0} events/s; at {USUAL:.0}/s {:.2} CPU s per 10,000 events, memory {:.1} MiB idle and {:.1} MiB at \
             most, first ack after {:.0} ms, ack p50 {:.2} ms p99 {:.2} ms, ack to post p50 {:.2} ms p99 {:.2} ms, event to \
             reply p99 {:.2} ms; {} events, {} pastes, {} lost, {} not acknowledged, {} doubled, {} uncalled for",
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

fn verdicts(all: &All) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for way in [Way::Http, Way::Socket] {
        let Some(npmfix) = all.get(&(way, Contestant::Npmfix)) else { continue };
        let mut verdict = |what: String, met: bool| verdicts.say(&format!("over {}, {what}", way.name()), met);
        if let Some(probe) = all.get(&(way, Contestant::Probe)) {
            let cpu = npmfix.cpu / probe.cpu;
            verdict(format!("{cpu:.2} of the probe's CPU (aim 1.0, at most 1.3)"), cpu <= 1.3);
            let rate = npmfix.rate / probe.rate;
            verdict(format!("{rate:.2} of the probe's rate (at least 0.75)"), rate >= 0.75);
        }
        if let Some(bolt) = all.get(&(way, Contestant::Rival)) {
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
    verdicts
}
