//! The HTTP server: the routes of all platforms and rooms, whether the program is well, and a stop that loses no request.
//!
//! - `health`: `/healthz` and `/readyz`.
//!
//! Whoever connects gets little time and little memory before it has shown that it may ask.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub mod health;

/// How a server treats those who connect.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time; others wait until one ends.
    pub connections: usize,
    /// How long the head of a request may take, and how long a connection may rest before the next one.
    pub head: Duration,
    /// How long a connection may last. Whoever does not read its answers would keep its place for ever.
    pub age: Duration,
    /// The longest head of a request.
    pub longest_head: usize,
    /// How long requests that are being answered are waited for, at a stop and at a connection's end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            head: Duration::from_secs(15),
            age: Duration::from_mins(5),
            longest_head: 16 * 1024,
            drain: Duration::from_secs(10),
        }
    }
}

/// How long to wait when the system has no connection to give, for want of file handles.
const TROUBLE: Duration = Duration::from_millis(100);

/// Serves until `stop`; then no more connections are taken, and requests that are being answered are waited for.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = async {
                let permit = Arc::clone(&room).acquire_owned().await;
                (permit, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (Ok(permit), Ok((stream, _))) => {
                let (router, stop) = (router.clone(), stop.clone());
                connections.spawn(async move {
                    answer(stream, router, limits, stop).await;
                    drop(permit);
                });
            }
            (_, Err(error)) => {
                tracing::warn!(%error, "cannot take a connection");
                sleep(TROUBLE).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!("stopped while requests were being answered");
    }
}

/// Answers what comes over one connection; on a stop, or when it has lasted for long enough, the request that is being answered is
/// its last.
async fn answer(stream: TcpStream, router: Router, limits: Limits, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.longest_head.max(MINIMUM))
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stop.cancelled() => None,
        () = sleep(limits.age) => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        match timeout(limits.drain, connection).await {
            Ok(ended) => ended,
            Err(_) => return tracing::debug!("a connection was cut off that did not end"),
        }
    };
    // Whoever breaks off in the middle is of no interest.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// The library takes no smaller buffer than this.
const MINIMUM: usize = 8192;
