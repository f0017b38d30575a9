//! The load: events at a fixed rate, whether the bot keeps up or not, over kept connections or websockets, and what became of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    time::{sleep, sleep_until, timeout},
};

use crate::{
    contestant::Way,
    platform::{BOT_USER, Platform, Record, TEAM, ts},
};

/// One of twenty is a paste.
const PASTE: usize = 20;
/// Channels in which people talk.
const CHANNELS: usize = 20;
/// Connections that Slack keeps to the bot.
const CONNECTIONS: usize = 16;
/// How long Slack waits for an acknowledgement.
const LIMIT: Duration = Duration::from_secs(3);
/// How long answers may still come when all is sent.
const DRAIN: Duration = Duration::from_secs(6);
/// What is signed.
pub const SECRET: &str = "8f742231b10e8888abcd99baa4f3c2d1";

/// Where pastes are written.
#[derive(Debug, Clone, Copy)]
pub enum Places {
    /// Each in a channel of its own: nobody waits for Slack's pace of one post a second and channel.
    Apart,
    /// In the channels in which people talk.
    Together,
}

/// A run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub way: Way,
    pub port: u16,
    pub rate: f64,
    pub length: Duration,
    pub places: Places,
}

/// What a run showed; times in milliseconds.
#[derive(Debug, Default, Clone)]
pub struct Shown {
    pub events: usize,
    pub pastes: usize,
    pub lost: usize,
    pub unacked: usize,
    pub doubles: usize,
    pub strays: usize,
    /// From when an event was due to its acknowledgement.
    pub ack: Times,
    /// From when a paste was due to its reply.
    pub reply: Times,
    /// From the acknowledgement to the reply.
    pub post: Times,
    /// How late events were sent.
    pub late: Times,
}

#[derive(Debug, Default, Clone)]
pub struct Times(Vec<f64>);

impl Times {
    fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self(all)
    }

    pub fn at(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let at = ((self.0.len() as f64 * part) as usize).min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }
}

impl Shown {
    pub fn is_whole(&self) -> bool {
        self.lost + self.unacked + self.doubles + self.strays == 0
    }
}

/// An event on its way: its number, unless it is an echo, and what is said.
enum Job {
    Event(usize, String),
    Echo(String),
}

/// Sends and counts. The numbers of events go on from run to run, so that no two pastes are alike.
pub struct Load {
    pub platform: Platform,
    echoes: UnboundedReceiver<String>,
}

impl Load {
    pub async fn new() -> Self {
        let (sender, echoes) = unbounded_channel();
        Self { platform: Platform::start(sender).await, echoes }
    }

