//! Socket Mode: websockets that the app opens, envelopes that it acknowledges, and the ways in which Slack ends a connection.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::timeout,
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
    },
};

use super::{
    APP, Fake,
    send::{Ack, Kind, Retry},
};

/// How long Slack waits for an acknowledgement.
const LIMIT: Duration = Duration::from_secs(3);

/// A connection as Slack sees it.
#[derive(Debug, Clone)]
pub struct Connection {
    pub number: u64,
    /// Slack sends nothing more over it.
    pub refreshed: bool,
    pub open: bool,
    out: UnboundedSender<Out>,
    /// Envelopes sent over it that nobody has acknowledged.
    waiting: Vec<String>,
}

#[derive(Debug)]
enum Out {
    Send(Value),
    Close,
    /// The network goes away.
    Abrupt,
}

pub async fn accept(fake: Fake, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(fake.clone(), stream));
    }
}

async fn serve(fake: Fake, stream: TcpStream) {
    #[expect(clippy::result_large_err, reason = "the library asks for this shape")]
    let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let query = request.uri().query().unwrap_or_default();
        let ticket = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ticket");
        let known = ticket.is_some_and(|(_, ticket)| fake.state().tickets.remove(&*ticket));
        if known {
            return Ok(response);
        }
        fake.wrong("a websocket without a fresh ticket");
        let mut refused = ErrorResponse::new(None);
        *refused.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
        Err(refused)
    };
    let Ok(mut socket) = accept_hdr_async(stream, check).await else { return };
    let (out, mut orders) = unbounded_channel();
    let number = {
        let mut state = fake.state();
        state.count += 1;
        let number = state.count;
        state.connections.push(Connection { number, refreshed: false, open: true, out, waiting: Vec::new() });
        number
    };
    let hello = json!({
        "type": "hello", "num_connections": 1, "connection_info": {"app_id": APP},
        "debug_info": {"host": "applink-1", "build_number": 50, "approximate_connection_time": 18060},
    });
    let _ = socket.send(text(&hello)).await;
    let _ = socket.send(Message::Ping("Ping from applink-1".into())).await;
    fake.tell();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Out::Send(value)) => if socket.send(text(&value)).await.is_err() { break },
                Some(Out::Close) => { let _ = socket.close(None).await; }
                Some(Out::Abrupt) | None => break,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(frame))) => fake.acknowledged(number, frame.as_str()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(other)) => fake.wrong(format!("a frame that nobody expects: {other:?}")),
            },
        }
    }
    if let Some(connection) = fake.state().connections.iter_mut().find(|c| c.number == number) {
        connection.open = false;
    }
    fake.tell();
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

impl Fake {
    fn acknowledged(&self, number: u64, frame: &str) {
        let ack: Value = serde_json::from_str(frame).unwrap_or_default();
        let Some(envelope) = ack["envelope_id"].as_str() else {
            return self.wrong(format!("no acknowledgement: {frame:.200}"));
        };
        {
            let mut state = self.state();
            let connection = state.connections.iter_mut().find(|c| c.number == number);
            let known = connection.is_some_and(|c| {
                let before = c.waiting.len();
                c.waiting.retain(|waiting| waiting != envelope);
                c.waiting.len() < before
            });
            if !known {
                state.wrongs.push(format!("{envelope} was not sent over this connection, or acknowledged before"));
            }
            state.acks.insert(envelope.to_owned(), ack["payload"].clone());
        }
        self.tell();
    }

    /// The connections that Slack would use, oldest first.
    pub fn connections(&self) -> Vec<u64> {
        self.state().connections.iter().filter(|c| c.open && !c.refreshed).map(|c| c.number).collect()
    }

    /// Waits until the app has so many.
    pub async fn connected(&self, count: usize) {
        let usable = move |c: &&Connection| c.open && !c.refreshed;
        self.until("connections", |state| (state.connections.iter().filter(usable).count() >= count).then_some(()))
            .await;
    }

    /// Waits until a connection is gone.
    pub async fn gone(&self, number: u64) {
        let open = move |c: &Connection| c.number == number && c.open;
        self.until("the end of a connection", |state| (!state.connections.iter().any(open)).then_some(())).await;
    }

    fn order(&self, number: u64, order: Out) {
        if let Some(connection) = self.state().connections.iter_mut().find(|c| c.number == number) {
            let _ = connection.out.send(order);
        }
    }

    /// Says that a connection is going to end; Slack sends nothing more over it after `refresh_requested`.
    pub fn disconnects(&self, number: u64, reason: &str) {
        let frame = json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}});
        self.order(number, Out::Send(frame));
        if let Some(connection) = self.state().connections.iter_mut().find(|c| c.number == number) {
            connection.refreshed = reason != "warning";
        }
    }

    /// Closes a connection as websockets are closed.
    pub fn closes(&self, number: u64) {
        self.order(number, Out::Close);
    }

    /// Cuts a connection.
    pub fn cuts(&self, number: u64) {
        self.order(number, Out::Abrupt);
    }

    /// Sends any frame over a connection.
    pub fn sends(&self, number: u64, frame: Value) {
        self.order(number, Out::Send(frame));
    }

    pub(super) async fn send_envelope(&self, kind: Kind, payload: &Value, retry: Retry) -> Option<Ack> {
        let begun = Instant::now();
        self.connected(1).await;
        let envelope = {
            let mut state = self.state();
            let id = format!("envelope-{}", state.fresh("e"));
            let kind = match kind {
                Kind::Event => "events_api",
                Kind::Command => "slash_commands",
                Kind::Interaction => "interactive",
            };
            let mut frame = json!({
                "envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api",
            });
            if kind == "events_api" {
                frame["retry_attempt"] = json!(retry.number);
                frame["retry_reason"] = json!(retry.reason);
            }
            // In turn, as Slack spreads them.
            let turn = usize::try_from(state.count).unwrap_or_default();
            let mut usable: Vec<&mut Connection> =
                state.connections.iter_mut().filter(|c| c.open && !c.refreshed).collect();
            let at = turn % usable.len().max(1);
            let connection = usable.get_mut(at)?;
            connection.waiting.push(id.clone());
            let number = connection.number;
            let _ = connection.out.send(Out::Send(frame));
            (id, number)
        };
        let acked = self.until("an acknowledgement", |state| match state.acks.get(&envelope.0) {
            Some(body) => Some(Some(body.clone())),
            None if state.connections.iter().any(|c| c.number == envelope.1 && c.open) => None,
            None => Some(None),
        });
        let body = timeout(LIMIT, acked).await.ok().flatten()?;
        Some(Ack { status: 200, body, took: begun.elapsed(), no_retry: false })
    }
}
