//! A bare probe of our own stack: axum, slack-morphism, sqlx and one regular expression, doing what the Bolt app does and no more.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use regex::Regex;
use slack_morphism::{prelude::*, signature_verifier::SlackEventSignatureVerifier};
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions, sqlite::SqliteJournalMode};
use tokio::net::TcpListener;

type Client = SlackHyperClient;

#[derive(Clone)]
struct App {
    client: Arc<Client>,
    token: SlackApiToken,
    failure: Arc<Regex>,
    pool: SqlitePool,
    verifier: Arc<SlackEventSignatureVerifier>,
}

#[expect(clippy::disallowed_methods, reason = "the bench sets it")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Serves until it is killed.
pub fn run() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(setting("BENCH_DATABASE").unwrap())
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        sqlx::query("CREATE TABLE IF NOT EXISTS met (channel TEXT, ts TEXT, code TEXT, UNIQUE (channel, ts))")
            .execute(&pool)
            .await
            .unwrap();
        let https = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots().unwrap();
        let https = https.https_or_http().enable_all_versions().build();
        let base = setting("SLACK_API_URL").unwrap();
        let connector = SlackClientHyperConnector::with_connector(https).with_slack_api_url(base.trim_end_matches('/'));
        let secret = SlackSigningSecret::new(setting("SLACK_SIGNING_SECRET").unwrap_or_default());
        let app = App {
            client: Arc::new(SlackClient::new(connector)),
            token: SlackApiToken::new(setting("SLACK_BOT_TOKEN").unwrap().into()),
            failure: Arc::new(Regex::new("npm (?:ERR!|error) code (E40[0-9])").unwrap()),
            pool,
            verifier: Arc::new(SlackEventSignatureVerifier::new(&secret)),
        };
        if let Some(token) = setting("SLACK_APP_TOKEN") {
            socket(app, token).await;
        } else {
            let port = setting("PORT").unwrap();
            let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
            let router = Router::new().route("/slack/events", post(events)).with_state(app);
            axum::serve(listener, router).await.unwrap();
        }
    });
}

async fn events(State(app): State<App>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let (hash, time) = (header("x-slack-signature").to_owned(), header("x-slack-request-timestamp").to_owned());
    if app.verifier.verify(&hash, &text, &time).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    if let Ok(SlackPushEvent::EventCallback(callback)) = serde_json::from_slice(&body) {
        tokio::spawn(heard(app, callback));
    }
    StatusCode::OK
}

async fn heard(app: App, callback: SlackPushEventCallback) {
    let SlackEventCallbackBody::Message(message) = callback.event else { return };
    if message.subtype.is_some() || message.sender.bot_id.is_some() {
        return;
    }
    let (Some(channel), Some(text)) = (message.origin.channel, message.content.and_then(|content| content.text)) else {
        return;
    };
    let Some(code) = app.failure.captures(&text).and_then(|found| found.get(1)) else { return };
    let ts = message.origin.ts;
    let inserted = sqlx::query("INSERT OR IGNORE INTO met VALUES (?, ?, ?)")
        .bind(channel.value())
        .bind(ts.value())
        .bind(code.as_str())
        .execute(&app.pool)
        .await;
    if !inserted.is_ok_and(|done| done.rows_affected() == 1) {
        return;
    }
    let title = format!("The registry wants a valid login ({})", code.as_str());
    let blocks = slack_blocks![
        SlackHeaderBlock::new(pt!(title.clone())),
        SlackSectionBlock::new().with_text(md!("Log in again: `npm login`"))
    ];
    let content = SlackMessageContent::new().with_text(title).with_blocks(blocks);
    let request = SlackApiChatPostMessageRequest::new(channel, content)
        .with_thread_ts(message.origin.thread_ts.unwrap_or(ts))
        .with_unfurl_links(false)
        .with_unfurl_media(false);
    let _ = app.client.open_session(&app.token).chat_post_message(&request).await;
}

static APP: OnceLock<App> = OnceLock::new();

async fn pushed(
    event: SlackPushEventCallback,
    _: Arc<Client>,
    _: SlackClientEventsUserState,
) -> UserCallbackResult<()> {
    if let Some(app) = APP.get() {
        tokio::spawn(heard(app.clone(), event));
    }
    Ok(())
}

async fn socket(app: App, token: String) {
    let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(&app.client)));
    let _ = APP.set(app);
    let callbacks = SlackSocketModeListenerCallbacks::new().with_push_events(pushed);
    let settings = SlackClientSocketModeConfig::new();
    let listener = SlackClientSocketModeListener::new(&settings, environment, callbacks);
    listener.listen_for(&SlackApiToken::new(token.into())).await.unwrap();
    listener.start().await;
    std::future::pending::<()>().await;
}
