//! Socket Mode: connections come and go, and no event is lost or acknowledged too early.

use std::time::Duration;

use npmfix::slack::socket::Settings;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    desk::{ALICE, Desk, GENERAL, PASTE},
    fake::{
        PATIENCE, TEAM,
        send::{Kind, Line, Retry},
    },
    tables,
};

/// Waits as short as they may be.
fn quick() -> Settings {
    Settings {
        backoff: Duration::from_millis(20),
        grace: Duration::from_millis(200),
        jitter: || 0.5,
        ..Settings::default()
    }
}

#[tokio::test]
async fn what_slack_replaces_is_replaced_before_it_goes() {
    let (desk, _folder) = Desk::open().await;
    let running = desk.over_sockets(Settings { connections: 1, ..quick() });
    desk.fake.connected(1).await;
    for reason in ["warning", "refresh_requested"] {
        let old = *desk.fake.connections().last().unwrap();
        desk.fake.disconnects(old, reason);
        // The next one stands while this one is open.
        let others = desk.fake.until("the next connection", |state| {
            let open: Vec<u64> = state.connections.iter().filter(|c| c.open).map(|c| c.number).collect();
            (open.len() > 1).then_some(open)
        });
        assert!(others.await.contains(&old), "{reason}");
        let callback = desk.says(PASTE);
        desk.fake.event(&Line::Socket, &callback).await;
        assert!(desk.heard(&callback).await);
        desk.fake.gone(old).await;
    }
    desk.stop.cancel();
    timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn connections_that_break_come_back() {
    let (desk, _folder) = Desk::open().await;
    desk.over_sockets(quick());
    desk.fake.connected(2).await;
    let first = desk.fake.connections()[0];
    desk.fake.cuts(first);
    desk.fake.gone(first).await;
    desk.fake.connected(2).await;
    let next = desk.fake.connections()[0];
    desk.fake.closes(next);
    desk.fake.gone(next).await;
    desk.fake.connected(2).await;
    let callback = desk.says(PASTE);
    desk.fake.event(&Line::Socket, &callback).await;
    assert!(desk.heard(&callback).await);
}

#[tokio::test]
async fn a_refused_token_ends_it_with_words_that_help() {
    let (desk, _folder) = Desk::open().await;
    let running = desk.over_sockets(quick());
    desk.fake.connected(2).await;
    desk.fake.state().app_token = "another".to_owned();
    for number in desk.fake.connections() {
        desk.fake.cuts(number);
    }
    let error = timeout(PATIENCE, running).await.unwrap().unwrap().unwrap_err().to_string();
    assert!(error.contains("SLACK_APP_TOKEN (invalid_auth)") && error.contains("connections:write"), "{error}");
}

#[tokio::test]
async fn what_is_not_stored_is_not_acknowledged() {
    let (desk, _folder) = Desk::open().await;
    desk.over_sockets(quick());
    desk.fake.connected(2).await;
    let (chatter, paste) = (desk.says("lunch?"), desk.says(PASTE));
    desk.store.close().await;
    let retry = Retry::default();
    assert!(desk.fake.deliver(&Line::Socket, Kind::Event, &chatter, retry).await.is_some());
    assert!(desk.fake.deliver(&Line::Socket, Kind::Event, &paste, retry).await.is_none());
}

#[tokio::test]
async fn an_edit_never_overtakes_what_it_edits() {
    let (desk, _folder) = Desk::open().await;
    desk.over_sockets(quick());
    desk.fake.connected(2).await;
    let number = desk.fake.connections()[0];
    let mut last = json!(null);
    for count in 0..20 {
        let said = desk.fake.written(GENERAL, ALICE, &PASTE.replace("widget", &format!("w{count}")), None);
        let ts = said["ts"].as_str().unwrap().to_owned();
        let edited = desk.fake.edited(GENERAL, &ts, "never mind");
        for (event, kind) in [(&said, "said"), (&edited, "edited")] {
            let payload = desk.fake.callback(TEAM, event);
            let id = format!("{kind}-{count}");
            desk.fake.sends(number, json!({"type": "events_api", "envelope_id": id, "payload": payload}));
            last = json!(id);
        }
    }
    let last = last.as_str().unwrap().to_owned();
    desk.fake.until("the last acknowledgement", |state| state.acks.contains_key(&last).then_some(())).await;
    let dump = tables::dump(&desk.store).await;
    assert_eq!(dump["heard"].len(), 20);
    assert!(dump["reply"].iter().all(|row| row.contains("outcome=withdrawn")), "{:?}", dump["reply"]);
}
