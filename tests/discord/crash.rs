//! Nothing is lost and nothing is said twice in Discord, whatever dies when: `npmfix serve` is killed with SIGKILL again and again
//! while pastes go through, some twice, all among talk; connections end in every way, sessions are refused, and Discord's answers
//! are limits, errors, halves and silence. The counts are printed: `cargo test --test discord crash -- --nocapture`.

use std::{
    collections::BTreeMap,
    hint::spin_loop,
    time::{Duration, Instant},
};

use npmfix::store::Store;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    fake::{Fake, Seen, State0, Trouble, gateway::Order},
    program::{Program, channel, posts},
};

/// Pastes, each about a registry of its own.
const PASTES: usize = 500;
/// Channels that they stand in. After a sign-in, each is read from where the one before it ended.
const CHANNELS: usize = 40;
/// Talk beside them.
const CHATTER: usize = 500;
/// Pastes that wait for their answers at the same time.
const AT_ONCE: usize = 12;
/// Kills that have to happen.
const KILLS: usize = 50;
/// How long the program lives at most when nothing happens.
const LULL: Duration = Duration::from_secs(5);
/// How long after something happened a kill falls, at most.
const AFTER_MICROS: u64 = 10_000;
/// How long the last run may take: a post that several kills met waits for two minutes before it is tried again.
const REST: Duration = Duration::from_mins(5);
/// One in so many calls meets something.
const OFTEN: u32 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_paste_is_answered_once_however_often_the_program_is_killed() {
    let begun = Instant::now();
    let fake = Fake::start().await;
    let mut random = StdRng::seed_from_u64(20_261_130);
    weather(&fake, random.random());
    let program = Program::watching(&fake, CHANNELS).await;
    // From its first sign-in on, nothing may be lost.
    let mut running = program.start(&[]);
    fake.until("a session", |state| state.gateway.session.is_some().then_some(())).await;
    let sender = tokio::spawn(send(fake.clone(), random.random()));
    let mut at_work = 0;
    for kill in 0..KILLS {
        let left = PASTES.saturating_sub(posts(&fake.state()));
        advance(&fake, random.random_range(0..=2 * left / (KILLS - kill))).await;
        spin(Duration::from_micros(random.random_range(0..AFTER_MICROS)));
        drop(running);
        at_work += usize::from(!sender.is_finished() || posts(&fake.state()) < PASTES);
        running = program.start(&[]);
    }
    let rest = Instant::now();
    let pastes = timeout(REST, sender).await.unwrap_or_else(|_| panic!("answered: {}", posts(&fake.state()))).unwrap();
    program.settles(&fake, REST).await;
    let last = rest.elapsed();
    drop(running);
    let all = format!(
        "{:.0} s, the last run without a kill {:.0} s of it",
        begun.elapsed().as_secs_f64(),
        last.as_secs_f64()
    );
    check_and_tell(&fake.state(), &pastes, at_work, &all);
    check_store(&program).await;
}

/// What happened, and that it was enough and all as it should be.
#[expect(clippy::print_stdout, reason = "where the kills fell is worth a line")]
fn check_and_tell(state: &State0, pastes: &Pastes, at_work: usize, times: &str) {
    let gateway = &state.gateway;
    println!(
        "{KILLS} kills, {at_work} of them at work; {} connections, {} sessions, {} resumptions tried; {} of {} calls met something; {times}",
        gateway.connections,
        gateway.identifies,
        gateway.resumes.len(),
        state.met,
        state.calls.len(),
    );
    assert_eq!(state.faults, Vec::<String>::new());
    check_channels(state, pastes);
    assert!(at_work * 4 > KILLS * 3, "only {at_work} of {KILLS} kills at work");
    assert!(gateway.identifies > 3 && gateway.resumes.len() > KILLS / 2, "too little happened to the connection");
    assert!(state.met > PASTES / 20, "only {} calls met something", state.met);
}

/// Many calls go wrong: as a limit, before something was done, after it, or half-way through the answer.
fn weather(fake: &Fake, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    fake.weather(move |route| {
        if !matches!(route, "post" | "channel" | "roles" | "messages") {
            return None;
        }
        Some(match random.random_range(0..OFTEN * 6) {
            0 => Trouble::Limited { seconds: 0.2, global: false },
            1 => Trouble::Limited { seconds: 0.2, global: true },
            2 => Trouble::Refused(500, 0),
            3 => Trouble::Lost,
            4 => Trouble::Cut,
            5 if route == "post" => Trouble::Garbled,
            _ => return None,
        })
    });
}

/// Waits for so many more answers, or until nothing happens any more.
async fn advance(fake: &Fake, answers: usize) {
    let goal = posts(&fake.state()) + answers;
    loop {
        let news = fake.news.notified();
        if posts(&fake.state()) >= goal || timeout(LULL, news).await.is_err() {
            return;
        }
    }
}

