//! Slack's events on their way to the bot, over kept connections or websockets.

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
        mpsc::{UnboundedReceiver, unbounded_channel},
    },
    time::{sleep, timeout},
};

use super::{
    contestant::Way,
    load::{
        book::Shown,
        pace::{self, Pace},
        texts::{CHANNELS, pasted, talk},
    },
    platform::{BOT_USER, Platform, TEAM, ts},
};

/// Connections that Slack keeps to the bot.
const CONNECTIONS: usize = 16;
/// How long Slack waits for an acknowledgement.
const LIMIT: Duration = Duration::from_secs(3);
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

/// How events go to the bot.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub way: Way,
    pub port: u16,
    pub places: Places,
}

/// An event on its way: its number, unless it is an echo, and what is said.
enum Job {
    Event(usize, String),
    Echo(String),
}

/// Sends.
pub struct Events {
    pub platform: Platform,
    echoes: UnboundedReceiver<String>,
}

impl Events {
    pub async fn new() -> Self {
        let (sender, echoes) = unbounded_channel();
        Self { platform: Platform::start(sender).await, echoes }
    }

    /// Sends one event until the bot takes it.
    pub async fn first_ack(&mut self, plan: &Plan) -> Duration {
        let begun = Instant::now();
        loop {
            let number = self.platform.book().lock().enter(false, begun);
            let event = callback(number, &message(number, "C00000000"));
            let acked = match plan.way {
                Way::Http => match TcpStream::connect(("127.0.0.1", plan.port)).await {
                    Ok(mut stream) => exchange(&mut stream, &request(&event)).await == Some(200),
                    Err(_) => false,
                },
                Way::Socket => {
                    self.platform.send(envelope(number, &event)) && {
                        let until = Instant::now() + Duration::from_millis(200);
                        while self.platform.book().lock().records[number].acked.is_none() && Instant::now() < until {
                            sleep(Duration::from_micros(200)).await;
                        }
                        self.platform.book().lock().records[number].acked.is_some()
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

    /// Sends at a rate for a while, and waits for what is still to come.
    pub async fn run(&mut self, plan: &Plan, pace: Pace) -> Shown {
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
        let send = |number, paste| {
            let talks = format!("C{:08}", number % CHANNELS);
            let channel = match plan.places {
                Places::Apart if paste => format!("C1{number:07}"),
                _ => talks,
            };
            let event = if paste { failure(number, &channel) } else { message(number, &channel) };
            let _ = jobs.send(Job::Event(number, callback(number, &event)));
        };
        let echoes = &mut self.echoes;
        let between = || {
            while let Ok(echo) = echoes.try_recv() {
                let _ = jobs.send(Job::Echo(echo));
            }
        };
        let shown = pace::run(&self.platform.book(), pace, send, between).await;
        workers.iter().for_each(tokio::task::JoinHandle::abort);
        shown
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
            platform.book().lock().records[number].sent = Some(Instant::now());
        }
        match timeout(LIMIT, exchange(&mut open, &request(&event))).await {
            Ok(Some(200)) => {
                if let Some(number) = number {
                    platform.book().lock().records[number].acked = Some(Instant::now());
                }
                stream = Some(open);
            }
            Ok(Some(_)) => platform.book().lock().refused += 1,
            _ => {}
        }
    }
}

/// All of the bot's websockets.
async fn push(platform: Platform, mut queue: UnboundedReceiver<Job>) {
    while let Some(job) = queue.recv().await {
        match job {
            Job::Event(number, event) => {
                platform.book().lock().records[number].sent = Some(Instant::now());
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
    let text = talk(number);
    said(number, channel, &text, &json!([{"type": "text", "text": text}]))
}

fn failure(number: usize, channel: &str) -> Value {
    let (head, link) = pasted(number);
    let elements = json!([{"type": "text", "text": head}, {"type": "link", "url": link}]);
    said(number, channel, &format!("{head}<{link}>"), &elements)
}
