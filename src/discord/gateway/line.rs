//! A shard's connection, with what is known about it: up to where everything was heard, and how its connections ended.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::Stream as _;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use twilight_gateway::{
    CloseFrame, ConfigBuilder, Message, Session, Shard, ShardId, ShardState,
    error::{ReceiveMessageError, ReceiveMessageErrorType},
};
use twilight_model::gateway::event::GatewayEventDeserializer;

use super::{
    Settings,
    events::{Events, Moment},
    intents, may_connect,
    refusal::Refusal,
};
use crate::{
    discord::{
        intake::{Open, heard_until},
        rest,
    },
    store::discord::{Kept, Session as KeptSession, Shard as Number},
};

/// Discord acknowledges a heartbeat about every 41 seconds: after this long without a word, a connection is given up.
const SILENCE: Duration = Duration::from_secs(150);
/// Connections that may end within [`RESTLESS`] before there is a pause.
const ENDS: usize = 5;
const RESTLESS: Duration = Duration::from_mins(1);
/// The pause.
const REST: Duration = Duration::from_secs(5);
/// A connection stands after some looks. One that ends as soon as it stands is not seen at all: this many looks are an end too.
const POLLS: u32 = 40;

/// What comes over a connection.
pub(super) enum Word {
    /// An event.
    Said(String),
    /// The connection has ended, and another one is made.
    Ended,
    /// Discord does not want another one.
    Over(Refusal),
}

/// A shard's connection.
pub(super) struct Line<'s> {
    settings: &'s Settings,
    number: Number,
    open: Arc<Open>,
    shard: Shard,
    /// Whether a connection stood when it was last looked.
    stood: bool,
    /// Whether an answer to our own goodbye may come.
    echo: bool,
    /// How often it was looked for a connection that does not stand.
    polls: u32,
    /// The last event that was taken. What the shard read behind it, as it said goodbye, comes again.
    seq: u64,
    /// Everything up to this time was heard.
    heard: Option<Timestamp>,
    /// When Discord last said something over a session that stands: until then, everything came.
    last: Option<Timestamp>,
    /// When it last said anything, or since when a word is waited for.
    word: Instant,
    /// When connections ended.
    ends: VecDeque<Instant>,
    /// With which code the last one ended.
    close: Option<u16>,
}

impl<'s> Line<'s> {
    /// Goes on where a shard stood.
    pub fn new(settings: &'s Settings, number: Number, open: Arc<Open>, kept: Kept) -> Self {
        Self {
            settings,
            number,
            open,
            shard: connect(settings, number, kept.session.as_ref()),
            stood: false,
            echo: false,
            polls: 0,
            seq: kept.session.map_or(0, |session| session.seq),
            heard: kept.live_until,
            last: None,
            word: Instant::now(),
            ends: VecDeque::new(),
            close: None,
        }
    }

    /// When Discord last said something over a session that stands.
    pub fn last_word(&self) -> Option<Timestamp> {
        self.last
    }

    pub fn state(&self) -> ShardState {
        self.shard.state()
    }

    /// When a connection over which nothing comes is given up.
    pub fn patience(&self) -> Instant {
        self.word + SILENCE
    }

    /// What comes next. That a connection has ended is said once, however it ended: twilight itself says nothing of one that ends
    /// without a goodbye, and makes another one at once.
    pub async fn next(&mut self) -> Word {
        loop {
            if self.stood && !stands(self.shard.state()) {
                (self.stood, self.echo) = (false, true);
                return Word::Ended;
            }
            let polled = poll_fn(|context| self.poll(context)).await;
            if polled.is_some() {
                self.polls = 0;
            }
            match polled {
                None => return Word::Ended,
                Some(None) => return Word::Over(Refusal::of(self.close)),
                Some(Some(Ok(Message::Text(json)))) => return Word::Said(json),
                Some(Some(Ok(Message::Close(frame)))) => {
                    self.close = frame.map(|frame| frame.code);
                    self.stood = false;
                    // The answer to our own goodbye is no other end.
                    if !std::mem::take(&mut self.echo) {
                        return Word::Ended;
                    }
                }
                Some(Some(Err(error))) => self.note(&error),
            }
        }
    }

