//! The program as people and scripts meet it: arguments and bytes in, text, JSON and an exit status out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{Write as _, pipe},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use flate2::{Compression, write::GzEncoder};
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

const URL: &str = "https://npm.pkg.github.com/@acme%2fwidget";
/// What a line with nothing to say looks like.
const CHATTER: &str = "added 12 packages, and audited 13 packages in 2s\n";

/// A failed publish.
fn refused() -> String {
    refused_for("widget")
}

fn refused_for(name: &str) -> String {
    format!(
        "npm error code E403\n\
         npm error 403 403 Forbidden - PUT https://npm.pkg.github.com/@acme%2f{name} - Permission permission_denied: write_package\n\
         npm error 403 In most cases, you or one of your dependencies are requesting a package version that is forbidden by your security policy, or on a server you do not have access to.\n"
    )
}

/// What a run left behind.
struct Run {
    status: i32,
    out: String,
    err: String,
}

impl Run {
    /// One JSON object for each line.
    fn records(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The only record.
    fn record(&self) -> Value {
        let mut records = self.records();
        assert_eq!(records.len(), 1, "{}{}", self.out, self.err);
        records.remove(0)
    }
}

/// The program, deaf to the settings of whoever runs the tests.
fn npmfix() -> Command {
    let mut command = Command::new(cargo_bin!("npmfix"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "NPMFIX_KNOWLEDGE"] {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command, input: &[u8]) -> Run {
    let output =
        assert_cmd::Command::from_std(std::mem::replace(command, npmfix())).write_stdin(input).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!err.contains("panicked"), "{err}");
    Run { status: output.status.code().unwrap(), out: String::from_utf8(output.stdout).unwrap(), err }
}

/// `npmfix explain --format json` over standard input.
fn explain(input: impl AsRef<[u8]>) -> Run {
    run(npmfix().args(["explain", "--format", "json"]), input.as_ref())
}

/// Files in a folder of their own; the folder goes with the value.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

// --- exit status, and which input is which ---

#[rstest]
#[case::answered(refused(), 0)]
#[case::nothing_found(CHATTER, 1)]
#[case::empty("", 1)]
fn the_exit_status_says_whether_something_was_found(
    #[case] input: impl AsRef<[u8]>,
    #[case] status: i32,
    #[values("text", "markdown", "json")] format: &str,
) {
    let got = run(npmfix().args(["explain", "--format", format]), input.as_ref());
    assert_eq!(got.status, status, "{}", got.err);
    assert_eq!(got.out.is_empty(), status == 1 && format != "json", "{}", got.out);
}

#[test]
fn without_a_finding_a_person_is_told_and_a_script_gets_a_record() {
    let text = run(npmfix().arg("explain"), CHATTER.as_bytes());
    assert_eq!(text.err, "npmfix: no package-manager auth failure in standard input\n");
    let json = explain(CHATTER);
    assert_eq!(json.err, "");
    let expected = r#"{"input":"-","answered":false,"diagnoses":[],"truncated":false,"redacted":[]}"#;
    assert_eq!(json.out, format!("{expected}\n"));
}

#[test]
fn an_unknown_argument_and_no_argument_are_trouble() {
    assert_eq!(run(npmfix().args(["explain", "--colour"]), b"").status, 2);
    assert_eq!(run(&mut npmfix(), b"").status, 2);
}

#[rstest]
#[case::dash(&["explain", "--format", "json", "-"])]
#[case::nothing(&["explain", "--format", "json"])]
fn standard_input_is_read_for_a_dash_and_for_nothing(#[case] arguments: &[&str]) {
    let got = run(npmfix().args(arguments), refused().as_bytes());
    assert_eq!((got.status, got.record()["input"].as_str()), (0, Some("-")));
    assert_eq!(got.record()["diagnoses"][0]["package"], "@acme/widget");
}

#[test]
fn inputs_are_answered_in_order_and_one_that_cannot_be_read_stops_none() {
    let folder = Folder::new();
    let first = folder.file("b.log", refused_for("first"));
    let none = folder.file("a.log", CHATTER);
    let last = folder.file("c.log", refused_for("last"));
    let missing = folder.path().join("missing.log");
    let mut command = npmfix();
    command.args(["explain", "--format", "json"]).args([&first, &missing, &none]).arg("-").arg(&last);
    let got = run(&mut command, refused_for("standard").as_bytes());
    assert_eq!(got.status, 2);
    let told: Vec<_> = got
        .records()
        .iter()
        .map(|r| (r["input"].as_str().unwrap().to_owned(), r["diagnoses"][0]["package"].as_str().map(str::to_owned)))
        .collect();
    let name = |path: &Path| path.to_str().unwrap().to_owned();
    let package = |name: &str| Some(format!("@acme/{name}"));
    assert_eq!(
        told,
        [
            (name(&first), package("first")),
            (name(&none), None),
            ("-".to_owned(), package("standard")),
            (name(&last), package("last")),
        ]
    );
    assert_eq!(got.err.lines().count(), 1, "{}", got.err);
    assert!(got.err.starts_with(&format!("npmfix: cannot read {}: ", name(&missing))), "{}", got.err);
}

#[test]
fn an_answer_among_silent_inputs_is_an_answer() {
    let folder = Folder::new();
    let (silent, telling) = (folder.file("a", CHATTER), folder.file("b", refused()));
    let got = run(npmfix().arg("explain").args([&silent, &telling]), b"");
    assert_eq!(got.status, 0);
    assert!(got.err.contains(&format!("no package-manager auth failure in {}", silent.display())), "{}", got.err);
    assert!(got.out.contains(&format!("== {} ==\n", telling.display())), "{}", got.out);
}

#[test]
fn a_folder_is_named_and_refused() {
    let folder = Folder::new();
    let got = run(npmfix().arg("explain").arg(folder.path()), b"");
    assert_eq!((got.status, got.out.as_str()), (2, ""));
    assert!(got.err.contains(folder.path().to_str().unwrap()) && got.err.contains("folder"), "{}", got.err);
}

// --- how the bytes may be written ---

#[test]
fn gzip_is_read_from_files_and_standard_input_and_over_all_its_members() {
    let folder = Folder::new();
    let log = CHATTER.repeat(3000) + &refused();
    let file = folder.file("build.log.gz", gzip(log.as_bytes()));
    let got = run(npmfix().args(["explain", "--format", "json"]).arg(file), b"");
    assert_eq!((got.status, got.record()["diagnoses"][0]["first_line"].as_u64()), (0, Some(3001)));

    // A rotated log: one member ends in the middle of a line.
    let text = refused_for("first") + CHATTER + &refused_for("second");
    let (head, tail) = text.split_at(refused_for("first").len() + 20);
    let got = explain([gzip(head.as_bytes()), gzip(b""), gzip(tail.as_bytes())].concat());
    let record = got.record();
    let told: Vec<_> =
        record["diagnoses"].as_array().unwrap().iter().map(|d| (&d["package"], &d["first_line"])).collect();
    assert_eq!(told, [(&"@acme/first".into(), &1.into()), (&"@acme/second".into(), &5.into())]);
}

#[rstest]
#[case::in_the_data(40)]
#[case::in_the_header(5)]
#[case::before_the_checksum(usize::MAX)]
fn a_gzip_file_that_is_cut_off_is_named(#[case] keep: usize) {
    let folder = Folder::new();
    let mut bytes = gzip((CHATTER.repeat(50) + &refused()).as_bytes());
    bytes.truncate(keep.min(bytes.len() - 4));
    let (cut, whole) = (folder.file("cut.log.gz", bytes), folder.file("whole.log", refused()));
    let got = run(npmfix().args(["explain", "--format", "json"]).args([&cut, &whole]), b"");
    assert_eq!(got.status, 2);
    assert!(got.err.starts_with(&format!("npmfix: cannot read {}: ", cut.display())), "{}", got.err);
    // What the broken file held is not mixed into the next one.
    assert_eq!(got.record()["input"].as_str(), whole.to_str());
    assert_eq!(
        (&got.record()["diagnoses"][0]["count"], &got.record()["diagnoses"][0]["first_line"]),
        (&1.into(), &1.into())
    );
}

#[rstest]
#[case::little_endian(u16::to_le_bytes)]
#[case::big_endian(u16::to_be_bytes)]
fn utf16_is_read_by_its_mark(#[case] unit: fn(u16) -> [u8; 2]) {
    let text = format!("\u{feff}📦 {}{}", CHATTER.repeat(2000), refused());
    let got = explain(text.encode_utf16().flat_map(unit).collect::<Vec<u8>>());
    let record = got.record();
    assert_eq!((got.status, record["diagnoses"][0]["url"].as_str()), (0, Some(URL)));
    assert_eq!(record["diagnoses"][0]["first_line"], 2001);
}

#[rstest]
#[case::half_a_mark(b"\xff".to_vec())]
#[case::a_mark_alone(b"\xff\xfe".to_vec())]
#[case::half_a_unit(b"\xff\xfea".to_vec())]
#[case::zeros(vec![0; 100_000])]
#[case::ones(vec![0xff; 100_000])]
#[case::every_byte((0..200_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect())]
fn garbage_holds_nothing_and_harms_nothing(#[case] bytes: Vec<u8>) {
    let got = explain(bytes);
    assert_eq!((got.status, &got.record()["answered"], got.err.as_str()), (1, &false.into(), ""));
}

#[test]
fn an_error_between_bytes_that_are_no_text_is_answered() {
    let garbage = b"\xff\xfb\xc3\x28\xe2\x82\n\x00\x01\xf0\x9f\n";
    let inside = refused().replace("permission_denied", "\u{1}permission_denied").into_bytes();
    let got = explain([&garbage[1..], &inside, b"npm error \xff\xfe done\n", garbage].concat());
    let record = got.record();
    assert_eq!((got.status, record["diagnoses"].as_array().unwrap().len()), (0, 1));
    assert_eq!((&record["diagnoses"][0]["url"], &record["diagnoses"][0]["first_line"]), (&URL.into(), &3.into()));
}

// --- the record ---

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The names in the order in which they are written; `serde_json` sorts them when it reads.
fn assert_keys(value: &Value, written: &str, names: &[&str]) {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    assert_eq!(keys(value), sorted);
    let mut rest = written;
    for name in names {
        let Some((_, tail)) = rest.split_once(&format!("\"{name}\":")) else {
            panic!("`{name}` is out of order in {written}")
        };
        rest = tail;
    }
}

const RECORD: &[&str] = &["input", "answered", "diagnoses", "truncated", "redacted"];
const DIAGNOSIS: &[&str] = &[
    "client",
    "client_version",
    "code",
    "status",
    "method",
    "url",
    "registry",
    "operation",
    "scope",
    "package",
    "version",
    "count",
    "first_line",
    "last_line",
    "fingerprint",
    "causes",
    "answer",
];
const ANSWER: &[&str] = &["title", "cause", "evidence", "steps", "check", "others", "learn_more"];

#[test]
fn the_record_has_the_keys_that_scripts_rely_on() {
    let got = explain(refused());
    let record = got.record();
    assert_keys(&record, &got.out, RECORD);
    let diagnosis = &record["diagnoses"][0];
    assert_keys(diagnosis, &got.out, DIAGNOSIS);
    assert_keys(&diagnosis["registry"], &got.out, &["kind", "host"]);
    for cause in diagnosis["causes"].as_array().unwrap() {
        assert_keys(cause, &got.out, &["id", "confidence", "evidence"]);
        assert!(["certain", "likely", "possible"].contains(&cause["confidence"].as_str().unwrap()));
        assert!(cause["evidence"].as_array().unwrap().iter().all(Value::is_string));
    }
    let answer = &diagnosis["answer"];
    assert_keys(answer, &got.out, ANSWER);
    let steps = answer["steps"].as_array().unwrap();
    assert!((1..=4).contains(&steps.len()));
    for step in steps {
        assert_eq!(keys(step), ["command", "text"]);
    }
    for name in ["title", "cause", "evidence", "check", "learn_more"] {
        assert!(answer[name].is_string(), "{name}: {answer}");
    }
    assert!(answer["others"].as_array().unwrap().iter().all(Value::is_string));
    let facts = ["client", "code", "status", "method", "url", "scope", "package", "count", "first_line", "last_line"];
    let told: Vec<_> = facts.iter().map(|name| diagnosis[name].clone()).collect();
    let expected: Vec<Value> = vec![
        "npm".into(),
        "E403".into(),
        403.into(),
        "PUT".into(),
        URL.into(),
        "@acme".into(),
        "@acme/widget".into(),
        1.into(),
        1.into(),
        2.into(),
    ];
    // The third line is npm's boilerplate; whether it counts as part of the block is free.
    assert_eq!(told.split_last().unwrap().1, expected.split_last().unwrap().1);
    assert!(diagnosis["last_line"].as_u64() >= Some(2));
    assert_eq!(diagnosis["registry"], serde_json::json!({"kind": "github-packages", "host": "npm.pkg.github.com"}));
}

#[test]
fn absent_facts_are_null_and_present_as_keys() {
    let got = explain("npm error code E401\nnpm error Incorrect or missing password.\n");
    let diagnosis = &got.record()["diagnoses"][0];
    assert_keys(diagnosis, &got.out, DIAGNOSIS);
    for name in ["client_version", "method", "url", "operation", "scope", "package", "version"] {
        assert!(diagnosis[name].is_null(), "{name}: {}", diagnosis[name]);
    }
    assert_eq!(diagnosis["registry"], serde_json::json!({"kind": "none", "host": null}));
    assert_eq!((&diagnosis["code"], &diagnosis["status"]), (&"E401".into(), &401.into()));

    let got =
        explain("Usage Error: Environment variable not found (NPM_TOKEN) in /app/.yarnrc.yml (in /app/.yarnrc.yml)\n");
    let diagnosis = &got.record()["diagnoses"][0];
    assert_keys(diagnosis, &got.out, DIAGNOSIS);
    assert!(diagnosis["code"].is_null() && diagnosis["status"].is_null(), "{diagnosis}");
}

// --- for readers ---

#[test]
fn colour_needs_a_terminal_or_an_order_and_no_color_wins() {
    let coloured = |set: &[(&str, &str)]| {
        run(npmfix().arg("explain").envs(set.iter().copied()), refused().as_bytes()).out.contains('\u{1b}')
    };
    assert!(!coloured(&[]), "a pipe is no terminal");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]), "otherwise the next line says nothing");
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    for format in ["markdown", "json"] {
        let got = run(npmfix().args(["explain", "--format", format]).env("CLICOLOR_FORCE", "1"), refused().as_bytes());
        assert!(!got.out.contains('\u{1b}'), "{format}");
    }
}

