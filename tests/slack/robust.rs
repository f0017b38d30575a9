//! Requests that are not Slack's, or not what Slack would send: nothing falls over, nothing is said, and no memory is kept.

use std::{fmt::Write as _, time::Duration};

use axum::{
    body::Bytes,
    http::{Request, StatusCode},
};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use npmfix::web::Limits;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    desk::{ALICE, Desk, GENERAL, PASTE},
    fake::{
        PATIENCE, TEAM,
        http::{form, signature},
        send::{Kind, Line, Retry},
    },
};

/// Requests that are generated.
const REQUESTS: u64 = 10_000;
/// What the process may have grown by after the first half.
const GROWTH: u64 = 16 * 1024 * 1024;

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(300)).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }
}

/// Puts something odd somewhere.
fn mutate(value: &mut Value, chance: &mut Chance) {
    let odd =
        [json!(null), json!(-1), json!(1e300), json!([]), json!({}), json!("x"), json!(true), json!("\u{0}<@|>&lt;")];
    match value {
        Value::Object(fields) if !fields.is_empty() && chance.below(6) > 0 => {
            let at = usize::try_from(chance.below(fields.len() as u64)).unwrap();
            if let Some(inner) = fields.values_mut().nth(at) {
                mutate(inner, chance);
            }
        }
        Value::Array(items) if !items.is_empty() && chance.below(6) > 0 => {
            let at = usize::try_from(chance.below(items.len() as u64)).unwrap();
            mutate(&mut items[at], chance);
        }
        other => *other = chance.of(&odd.iter().collect::<Vec<_>>()).clone(),
    }
}

/// A request and what may come back.
struct Try {
    path: &'static str,
    at: i64,
    body: Vec<u8>,
    /// What it is signed with.
    secret: String,
    expected: &'static [u16],
}

fn generate(desk: &Desk, templates: &[Value], chance: &mut Chance) -> Try {
    let now = jiff::Timestamp::now().as_second();
    let secret = desk.fake.signing_secret();
    let path = *chance.of(&[&"/slack/events", &"/slack/commands", &"/slack/interactions"]);
    let good = |path, body, expected| Try { path, at: now, body, secret: secret.clone(), expected };
    match chance.below(8) {
        0 => Try { secret: "another".to_owned(), ..good(path, PASTE.as_bytes().to_vec(), &[401]) },
        1 => Try { at: now - 301 - 60, ..good(path, b"{}".to_vec(), &[401]) },
        2 => Try { at: now + 301 + 60, ..good(path, b"{}".to_vec(), &[401]) },
        3 => good("/slack/events", chance.bytes(), &[200, 400, 411]),
        4 => {
            let deep = usize::try_from(chance.below(5000)).unwrap();
            good("/slack/events", format!("{{\"event\":{}", "[{\"a\":".repeat(deep)).into_bytes(), &[400])
        }
        5 => good("/slack/interactions", form(&[("payload", &String::from_utf8_lossy(&chance.bytes()))]), &[200, 400]),
        6 => {
            let mut noise = form(&[("team_id", TEAM), ("text", &String::from_utf8_lossy(&chance.bytes()))]);
            noise.extend(chance.bytes());
            good("/slack/commands", noise, &[200, 400, 409])
        }
        _ => {
            let at = usize::try_from(chance.below(templates.len() as u64)).unwrap();
            let mut event = templates[at].clone();
            for _ in 0..=chance.below(4) {
                mutate(&mut event, chance);
            }
            good("/slack/events", event.to_string().into_bytes(), &[200])
        }
    }
}