    /// What twilight says next; `None` when it says nothing and makes another connection.
    #[expect(clippy::option_option, reason = "an end of the shard is another thing than an end of a connection")]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Option<Result<Message, ReceiveMessageError>>>> {
        let polled = Pin::new(&mut self.shard).poll_next(context);
        let stands = stands(self.shard.state());
        if stands {
            self.echo = false;
        } else {
            self.polls += 1;
        }
        match polled {
            // What came is dealt with before the end.
            Poll::Ready(next) => {
                self.stood |= stands;
                Poll::Ready(Some(next))
            }
            Poll::Pending if self.polls > POLLS || (self.stood && !stands) => {
                (self.stood, self.polls) = (false, 0);
                Poll::Ready(None)
            }
            Poll::Pending => {
                self.stood = stands;
                Poll::Pending
            }
        }
    }

    /// The text of what is not understood is not logged: it holds what people wrote.
    fn note(&self, error: &ReceiveMessageError) {
        let shard = self.number.number;
        if matches!(error.kind(), ReceiveMessageErrorType::Reconnect) {
            tracing::warn!(shard, reason = %rest::reason(error), "the gateway is not reached");
        } else {
            tracing::warn!(shard, "the gateway is not understood");
        }
    }

    /// Takes in what came.
    pub async fn take(&mut self, json: String, events: &Events) -> Result<(), Refusal> {
        self.word = Instant::now();
        // A greeting, or a session that is refused, says nothing about what came before.
        if self.shard.state() == ShardState::Active {
            self.last = Some(events.now());
        }
        let Some((op, seq, kind)) = GatewayEventDeserializer::from_json(&json).map(head) else { return Ok(()) };
        let (Some(kind), Some(seq), 0) = (kind, seq, op) else { return Ok(()) };
        if kind == "READY" {
            self.open.restart();
            let next = self.shard.resume_url().unwrap_or_default();
            if !may_connect(next, self.settings.loopback) {
                return Err(Refusal::Elsewhere);
            }
        }
        // While a session is being resumed, what came before is told again.
        let replayed = self.shard.state() == ShardState::Resuming;
        let moment = Moment { number: self.number, seq, open: &self.open, heard: self.heard, replayed };
        events.take(&kind, json, &moment).await;
        self.seq = seq;
        if kind == "READY" {
            // Where nothing was heard before, what comes from now on is.
            self.heard = self.heard.or(self.last);
            // A crash in the next seconds must not cost what comes in them. The time stays: what was missed is not read yet.
            let kept = Kept { session: self.session(), live_until: self.heard };
            events.keep(self.number, &kept).await;
        }
        Ok(())
    }

    /// Takes in that a connection has ended, and waits when they end one after the other: each is a sign-in or a resumption, and
    /// Discord counts them.
    pub async fn pause(&mut self, stop: &CancellationToken) {
        tracing::info!(shard = self.number.number, code = self.close, "a connection to the gateway ended");
        // What came until now is dealt with or kept open, so that a new session need not begin further back.
        self.heard = self.heard_by_now();
        let now = Instant::now();
        self.ends.push_back(now);
        while self.ends.front().is_some_and(|end| now.duration_since(*end) > RESTLESS) {
            self.ends.pop_front();
        }
        if self.ends.len() > ENDS {
            tokio::select! {
                () = sleep(REST) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    fn heard_by_now(&self) -> Option<Timestamp> {
        self.last.and_then(|last| heard_until(&self.open, last)).or(self.heard)
    }

    /// Gives up a connection over which nothing comes, and goes on with its session over a new one.
    pub fn renew(&mut self) {
        tracing::warn!(shard = self.number.number, "nothing came from the gateway for long");
        self.word = Instant::now();
        self.stood = false;
        self.shard = connect(self.settings, self.number, self.session().as_ref());
    }

    /// The session as far as it was dealt with.
    fn session(&self) -> Option<KeptSession> {
        let session = self.shard.session()?;
        let seq = self.open.first().map_or(self.seq, |first| first.saturating_sub(1).min(self.seq));
        let resume_url = self.shard.resume_url().unwrap_or(&self.settings.url).to_owned();
        Some(KeptSession { id: session.id().to_owned(), resume_url, seq })
    }

    /// Keeps where this shard stands.
    pub async fn keep(&mut self, events: &Events) {
        events.missed.give_up(self.number, events.now());
        self.heard = self.heard_by_now();
        events.keep(self.number, &Kept { session: self.session(), live_until: self.heard }).await;
    }

    /// Ends the connection such that its session can be resumed.
    pub async fn goodbye(&mut self) {
        if !stands(self.shard.state()) {
            return;
        }
        self.shard.close(CloseFrame::RESUME);
        // The answer is not waited for: behind it, twilight would make another connection.
        poll_fn(|context| {
            while let Poll::Ready(Some(_)) = Pin::new(&mut self.shard).poll_next(context) {}
            Poll::Ready(())
        })
        .await;
    }
}

/// Whether there is a connection.
fn stands(state: ShardState) -> bool {
    matches!(state, ShardState::Active | ShardState::Identifying | ShardState::Resuming)
}

fn connect(settings: &Settings, number: Number, session: Option<&KeptSession>) -> Shard {
    let mut config = ConfigBuilder::new(settings.token.clone(), intents(settings.content))
        .proxy_url(settings.url.trim_end_matches('/').to_owned())
        .queue(settings.queue.clone());
    if let Some(session) = session.filter(|session| may_connect(&session.resume_url, settings.loopback)) {
        config = config
            .session(Session::new(session.seq, session.id.clone()))
            .resume_url(session.resume_url.trim_end_matches('/').to_owned());
    }
    let id = ShardId::new_checked(number.number, number.of).unwrap_or(ShardId::ONE);
    Shard::with_config(id, config.build())
}

fn head(event: GatewayEventDeserializer<'_>) -> (u8, Option<u64>, Option<String>) {
    let (op, seq, kind) = event.into_parts();
    (op, seq, kind.map(std::borrow::Cow::into_owned))
}
