//! The fake itself: it takes what Slack takes and refuses what Slack refuses.

use axum::{
    body::Bytes,
    http::{Request, header},
};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::fake::{Fake, Fault, http::send};

async fn call(fake: &Fake, token: &str, method: &str, body: &Value) -> Option<(u16, Value)> {
    let request = Request::post(format!("{}{method}", fake.api()))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let (status, _, body) = send(request).await?;
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

fn good() -> Value {
    let text = json!({"type": "mrkdwn", "text": "hello", "verbatim": true});
    let blocks = json!([{"type": "section", "text": text}]);
    json!({"channel": "C0GENERAL", "text": "hello", "blocks": blocks, "unfurl_links": false, "unfurl_media": false})
}

#[tokio::test]
async fn a_good_post_stands_in_the_channel_and_comes_back_as_an_event() {
    let fake = Fake::start().await;
    let (status, answer) = call(&fake, &fake.bot_token(), "chat.postMessage", &good()).await.unwrap();
    assert_eq!((status, answer["ok"].clone()), (200, json!(true)), "{answer}");
    let posted = fake.next_of("chat.postMessage").await;
    assert!(fake.state().message("C0GENERAL", &posted.ts.unwrap()).is_some());
    assert_eq!(fake.state().echoes.len(), 1);
    fake.done();
}

#[tokio::test]
async fn what_slack_refuses_is_refused_and_remembered() {
    for (method, body, error) in [
        ("chat.postMessage", json!({"channel": "C0NONE", "text": "x"}), "channel_not_found"),
        ("chat.shout", json!({}), "unknown_method"),
        ("chat.update", json!({"channel": "C0GENERAL", "ts": "1.1", "text": "x"}), "message_not_found"),
        ("views.open", json!({"trigger_id": "t", "view": {"type": "modal"}}), "invalid_arguments"),
        ("users.info", json!({"user": "U0ROOT"}), "invalid_arguments"),
        (
            "chat.postMessage",
            json!({"channel": "C0GENERAL", "text": "x", "blocks": [{"type": "nonsense"}]}),
            "invalid_blocks",
        ),
    ] {
        let fake = Fake::start().await;
        let (_, answer) = call(&fake, &fake.bot_token(), method, &body).await.unwrap();
        assert_eq!(answer["error"], error, "{method}");
    }
    let fake = Fake::start().await;
    let (_, answer) = call(&fake, "nothing", "auth.test", &json!({})).await.unwrap();
    assert_eq!(answer["error"], "invalid_auth");
    fake.without_scopes(&["chat:write"]);
    let (_, answer) = call(&fake, &fake.bot_token(), "chat.postMessage", &good()).await.unwrap();
    assert_eq!(answer["error"], "missing_scope");
    assert_eq!(fake.state().wrongs.len(), 1);
}

#[tokio::test]
async fn posts_that_come_too_fast_are_asked_to_wait() {
    let fake = Fake::start().await;
    let token = fake.bot_token();
    let (first, _) = call(&fake, &token, "chat.postMessage", &good()).await.unwrap();
    let (second, _) = call(&fake, &token, "chat.postMessage", &good()).await.unwrap();
    assert_eq!((first, second, fake.state().limited), (200, 429, 1));
}

#[tokio::test]
async fn faults_happen_before_or_after_the_call_is_carried_out() {
    for (fault, posts, status) in [
        (Fault::Limited(1), 0, Some(429)),
        (Fault::Status(500), 0, Some(500)),
        (Fault::StatusAfter(500), 1, Some(500)),
        (Fault::Error("fatal_error"), 0, Some(200)),
        (Fault::Drop, 0, None),
        (Fault::DropAfter, 1, None),
        (Fault::Truncated, 1, None),
        (Fault::Html, 1, Some(200)),
        (Fault::Hang, 0, None),
        (Fault::HangAfter, 1, None),
    ] {
        let fake = Fake::start().await;
        fake.fault("chat.postMessage", fault.clone());
        let answer = call(&fake, &fake.bot_token(), "chat.postMessage", &good()).await;
        assert_eq!(answer.map(|(status, _)| status), status, "{fault:?}");
        assert_eq!(fake.state().channels["C0GENERAL"].messages.len(), posts, "{fault:?}");
    }
}
