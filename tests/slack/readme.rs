//! The README's part about Slack, walked: what it names is there.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use axum::{body::Bytes, http::Request};
use http_body_util::Full;
use regex::Regex;
use tempfile::TempDir;

use crate::{
    fake::{Fake, http::send},
    served::{program, until_it_listens},
};

/// From its heading to the next one of its kind.
fn part() -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, part) = readme.split_once("\n## Slack\n").unwrap();
    part.split("\n## ").next().unwrap().to_owned()
}

fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    pattern.captures_iter(text).map(|found| found[1].trim_end_matches('.').to_owned()).collect()
}

/// What `npmfix … --help` says.
fn help(commands: &[&str]) -> String {
    let output = Command::new(cargo_bin!("npmfix")).args(commands).arg("--help").env_clear().output().unwrap();
    assert!(output.status.success(), "there is no npmfix {commands:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_is_one() {
    let part = part();
    let commands =
        found(r"(?:^|[`$(\n ])npmfix ((?:slack [a-z]+|serve|forget)(?:[ \n]+--[a-z-]+(?: [a-z][a-zT:…]*)?)*)", &part);
    assert!(commands.len() >= 7, "{commands:?}");
    for command in &commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        let names: Vec<&str> = words.iter().copied().take_while(|word| !word.starts_with("--")).collect();
        let page = help(&names);
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(page.contains(option), "npmfix {command}: there is no {option} in\n{page}");
        }
    }
}

#[test]
fn every_variable_is_read_and_every_one_of_slacks_is_named() {
    let named = found(r"((?:SLACK|NPMFIX|DATABASE|BIND)_[A-Z_]+)", &part());
    let pages = [help(&["serve"]), help(&["slack", "check"]), help(&["slack", "manifest"])].concat();
    let mut read = found(r"\[env:[ \n]+([A-Z_]+)", &pages);
    // The log's level is read before the command line is.
    read.insert("NPMFIX_LOG".to_owned());
    let unknown: Vec<_> = named.difference(&read).collect();
    assert!(named.len() > 10 && unknown.is_empty(), "nobody reads {unknown:?}");
    let forgotten: Vec<_> = read.difference(&named).filter(|name| name.starts_with("SLACK_")).collect();
    assert!(forgotten.is_empty(), "the README does not name {forgotten:?}");
}

#[test]
fn every_scope_is_asked_for() {
    let named = found(r"`([a-z_]+:[a-z]+)`", &part());
    let output = Command::new(cargo_bin!("npmfix")).args(["slack", "manifest"]).env_clear().output().unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let asked = manifest["oauth_config"]["scopes"]["bot"].as_array().unwrap().iter();
    let mut asked: BTreeSet<String> = asked.map(|scope| scope.as_str().unwrap().to_owned()).collect();
    // Its name is a word like others.
    assert!(asked.remove("commands"));
    // That of the app's own token, which stands in no manifest.
    asked.insert("connections:write".to_owned());
    assert_eq!(named, asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_served() {
    let paths = found(r"(?:npmfix\.example\.com|`)(/(?:slack/[a-z/]+|healthz|readyz))", &part());
    assert!(paths.len() >= 3, "{paths:?}");
    let fake = Fake::start().await;
    let folder = TempDir::new().unwrap();
    let (id, secret) = {
        let state = fake.state();
        (state.client_id.clone(), state.client_secret.clone())
    };
    let mut child = program(&folder)
        .env("SLACK_API_URL", fake.api())
        .env("SLACK_CLIENT_ID", id)
        .env("SLACK_CLIENT_SECRET", secret)
        .env("SLACK_SIGNING_SECRET", fake.signing_secret())
        .env("NPMFIX_SECRET_KEY", npmfix::store::seal::fresh_key())
        .env("NPMFIX_URL", "https://npmfix.example.com")
        .env("BIND_ADDR", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (address, _lines) = tokio::task::block_in_place(|| until_it_listens(&mut child));
    for path in &paths {
        let request = Request::get(format!("{address}{path}")).body(Full::<Bytes>::default()).unwrap();
        let (status, ..) = send(request).await.unwrap();
        assert_ne!(status, 404, "{path}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
