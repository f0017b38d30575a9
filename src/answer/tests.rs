//! What the answers say, as snapshots, and which steps, others and caveats are chosen.

use insta::assert_snapshot;
use rstest::rstest;

use super::{
    json::value,
    markdown::{markdown, push_text},
    text::{Paint, text},
    *,
};
use crate::{
    classifier::{Place, RankedCause, Registry, Report, Unknown},
    knowledge::{Applies, Check, RegistryKind, Samples},
};

/// The parts of an entry that an answer shows.
#[derive(serde::Deserialize)]
struct Shown {
    title: String,
    explanation: String,
    sources: Vec<String>,
    #[serde(default)]
    neighbours: Vec<CauseId>,
    check: Check,
    #[serde(default)]
    steps: Vec<Step>,
}

fn cause(id: &str, shown: &str) -> Cause {
    let shown: Shown = toml::from_str(shown).unwrap();
    Cause {
        id: id.into(),
        title: shown.title,
        tier: 1,
        neutral: false,
        prior: 3,
        codes: vec![],
        clients: vec![],
        registries: vec![],
        operations: vec![],
        holds: std::collections::BTreeMap::new(),
        signals: vec![],
        explanation: shown.explanation,
        is_not: String::new(),
        steps: shown.steps,
        check: shown.check,
        prevention: String::new(),
        sources: shown.sources,
        reviewed: jiff::civil::date(2026, 11, 22),
        valid_until: None,
        neighbours: shown.neighbours,
        samples: Samples { matches: vec![], no_match: vec![] },
    }
}

fn short(id: &str, title: &str) -> Cause {
    let body =
        format!("title = \"{title}\"\nexplanation = \"It is {title}.\"\nsources = []\ncheck = {{ text = \"Look.\" }}");
    cause(id, &body)
}

fn knowledge() -> Knowledge {
    let missing = cause(
        "login_missing",
        r#"
title = "No login for this registry"
explanation = "npm has no credential stored under exactly `//{host}`, so it sent nothing."
sources = ["ftp://x", "https://docs.npmjs.com/cli/v11/configuring-npm/npmrc"]
neighbours = ["zz_wrong_kind", "token_dead", "env_empty"]
[check]
text = "A user name means that the login is found; ENEEDAUTH means that it is not."
command = "npm whoami --registry={registry}"
[[steps]]
text = "Log in to it."
command = "npm login --scope={scope} --registry={registry}"
when = { place = ["laptop"] }
[[steps]]
text = "Give the step that runs npm the secret."
command = "env:\n  NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}"
when = { place = ["github-actions"] }
[[steps]]
text = "Keep this line in `.npmrc`; the slash at the end counts."
command = "//{host}:_authToken=${NPM_TOKEN}"
[[steps]]
text = "Ask on npmjs.com who owns `{package}`, e.g. @acme."
when = { registry = ["npm-public"] }
"#,
    );
    let mut wrong = short("zz_wrong_kind", "a GitHub matter");
    wrong.registries = vec!["github-packages".to_owned()];
    let mut causes = vec![missing, wrong, short("token_dead", "a dead token"), short("env_empty", "an empty variable")];
    causes.sort_by(|a, b| a.id.cmp(&b.id));
    let row: RegistryKind = toml::from_str("kind = \"nexus\"\nname = \"Nexus\"\nsources = []").unwrap();
    Knowledge::new(causes, vec![row])
}

fn ranked(id: &str, weight: u8, line: &str) -> RankedCause {
    let evidence = Line { number: 12, text: line.to_owned() };
    RankedCause {
        id: id.into(),
        confidence: Confidence::from_weight(weight),
        weight,
        evidence: vec![evidence],
        set_aside: false,
    }
}

fn diagnosis(causes: Vec<RankedCause>) -> Diagnosis {
    let registry = Registry {
        kind: "nexus".to_owned(),
        host: Some("nexus.acme.dev".to_owned()),
        url: Some("https://nexus.acme.dev/repository/npm/".to_owned()),
    };
    let report = Report { registry, package: Some("@acme/widget".to_owned()), ..Report::default() };
    Diagnosis { report, count: 1, causes, unknown: vec![], fingerprint: String::new() }
}

