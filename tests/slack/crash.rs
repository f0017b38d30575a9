//! Nothing is lost and nothing is said twice in Slack, whatever dies when: `npmfix serve` is killed with SIGKILL again and again
//! while pastes come in over HTTP and Socket Mode, some twice, some as two events, all among talk; Slack's answers to its posts are
//! refusals, errors, halves and silence. The counts are printed: `cargo test --test slack crash -- --nocapture`.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use npmfix::store::Store;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

use crate::fake::{
    APP, BOT_USER, Fake, Fault, TEAM,
    send::{Kind, Line, Retry},
    text_of,
};

/// Pastes, each about a registry of its own: as many fingerprints.
const PASTES: usize = 250;
/// Talk beside them.
const CHATTER: usize = 750;
/// Events on their way at the same time.
const AT_ONCE: usize = 8;
/// Kills that have to happen.
const KILLS: usize = 40;
/// How long the program lives at most before it is killed.
const LIFE: Duration = Duration::from_millis(900);
/// Slack repeats after a minute and after five; here the minutes are shorter.
const REPEAT: Duration = Duration::from_millis(100);
/// How long the last run may take to say what is left. A post that nobody answered rests for some seconds.
const REST: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_every_paste_is_answered_once_however_often_the_program_is_killed() {
    crash(&["SLACK_SIGNING_SECRET"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_socket_mode_every_paste_is_answered_once_however_often_the_program_is_killed() {
    crash(&["SLACK_APP_TOKEN"]).await;
}

#[expect(clippy::print_stdout, reason = "how much was met is a part of what the test shows")]
async fn crash(way: &'static [&'static str]) {
    let begun = Instant::now();
    let fake = Fake::start().await;
    let mut random = StdRng::seed_from_u64(20_261_130);
    let met = weather(&fake, random.random());
    let (echoes, mut echoed) = tokio::sync::mpsc::unbounded_channel();
    {
        let mut state = fake.state();
        state.tiers_off = true;
        state.echo_to = Some(echoes);
        state.user("U0ALICE", "alice");
        for n in 0..PASTES {
            state.channel(&format!("C0PASTE{n}"), &format!("paste-{n}"));
        }
    }
    let folder = TempDir::new().unwrap();
    let program = Arc::new(Program::new(&fake, way, &folder).await);
    let line = program.line.clone();

    // What Slack knows of the app's posts comes back to it, however long that takes.
    let (echo_fake, echo_line) = (fake.clone(), line.clone());
    let echo = tokio::spawn(async move {
        while let Some((team, event)) = echoed.recv().await {
            let callback = echo_fake.callback(&team, &event);
            let (fake, line) = (echo_fake.clone(), echo_line.clone());
            tokio::spawn(async move { insist(&fake, &line, &callback, false).await });
        }
    });
    let pastes: BTreeMap<String, (String, String)> = BTreeMap::new();
    let pastes = Arc::new(std::sync::Mutex::new(pastes));
    let taken = Arc::new(AtomicUsize::new(0));
    let sender = tokio::spawn(send(fake.clone(), line, random.random(), Arc::clone(&pastes), Arc::clone(&taken)));
    let mut kills = 0;
    let mut at_work = 0;
    while !sender.is_finished() || kills < KILLS {
        let life = Duration::from_micros(random.random_range(0..u64::try_from(LIFE.as_micros()).unwrap()));
        let mut child = program.start();
        sleep(life).await;
        let open = taken.load(Ordering::Relaxed);
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        at_work += usize::from(open < PASTES + CHATTER || posts(&fake) < PASTES);
    }
    sender.await.unwrap();
    let mut child = program.start();
    let rest = Instant::now();
    while posts(&fake) < PASTES && rest.elapsed() < REST {
        sleep(REPEAT).await;
    }
    let store = program.settled(&rest).await;
    child.kill().unwrap();
    child.wait().unwrap();
    echo.abort();

    let met = met.load(Ordering::Relaxed);
    println!(
        "{way:?}: {kills} kills, {at_work} of them at work; {met} calls met something; {} were too fast; {:.0} s, the last run \
         without a kill {:.0} s of it",
        fake.state().limited,
        begun.elapsed().as_secs_f64(),
        rest.elapsed().as_secs_f64(),
    );
    store.check().await;
    check_channels(&fake, &pastes.lock().unwrap());
    assert_eq!(fake.state().wrongs, Vec::<String>::new());
    assert!(kills >= KILLS && at_work * 2 > kills, "{at_work} of {kills} kills at work");
    assert!(met * 10 > PASTES, "only {met} calls met something");
}

/// Every answer to a post, an edit or a look-up may go wrong.
fn weather(fake: &Fake, seed: u64) -> Arc<AtomicUsize> {
    let met = Arc::new(AtomicUsize::new(0));
    let (counted, mut random) = (Arc::clone(&met), StdRng::seed_from_u64(seed));
    fake.weather(move |method| {
        if !method.starts_with("chat.") && !method.starts_with("conversations.") {
            return None;
        }
        // A look-up that never gets through is one for people; this many failures in a row are no accident.
        let often = if method.starts_with("chat.") { 100 } else { 250 };
        let fault = match random.random_range(0..often) {
            0..4 => Fault::Limited(1),
            4..7 => Fault::Status(500),
            7..10 => Fault::StatusAfter(502),
            10..13 => Fault::DropAfter,
            13..16 => Fault::Truncated,
            16..18 => Fault::Drop,
            18..20 => Fault::Html,
            20 => Fault::HangAfter,
            _ => return None,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        Some(fault)
    });
    met
}

/// The answers that stand in the channels.
fn posts(fake: &Fake) -> usize {
    let state = fake.state();
    state.channels.values().flat_map(|c| c.messages.values()).filter(|message| message["app_id"] == APP).count()
}

/// Sends everything, and each thing until it is taken; a part of it twice, and pastes with a mention as two events.
async fn send(
    fake: Fake,
    line: Line,
    seed: u64,
    pastes: Arc<std::sync::Mutex<BTreeMap<String, (String, String)>>>,
    taken: Arc<AtomicUsize>,
) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut plan: Vec<Option<usize>> = (0..PASTES).map(Some).chain((0..CHATTER).map(|_| None)).collect();
    for at in (1..plan.len()).rev() {
        plan.swap(at, random.random_range(0..=at));
    }
    let (room, mut all) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for (n, paste) in plan.into_iter().enumerate() {
        let permit = Arc::clone(&room).acquire_owned().await.unwrap();
        let (event, mentioned) = if let Some(n) = paste {
            let (channel, host) = (format!("C0PASTE{n}"), format!("host{n}.example"));
            let text = format!("npm error code E401\nnpm error 401 Unauthorized - GET https://{host}/pkg");
            let event = fake.written(&channel, "U0ALICE", &text, None);
            pastes.lock().unwrap().insert(text_of(&event, "ts").to_owned(), (channel, host));
            (event, random.random_bool(0.2))
        } else {
            let channel = format!("C0PASTE{}", n % PASTES);
            (fake.written(&channel, "U0ALICE", "npm publish is slow today, anybody else?", None), false)
        };
        let twice = random.random_bool(0.15);
        let (fake, line, taken) = (fake.clone(), line.clone(), Arc::clone(&taken));
        all.spawn(async move {
            let callback = fake.callback(TEAM, &event);
            if mentioned {
                let mut mention = event.clone();
                mention["type"] = json!("app_mention");
                mention["text"] = json!(format!("<@{BOT_USER}> {}", text_of(&event, "text")));
                let mention = fake.callback(TEAM, &mention);
                tokio::join!(insist(&fake, &line, &callback, twice), insist(&fake, &line, &mention, twice));
            } else {
                insist(&fake, &line, &callback, twice).await;
            }
            taken.fetch_add(1, Ordering::Relaxed);
            drop(permit);
        });
    }
    while let Some(sent) = all.join_next().await {
        sent.unwrap();
    }
}

/// Repeats an event until it is taken; then once more, if it is to come twice.
async fn insist(fake: &Fake, line: &Line, callback: &Value, twice: bool) {
    let mut number = 0;
    let mut left = if twice { 2 } else { 1 };
    while left > 0 {
        let retry = Retry { number, reason: "http_error" };
        if fake.deliver(line, Kind::Event, callback, retry).await.is_some_and(|ack| ack.is_good()) {
            left -= 1;
        }
        number = (number + 1).min(3);
        if left > 0 {
            sleep(REPEAT).await;
        }
    }
}

/// Each paste has one answer, about its own registry, in its thread; nothing else has any.
fn check_channels(fake: &Fake, pastes: &BTreeMap<String, (String, String)>) {
    let state = fake.state();
    let mut answers: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for channel in state.channels.values() {
        for message in channel.messages.values().filter(|message| message["app_id"] == APP) {
            answers.entry(text_of(message, "thread_ts").to_owned()).or_default().push(message);
        }
    }
    for (ts, (channel, host)) in pastes {
        let found = answers.remove(ts).unwrap_or_default();
        assert_eq!(found.len(), 1, "the paste about {host}: {found:#?}");
        assert!(found[0].to_string().contains(&format!("--registry=https://{host}/")), "{host}: {:#}", found[0]);
        assert!(state.channels[channel].messages.contains_key(text_of(found[0], "ts")));
    }
    assert!(answers.is_empty(), "nobody asked: {answers:#?}");
    assert_eq!(pastes.len(), PASTES);
}

/// The program, and where it runs.
struct Program {
    environment: Vec<(String, String)>,
    database: String,
    line: Line,
}

impl Program {
    async fn new(fake: &Fake, way: &[&str], folder: &TempDir) -> Self {
        // Free now; nobody else takes it between two lives of the program.
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = free.local_addr().unwrap().to_string();
        let mut environment = vec![
            ("SLACK_API_URL".to_owned(), fake.api()),
            ("SLACK_BOT_TOKEN".to_owned(), fake.bot_token()),
            ("BIND_ADDR".to_owned(), address.clone()),
        ];
        for name in way {
            let secret = if *name == "SLACK_APP_TOKEN" { fake.app_token() } else { fake.signing_secret() };
            environment.push(((*name).to_owned(), secret));
        }
        let socket = way.contains(&"SLACK_APP_TOKEN");
        let line = if socket { Line::Socket } else { Line::Http(format!("http://{address}")) };
        Self { environment, database: format!("sqlite:{}", folder.path().join("crash.db").display()), line }
    }

    fn start(&self) -> Child {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("npmfix"))
            .args(["serve", "--answers-per-hour", "1000000", "--database", &self.database])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Until it listens; what it says later goes nowhere.
        let ready =
            lines.by_ref().map_while(Result::ok).find(|line| line.contains("http://") || line.contains("istening"));
        assert!(ready.is_some(), "it does not start: {:?}", child.wait());
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        child
    }

    /// Waits until nothing is left to say.
    async fn settled(&self, since: &Instant) -> Checked {
        let store = Store::open(&self.database).await.unwrap();
        loop {
            let rows: i64 = {
                let mut conn = store.read().await.unwrap();
                sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE parked_at IS NULL")
                    .fetch_one(&mut *conn)
                    .await
                    .unwrap()
            };
            if rows == 0 || since.elapsed() > REST {
                return Checked(store);
            }
            sleep(REPEAT).await;
        }
    }
}

/// The database at the end.
struct Checked(Store);

impl Checked {
    async fn check(self) {
        let mut conn = self.0.read().await.unwrap();
        let pastes = i64::try_from(PASTES).unwrap();
        for (what, select, expected) in [
            ("messages heard", "SELECT COUNT(*) FROM heard", pastes),
            ("occurrences", "SELECT COUNT(*) FROM occurrence", pastes),
            ("fingerprints", "SELECT COUNT(DISTINCT fingerprint) FROM occurrence", pastes),
            ("replies", "SELECT COUNT(*) FROM reply WHERE kind = 'answer'", pastes),
            ("replies whose post is known", "SELECT COUNT(DISTINCT answer) FROM reply", pastes),
            ("rows in the outbox", "SELECT COUNT(*) FROM outbox", 0),
        ] {
            let count: i64 = sqlx::query_scalar(select).fetch_one(&mut *conn).await.unwrap();
            assert_eq!(count, expected, "{what}");
        }
        drop(conn);
        self.0.close().await;
    }
}