/// The memory of this process.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok()).unwrap_or(0) * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_that_are_not_slacks_change_nothing() {
    let (desk, _folder) = Desk::open().await;
    let Line::Http(base) = desk.over_http(Limits::default()).await else { unreachable!() };
    let said = desk.fake.written(GENERAL, ALICE, "lunch at twelve?", None);
    let edited = desk.fake.edited(GENERAL, said["ts"].as_str().unwrap(), "lunch at one?");
    let templates = [
        desk.fake.callback(TEAM, &said),
        desk.fake.callback(TEAM, &edited),
        desk.fake.callback(TEAM, &json!({"type": "channel_rename", "channel": {"id": GENERAL, "name": "x"}})),
        desk.fake.callback(TEAM, &json!({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}})),
    ];
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut chance = Chance(42);
    let mut half = 0;
    for number in 0..REQUESTS {
        if number == REQUESTS / 2 {
            half = memory();
        }
        let Try { path, at, body, secret, expected } = generate(&desk, &templates, &mut chance);
        let request = Request::post(format!("{base}{path}"))
            .header("x-slack-request-timestamp", at.to_string())
            .header("x-slack-signature", signature(&secret, at, &body))
            .body(Full::new(Bytes::from(body.clone())))
            .unwrap();
        let answer = timeout(PATIENCE, client.request(request)).await.unwrap().unwrap();
        let status = answer.status().as_u16();
        answer.into_body().collect().await.unwrap();
        assert!(expected.contains(&status), "{status} for {path} {}", String::from_utf8_lossy(&body));
    }
    let grown = memory().saturating_sub(half);
    assert!(grown < GROWTH, "{grown} bytes more than after half of them");
    desk.worker.drain().await.unwrap();
    let posted = desk.fake.calls("chat.postMessage");
    assert!(posted.is_empty(), "{posted:?}");
    // It still does its work.
    let callback = desk.says(PASTE);
    desk.fake.event(&Line::Http(base), &callback).await;
    assert!(desk.heard(&callback).await);
}

#[tokio::test]
async fn a_command_or_a_click_that_somebody_sends_again_is_refused() {
    let (desk, _folder) = Desk::open().await;
    let line = desk.over_http(Limits::default()).await;
    let Line::Http(base) = &line else { unreachable!() };
    for (kind, payload) in [
        (Kind::Command, desk.fake.slash(GENERAL, ALICE, "help")),
        (Kind::Interaction, desk.fake.shortcut("nobody_knows_it", ALICE)),
    ] {
        let request = desk.fake.request(base, kind, &payload, Retry::default());
        let (status, ..) = crate::fake::http::send(request.clone()).await.unwrap();
        assert_eq!(status, 200);
        let (status, ..) = crate::fake::http::send(request).await.unwrap();
        assert_eq!(status, StatusCode::CONFLICT.as_u16());
    }
}

