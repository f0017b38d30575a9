//! The app as Slack knows it: its manifest, what `npmfix slack check` finds about it, and what the README says about it.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Output},
};

use assert_cmd::cargo::cargo_bin;
use npmfix::slack::scopes::{Need, SCOPES};
use serde_json::Value;

use crate::fake::{Fake, Fault};

fn npmfix(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("npmfix"));
    command.args(arguments).env_clear().env("HOME", std::env::temp_dir());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + std::str::from_utf8(&output.stderr).unwrap()
}

fn manifest(arguments: &[&str]) -> Value {
    let output = npmfix(&[&["slack", "manifest"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const MANIFESTS: [&[&str]; 6] = [
    &[],
    &["--minimal"],
    &["--mode", "http"],
    &["--mode", "http", "--url", "https://npmfix.acme.example/bot/"],
    &["--mode", "socket", "--url", "https://npmfix.acme.example"],
    &["--mode", "http", "--minimal", "--url", "http://127.0.0.1:8080"],
];

fn list(manifest: &Value, pointer: &str) -> BTreeSet<String> {
    let values = manifest.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    values.map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// Slack's own schema, which `NPMFIX_SLACK_MANIFEST_SCHEMA` names.
#[test]
fn slack_takes_every_manifest() {
    #[expect(clippy::disallowed_methods, reason = "only tests are set up this way")]
    let Ok(schema) = std::env::var("NPMFIX_SLACK_MANIFEST_SCHEMA") else { return };
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let judge = jsonschema::draft7::new(&schema).unwrap();
    for arguments in MANIFESTS {
        let errors: Vec<_> = judge.iter_errors(&manifest(arguments)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{arguments:?}");
    }
    let mut wrong = manifest(&[]);
    wrong["features"]["shortcuts"][0]["name"] = "a name of more than 24 characters".into();
    assert!(!judge.is_valid(&wrong), "the judge refuses nothing");
}

/// The limits that matter, for whoever has no schema.
#[test]
fn manifests_keep_to_slacks_limits() {
    for arguments in MANIFESTS {
        let manifest = manifest(arguments);
        let length = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).unwrap().chars().count();
        assert!((1..=140).contains(&length("/display_information/description")));
        assert!((175..=4000).contains(&length("/display_information/long_description")));
        for number in 0..3 {
            assert!((1..=24).contains(&length(&format!("/features/shortcuts/{number}/name"))));
            assert!((1..=150).contains(&length(&format!("/features/shortcuts/{number}/description"))));
        }
        let (all, optional) =
            (list(&manifest, "/oauth_config/scopes/bot"), list(&manifest, "/oauth_config/scopes/bot_optional"));
        assert!(all.is_superset(&optional));
    }
}

#[test]
fn a_minimal_app_reads_no_history() {
    let manifest = manifest(&["--minimal"]);
    let scopes = list(&manifest, "/oauth_config/scopes/bot");
    assert_eq!(scopes, ["app_mentions:read", "chat:write", "commands"].map(str::to_owned).into());
    let events = list(&manifest, "/settings/event_subscriptions/bot_events");
    assert_eq!(
        events,
        ["app_home_opened", "app_mention", "app_uninstalled", "tokens_revoked"].map(str::to_owned).into()
    );
}

#[test]
fn addresses_stand_only_where_slack_sends_something_there() {
    let socket = manifest(&[]).to_string();
    assert!(!socket.contains("http"), "{socket}");
    assert!(socket.contains(r#""socket_mode_enabled":true"#));
    let http = manifest(&["--mode", "http", "--url", "https://npmfix.acme.example/bot/"]);
    let at = |pointer: &str| http.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let base = "https://npmfix.acme.example/bot/slack";
    assert_eq!(at("/settings/event_subscriptions/request_url"), format!("{base}/events"));
    assert_eq!(at("/settings/interactivity/request_url"), format!("{base}/interactions"));
    assert_eq!(at("/features/slash_commands/0/url"), format!("{base}/commands"));
    assert_eq!(at("/oauth_config/redirect_urls/0"), format!("{base}/oauth/callback"));
    assert_eq!(http["settings"]["socket_mode_enabled"], false);
    let refused = npmfix(&["slack", "manifest", "--url", "http://npmfix.acme.example"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused).contains("begins with https://"), "{}", text(&refused));
}

/// A check as somebody would run it who followed the README.
fn check(fake: &Fake) -> Command {
    let mut command = npmfix(&["slack", "check"]);
    command
        .env("SLACK_API_URL", fake.api())
        .env("SLACK_BOT_TOKEN", fake.bot_token())
        .env("SLACK_APP_TOKEN", fake.app_token());
    command
}

async fn run(mut command: Command) -> (Option<i32>, String) {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.code(), text(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_that_all_is_well() {
    let fake = Fake::start().await;
    let (status, page) = run(check(&fake)).await;
    assert_eq!(status, Some(0), "{page}");
    for line in [
        "ok     SLACK_BOT_TOKEN works in Acme",
        "ok     all scopes that are needed are there",
        "ok     SLACK_APP_TOKEN works: events come over Socket Mode",
        "note   Slack does not tell which events are on. These should be, under Event Subscriptions: app_home_opened",
        "npmfix can work in Slack.",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    fake.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_is_missing() {
    let fake = Fake::start().await;
    fake.without_scopes(&["channels:history", "users:read"]);
    let mut command = check(&fake);
    command
        .env("SLACK_APP_TOKEN", "xapp-1")
        .env("SLACK_SIGNING_SECRET", "short")
        .env("NPMFIX_URL", "http://npmfix.acme.example");
    command.env("SLACK_CLIENT_ID", "1.2");
    let (status, page) = run(command).await;
    assert_eq!(status, Some(1), "{page}");
    for line in [
        "wrong  the scope channels:history is missing: Reads messages in public channels",
        "note   the scope users:read was left out: Knows admins",
        "wrong  Slack refuses SLACK_APP_TOKEN: invalid_auth. Make an app-level token with the scope connections:write",
        "wrong  SLACK_SIGNING_SECRET is none: it has 32 digits and letters from a to f.",
        r#"wrong  NPMFIX_URL "http://npmfix.acme.example" is none that Slack takes"#,
        "wrong  SLACK_CLIENT_ID is set, but SLACK_CLIENT_SECRET is not",
        "wrong  SLACK_BOT_TOKEN and SLACK_CLIENT_ID are both set",
        "wrong  SLACK_CLIENT_ID is set, but NPMFIX_SECRET_KEY is not",
        "7 things have to be mended.",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    fake.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_a_bad_token_from_a_slack_that_is_away() {
    let fake = Fake::start().await;
    fake.fault("auth.test", Fault::Error("account_inactive"));
    let (status, page) = run(check(&fake)).await;
    assert_eq!(status, Some(1), "{page}");
    assert!(
        page.contains("Slack refuses SLACK_BOT_TOKEN: account_inactive. Copy the Bot User OAuth Token again"),
        "{page}"
    );
    fake.fault("auth.test", Fault::Status(503));
    let (status, page) = run(check(&fake)).await;
    assert_eq!(status, Some(1), "{page}");
    assert!(page.contains("cannot ask Slack about SLACK_BOT_TOKEN"), "{page}");
    assert!(!page.contains(&fake.bot_token()), "{page}");

    let mut nothing = npmfix(&["slack", "check"]);
    nothing.env("SLACK_API_URL", fake.api());
    let (status, page) = run(nothing).await;
    assert_eq!(status, Some(1), "{page}");
    assert!(page.contains("set SLACK_BOT_TOKEN for one workspace") && page.contains("no event can come in"), "{page}");
}

#[test]
fn a_fresh_key_is_a_key() {
    let output = npmfix(&["slack", "key"]).output().unwrap();
    let key = String::from_utf8(output.stdout).unwrap();
    assert!(npmfix::store::seal::Keys::parse(&key.trim().into()).is_ok());
    assert_ne!(npmfix(&["slack", "key"]).output().unwrap().stdout, key.as_bytes());
}

#[test]
fn the_readme_gives_each_scope_with_its_reason() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let need = |need| match need {
        Need::Always => "always",
        Need::Full => "to read along",
        Need::Optional => "optional",
    };
    let table: String = SCOPES
        .iter()
        .map(|scope| format!("| `{}` | {} | {} |\n", scope.name, need(scope.need), scope.reason))
        .collect();
    assert!(readme.contains(&table), "the README's table of scopes should be\n{table}");
}