#[test]
fn markdown_has_bold_and_fences_and_text_has_neither() {
    let markdown = run(npmfix().args(["explain", "--format", "markdown"]), refused().as_bytes());
    assert_eq!((markdown.status, markdown.err.as_str()), (0, ""));
    assert!(markdown.out.contains("**") && markdown.out.contains("```"), "{}", markdown.out);
    let text = run(npmfix().args(["explain", "--format", "text"]), refused().as_bytes());
    assert!(!text.out.contains("**") && !text.out.contains("```"), "{}", text.out);
    assert_eq!(run(npmfix().arg("explain"), refused().as_bytes()).out, text.out, "text is what one gets unasked");
}

#[test]
fn a_reader_that_left_is_no_reason_to_panic() {
    let folder = Folder::new();
    let log = folder.file("many.log", (0..200).map(|i| refused_for(&format!("p{i}"))).collect::<String>());
    let log = log.to_str().unwrap();
    for arguments in [
        &["explain", log, log][..],
        &["explain", "--format", "json", log],
        &["explain", "--format", "markdown", log],
        &["knowledge", "list"],
        &["knowledge", "show", "network_proxy_block_403"],
        &["--help"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output =
            npmfix().args(arguments).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some() && !err.contains("panicked"), "{arguments:?}: {err}");
        assert_eq!(err, "", "{arguments:?}");
    }
}

