//! What comes in over all connections is dealt with here: the events of one channel after each other, those of different
//! channels beside each other, and commands and clicks at once.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Permit, Receiver, Sender, UnboundedSender, channel, error::TrySendError};

use crate::slack::{
    Slack,
    wire::{self, Command, text},
};

/// Lanes beside each other: findings that are written at the same time share a commit.
const LANES: usize = 32;
/// Events that may wait in a lane; then no more are read.
const WAITING: usize = 16;

/// Something to deal with, and the connection over which to acknowledge it.
pub(super) struct Job {
    pub envelope: String,
    pub payload: Value,
    /// Whether an answer may go with the acknowledgement.
    pub answers: bool,
    pub acks: UnboundedSender<String>,
}

impl Job {
    fn acknowledge(&self, answer: Option<Value>) {
        let mut ack = json!({ "envelope_id": self.envelope });
        if let (Some(answer), Some(fields), true) = (answer, ack.as_object_mut(), self.answers) {
            fields.insert("payload".to_owned(), answer);
        }
        // Whatever is not acknowledged comes again over another connection.
        let _ = self.acks.send(ack.to_string());
    }
}

/// The lanes. They end when this is dropped.
pub(super) struct Lanes {
    lanes: Vec<Sender<Job>>,
}

impl Lanes {
    pub fn start(slack: &Arc<Slack>) -> Self {
        let lanes = (0..LANES).map(|_| {
            let (jobs, waiting) = channel(WAITING);
            tokio::spawn(work(Arc::clone(slack), waiting));
            jobs
        });
        Self { lanes: lanes.collect() }
    }

    /// Queues an event behind the others of its channel; it comes back with the number of its lane when that is full.
    pub fn put(&self, job: Job) -> Option<(usize, Job)> {
        let mut hasher = DefaultHasher::new();
        place(&job.payload).hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        match self.lanes.get(lane)?.try_send(job) {
            Err(TrySendError::Full(job)) => Some((lane, job)),
            // Only a stop closes lanes, and then Slack sends it again.
            Ok(()) | Err(TrySendError::Closed(_)) => None,
        }
    }

    /// Waits until a lane has room again.
    pub async fn room(&self, lane: usize) -> Option<Permit<'_, Job>> {
        self.lanes.get(lane)?.reserve().await.ok()
    }
}

/// What an event must not overtake others of.
fn place(payload: &Value) -> Option<&str> {
    let event = payload.get("event")?;
    let channel = || event.get("channel").and_then(|channel| text(channel, "id"));
    text(event, "channel").or_else(channel).or_else(|| text(event, "old_channel_id")).or_else(|| text(event, "user"))
}

async fn work(slack: Arc<Slack>, mut waiting: Receiver<Job>) {
    while let Some(job) = waiting.recv().await {
        match safely(slack.event(&job.payload)).await {
            Some(Ok(())) => job.acknowledge(None),
            Some(Err(error)) => {
                let id = text(&job.payload, "event_id");
                tracing::warn!(%error, id, "an event was not taken in; Slack sends it again");
            }
            None => {}
        }
    }
}

/// Carries out a command.
pub(super) async fn command(slack: Arc<Slack>, job: Job) {
    if !slack.workspaces.is_known() {
        return;
    }
    match safely(slack.command(&Command::of_json(&job.payload))).await {
        Some(Ok(answer)) => job.acknowledge(Some(answer)),
        Some(Err(error)) => tracing::warn!(%error, "a command was not carried out; whoever gave it is told"),
        None => {}
    }
}

/// Takes in a click, a shortcut or a modal.
pub(super) async fn interaction(slack: Arc<Slack>, job: Job) {
    if !slack.workspaces.is_known() {
        return;
    }
    match safely(slack.interaction(&job.payload)).await {
        Some(Ok(answer)) => job.acknowledge(answer),
        Some(Err(error)) => tracing::warn!(%error, "a click was not taken in; whoever clicked is told"),
        None => {}
    }
}

/// A fault of ours must not end the lane.
async fn safely<T>(work: impl Future<Output = T>) -> Option<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.inspect_err(|_| tracing::error!("something from Slack met a fault of npmfix")).ok()
}

/// What a frame holds.
pub(super) enum Frame {
    /// The connection stands.
    Hello,
    /// It is going to end.
    Disconnect(String),
    /// Something to deal with.
    Event(Job),
    /// A command.
    Command(Job),
    /// A click, a shortcut or a modal.
    Interaction(Job),
    /// Of a kind that we do not know: it is acknowledged, or it would come again.
    Unknown(Job),
    /// Nothing that can be read.
    Noise,
}

impl Frame {
    /// Reads a frame.
    pub fn of(frame: &str, acks: &UnboundedSender<String>) -> Self {
        let Some(mut frame) = wire::json(frame.as_bytes()) else { return Self::Noise };
        let payload = frame.get_mut("payload").map(Value::take).unwrap_or_default();
        let kind = text(&frame, "type");
        match kind {
            Some("hello") => return Self::Hello,
            Some("disconnect") => {
                return Self::Disconnect(text(&frame, "reason").unwrap_or("no reason").to_owned());
            }
            _ => {}
        }
        let Some(envelope) = text(&frame, "envelope_id") else { return Self::Noise };
        let answers = frame.get("accepts_response_payload") != Some(&Value::Bool(false));
        let job = Job { envelope: envelope.to_owned(), payload, answers, acks: acks.clone() };
        match kind {
            Some("events_api") => Self::Event(job),
            Some("slash_commands") => Self::Command(job),
            Some("interactive") => Self::Interaction(job),
            _ => Self::Unknown(job),
        }
    }
}

impl Job {
    /// Acknowledges without doing anything.
    pub fn pass(&self) {
        self.acknowledge(None);
    }
}
