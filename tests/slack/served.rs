//! `npmfix serve`, as the program that people start.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use axum::{body::Bytes, http::Request};
use http_body_util::Full;
use rstest::rstest;
use tempfile::TempDir;

use crate::{
    desk::{ALICE, GENERAL, PASTE},
    fake::{Fake, PATIENCE, TEAM, http::send, send::Line},
};

pub fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(cargo_bin!("npmfix"));
    command.env_clear().env("DATABASE_URL", format!("sqlite:{}", folder.path().join("test.db").display()));
    command.arg("serve");
    command
}

#[rstest]
#[case::nothing(&[], "there is nothing to serve")]
#[case::empty(&[("SLACK_BOT_TOKEN", ""), ("SLACK_SIGNING_SECRET", " ")], "there is nothing to serve")]
#[case::token(&[("SLACK_BOT_TOKEN", "x")], "SLACK_SIGNING_SECRET (for HTTP) or SLACK_APP_TOKEN (for Socket Mode)")]
#[case::secret(&[("SLACK_SIGNING_SECRET", "x")], "SLACK_BOT_TOKEN is not")]
#[case::app_token(&[("SLACK_APP_TOKEN", "x")], "SLACK_BOT_TOKEN is not")]
#[case::client(&[("SLACK_CLIENT_ID", "x"), ("SLACK_SIGNING_SECRET", "x")], "SLACK_CLIENT_SECRET is not")]
fn half_a_pair_is_refused_by_the_name_of_the_other(#[case] set: &[(&str, &str)], #[case] said: &str) {
    let folder = TempDir::new().unwrap();
    let output = program(&folder).envs(set.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(said), "{text}");
}

/// The lines that it prints until it listens, and where.
pub fn until_it_listens(child: &mut Child) -> (String, BufReader<std::process::ChildStderr>) {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended: {text}");
        text.push_str(&line);
        if let Some((_, rest)) = line.split_once("listening on ") {
            let address = rest.split([';', ' ', '\n']).next().unwrap().to_owned();
            return (address, lines);
        }
    }
}

/// Waits until it knows whose the token is.
async fn ready(address: &str) {
    let request = || Request::get(format!("{address}/readyz")).body(Full::<Bytes>::default()).unwrap();
    while send(request()).await.is_none_or(|(status, ..)| status != 200) {
        tokio::task::yield_now().await;
    }
}

