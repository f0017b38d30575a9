//! The fake itself: its gateway speaks what npmfix asks for, and nothing else.

use rstest::rstest;
use serde_json::json;

use crate::{
    fake::{Fake, TOKEN},
    rig::Rig,
};

#[tokio::test]
async fn events_are_asked_for_as_json_that_nothing_compresses() {
    let rig = Rig::start().await;
    assert_eq!(rig.fake.state().gateway.asked, ["/?v=10&encoding=json"]);
    rig.fake.end();
}

#[rstest]
#[case::zlib("/?v=10&encoding=json&compress=zlib-stream")]
#[case::zstd("/?v=10&encoding=json&compress=zstd-stream")]
#[case::erlang("/?v=10&encoding=etf")]
#[case::an_old_version("/?v=9&encoding=json")]
#[case::nothing("/")]
#[tokio::test]
async fn what_the_gateway_does_not_speak_is_refused_and_remembered(#[case] asked: &str) {
    let fake = Fake::start().await;
    let address = format!("{}{asked}", fake.state().url);
    let refused = tokio_tungstenite::connect_async(address).await.unwrap_err();
    assert!(refused.to_string().contains("400"), "{refused}");
    assert_eq!(fake.state().faults, [format!("the gateway does not speak {asked}")]);
    assert_eq!(fake.state().gateway.connections, 0);
}

#[tokio::test]
async fn compressed_events_are_refused_and_remembered() {
    let fake = Fake::start().await;
    let address = format!("{}/?v=10&encoding=json", fake.state().url);
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    let identify = json!({ "op": 2, "d": { "token": TOKEN, "intents": 1, "shard": [0, 1], "compress": true } });
    futures_util::SinkExt::send(&mut socket, tokio_tungstenite::tungstenite::Message::text(identify.to_string()))
        .await
        .unwrap();
    let fault = fake.until("a fault", |state| state.faults.pop()).await;
    assert_eq!(fault, "compressed events are asked for: true");
    assert_eq!(fake.state().gateway.session, None::<String>);
}
