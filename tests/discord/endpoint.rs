//! Interactions that Discord sends over HTTP.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt as _;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};

use crate::{
    fake::signing_key,
    rig::{Rig, command, page},
};

async fn calls(rig: &Rig, body: &Value, altered: &str) -> (StatusCode, Value) {
    let (time, body) = ("1750000000", body.to_string());
    let signature = signing_key().sign(format!("{time}{body}").as_bytes());
    let signature: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = rig.discord.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let request = Request::post(format!("http://{address}/discord/interactions"))
        .header("x-signature-ed25519", signature)
        .header("x-signature-timestamp", format!("{time}{altered}"))
        .body(Body::from(body))
        .unwrap();
    let answer = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn what_discord_signed_is_answered_and_nothing_else() {
    let rig = Rig::start().await;
    let ping = json!({ "id": "1", "type": 1, "token": "t" });
    assert_eq!(calls(&rig, &ping, "").await, (StatusCode::OK, json!({ "type": 1 })));
    assert_eq!(calls(&rig, &ping, "1").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(calls(&rig, &json!("no interaction"), "").await.0, StatusCode::BAD_REQUEST);
    let mut help = command("help", &[]);
    for (key, value) in [
        ("id", json!("9")),
        ("token", json!("t")),
        ("guild_id", json!(crate::fake::GUILD)),
        ("channel_id", json!(crate::fake::GENERAL)),
    ] {
        help[key] = value;
    }
    help["member"] = json!({ "user": crate::fake::user("alice"), "permissions": "0" });
    let (status, answer) = calls(&rig, &help, "").await;
    assert_eq!((status, answer["type"].as_u64()), (StatusCode::OK, Some(4)));
    assert!(page(&answer["data"]).contains("explain TEXT"), "{answer}");
    rig.fake.end();
}
