//! One connection, from its first frame to its last acknowledgement.

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use super::{
    CONNECT_TIME, Change, Shared, Socket,
    lanes::{self, Frame, Job},
};

/// A connection.
pub(super) struct Link {
    shared: Arc<Shared>,
    socket: Socket,
    /// Told once when the next connection is to be opened.
    leaving: Option<oneshot::Sender<()>>,
    acks: Option<UnboundedSender<String>>,
    ready: UnboundedReceiver<String>,
    /// An event whose lane is full, and the lane: no more is read until it has its place.
    waiting: Option<(usize, Job)>,
    up: bool,
}

impl Link {
    pub fn new(shared: Arc<Shared>, socket: Socket, leaving: oneshot::Sender<()>) -> Self {
        let (acks, ready) = unbounded_channel();
        Self { shared, socket, leaving: Some(leaving), acks: Some(acks), ready, waiting: None, up: false }
    }

    /// Goes on until the connection ends. What is still being dealt with then comes again over another one.
    pub async fn run(mut self) {
        if let Err(error) = self.serve().await {
            tracing::info!(%error, "a connection to Slack broke");
        }
        if self.up {
            (self.shared.report)(Change::Down);
        }
    }

    async fn serve(&mut self) -> Result<(), tungstenite::Error> {
        let shared = Arc::clone(&self.shared);
        let settings = shared.settings;
        let mut ping = interval(settings.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        // Until when this connection has to do what it does now: to say hello, to end, to finish its work.
        let mut end = Some(Instant::now() + CONNECT_TIME);
        loop {
            let over = sleep_until(end.unwrap_or_else(Instant::now));
            let lane = self.waiting.as_ref().map_or(0, |(lane, _)| *lane);
            tokio::select! {
                frame = self.socket.next(), if self.acks.is_some() && self.waiting.is_none() => {
                    heard = Instant::now();
                    match frame {
                        Some(Ok(Message::Text(frame))) => match self.take(frame.as_str()) {
                            Taken::Hello => end = None,
                            Taken::Disconnect => end = end.or(Some(Instant::now() + settings.grace)),
                            Taken::Other => {}
                        },
                        Some(Ok(Message::Close(_))) | None => return Ok(()),
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Err(error),
                    }
                }
                room = shared.lanes.room(lane), if self.waiting.is_some() => {
                    if let (Some(room), Some((_, job))) = (room, self.waiting.take()) {
                        room.send(job);
                    }
                    heard = Instant::now();
                }
                ack = self.ready.recv() => match ack {
                    Some(ack) => self.acknowledge(ack).await?,
                    // All is done, and no more is read.
                    None => return self.socket.close(None).await,
                },
                _ = ping.tick() => {
                    if self.acks.is_some() && self.waiting.is_none() && heard.elapsed() > settings.silence {
                        tracing::warn!("Slack has been silent for too long; connecting anew");
                        return Ok(());
                    }
                    self.within(Message::Ping(Bytes::new())).await?;
                }
                () = shared.stop.cancelled(), if self.acks.is_some() => {
                    end = Some(Instant::now() + settings.drain);
                    (self.acks, self.waiting) = (None, None);
                }
                () = over, if end.is_some() => {
                    self.waiting = None;
                    if self.acks.take().is_none() {
                        return Ok(());
                    }
                    end = Some(Instant::now() + settings.drain);
                }
            }
        }
    }

    /// Sends an acknowledgement and all others that are ready.
    async fn acknowledge(&mut self, ack: String) -> Result<(), tungstenite::Error> {
        let mut next = Some(ack);
        while let Some(ack) = next {
            self.socket.feed(Message::Text(ack.into())).await?;
            next = self.ready.try_recv().ok();
        }
        match timeout(CONNECT_TIME, self.socket.flush()).await {
            Ok(sent) => sent,
            Err(_) => Err(tungstenite::Error::ConnectionClosed),
        }
    }

    async fn within(&mut self, message: Message) -> Result<(), tungstenite::Error> {
        match timeout(CONNECT_TIME, self.socket.send(message)).await {
            Ok(sent) => sent,
            Err(_) => Err(tungstenite::Error::ConnectionClosed),
        }
    }

    fn take(&mut self, frame: &str) -> Taken {
        let Some(acks) = &self.acks else { return Taken::Other };
        match Frame::of(frame, acks) {
            Frame::Hello => {
                if !std::mem::replace(&mut self.up, true) {
                    (self.shared.report)(Change::Up);
                }
                return Taken::Hello;
            }
            Frame::Disconnect(reason) => {
                tracing::info!(reason, "Slack announces the end of a connection");
                if let Some(leaving) = self.leaving.take() {
                    let _ = leaving.send(());
                }
                return Taken::Disconnect;
            }
            Frame::Event(job) => self.waiting = self.shared.lanes.put(job),
            Frame::Command(job) => {
                tokio::spawn(lanes::command(Arc::clone(&self.shared.slack), job));
            }
            Frame::Interaction(job) => {
                tokio::spawn(lanes::interaction(Arc::clone(&self.shared.slack), job));
            }
            Frame::Unknown(job) => job.pass(),
            Frame::Noise => tracing::debug!("a frame that cannot be read"),
        }
        Taken::Other
    }
}

/// What a frame means for the connection.
enum Taken {
    Hello,
    Disconnect,
    Other,
}
