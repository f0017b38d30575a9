//! A bare probe of our own stack: twilight's gateway with its own models, hyper, sqlx and one regular expression, doing what the
//! discord.js bot does and no more.

use std::sync::Arc;

use axum::{
    body::Bytes,
    http::{Method, Request, header},
};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use regex::Regex;
use serde_json::{Value, json};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use twilight_gateway::{ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _};
use twilight_model::gateway::payload::incoming::MessageCreate;

struct App {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    api: String,
    token: String,
    failure: Regex,
    pool: SqlitePool,
}

#[expect(clippy::disallowed_methods, reason = "the bench sets it")]
fn setting(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Serves until it is killed.
pub fn run() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(setting("BENCH_DATABASE"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let table = "CREATE TABLE IF NOT EXISTS met (channel TEXT, message TEXT, code TEXT, UNIQUE (channel, message))";
        sqlx::query(table).execute(&pool).await.unwrap();
        let https = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots().unwrap();
        let https = https.https_or_http().enable_all_versions().build();
        let app = Arc::new(App {
            client: Client::builder(TokioExecutor::new()).build(https),
            api: format!("{}/api/v10", setting("DISCORD_API_URL")),
            token: setting("DISCORD_TOKEN"),
            failure: Regex::new("npm (?:ERR!|error) code (E40[0-9])").unwrap(),
            pool,
        });
        let gateway = app.call(Method::GET, "/gateway/bot", None).await.unwrap();
        let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::MESSAGE_CONTENT;
        let url = gateway["url"].as_str().unwrap().to_owned();
        let config = ConfigBuilder::new(app.token.clone(), intents).proxy_url(url).build();
        let mut shard = Shard::with_config(ShardId::ONE, config);
        while let Some(event) = shard.next_event(EventTypeFlags::MESSAGE_CREATE).await {
            if let Ok(Event::MessageCreate(message)) = event {
                let app = Arc::clone(&app);
                tokio::spawn(async move { app.heard(*message).await });
            }
        }
    });
}

impl App {
    async fn heard(&self, message: MessageCreate) {
        if message.author.bot {
            return;
        }
        let Some(code) = self.failure.captures(&message.content).and_then(|found| found.get(1)) else { return };
        let (channel, id) = (message.channel_id.to_string(), message.id.to_string());
        let inserted = sqlx::query("INSERT OR IGNORE INTO met VALUES (?, ?, ?)")
            .bind(&channel)
            .bind(&id)
            .bind(code.as_str())
            .execute(&self.pool)
            .await;
        if !inserted.is_ok_and(|done| done.rows_affected() == 1) {
            return;
        }
        let title = format!("The registry wants a valid login ({})", code.as_str());
        let body = json!({
            "embeds": [{ "title": title, "description": "Log in again: `npm login`" }],
            "message_reference": { "message_id": id, "fail_if_not_exists": false },
            "allowed_mentions": { "parse": [], "replied_user": false },
        });
        self.call(Method::POST, &format!("/channels/{channel}/messages"), Some(&body)).await;
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let bytes = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.api))
            .header(header::AUTHORIZATION, format!("Bot {}", self.token))
            .header(header::USER_AGENT, "DiscordBot (probe, 1)")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(bytes))
            .ok()?;
        let answer = self.client.request(request).await.ok()?;
        let bytes = answer.into_body().collect().await.ok()?.to_bytes();
        serde_json::from_slice(&bytes).ok()
    }
}
