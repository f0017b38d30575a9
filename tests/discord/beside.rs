//! One process serves Slack and Discord: an outage of the one does not slow the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::Uri, response::IntoResponse as _};
use jiff::Timestamp;
use npmfix::{
    answer::{Inline, reply::Reply},
    bot::say::Say,
    message::{ChannelId, TeamId, Where},
    store::{
        Store,
        outbox::{self, Kind, NewRow},
    },
};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    fake::{Fake, State0},
    program::{Program, channel, posts},
    rig::SCOPES,
};

/// Answers that wait for Slack, in as many channels: more than are sent at the same time.
const WAITING: usize = 40;
/// Of these, so many are being sent.
const HANGING: usize = 16;
/// Pastes in Discord meanwhile.
const PASTES: usize = 20;
/// Slack is given twenty seconds for an answer.
const LONGEST: Duration = Duration::from_secs(15);

/// A Slack that knows its bot and says nothing more; how many calls hang.
async fn hanging_slack(fake: &Fake) -> (String, Arc<AtomicUsize>) {
    async fn answer(State((fake, calls)): State<(Fake, Arc<AtomicUsize>)>, uri: Uri) -> axum::response::Response {
        if uri.path().ends_with("/auth.test") {
            return axum::Json(json!({
                "ok": true, "url": "https://acme.slack.example/", "team": "Acme", "user": "npmfix", "team_id": "T0ACME",
                "user_id": "U0BOT", "bot_id": "B0BOT",
            }))
            .into_response();
        }
        calls.fetch_add(1, Ordering::Relaxed);
        fake.news.notify_waiters();
        std::future::pending().await
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, calls) = (format!("http://{}/api/", listener.local_addr().unwrap()), Arc::<AtomicUsize>::default());
    let app = Router::new().fallback(answer).with_state((fake.clone(), Arc::clone(&calls)));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, calls)
}

async fn answers_wait_for_slack(program: &Program) {
    let team = TeamId::parse("slack:T0ACME").unwrap();
    let row = |number: usize| {
        let lane = format!("C0LANE{number}");
        let to = Where::Channel { team: team.clone(), channel: ChannelId::parse(&lane).unwrap() };
        let body = Say::new(to, Reply::say(Inline::plain("Hello."))).to_json();
        NewRow { team: team.clone(), lane, key: outbox::post_key(), kind: Kind::Post, reply: None, body }
    };
    let rows: Vec<NewRow> = (0..WAITING).map(row).collect();
    let store = Store::open(&program.database).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    outbox::put(&mut tx, &rows, Timestamp::now()).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slack_that_hangs_does_not_slow_discord() {
    let fake = Fake::start().await;
    let (slack, calls) = hanging_slack(&fake).await;
    let program = Program::watching(&fake, PASTES).await;
    answers_wait_for_slack(&program).await;
    let token = ["xoxb", "1", "2", "made-up"].join("-");
    let environment =
        [("SLACK_API_URL", slack.as_str()), ("SLACK_BOT_TOKEN", &token), ("SLACK_SIGNING_SECRET", "made-up-secret")];
    let running = program.start(&environment);
    fake.until("a session", |state| state.gateway.session.is_some().then_some(())).await;
    fake.until("calls that hang", |_| (calls.load(Ordering::Relaxed) >= HANGING).then_some(())).await;
    let begun = Instant::now();
    for number in 0..PASTES {
        fake.writes("alice", &channel(number), json!({ "content": SCOPES }));
    }
    fake.until("answers", |state: &mut State0| (posts(state) == PASTES).then_some(())).await;
    let took = begun.elapsed();
    drop(running);
    assert!(took < LONGEST, "{took:?}");
    assert_eq!(fake.state().faults, Vec::<String>::new());
}