    /// Sends one event until the bot takes it.
    pub async fn first_ack(&mut self, plan: &Plan) -> Duration {
        let begun = Instant::now();
        loop {
            let number = self.enter(false, begun);
            let event = callback(number, &message(number, "C00000000"));
            let acked = match plan.way {
                Way::Http => match TcpStream::connect(("127.0.0.1", plan.port)).await {
                    Ok(mut stream) => exchange(&mut stream, &request(&event)).await == Some(200),
                    Err(_) => false,
                },
                Way::Socket => {
                    self.platform.send(envelope(number, &event)) && {
                        let until = Instant::now() + Duration::from_millis(200);
                        while self.platform.book().records[number].acked.is_none() && Instant::now() < until {
                            sleep(Duration::from_micros(200)).await;
                        }
                        self.platform.book().records[number].acked.is_some()
                    }
                }
            };
            if acked {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not start");
            sleep(Duration::from_micros(500)).await;
        }
    }

    fn enter(&self, paste: bool, due: Instant) -> usize {
        let mut book = self.platform.book();
        book.records.push(Record { paste, due, sent: None, acked: None, replied: None });
        book.records.len() - 1
    }

    /// Sends at a rate for a while, and waits for what is still to come.
    pub async fn run(&mut self, plan: &Plan) -> Shown {
        let (jobs, queue) = unbounded_channel();
        let workers: Vec<_> = match plan.way {
            Way::Http => {
                let queue = Arc::new(Mutex::new(queue));
                (0..CONNECTIONS)
                    .map(|_| tokio::spawn(post(self.platform.clone(), plan.port, Arc::clone(&queue))))
                    .collect()
            }
            Way::Socket => vec![tokio::spawn(push(self.platform.clone(), queue))],
        };
        let (before, doubles, strays) = {
            let book = self.platform.book();
            (book.records.len(), book.doubles, book.strays)
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of events")]
        let count = (plan.rate * plan.length.as_secs_f64()) as usize;
        let begun = Instant::now();
        let mut sent = 0;
        while sent < count {
            while let Ok(echo) = self.echoes.try_recv() {
                let _ = jobs.send(Job::Echo(echo));
            }
            #[expect(clippy::cast_precision_loss, reason = "a time")]
            let due = begun + Duration::from_secs_f64(sent as f64 / plan.rate);
            if due > Instant::now() {
                sleep_until(tokio::time::Instant::from_std(due)).await;
                continue;
            }
            self.send(&jobs, plan, due);
            sent += 1;
        }
        let end = Instant::now() + DRAIN;
        while Instant::now() < end && !self.is_done(before) {
            while let Ok(echo) = self.echoes.try_recv() {
                let _ = jobs.send(Job::Echo(echo));
            }
            sleep(Duration::from_millis(5)).await;
        }
        // A second answer would come a little later.
        sleep(Duration::from_millis(300)).await;
        workers.iter().for_each(tokio::task::JoinHandle::abort);
        self.shown(before, doubles, strays)
    }

    fn send(&self, jobs: &UnboundedSender<Job>, plan: &Plan, due: Instant) {
        let next = self.platform.book().records.len();
        let paste = next % PASTE == 7;
        let number = self.enter(paste, due);
        let talk = format!("C{:08}", number % CHANNELS);
        let channel = match plan.places {
            Places::Apart if paste => format!("C1{number:07}"),
            _ => talk,
        };
        let _ = jobs.send(Job::Event(
            number,
            callback(number, &if paste { pasted(number, &channel) } else { message(number, &channel) }),
        ));
    }

    fn is_done(&self, before: usize) -> bool {
        let book = self.platform.book();
        book.records.iter().skip(before).all(|r| r.acked.is_some() && (!r.paste || r.replied.is_some()))
    }

    fn shown(&self, before: usize, doubles: usize, strays: usize) -> Shown {
        let book = self.platform.book();
        let records: Vec<&Record> = book.records.iter().skip(before).collect();
        let since = |then: Instant, now: Instant| now.saturating_duration_since(then).as_secs_f64() * 1000.0;
        let pastes: Vec<&&Record> = records.iter().filter(|r| r.paste).collect();
        let times = |all: &mut dyn Iterator<Item = Option<f64>>| Times::of(all.flatten().collect());
        Shown {
            events: records.len(),
            pastes: pastes.len(),
            lost: pastes.iter().filter(|r| r.replied.is_none()).count(),
            unacked: records.iter().filter(|r| r.acked.is_none()).count(),
            doubles: book.doubles - doubles,
            strays: book.strays - strays,
            ack: times(&mut records.iter().map(|r| r.acked.map(|acked| since(r.due, acked)))),
            reply: times(&mut pastes.iter().map(|r| r.replied.map(|replied| since(r.due, replied)))),
            post: times(
                &mut pastes.iter().map(|r| r.acked.zip(r.replied).map(|(acked, replied)| since(acked, replied))),
            ),
            late: times(&mut records.iter().map(|r| r.sent.map(|sent| since(r.due, sent)))),
        }
    }
}

/// One kept connection.
async fn post(platform: Platform, port: u16, queue: Arc<Mutex<UnboundedReceiver<Job>>>) {
    let mut stream = None;
    loop {
        let Some(job) = queue.lock().await.recv().await else { return };
        let (number, event) = match job {
            Job::Event(number, event) => (Some(number), event),
            Job::Echo(event) => (None, echo(&event)),
        };
        let open = match stream.take() {
            Some(open) => Some(open),
            None => TcpStream::connect(("127.0.0.1", port)).await.ok(),
        };
        let Some(mut open) = open else { continue };
        let _ = open.set_nodelay(true);
        if let Some(number) = number {
            platform.book().records[number].sent = Some(Instant::now());
        }
        match timeout(LIMIT, exchange(&mut open, &request(&event))).await {
            Ok(Some(200)) => {
                if let Some(number) = number {
                    platform.book().records[number].acked = Some(Instant::now());
                }
                stream = Some(open);
            }
            Ok(Some(_)) => platform.book().refused += 1,
            _ => {}
        }
    }
}

/// All of the bot's websockets.
async fn push(platform: Platform, mut queue: UnboundedReceiver<Job>) {
    while let Some(job) = queue.recv().await {
        match job {
            Job::Event(number, event) => {
                platform.book().records[number].sent = Some(Instant::now());
                platform.send(envelope(number, &event));
            }
            Job::Echo(event) => {
                platform.send(envelope(usize::MAX, &echo(&event)));
            }
        }
    }
}

/// Sends a request and reads the answer's status, and the answer to its end.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Option<u16> {
    stream.write_all(request).await.ok()?;
    let mut answer = Vec::with_capacity(512);
    loop {
        if let Some(end) = memchr::memmem::find(&answer, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(answer.get(..end)?).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let done = match length.and_then(|length| length.trim().parse::<usize>().ok()) {
                Some(length) => answer.len() >= end + 4 + length,
                None if head.contains("chunked") => answer.ends_with(b"0\r\n\r\n"),
                None => true,
            };
            if done {
                return head.split_whitespace().nth(1)?.parse().ok();
            }
        }
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    }
}

fn request(body: &str) -> Vec<u8> {
    let at = jiff::Timestamp::now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:").as_bytes());
    mac.update(body.as_bytes());
    let mut signature = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        signature.push(char::from_digit(u32::from(byte >> 4), 16).unwrap());
        signature.push(char::from_digit(u32::from(byte & 15), 16).unwrap());
    }
    format!(
        "POST /slack/events HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Slackbot 1.0\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nx-slack-request-timestamp: {at}\r\nx-slack-signature: v0={signature}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn envelope(number: usize, event: &str) -> String {
    let id = if number == usize::MAX { "echo".to_owned() } else { number.to_string() };
    format!(
        "{{\"envelope_id\":\"{id}\",\"payload\":{event},\"type\":\"events_api\",\"accepts_response_payload\":false,\
         \"retry_attempt\":0,\"retry_reason\":\"\"}}"
    )
}

fn callback(number: usize, event: &Value) -> String {
    around(&format!("Ev{number:09}"), event)
}

fn echo(event: &str) -> String {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    around(&format!("EvE{}", event["ts"].as_str().unwrap_or_default()), &event)
}

fn around(id: &str, event: &Value) -> String {
    json!({
        "token": "unused", "team_id": TEAM, "context_team_id": TEAM, "context_enterprise_id": null, "api_app_id": "A0BENCH",
        "event": event, "type": "event_callback", "event_id": id, "event_time": 1_760_000_000,
        "authorizations": [{
            "enterprise_id": null, "team_id": TEAM, "user_id": BOT_USER, "is_bot": true, "is_enterprise_install": false
        }],
        "is_ext_shared_channel": false, "event_context": format!("4-{id}"),
    })
    .to_string()
}

fn said(number: usize, channel: &str, text: &str, elements: &Value) -> Value {
    let ts = ts(number);
    json!({
        "type": "message", "client_msg_id": format!("{number:032}"), "text": text, "user": format!("U{:04}", number % 50),
        "ts": ts, "team": TEAM, "channel": channel, "event_ts": ts, "channel_type": "channel",
        "blocks": [{"type": "rich_text", "block_id": "b", "elements": [{"type": "rich_text_section", "elements": elements}]}],
    })
}

fn message(number: usize, channel: &str) -> Value {
    let text = format!(
        "ok so to summarise {number}: the staging deploy is green again, the npm cache was stale and the 403 came from the CDN, \
         not from us. I will write it up for the runbook tomorrow, thanks team!"
    );
    said(number, channel, &text, &json!([{"type": "text", "text": text}]))
}

fn pasted(number: usize, channel: &str) -> Value {
    let head = "npm error code E401\nnpm error 401 Unauthorized - GET ";
    let link = format!("https://host{number}.example/pkg");
    let elements = json!([{"type": "text", "text": head}, {"type": "link", "url": link}]);
    said(number, channel, &format!("{head}<{link}>"), &elements)
}