// --- the knowledge ---

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge")
}

/// A copy of the knowledge that a test may damage.
fn copy_of_knowledge() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("causes")).unwrap();
    for table in ["registries.toml", "questions.toml"] {
        fs::copy(shipped().join(table), folder.path().join(table)).unwrap();
    }
    for entry in fs::read_dir(shipped().join("causes")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join("causes").join(entry.file_name())).unwrap();
    }
    folder
}

#[test]
fn knowledge_of_ones_own_replaces_the_built_in() {
    let folder = copy_of_knowledge();
    let id = explain(refused()).record()["diagnoses"][0]["causes"][0]["id"].as_str().unwrap().to_owned();
    let path = folder.path().join(format!("causes/{id}.toml"));
    let lines = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> =
        lines.lines().map(|l| if l.starts_with("title = ") { "title = \"Ask Mallory\"" } else { l }).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    for command in [
        npmfix().arg("--knowledge").arg(folder.path()).arg("explain"),
        npmfix().env("NPMFIX_KNOWLEDGE", folder.path()).arg("explain"),
    ] {
        let got = run(command.args(["--format", "json"]), refused().as_bytes());
        assert_eq!(got.record()["diagnoses"][0]["answer"]["title"], "Ask Mallory", "{}", got.err);
    }
}

