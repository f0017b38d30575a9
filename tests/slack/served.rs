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

fn program(folder: &TempDir) -> Command {
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
fn until_it_listens(child: &mut Child) -> (String, BufReader<std::process::ChildStderr>) {
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