#[tokio::test]
async fn slacks_own_checks_are_answered() {
    let (desk, _folder) = Desk::open().await;
    let line = desk.over_http(Limits::default()).await;
    let Line::Http(base) = &line else { unreachable!() };
    let challenge = json!({"type": "url_verification", "challenge": "3eZbrw1a"});
    let request = desk.fake.request(base, Kind::Event, &challenge, Retry::default());
    let (status, _, body) = crate::fake::http::send(request).await.unwrap();
    assert_eq!((status, &body[..]), (200, &b"3eZbrw1a"[..]));
    for (body, expected) in [("ssl_check=1&token=x", 200), ("ssl_check=0", 401), ("text=x", 401)] {
        let request = Request::post(format!("{base}/slack/commands")).body(Full::new(Bytes::from(body))).unwrap();
        assert_eq!(crate::fake::http::send(request).await.unwrap().0, expected, "{body}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_stored_is_wanted_again() {
    let (desk, _folder) = Desk::open().await;
    let line = desk.over_http(Limits::default()).await;
    let (chatter, paste) = (desk.says("lunch?"), desk.says(PASTE));
    desk.store.close().await;
    let status = |ack: Option<crate::fake::send::Ack>| ack.map(|ack| (ack.status, ack.no_retry));
    let retry = Retry::default();
    assert_eq!(status(desk.fake.deliver(&line, Kind::Event, &chatter, retry).await), Some((200, false)));
    assert_eq!(status(desk.fake.deliver(&line, Kind::Event, &paste, retry).await), Some((503, false)));
    let unreadable = desk.fake.request(&base(&line), Kind::Event, &json!("x"), retry);
    assert_eq!(crate::fake::http::send(unreadable).await.unwrap().0, 200);
}

fn base(line: &Line) -> String {
    match line {
        Line::Http(base) => base.clone(),
        Line::Socket => String::new(),
    }
}

async fn connect(line: &Line) -> TcpStream {
    TcpStream::connect(base(line).trim_start_matches("http://")).await.unwrap()
}

/// What comes back until the other side closes.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // Whoever is cut off in the middle of sending may see the connection reset.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_hundred_megabytes_are_not_taken_in() {
    let (desk, _folder) = Desk::open().await;
    let line = desk.over_http(Limits::default()).await;
    let before = memory();
    let now = jiff::Timestamp::now().as_second();
    let hash = "0".repeat(64);
    let mut head = format!("POST /slack/events HTTP/1.1\r\nhost: x\r\nx-slack-request-timestamp: {now}\r\n");
    let _ = write!(head, "x-slack-signature: v0={hash}\r\n");
    for (length, expected) in [("content-length: 104857600", "413"), ("transfer-encoding: chunked", "411")] {
        let mut stream = connect(&line).await;
        stream.write_all(format!("{head}{length}\r\n\r\n").as_bytes()).await.unwrap();
        let chunk = vec![b'a'; 1024 * 1024];
        let mut sent = 0;
        while sent < 100 && timeout(PATIENCE, stream.write_all(&chunk)).await.is_ok_and(|sent| sent.is_ok()) {
            sent += 1;
        }
        assert!(sent < 100, "all of it was read");
        let mut stream = connect(&line).await;
        stream.write_all(format!("{head}{length}\r\n\r\n").as_bytes()).await.unwrap();
        let mut bytes = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut bytes)).await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains(expected), "{length}");
    }
    assert!(memory().saturating_sub(before) < GROWTH);
}

#[tokio::test]
async fn whoever_dawdles_is_cut_off_and_keeps_nobody_waiting() {
    let (desk, _folder) = Desk::open().await;
    let limits = Limits { connections: 4, head: Duration::from_millis(300), ..Limits::default() };
    let line = desk.over_http(limits).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&line).await;
        stream.write_all(b"POST /slack/events HTTP/1.1\r\nhost: x\r\nx-a: ").await.unwrap();
        slow.push(stream);
    }
    // All places are taken, and free again soon.
    let callback = desk.says(PASTE);
    desk.fake.event(&line, &callback).await;
    assert!(desk.heard(&callback).await);
    for mut stream in slow {
        let end = answer(&mut stream).await;
        assert!(end.is_empty() || end.contains("408"), "{end}");
    }
}

#[tokio::test]
async fn whoever_reads_no_answer_keeps_no_place() {
    let (desk, _folder) = Desk::open().await;
    let (age, drain) = (Duration::from_millis(500), Duration::from_millis(200));
    let limits = Limits { connections: 1, age, drain, ..Limits::default() };
    let line = desk.over_http(limits).await;
    let mut deaf = connect(&line).await;
    let requests = "GET /slack/commands HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    // Until nothing goes through any more, or it is cut off.
    while timeout(Duration::from_millis(300), deaf.write_all(requests.as_bytes())).await.is_ok_and(|sent| sent.is_ok())
    {
    }
    let callback = desk.says(PASTE);
    desk.fake.event(&line, &callback).await;
    assert!(desk.heard(&callback).await);
}

#[tokio::test]
async fn half_a_body_is_not_waited_for() {
    let (desk, _folder) = Desk::open().await;
    let line = desk.over_http(Limits::default()).await;
    let now = jiff::Timestamp::now().as_second();
    let mut stream = connect(&line).await;
    let head = format!(
        "POST /slack/events HTTP/1.1\r\nhost: x\r\nx-slack-request-timestamp: {now}\r\nx-slack-signature: v0={}\r\n\
         content-length: 100\r\n\r\nhalf",
        "0".repeat(64)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut bytes)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("408"));
}
