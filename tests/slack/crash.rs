//! Nothing is lost and nothing is said twice in Slack, whatever dies when: `npmfix serve` is killed with SIGKILL again and again
//! while pastes come in over HTTP and Socket Mode, some twice, some as two events, all among talk; Slack's answers to its posts are
//! refusals, errors, halves and silence. The counts are printed: `cargo test --test slack crash -- --nocapture`.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use npmfix::store::Store;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::{Notify, Semaphore},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::fake::{
    APP, BOT_USER, Fake, Fault, TEAM,
    send::{Kind, Line, Retry},
    text_of,
};

/// Pastes, each about a registry of its own: as many fingerprints.
const PASTES: usize = 500;
/// Talk beside them.
const CHATTER: usize = 500;
/// Events on their way at the same time.
const AT_ONCE: usize = 8;
/// Kills that have to happen.
const KILLS: usize = 60;
/// How long the program lives at most when nothing happens: all that is left may be waiting for a platform that is silent.
const LULL: Duration = Duration::from_secs(2);
/// How long after something happened a kill falls, at most.
const AFTER_MICROS: u64 = 10_000;
/// Some of what happens in all: a delivery and a post for each paste and the echo of the post, a delivery of all else. Kills are
/// spread over these.
const STEPS: usize = 3 * PASTES + CHATTER;
/// Slack repeats at once, after a minute and after five; here a minute has a tenth of a second. It gives up then, but no bot is
/// down as often as this one: here the last wait comes again.
const REPEATS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(500)];
/// How often to look whether the last run is through.
const LOOK: Duration = Duration::from_millis(100);
/// How long that may take. A post that nobody answered is given up after ten seconds, and its echo three more; one that several
/// kills met waits for two minutes before it is tried again.
const REST: Duration = Duration::from_mins(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_every_paste_is_answered_once_however_often_the_program_is_killed() {
    crash(&["SLACK_SIGNING_SECRET"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_socket_mode_every_paste_is_answered_once_however_often_the_program_is_killed() {
    crash(&["SLACK_APP_TOKEN"]).await;
}

#[expect(clippy::print_stdout, reason = "where the kills fell is worth a line")]
async fn crash(way: &'static [&'static str]) {
    let begun = Instant::now();
    let fake = Fake::start().await;
    let mut random = StdRng::seed_from_u64(20_261_130);
    let progress = Arc::new(Progress::default());
    let met = weather(&fake, Arc::clone(&progress), random.random());
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
    let program = Program::new(&fake, way, &folder).await;
    let post = Post { fake: fake.clone(), line: program.line.clone(), progress: Arc::clone(&progress) };

    // What Slack knows of the app's posts comes back to it, however long that takes.
    let back = post.clone();
    let echo = tokio::spawn(async move {
        while let Some((team, event)) = echoed.recv().await {
            let callback = back.fake.callback(&team, &event);
            let back = back.clone();
            tokio::spawn(async move { back.insist(&callback, Times::Once).await });
        }
    });
    let pastes = Arc::new(Mutex::new(BTreeMap::new()));
    let sender = tokio::spawn(send(post, random.random(), Arc::clone(&pastes)));
    let mut at_work = 0;
    for kill in 0..KILLS {
        let mut child = program.start();
        let left = STEPS.saturating_sub(progress.steps());
        let steps = random.random_range(0..=2 * left / (KILLS - kill));
        progress.advance(steps).await;
        sleep(Duration::from_micros(random.random_range(0..AFTER_MICROS))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        at_work += usize::from(!sender.is_finished() || posts(&fake) < PASTES);
    }
    let rest = Instant::now();
    let mut child = program.start();
    let store = program.settled(&fake, &sender).await;
    child.kill().unwrap();
    child.wait().unwrap();
    echo.abort();

    let met = met.load(Ordering::Relaxed);
    let (calls, limited) = {
        let state = fake.state();
        (state.calls.len(), state.limited)
    };
    println!(
        "{way:?}: {KILLS} kills, {at_work} of them at work; {met} of {calls} calls met something; {limited} were too fast; {} steps; {:.0} s, the last \
         run without a kill {:.0} s of it",
        progress.steps(),
        begun.elapsed().as_secs_f64(),
        rest.elapsed().as_secs_f64(),
    );
    check_store(store).await;
    check_channels(&fake, &pastes.lock().unwrap());
    assert_eq!(fake.state().wrongs, Vec::<String>::new());
    assert!(at_work * 4 > KILLS * 3, "only {at_work} of {KILLS} kills at work");
    assert!(met * 10 > PASTES, "only {met} calls met something");
}

/// How much has happened: calls of the app, and events that it took.
#[derive(Default)]
struct Progress {
    steps: AtomicUsize,
    news: Notify,
}

impl Progress {
    fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }

    fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.news.notify_waiters();
    }

    /// Waits for so many more steps, or until nothing happens any more.
    async fn advance(&self, steps: usize) {
        let goal = self.steps() + steps;
        loop {
            let news = self.news.notified();
            if self.steps() >= goal || timeout(LULL, news).await.is_err() {
                return;
            }
        }
    }
}

/// Every answer to a post, an edit or a look-up may go wrong.
fn weather(fake: &Fake, progress: Arc<Progress>, seed: u64) -> Arc<AtomicUsize> {
    let met = Arc::new(AtomicUsize::new(0));
    let (counted, mut random) = (Arc::clone(&met), StdRng::seed_from_u64(seed));
    fake.weather(move |method| {
        progress.step();
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

/// Pastes by their ids: where each stands, and the registry that it is about.
type Pastes = Arc<Mutex<BTreeMap<String, (String, String)>>>;

/// Sends everything, and each thing until it is taken; a part of it twice, and pastes with a mention as two events.
async fn send(post: Post, seed: u64, pastes: Pastes) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut plan: Vec<Option<usize>> = (0..PASTES).map(Some).chain((0..CHATTER).map(|_| None)).collect();
    for at in (1..plan.len()).rev() {
        plan.swap(at, random.random_range(0..=at));
    }
    let (room, mut all) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for (n, paste) in plan.into_iter().enumerate() {
        let permit = Arc::clone(&room).acquire_owned().await.unwrap();
        let channel = format!("C0PASTE{}", paste.unwrap_or(n % PASTES));
        let host = format!("host{n}.example");
        let text = match paste {
            Some(_) => format!("npm error code E401\nnpm error 401 Unauthorized - GET https://{host}/pkg"),
            None => "npm publish is slow today, anybody else?".to_owned(),
        };
        let event = post.fake.written(&channel, "U0ALICE", &text, None);
        let mut callbacks = vec![post.fake.callback(TEAM, &event)];
        if paste.is_some() {
            pastes.lock().unwrap().insert(text_of(&event, "ts").to_owned(), (channel, host));
            if random.random_bool(0.2) {
                let mut mention = event.clone();
                mention["type"] = json!("app_mention");
                mention["text"] = json!(format!("<@{BOT_USER}> {}", text_of(&event, "text")));
                callbacks.push(post.fake.callback(TEAM, &mention));
            }
        }
        let times = if random.random_bool(0.15) { Times::Twice } else { Times::Once };
        let post = post.clone();
        all.spawn(async move {
            join_all(callbacks.iter().map(|callback| post.insist(callback, times))).await;
            drop(permit);
        });
    }
    all.join_all().await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    Twice,
}

/// Slack's way to the program.
#[derive(Clone)]
struct Post {
    fake: Fake,
    line: Line,
    progress: Arc<Progress>,
}

impl Post {
    /// Repeats an event until it is taken; then once more, if it is to come twice.
    async fn insist(&self, callback: &Value, times: Times) {
        let (mut number, mut left) = (0_usize, if times == Times::Twice { 2 } else { 1 });
        while left > 0 {
            let retry = Retry { number: u32::try_from(number.min(3)).unwrap(), reason: "http_error" };
            let ack = self.fake.deliver(&self.line, Kind::Event, callback, retry).await;
            if ack.is_some_and(|ack| ack.is_good()) {
                left -= 1;
                self.progress.step();
            } else {
                sleep(REPEATS[number.min(2)]).await;
            }
            number += 1;
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

    /// Waits until all is taken and nothing is left to say.
    async fn settled(&self, fake: &Fake, sender: &JoinHandle<()>) -> Store {
        let store = Store::open(&self.database).await.unwrap();
        let begun = Instant::now();
        loop {
            let open = "SELECT COUNT(*) FROM outbox WHERE parked_at IS NULL AND kind <> 'followup'";
            let rows: i64 = sqlx::query_scalar(open).fetch_one(&mut *store.read().await.unwrap()).await.unwrap();
            let through = sender.is_finished() && posts(fake) >= PASTES && rows == 0;
            if through || begun.elapsed() > REST {
                return store;
            }
            sleep(LOOK).await;
        }
    }
}

/// The database at the end.
async fn check_store(store: Store) {
    let mut conn = store.read().await.unwrap();
    let left: Vec<(String, String, i64, Option<String>)> =
        sqlx::query_as("SELECT post_key, kind, attempts, error FROM outbox WHERE kind <> 'followup'")
            .fetch_all(&mut *conn)
            .await
            .unwrap();
    assert!(left.is_empty(), "not said: {left:#?}");
    let pastes = i64::try_from(PASTES).unwrap();
    for (what, select) in [
        ("messages heard", "SELECT COUNT(*) FROM heard"),
        ("occurrences", "SELECT COUNT(*) FROM occurrence"),
        ("fingerprints", "SELECT COUNT(DISTINCT fingerprint) FROM occurrence"),
        ("replies", "SELECT COUNT(*) FROM reply WHERE kind = 'answer'"),
        ("replies whose post is known", "SELECT COUNT(DISTINCT answer) FROM reply"),
    ] {
        let count: i64 = sqlx::query_scalar(select).fetch_one(&mut *conn).await.unwrap();
        assert_eq!(count, pastes, "{what}");
    }
    drop(conn);
    store.close().await;
}
