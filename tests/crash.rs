//! Nothing is lost and nothing is said twice when the program is killed: 1,000 pastes go through `npmfix chat` while it is
//! killed with SIGKILL again and again, mostly while it works. The counts are printed: `cargo test --test crash -- --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, File},
    hint::spin_loop,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use npmfix::store::{Engine, Store};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tempfile::TempDir;

#[path = "support/engines.rs"]
mod engines;

/// Pastes, each about a registry of its own: as many fingerprints.
const PASTES: usize = 1000;
/// Pastes of one transcript. What was heard before is heard again after each kill, which takes time.
const PART: usize = 25;
/// Kills while one transcript goes through, on average.
const KILLS: usize = 6;
/// What the issue asks for.
const ENOUGH: usize = 200;
/// The first line of each answer.
const HEADING: &str = "The registry wants a valid login (401)";
/// A program that says nothing for so long waits for the lease of one that was killed.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn every_paste_is_recorded_once_and_answered_once_however_often_the_program_is_killed() {
    engines::each_engine(async |store, address| {
        let engine = store.engine();
        // Nobody else is to have the file open: what a kill leaves behind is for the next run to mend.
        store.close().await;
        let begun = Instant::now();
        let world = World::new(engine, address);
        let mut random = StdRng::seed_from_u64(20_261_122);
        let mut counts = Counts::default();
        for part in 0..PASTES / PART {
            let mut open = PART;
            while counts.kills < KILLS * (part + 1) {
                let left = KILLS * (part + 1) - counts.kills;
                let answers = random.random_range(0..=3 * open / (2 * (left + 1)));
                let delay = Duration::from_micros(random.random_range(0..if answers == 0 { 120_000 } else { 20_000 }));
                if !world.killed(part, answers, delay) {
                    counts.ended += 1;
                    break;
                }
                open = PART - world.look(part, &mut counts).await;
            }
        }
        let last = Instant::now();
        for part in 0..PASTES / PART {
            world.to_its_end(part);
        }
        let last = last.elapsed();
        println!("{engine:?}: {}", counts.text(&world));
        println!(
            "{engine:?}: {:.0} s, the last run without a kill {:.0} s of it",
            begun.elapsed().as_secs_f64(),
            last.as_secs_f64()
        );
        world.check_database().await;
        world.check_log();
        println!("{engine:?}: {PASTES} pastes recorded once, answered once, said once; the outbox is empty");
        assert!(counts.kills >= ENOUGH, "only {} kills", counts.kills);
        assert!(counts.at_work * 2 > counts.kills, "most kills came when nothing was under way");
    })
    .await;
}

/// Where the kills fell.
#[derive(Default)]
struct Counts {
    kills: usize,
    /// Transcripts that came to their end before they were killed.
    ended: usize,
    /// Kills before all of the transcript was recorded and said.
    at_work: usize,
    /// Of these, with a row stored that nobody had begun to say.
    stored: usize,
    /// With a row marked as being said and not in the log yet.
    marked: usize,
    /// With a row marked as being said that was in the log already.
    said: usize,
    /// With a part of an answer at the end of the log.
    torn: usize,
    unsaid: BTreeSet<String>,
}

impl Counts {
    fn text(&self, world: &World) -> String {
        let Self { kills, ended, at_work, stored, marked, said, torn, .. } = self;
        format!(
            "{kills} kills, {at_work} of them at work ({stored} left a row stored and not begun, {marked} one begun and not \
             said, {said} one said and not marked as said, {torn} a torn log); {ended} of {} transcripts ended unkilled; \
             log of {} bytes",
            PASTES / PART,
            fs::metadata(&world.log).unwrap().len()
        )
    }
}

struct World {
    engine: Engine,
    address: String,
    folder: TempDir,
    log: PathBuf,
}

impl World {
    fn new(engine: Engine, address: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let world = Self { engine, address: address.to_owned(), log: folder.path().join("log"), folder };
        for part in 0..PASTES / PART {
            fs::write(world.transcript(part), transcript(part, engine)).unwrap();
        }
        world
    }

