//! What must not happen, and happens: a fault of ours in the middle of an event costs nothing but that delivery of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use jiff::Timestamp;
use npmfix::{bot::outbox::Clock, slack::socket::Settings, store::Store, web::Limits};
use rstest::rstest;
use tempfile::TempDir;

use crate::{
    desk::{Desk, PASTE},
    fake::{
        Fake,
        send::{Kind, Line, Retry},
    },
};

/// A clock that fails once, at one of the next times that it is asked.
fn failing() -> (Clock, Arc<AtomicUsize>) {
    let fuse = Arc::new(AtomicUsize::new(usize::MAX));
    let left = Arc::clone(&fuse);
    let clock: Clock = Arc::new(move || {
        // Not `panic!`: nobody is to read of it.
        if left.fetch_sub(1, Ordering::Relaxed) == 0 {
            std::panic::resume_unwind(Box::new("the clock fails"));
        }
        Timestamp::now()
    });
    (clock, fuse)
}

#[rstest]
// Over HTTP the clock is asked first how old the request is.
#[case::http(Some(()), 1)]
#[case::socket(None, 0)]
#[tokio::test]
async fn a_fault_in_one_event_costs_no_other(#[case] http: Option<()>, #[case] before: usize) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("test.db").display())).await.unwrap();
    let (clock, fuse) = failing();
    let desk = Desk::at(Fake::start().await, store, clock).await;
    let line = if http.is_some() { desk.over_http(Limits::default()).await } else { Line::Socket };
    if http.is_none() {
        desk.over_sockets(Settings { connections: 1, ..Settings::default() });
    }
    for round in 0..3 {
        let paste = desk.says(&PASTE.replace("widget", &format!("widget-{round}")));
        fuse.store(before, Ordering::Relaxed);
        let ack = desk.fake.deliver(&line, Kind::Event, &paste, Retry::default()).await;
        assert!(!ack.is_some_and(|ack| ack.is_good()), "it was not stored");
        assert!(!desk.heard(&paste).await);
        // The next ones go through, over the same connection, and so does the same one again.
        let other = desk.says(&PASTE.replace("widget", &format!("gadget-{round}")));
        for event in [&other, &paste] {
            desk.fake.event(&line, event).await;
            assert!(desk.heard(event).await);
        }
    }
    let connections = usize::from(http.is_none());
    assert_eq!(desk.fake.state().connections.len(), connections);
}