fn known() -> Diagnosis {
    let line = "need auth This command requires you to be logged in to https://nexus.acme.dev/repository/npm/";
    diagnosis(vec![ranked("login_missing", 92, line), ranked("token_dead", 40, "x")])
}

fn bare() -> Diagnosis {
    let mut bare = diagnosis(vec![ranked("login_missing", 70, "```` <!here> @everyone")]);
    bare.report = Report::default();
    bare.count = 3;
    bare.unknown = vec![Unknown::Place, Unknown::Package, Unknown::Registry];
    bare
}

#[test]
fn a_known_registry_fills_everything() {
    let answer = answer(&known(), &knowledge());
    assert_snapshot!("known_markdown", markdown(&answer));
    let mut in_ci = known();
    in_ci.report.places = vec![Place::GithubActions];
    assert_snapshot!("known_ci_markdown", markdown(&super::answer(&in_ci, &knowledge())));
    assert_snapshot!("known_text", text(&answer, 60, Paint::Plain));
    assert_snapshot!("known_json", serde_json::to_string_pretty(&json::json(&answer)).unwrap());
}

#[test]
fn a_bare_text_shows_what_is_missing() {
    let answer = answer(&bare(), &knowledge());
    assert_snapshot!("bare_markdown", markdown(&answer));
    assert_snapshot!("bare_text", text(&answer, 60, Paint::Plain));
    assert_snapshot!("bare_json", serde_json::to_string_pretty(&json::json(&answer)).unwrap());
}

#[test]
fn styles_only_where_asked() {
    let answer = answer(&known(), &knowledge());
    let plain = text(&answer, 60, Paint::Plain);
    let ansi = text(&answer, 60, Paint::Ansi);
    assert!(!plain.contains('\u{1b}'));
    assert!(ansi.contains("\u{1b}[1m"));
    assert_snapshot!("known_ansi", ansi.replace('\u{1b}', "␛"));
}

#[test]
fn without_an_entry_it_says_so() {
    let answer = answer(&known(), &Knowledge::default());
    assert_eq!(answer.id, None);
    assert_snapshot!("unexplained_markdown", markdown(&answer));
}

#[test]
fn json_has_the_agreed_keys_and_no_others() {
    let value = value(&answer(&known(), &knowledge()));
    let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["cause", "check", "evidence", "learn_more", "others", "steps", "title"]);
    assert!(value["steps"][1]["command"].is_string());
}

#[rstest]
#[case::nothing_known(&[], &["laptop", "ci"])]
#[case::named(&[Place::GithubActions], &["ci", "github-actions"])]
#[case::unnamed(&[Place::Ci], &["ci"])]
#[case::docker(&[Place::Docker], &["ci", "docker"])]
#[case::laptop(&[Place::Laptop], &["laptop"])]
#[case::both(&[Place::GithubActions, Place::Docker], &["ci", "github-actions", "docker"])]
fn place_names(#[case] places: &[Place], #[case] expected: &[&str]) {
    let report = Report { places: places.to_vec(), ..Report::default() };
    let holds = |name: &&str| applies(&Applies { place: vec![(*name).to_owned()], ..Applies::default() }, &report);
    let held: Vec<_> = ["laptop", "ci", "github-actions", "gitlab-ci", "docker"].into_iter().filter(holds).collect();
    assert_eq!(held, expected);
}

#[test]
fn an_unknown_fact_holds_for_no_value() {
    let when = Applies { status: vec![401], ..Applies::default() };
    assert!(!applies(&when, &Report::default()));
    assert!(applies(&when, &Report { status: Some(401), ..Report::default() }));
    let when = Applies { operation: vec!["publish".to_owned()], ..Applies::default() };
    assert!(!applies(&when, &Report::default()));
}