    fn transcript(&self, part: usize) -> PathBuf {
        self.folder.path().join(format!("transcript-{part}"))
    }

    fn start(&self, part: usize) -> Run {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("npmfix"))
            .args(["chat", "--as", "tester", "--answers-per-hour", "1000000", "--session", &format!("run-{part}")])
            .args(["--database", &self.address, "--log"])
            .arg(&self.log)
            .stdin(File::open(self.transcript(part)).unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tick, ticks) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        let reader = thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if line == HEADING {
                    let _ = tick.send(());
                }
            }
        });
        Run { child, ticks, reader }
    }

    /// Runs a transcript, waits for some answers and a little longer, and kills; `false` if it had ended before.
    fn killed(&self, part: usize, answers: usize, delay: Duration) -> bool {
        let mut run = self.start(part);
        for _ in 0..answers {
            if run.ticks.recv_timeout(PATIENCE).is_err() {
                break;
            }
        }
        let begun = Instant::now();
        while begun.elapsed() < delay {
            spin_loop();
        }
        let ended = run.child.try_wait().unwrap().is_some();
        run.child.kill().unwrap();
        let status = run.child.wait().unwrap();
        run.reader.join().unwrap();
        assert!(!ended || status.success(), "{status}");
        !ended
    }

    fn to_its_end(&self, part: usize) {
        let mut run = self.start(part);
        let status = run.child.wait().unwrap();
        run.reader.join().unwrap();
        assert!(status.success(), "{status}");
    }

    /// Sees what a kill left behind; returns how many pastes of the transcript are recorded.
    async fn look(&self, part: usize, counts: &mut Counts) -> usize {
        counts.kills += 1;
        let mut conn = self.look_into().await;
        let like = format!("SELECT COUNT(*) FROM heard WHERE message LIKE 'run-{part}-%'");
        let recorded: i64 = sqlx::query_scalar(AssertSqlSafe(like)).fetch_one(&mut conn).await.unwrap();
        let rows: Vec<(String, Option<i64>)> =
            sqlx::query_as("SELECT post_key, sending_at FROM outbox WHERE kind <> 'followup'")
                .fetch_all(&mut conn)
                .await
                .unwrap();
        conn.close().await.unwrap();
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let recorded = usize::try_from(recorded).unwrap();
        // On a server what a kill leaves waits for its lease, and is no news at the next one.
        let rows: Vec<_> = rows.into_iter().filter(|(key, _)| counts.unsaid.insert(key.clone())).collect();
        counts.at_work += usize::from(recorded < PART || !rows.is_empty());
        counts.stored += usize::from(rows.iter().any(|(_, sending)| sending.is_none()));
        let said = |key: &str| log.contains(&format!("[{key} to "));
        counts.marked += usize::from(rows.iter().any(|(key, sending)| sending.is_some() && !said(key)));
        counts.said += usize::from(rows.iter().any(|(key, sending)| sending.is_some() && said(key)));
        counts.torn += usize::from(!log.is_empty() && !log.ends_with('\n'));
        recorded
    }

    /// A connection that leaves no trace: to the server, or to a copy of the file as the kill left it.
    async fn look_into(&self) -> AnyConnection {
        if self.engine == Engine::Postgres {
            return AnyConnection::connect(&self.address).await.unwrap();
        }
        let file = Path::new(self.address.strip_prefix("sqlite:").unwrap());
        let copy = self.folder.path().join("copy.db");
        for end in ["", "-wal", "-shm"] {
            let beside = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
            let _ = fs::remove_file(beside(&copy));
            if end != "-shm" && beside(file).exists() {
                fs::copy(beside(file), beside(&copy)).unwrap();
            }
        }
        AnyConnection::connect(&format!("sqlite:{}", copy.display())).await.unwrap()
    }

    async fn check_database(&self) {
        let store = Store::open(&self.address).await.unwrap();
        let mut conn = store.read().await.unwrap();
        let pastes = i64::try_from(PASTES).unwrap();
        for (what, select, expected) in [
            ("messages heard", "SELECT COUNT(*) FROM heard", pastes),
            ("occurrences", "SELECT COUNT(*) FROM occurrence", pastes),
            ("messages with an occurrence", "SELECT COUNT(DISTINCT message) FROM occurrence", pastes),
            ("fingerprints", "SELECT COUNT(DISTINCT fingerprint) FROM occurrence", pastes),
            ("hosts", "SELECT COUNT(DISTINCT host) FROM occurrence", pastes),
            ("replies", "SELECT COUNT(*) FROM reply WHERE kind = 'answer'", pastes),
            ("messages with a reply", "SELECT COUNT(DISTINCT message) FROM reply", pastes),
            ("replies whose post is known", "SELECT COUNT(DISTINCT answer) FROM reply", pastes),
            ("errors met once", "SELECT COUNT(*) FROM error WHERE seen = 1", pastes),
            ("counted by day", "SELECT CAST(SUM(seen) AS BIGINT) FROM error_day", pastes),
            ("answers counted", "SELECT CAST(SUM(answered) AS BIGINT) FROM channel_day", pastes),
            ("rows in the outbox", "SELECT COUNT(*) FROM outbox WHERE kind <> 'followup'", 0),
            ("follow-ups planned", "SELECT COUNT(DISTINCT reply) FROM outbox WHERE kind = 'followup'", pastes),
            ("lanes that wait", "SELECT COUNT(*) FROM lane WHERE due_at IS NOT NULL", 0),
        ] {
            let count: i64 = sqlx::query_scalar(select).fetch_one(&mut *conn).await.unwrap();
            assert_eq!(count, expected, "{what}");
        }
        drop(conn);
        store.close().await;
    }

    /// Each paste has one whole answer, and the answers of a channel stand in the order of their rows.
    fn check_log(&self) {
        let log = fs::read_to_string(&self.log).unwrap();
        let mut posts: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut last: BTreeMap<String, String> = BTreeMap::new();
        for post in format!("\n{log}").split("\n[0").skip(1) {
            let (head, body) = post.split_once("]\n").unwrap();
            let [key, "to", channel, message] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
            assert!(body.starts_with(HEADING), "{body}");
            assert!(body.contains("[5] Dismiss"), "{body}");
            let before = last.insert(channel.to_owned(), key.to_owned());
            assert!(before.is_none_or(|before| *before < *key), "out of order in {channel}");
            let twice = posts.insert((channel.to_owned(), message.to_owned()), body.to_owned());
            assert!(twice.is_none(), "said twice: {head}");
        }
        for part in 0..PASTES / PART {
            for (n, (channel, host)) in pastes(part, self.engine).into_iter().enumerate() {
                // A piece of input for going to the channel, one for the paste.
                let body = posts.remove(&(channel, format!("run-{part}-{}", 2 * n + 2))).unwrap();
                assert!(body.contains(&format!("--registry=https://{host}/")), "{host}: {body}");
            }
        }
        assert!(posts.is_empty(), "{posts:?}");
    }
}

struct Run {
    child: Child,
    ticks: Receiver<()>,
    reader: JoinHandle<()>,
}

/// The channel and the registry of each paste. On a server a killed run keeps its channel until its lease runs out, so there each
/// paste has one of its own.
fn pastes(part: usize, engine: Engine) -> Vec<(String, String)> {
    let channels = if engine == Engine::Sqlite { 5 } else { PASTES };
    let number = part * PART..(part + 1) * PART;
    number.map(|n| (format!("c{}", n % channels), format!("host{n}.example"))).collect()
}

fn transcript(part: usize, engine: Engine) -> String {
    pastes(part, engine).iter().fold(String::new(), |mut text, (channel, host)| {
        let _ = writeln!(text, "/in {channel}\nnpm error code E401");
        let _ = writeln!(text, "npm error 401 Unauthorized - GET https://{host}/pkg\n");
        text
    })
}
