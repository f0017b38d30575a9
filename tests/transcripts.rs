//! `npmfix chat` as people use it: the real program, a conversation on standard input, and what it prints.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/engines.rs"]
mod engines;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdout, Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use engines::each_engine;
use regex::Regex;
use tempfile::TempDir;

const FIRST_DAY: &str = include_str!("samples/transcripts/first-day.txt");
const REFUSED: &str = "npm error code E403
npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes.

";

/// What a run left behind.
struct Run {
    status: i32,
    out: String,
    err: String,
}

/// The program, deaf to the settings of whoever runs the tests.
fn npmfix(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("npmfix"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "NPMFIX_KNOWLEDGE", "DATABASE_URL", "USER"] {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn run(arguments: &[&str], input: &str) -> Run {
    let output = assert_cmd::Command::from_std(npmfix(arguments)).write_stdin(input).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!err.contains("panicked"), "{err}");
    Run { status: output.status.code().unwrap(), out: String::from_utf8(output.stdout).unwrap(), err }
}

/// Alice's chat on a database; `session` names the run.
fn chat(database: &str, session: &str, input: &str) -> Run {
    let run = run(&["chat", "--database", database, "--session", session, "--as", "alice"], input);
    assert!(run.status == 0 && run.err.starts_with("npmfix: remembering in "), "{} {}", run.err, run.out);
    run
}

/// The text with `DATE` for every date and `JUST NOW` for the minutes that went by.
fn timeless(text: &str) -> String {
    let dates = Regex::new("[0-9]{1,2} [A-Z][a-z]+ 20[0-9]{2}").unwrap();
    let ago = Regex::new("just now|a minute ago").unwrap();
    ago.replace_all(&dates.replace_all(text, "DATE"), "JUST NOW").into_owned()
}

#[tokio::test]
async fn a_team_s_first_day() {
    each_engine(async |_, database| {
        let first = chat(database, "t", FIRST_DAY);
        insta::assert_snapshot!("first_day", timeless(&first.out));
        // The same input under the same name was heard already; only what is no command and no message is said again.
        let again = chat(database, "t", FIRST_DAY);
        insta::assert_snapshot!("first_day_again", timeless(&again.out));
    })
    .await;
}

#[tokio::test]
async fn a_number_works_after_a_restart_and_a_fix_is_written_under_an_answer() {
    each_engine(async |_, database| {
        let first = chat(database, "one", REFUSED);
        assert!(first.out.contains("[3] Save our fix"), "{}", first.out);
        let second = chat(database, "two", "3\nregistry Ask Ops.\n\n9\n1\n");
        assert!(second.out.contains("Write what fixed it, and end with an empty line."), "{}", second.out);
        let saved = "Saved as fix 1, for E403 on the registry `npm.pkg.github.com`.";
        assert!(second.out.contains(saved), "{}", second.out);
        assert!(second.out.contains("Nothing with the number 9 stands under the last answer."), "{}", second.out);
        assert!(second.out.ends_with("[1] Save our fix   [2] Dismiss\n\n"), "{}", second.out);
    })
    .await;
}

#[test]
fn without_a_command_and_a_terminal_it_prints_its_help() {
    let got = run(&[], "npm error code E401\n");
    assert_eq!((got.status, got.err.as_str()), (2, ""));
    assert!(got.out.contains("Usage: npmfix") && got.out.contains("chat"), "{}", got.out);
}

/// A chat that goes on while other commands run.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    fn start(database: &str) -> Self {
        let mut command = npmfix(&["chat", "--database", database, "--session", "long"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Types something and reads until a line holds `text`.
    fn types(&mut self, input: &str, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(input.as_bytes()).unwrap();
        let mut all = String::new();
        while !all.contains(text) {
            assert!(self.out.read_line(&mut all).unwrap() > 0, "{text:?} is not in:\n{all}");
        }
    }

    fn ends(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn a_second_chat_on_a_file_is_told_who_has_it() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", folder.path().join("n.db").display());
    let mut first = Running::start(&database);
    first.types("/npmfix fixes\n", "No fix is saved.");
    let second = run(&["chat", "--database", &database], REFUSED);
    let holder = format!("another npmfix (process {}, `chat`) is sending from this database", first.child.id());
    assert_eq!((second.status, second.out.as_str()), (2, ""));
    assert!(second.err.contains(&holder), "{}", second.err);
    first.ends();
    assert!(chat(&database, "later", REFUSED).out.contains("lacks a packages scope"));
}

#[tokio::test]
async fn other_commands_work_beside_a_chat() {
    each_engine(async |_, database| {
        let mut chat = Running::start(database);
        chat.types(REFUSED, "[5] Dismiss");
        let list = run(&["outbox", "list", "--database", database], "");
        assert_eq!((list.status, list.out.as_str()), (0, "nothing waits to be said\n"), "{}", list.err);
        chat.types("/npmfix save Ask Ops.\n\n", "Saved as fix 1");
        let fixes = run(&["fixes", "export", "--database", database], "");
        assert!(fixes.out.contains("\"text\":\"Ask Ops.\""), "{}{}", fixes.out, fixes.err);
        let asked = run(&["forget", "--team", "local", "--database", database], "");
        assert_eq!(asked.status, 1, "{}", asked.err);
        chat.types("/npmfix fixes\n", "1: E403, @acme: Ask Ops.");
        let forgotten = run(&["forget", "--team", "local", "--yes", "--database", database], "");
        assert_eq!(forgotten.status, 0, "{}", forgotten.err);
        chat.types("/npmfix fixes\n", "No fix is saved.");
        chat.types("1\n", "This answer is closed, so nothing was changed.");
        chat.types(REFUSED, "[5] Dismiss");
        chat.ends();
    })
    .await;
}

#[test]
fn a_team_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", folder.path().join("n.db").display());
    let got = run(&["forget", "--team", "no such team", "--yes", "--database", &database], "");
    assert_eq!(got.status, 2);
    assert!(got.err.contains("is no team"), "{}", got.err);
    let unknown = run(&["chat", "--database", "mysql://root:hunter2@db/npmfix"], REFUSED);
    assert_eq!((unknown.status, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("use sqlite:PATH or postgres://") && !unknown.err.contains("hunter2"));
}