#[test]
fn neighbours_fill_up_but_never_contradict_the_registry() {
    let ids = |diagnosis: &Diagnosis| -> Vec<String> {
        answer(diagnosis, &knowledge()).others.iter().map(|o| o.id.to_string()).collect()
    };
    assert_eq!(ids(&known()), ["token_dead", "env_empty"]);
    assert_eq!(ids(&bare()), ["zz_wrong_kind", "token_dead"]);
}

#[rstest]
#[case::registry(vec![Unknown::Place, Unknown::Registry], 70, Some("which registry"))]
#[case::certain_and_filled(vec![Unknown::Registry], 95, None)]
#[case::certain_credential(vec![Unknown::Credential], 95, None)]
#[case::credential(vec![Unknown::Credential], 40, Some("whether a token"))]
#[case::place_of_one_kind(vec![Unknown::Place], 95, None)]
#[case::package_is_known(vec![Unknown::Package], 95, None)]
fn caveats(#[case] unknown: Vec<Unknown>, #[case] weight: u8, #[case] expected: Option<&str>) {
    let mut diagnosis = known();
    diagnosis.unknown = unknown;
    diagnosis.causes = vec![ranked("login_missing", weight, "x")];
    let caveat = answer(&diagnosis, &knowledge()).caveat.map(|c| c.backticked());
    match expected {
        Some(start) => assert!(caveat.unwrap().starts_with(start)),
        None => assert_eq!(caveat, None),
    }
}

#[test]
fn the_place_matters_when_steps_for_both_are_shown() {
    let mut diagnosis = known();
    diagnosis.unknown = vec![Unknown::Place];
    let mut knowledge = knowledge();
    let top = knowledge.causes.iter_mut().find(|c| c.id.as_str() == "login_missing").unwrap();
    top.steps[2].when = Some(Applies { place: vec!["ci".to_owned()], ..Applies::default() });
    let caveat = answer(&diagnosis, &knowledge).caveat.unwrap();
    assert_eq!(caveat, words::place_unknown());
}

#[rstest]
#[case(299, 299)]
#[case(300, 300)]
#[case(301, 300)]
fn evidence_is_cut_between_characters(#[case] length: usize, #[case] expected: usize) {
    let diagnosis = diagnosis(vec![ranked("login_missing", 92, &"é".repeat(length))]);
    let line = answer(&diagnosis, &knowledge()).evidence.unwrap().text;
    assert_eq!(line.chars().count(), expected);
    assert_eq!(line.ends_with('…'), length > MAX_EVIDENCE);
}

#[rstest]
#[case::ping("@everyone", "@\u{200b}everyone")]
#[case::channel("<!here>", "&lt;!here&gt;")]
#[case::entity("&commat;x", "&amp;commat;x")]
#[case::link("[x](y)", "\\[x\\](y)")]
#[case::emphasis("*a* _b_ ~c~", "\\*a\\* \\_b\\_ \\~c\\~")]
#[case::heading("# a", "\\#\u{200b} a")]
#[case::list("- a", "\\- a")]
#[case::number("1. a", "1\\. a")]
#[case::host("on npmjs.com (www.npmjs.com).", "on `npmjs.com` (`www.npmjs.com`).")]
#[case::url("see https://a.dev/x!", "see `https://a.dev/x`!")]
#[case::mail("to a@b", "to `a@b`")]
#[case::short_words("e.g. npm 11.5.1", "e.g. npm 11.5.1")]
#[case::emoji(":tada:", ":\u{200b}tada:")]
#[case::tick("a`b", "a\\`b")]
fn nothing_in_a_text_acts(#[case] plain: &str, #[case] expected: &str) {
    let mut out = String::new();
    push_text(&mut out, plain);
    assert_eq!(out, expected);
}

#[rstest]
#[case("`a` b", vec![Span::Code("a".into()), Span::Plain(" b".into())])]
#[case("a `b", vec![Span::Plain("a `b".into())])]
#[case("a `` b", vec![Span::Plain("a `` b".into())])]
#[case("a\nb", vec![Span::Plain("a b".into())])]
#[case("", vec![])]
fn inline_code(#[case] source: &str, #[case] expected: Vec<Span>) {
    assert_eq!(Inline::parse(source).spans(), expected);
}