#[rstest]
#[case::explain(&["explain", "--format", "json"])]
#[case::list(&["knowledge", "list"])]
#[case::check(&["knowledge", "check"])]
fn an_unknown_key_is_refused_with_its_file_and_line(#[case] arguments: &[&str]) {
    let folder = copy_of_knowledge();
    let path = folder.path().join("causes/network_proxy_block_403.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    fs::write(&path, format!("{first}\ncolour = \"red\"\n{rest}")).unwrap();
    let got = run(npmfix().args(arguments).arg("--knowledge").arg(folder.path()), refused().as_bytes());
    assert_eq!((got.status, got.out.as_str()), (2, ""));
    assert!(got.err.contains(&format!("{}:2: ", path.display())) && got.err.contains("`colour`"), "{}", got.err);
}

#[test]
fn a_knowledge_folder_that_is_none_is_named() {
    let folder = Folder::new();
    let got = run(npmfix().arg("--knowledge").arg(folder.path()).args(["knowledge", "list"]), b"");
    assert_eq!((got.status, got.out.as_str()), (2, ""));
    assert!(got.err.contains(folder.path().to_str().unwrap()), "{}", got.err);
}

#[test]
fn every_entry_is_listed_and_shown() {
    let list = run(npmfix().args(["knowledge", "list"]), b"");
    assert_eq!(list.status, 0);
    let listed: Vec<&str> = list.out.lines().map(|line| line.split(' ').next().unwrap()).collect();
    let mut files: Vec<String> = fs::read_dir(shipped().join("causes"))
        .unwrap()
        .map(|f| f.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort_unstable();
    assert_eq!(listed, files);
    let show = run(npmfix().args(["knowledge", "show", "github_packages_saml_sso"]), b"");
    assert_eq!(show.status, 0);
    assert!(show.out.starts_with("github_packages_saml_sso\n"), "{}", show.out);
    for part in ["Codes: ", "Check: ", "Prevention: ", "Source: https://", "Reviewed: 20", "1. "] {
        assert!(show.out.contains(part), "{part}: {}", show.out);
    }
}

#[test]
fn an_entry_shows_by_which_answers_it_stands() {
    let show = run(npmfix().args(["knowledge", "show", "npm_login_session_expired"]), b"");
    assert!(show.out.contains("\nOnly if: Where did this run? On my machine (place = laptop)\n"), "{}", show.out);
    let show = run(npmfix().args(["knowledge", "show", "npm_rate_limited"]), b"");
    assert!(!show.out.contains("Only if"), "{}", show.out);
}

#[rstest]
#[case::words_in_common("github_packages_sso", "github_packages_saml_sso")]
#[case::other_separators("npm-otp", "npm_otp_required")]
#[case::a_letter_too_many("npm_otp_requiredd", "npm_otp_required")]
fn an_unknown_id_names_a_near_one(#[case] asked: &str, #[case] near: &str) {
    let got = run(npmfix().args(["knowledge", "show", asked]), b"");
    assert_eq!((got.status, got.out.as_str()), (2, ""));
    assert!(got.err.contains(asked) && got.err.contains(near), "{}", got.err);
}

#[test]
fn an_id_like_no_other_names_the_list() {
    let got = run(npmfix().args(["knowledge", "show", "zebra"]), b"");
    assert_eq!(got.status, 2);
    assert!(got.err.contains("knowledge list"), "{}", got.err);
}

#[test]
fn the_check_passes_on_what_ships_and_names_what_it_finds() {
    let day = ["--today", "2026-11-22"];
    let good = run(npmfix().args(["knowledge", "check"]).args(day), b"");
    assert_eq!((good.status, good.err.as_str()), (0, ""));
    let folder = copy_of_knowledge();
    let path = folder.path().join("causes/network_proxy_block_403.toml");
    let text = fs::read_to_string(&path).unwrap().replace("neighbours = [", "neighbours = [\"no_such_cause\", ");
    fs::write(&path, text).unwrap();
    let bad = run(npmfix().args(["knowledge", "check"]).args(day).arg("--knowledge").arg(folder.path()), b"");
    assert_eq!(bad.status, 1);
    assert!(bad.err.contains("network_proxy_block_403") && bad.err.contains("no_such_cause"), "{}", bad.err);
}

// --- how much there may be ---

#[test]
fn past_a_thousand_different_failures_the_rest_is_said_to_exist() {
    let log: String = (0..10_000).map(|i| refused_for(&format!("p{i}"))).collect();
    let record = explain(&log).record();
    let diagnoses = record["diagnoses"].as_array().unwrap();
    assert_eq!((diagnoses.len(), &record["truncated"]), (1000, &true.into()));
    for (i, diagnosis) in diagnoses.iter().enumerate() {
        assert_eq!((&diagnosis["package"], &diagnosis["count"]), (&format!("@acme/p{i}").into(), &1.into()));
        assert_eq!(diagnosis["first_line"], 3 * i + 1);
    }
}

#[test]
fn a_thousand_different_failures_are_not_truncated() {
    let log: String = (0..1000).map(|i| refused_for(&format!("p{i}"))).collect();
    let record = explain(log).record();
    assert_eq!((record["diagnoses"].as_array().unwrap().len(), &record["truncated"]), (1000, &false.into()));
}

#[rstest]
#[case::one_after_the_other("")]
#[case::with_a_line_between(CHATTER)]
fn a_failure_that_repeats_is_one_with_its_count(#[case] between: &str) {
    let record = explain((refused() + between).repeat(10_000)).record();
    let told: Vec<_> = record["diagnoses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["count"].as_u64().unwrap(), d["first_line"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [(10_000, 1)]);
    assert_eq!(record["truncated"], false);
}

#[test]
fn a_failure_at_another_time_is_the_same_failure() {
    let log: String = (10..60)
        .flat_map(|second| {
            let text = format!(
                "{}npm error A complete log of this run can be found in: /home/dev/.npm/_logs/2026-03-04T10_21_{second}_087Z-debug-0.log\n{CHATTER}",
                refused()
            );
            text.lines().map(|line| format!("2026-03-04T10:21:{second}.0871783Z {line}\n")).collect::<Vec<_>>()
        })
        .collect();
    let record = explain(log).record();
    assert_eq!((record["diagnoses"].as_array().unwrap().len(), &record["diagnoses"][0]["count"]), (1, &50.into()));
}

#[test]
fn an_error_in_the_middle_of_a_line_of_30_megabytes_is_answered() {
    let words = "warning: chunk vendor.9f2c exceeds the limit; ".repeat(15 * 1024 * 1024 / 46);
    let one_line = refused().trim_end().replace('\n', " ");
    let got = explain(format!("{words} {one_line} {words}"));
    let record = got.record();
    assert_eq!((got.status, record["diagnoses"].as_array().unwrap().len()), (0, 1));
    let diagnosis = &record["diagnoses"][0];
    assert_eq!(
        (&diagnosis["url"], &diagnosis["first_line"], &diagnosis["code"]),
        (&URL.into(), &1.into(), &"E403".into())
    );
}
