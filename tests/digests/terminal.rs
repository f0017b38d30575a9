//! `npmfix digest`: what somebody reads who runs the program, and what goes to the team from there.

use std::process::{Command, Output};

use npmfix::store::{Store, outbox};
use serde_json::Value;
use tempfile::TempDir;

use crate::{BEGIN, CHANNEL, HOUR, bot, pastes, team};

/// The week in which something was met, and one in which nothing was.
const WEEK: &str = "2026-W47";
const QUIET: &str = "2026-W40";

fn digest(database: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("npmfix"));
    command.env_clear().env("DATABASE_URL", database).args(["digest", "--team", "slack:T1"]);
    command.args(arguments).output().unwrap()
}

fn printed(database: &str, arguments: &[&str]) -> String {
    let output = digest(database, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(database: &str, arguments: &[&str]) -> String {
    let output = digest(database, arguments);
    assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_digest_is_read_in_a_terminal_in_each_format_and_sent_to_its_channel() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Store::open(&database).await.unwrap();
    pastes(&bot(&store), (&team(1), CHANNEL), BEGIN - 48 * HOUR).await;

    for format in ["text", "markdown"] {
        let page = printed(&database, &["--week", WEEK, "--format", format]);
        for part in ["npm auth failures, 16 – 22 November 2026", "1 error", "E401", "█", "`pkg`"] {
            assert!(
                page.contains(part) || (format, part) == ("markdown", "█"),
                "{format}: {part:?} is not in:\n{page}"
            );
        }
        // There is nothing to choose from.
        assert!(!page.contains("Save our fix"), "{page}");
    }
    let json: Value = serde_json::from_str(&printed(&database, &["--week", WEEK, "--format", "json"])).unwrap();
    assert_eq!((&json["times"], &json["first"]), (&1.into(), &"2026-11-16".into()), "{json:#}");
    assert_eq!(json["new"][0]["target"], "pkg", "{json:#}");
    let png = digest(&database, &["--week", WEEK, "--format", "png"]);
    assert!(png.status.success() && png.stdout.starts_with(b"\x89PNG\r\n"));
    for format in ["text", "json", "png"] {
        let why = refused(&database, &["--week", QUIET, "--format", format]);
        assert!(why.contains("nothing was met in 28 September – 4 October 2026"), "{why}");
    }

    assert!(refused(&database, &["--week", WEEK, "--send"]).contains("has no channel for digests"));
    let both = refused(&database, &["--week", WEEK, "--send", "--format", "json"]);
    assert!(both.contains("cannot be used with"), "{both}");
    let quiet = refused(&database, &["--week", QUIET, "--send", "--channel", CHANNEL]);
    assert!(quiet.contains("nothing was met"), "{quiet}");
    let waiting = async || outbox::list(&mut store.read().await.unwrap(), 10).await.unwrap();
    let before = waiting().await.len();
    let output = digest(&database, &["--week", WEEK, "--send", "--channel", CHANNEL]);
    assert!(output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("on its way to C1"));
    let rows = waiting().await;
    assert_eq!(rows.len(), before + 1);
    assert_eq!(rows.last().unwrap().lane, "digest to C1");
}