fn spin(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        spin_loop();
    }
}

/// Pastes by their ids, with the registry that each is about.
type Pastes = BTreeMap<String, String>;

/// Sends everything, a few at a time, a part of it twice; and connections end.
async fn send(fake: Fake, seed: u64) -> Pastes {
    let mut random = StdRng::seed_from_u64(seed);
    let mut plan: Vec<Option<usize>> = (0..PASTES).map(Some).chain((0..CHATTER).map(|_| None)).collect();
    for at in (1..plan.len()).rev() {
        plan.swap(at, random.random_range(0..=at));
    }
    let mut pastes = Pastes::new();
    for (n, paste) in plan.into_iter().enumerate() {
        let text = match paste {
            Some(paste) => {
                format!("npm error code E401\nnpm error 401 Unauthorized - GET https://host{paste}.example/pkg")
            }
            None => "npm publish is slow today, anybody else?".to_owned(),
        };
        let message = fake.writes("alice", &channel(paste.unwrap_or(n) % CHANNELS), json!({ "content": text }));
        if let Some(paste) = paste {
            pastes.insert(message["id"].as_str().unwrap().to_owned(), format!("host{paste}.example"));
        }
        if random.random_bool(0.15) {
            fake.dispatch("MESSAGE_CREATE", message);
        }
        if random.random_bool(0.06) {
            trouble(&fake, &mut random);
        }
        let room = |state: &mut State0| (pastes.len() < posts(state) + AT_ONCE).then_some(());
        fake.until(&format!("answers to {} pastes", pastes.len()), room).await;
    }
    fake.state().gateway.deaf = false;
    let all = |state: &mut State0| (posts(state) >= PASTES).then_some(());
    fake.until("all answers", all).await;
    pastes
}

/// A connection ends in one way or another.
fn trouble(fake: &Fake, random: &mut StdRng) {
    let gateway = &mut fake.state().gateway;
    gateway.deaf = false;
    let op = |op: u64, data: Value| Order::Send(json!({ "op": op, "s": null, "t": null, "d": data }).to_string());
    match random.random_range(0..8) {
        0 => gateway.order(Order::Cut),
        1 => gateway.order(Order::Close(4000)),
        2 => gateway.order(Order::Close(4009)),
        3 => gateway.order(op(7, Value::Null)),
        4 => gateway.order(op(9, json!(true))),
        5 => {
            gateway.end_session();
            gateway.order(op(9, json!(false)));
        }
        6 => {
            // Found out only by whoever comes back.
            gateway.end_session();
            gateway.order(Order::Cut);
        }
        _ => gateway.deaf = true,
    }
}

/// Each paste has one answer, about its own registry; nothing else has any.
fn check_channels(state: &State0, pastes: &Pastes) {
    let mut answers: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for seen in &state.seen {
        let Seen::Posted(message) = seen else { panic!("{seen:?}") };
        answers.entry(message["message_reference"]["message_id"].as_str().unwrap()).or_default().push(message);
    }
    for (id, host) in pastes {
        let found = answers.remove(id.as_str()).unwrap_or_default();
        assert_eq!(found.len(), 1, "the paste about {host}: {found:#?}");
        assert!(found[0].to_string().contains(&format!("--registry=https://{host}/")), "{host}: {:#}", found[0]);
    }
    assert!(answers.is_empty(), "nobody asked: {answers:#?}");
    assert_eq!(pastes.len(), PASTES);
}

/// The database at the end.
async fn check_store(program: &Program) {
    let store = Store::open(&program.database).await.unwrap();
    let mut conn = store.read().await.unwrap();
    let left: Vec<(String, String, i64, Option<String>)> =
        sqlx::query_as("SELECT post_key, kind, attempts, error FROM outbox WHERE kind <> 'followup'")
            .fetch_all(&mut *conn)
            .await
            .unwrap();
    assert!(left.is_empty(), "not said: {left:#?}");
    for (what, select) in [
        ("messages heard", "SELECT COUNT(*) FROM heard"),
        ("occurrences", "SELECT COUNT(*) FROM occurrence"),
        ("fingerprints", "SELECT COUNT(DISTINCT fingerprint) FROM occurrence"),
        ("replies", "SELECT COUNT(*) FROM reply WHERE kind = 'answer'"),
        ("replies whose post is known", "SELECT COUNT(DISTINCT answer) FROM reply"),
    ] {
        let count: i64 = sqlx::query_scalar(select).fetch_one(&mut *conn).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), PASTES, "{what}");
    }
    drop(conn);
    store.close().await;
}