/// A Discord that answers everything with this status; where it is.
async fn discord(status: u16) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api/v10/", listener.local_addr().unwrap());
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    let router = axum::Router::new().fallback(async move || (status, "{}"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Waits until `/readyz` says this.
async fn says(address: &str, line: &str) {
    let wait = async {
        loop {
            let request = Request::get(format!("{address}/readyz")).body(Full::<Bytes>::default()).unwrap();
            if send(request).await.is_some_and(|(_, _, body)| String::from_utf8_lossy(&body).contains(line)) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("/readyz never says {line:?}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_refuses_the_bot_ends_alone() {
    // Discord refuses, and Slack goes on; Slack refuses, and Discord goes on.
    for (discord_says, good) in [(401, true), (503, false)] {
        let fake = Fake::start().await;
        fake.state().user(ALICE, "alice");
        let token = if good { fake.bot_token() } else { "xoxb-wrong".to_owned() };
        let folder = TempDir::new().unwrap();
        let mut child = program(&folder)
            .env("SLACK_API_URL", fake.api())
            .env("SLACK_BOT_TOKEN", token)
            .env("SLACK_SIGNING_SECRET", fake.signing_secret())
            .env("DISCORD_API_URL", discord(discord_says).await)
            .env("DISCORD_TOKEN", "not.a.token")
            .env("BIND_ADDR", "127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (address, lines) = tokio::task::block_in_place(|| until_it_listens(&mut child));
        if good {
            says(&address, "discord gateway: refused: the log says what to do").await;
            says(&address, "slack token: ready").await;
            // Slack does its work: nobody is to take it out of service for Discord's sake.
            tokio::time::timeout(PATIENCE, ready(&address)).await.unwrap();
            let event = fake.written(GENERAL, ALICE, PASTE, None);
            fake.event(&Line::Http(address.clone()), &fake.callback(TEAM, &event)).await;
            assert_eq!(fake.next_of("chat.postMessage").await.body["thread_ts"], event["ts"]);
        } else {
            says(&address, "slack token: refused: the log says what to do").await;
            says(&address, "slack over http: refused").await;
            says(&address, "discord gateway: connecting").await;
        }
        assert!(child.try_wait().unwrap().is_none(), "it goes on");
        child.kill().unwrap();
        let text = tokio::task::block_in_place(|| lines.lines().map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        let without = if good { "npmfix goes on without Discord" } else { "npmfix goes on without Slack" };
        assert!(text.contains(without), "{text}");
        assert!(good || text.contains("copy the Bot User OAuth Token"), "{text}");
        child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_refuses_the_bot_and_has_no_other_beside_it_ends_the_program() {
    let fake = Fake::start().await;
    let folder = TempDir::new().unwrap();
    let mut command = program(&folder);
    command
        .env("SLACK_API_URL", fake.api())
        .env("SLACK_BOT_TOKEN", "xoxb-wrong")
        .env("SLACK_SIGNING_SECRET", fake.signing_secret())
        .env("BIND_ADDR", "127.0.0.1:0");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("copy the Bot User OAuth Token"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_ends_the_program_so_that_its_supervisor_starts_it_again() {
    let fake = Fake::start().await;
    let folder = TempDir::new().unwrap();
    let mut command = program(&folder);
    command
        .env("SLACK_API_URL", fake.api())
        .env("SLACK_BOT_TOKEN", fake.bot_token())
        .env("SLACK_SIGNING_SECRET", fake.signing_secret())
        .env("DISCORD_API_URL", discord(400).await)
        .env("DISCORD_TOKEN", "not.a.token")
        .env("BIND_ADDR", "127.0.0.1:0");
    let running = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !text.contains("goes on without"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_socket_mode_is_refused_events_come_over_http_yet() {
    let fake = Fake::start().await;
    fake.state().user(ALICE, "alice");
    let folder = TempDir::new().unwrap();
    let mut child = program(&folder)
        .env("SLACK_API_URL", fake.api())
        .env("SLACK_BOT_TOKEN", fake.bot_token())
        .env("SLACK_SIGNING_SECRET", fake.signing_secret())
        .env("SLACK_APP_TOKEN", "xapp-wrong")
        .env("BIND_ADDR", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (address, lines) = tokio::task::block_in_place(|| until_it_listens(&mut child));
    says(&address, "slack over socket mode: refused: the log says what to do").await;
    says(&address, "slack over http: ready").await;
    says(&address, "slack token: ready").await;
    let event = fake.written(GENERAL, ALICE, PASTE, None);
    fake.event(&Line::Http(address), &fake.callback(TEAM, &event)).await;
    assert_eq!(fake.next_of("chat.postMessage").await.body["thread_ts"], event["ts"]);
    child.kill().unwrap();
    drop(lines);
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_answers_and_stops_when_told_to() {
    let fake = Fake::start().await;
    fake.state().user(ALICE, "alice");
    let folder = TempDir::new().unwrap();
    let mut child = program(&folder)
        .env("SLACK_API_URL", fake.api())
        .env("SLACK_BOT_TOKEN", fake.bot_token())
        .env("SLACK_SIGNING_SECRET", fake.signing_secret())
        .env("SLACK_APP_TOKEN", fake.app_token())
        .env("BIND_ADDR", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (address, lines) = tokio::task::block_in_place(|| until_it_listens(&mut child));
    fake.connected(2).await;
    tokio::time::timeout(PATIENCE, ready(&address)).await.unwrap();
    for (line, path) in [(Line::Http(address.clone()), "/healthz"), (Line::Socket, "/readyz")] {
        let said = PASTE.replace("widget", path.trim_start_matches('/'));
        let event = fake.written(GENERAL, ALICE, &said, None);
        fake.event(&line, &fake.callback(TEAM, &event)).await;
        let answer = fake.next_of("chat.postMessage").await;
        assert_eq!(answer.body["thread_ts"], event["ts"]);
        let request = Request::get(format!("{address}{path}")).body(Full::<Bytes>::default()).unwrap();
        let (status, _, body) = send(request).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(status, 200, "{body}");
        if path == "/readyz" {
            let parts = "database: ready\noutbox: ready\nslack over http: ready\nslack over socket mode: ready\nslack token: ready\n";
            assert_eq!(body, parts);
        }
    }
    let killed = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let status = tokio::task::block_in_place(|| {
        let rest: Vec<String> = lines.lines().map_while(Result::ok).collect();
        assert!(rest.iter().any(|line| line.contains("stopping")), "{rest:?}");
        child.wait().unwrap()
    });
    assert_eq!(status.code(), Some(0));
    fake.until("the end of all connections", |state| state.connections.iter().all(|c| !c.open).then_some(())).await;
}
