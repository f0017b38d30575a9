//! Saved fixes on each engine: who sees them, which one leads, and the way into a file and back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/engines.rs"]
mod engines;

use std::process::Output;

use assert_cmd::cargo::cargo_bin;
use engines::each_engine;
use jiff::Timestamp;
use npmfix::{
    bot::saved,
    classifier::{Confidence, Diagnosis, RankedCause, Report},
    knowledge::{CauseId, Knowledge, load_embedded},
    message::{ChannelId, Rights, TeamId, UserId},
    redact::Tally,
    store::{
        Store,
        fixes::{
            self, Breadth, EDITIONS, FixKey, FixText, FixWanted, NewFix, SavedFix, TEXT_LIMIT, TextError, View, Writer,
        },
    },
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn text(text: &str) -> FixText {
    FixText::write(text, &mut Tally::default()).unwrap()
}

fn key(breadth: Breadth, value: &str) -> FixKey {
    FixKey { family: "E401".to_owned(), breadth, value: value.to_owned() }
}

fn acme() -> FixKey {
    key(Breadth::Scope, "@acme")
}

fn team(name: &str) -> TeamId {
    TeamId::parse(name).unwrap()
}

fn channel(name: &str) -> ChannelId {
    ChannelId::parse(name).unwrap()
}

async fn save(store: &Store, team: &TeamId, key: &FixKey, words: &str, kept_to: Option<&str>) -> i64 {
    let who = store.who(team, &UserId::parse("U1").unwrap());
    let author = Writer { name: "Alice\n\u{202e}", who: &who };
    let cause = CauseId::from("token_expired");
    let kept_to = kept_to.map(channel);
    let new = NewFix { key, cause: Some(&cause), text: &text(words), author, channel: kept_to.as_ref() };
    let mut tx = store.begin().await.unwrap();
    let id = fixes::save(&mut tx, team, &new, at(0)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn get(store: &Store, team: &TeamId, id: i64) -> Option<SavedFix> {
    fixes::get(&mut store.read().await.unwrap(), team, id, View::Everything).await.unwrap()
}

async fn found(store: &Store, team: &TeamId, words: &str, view: View<'_>) -> Vec<i64> {
    let mut conn = store.read().await.unwrap();
    fixes::search(&mut conn, team, words, view, 10).await.unwrap().iter().map(|fix| fix.id).collect()
}

#[tokio::test]
async fn a_fix_is_saved_edited_counted_and_erased() {
    each_engine(async |store, _| {
        let (store, team) = (&store, &team("slack:T1"));
        assert_eq!(save(store, team, &acme(), "log in again", None).await, 1);
        assert_eq!(save(store, team, &acme(), "other", None).await, 2);
        let fix = get(store, team, 1).await.unwrap();
        assert_eq!((fix.text.as_str(), fix.author.as_str(), fix.saved_at), ("log in again", "Alice", at(0)));
        let other = store.who(team, &UserId::parse("U2").unwrap());
        assert!(fixes::may_change(&fix, &fix.who, Rights::Member));
        assert!(!fixes::may_change(&fix, &other, Rights::Member));
        assert!(fixes::may_change(&fix, &other, Rights::Admin));

        let by = Writer { name: "Bob", who: &other };
        let mut tx = store.begin().await.unwrap();
        assert!(fixes::failed(&mut tx, team, 1).await.unwrap());
        assert!(!fixes::edit(&mut tx, team, 1, &text("log in again"), by, at(1)).await.unwrap());
        for edition in 1..=EDITIONS + 2 {
            assert!(fixes::edit(&mut tx, team, 1, &text(&format!("step {edition}")), by, at(edition)).await.unwrap());
        }
        let uses: Vec<_> = [1, 2, 1].map(|id| (team.clone(), id)).into();
        fixes::used(&mut tx, &uses).await.unwrap();
        assert!(fixes::helped(&mut tx, team, 1, at(99)).await.unwrap());
        tx.commit().await.unwrap();
        let fix = get(store, team, 1).await.unwrap();
        assert_eq!((fix.uses, fix.helped, fix.failed, fix.helped_at), (2, 1, 0, Some(at(99))));
        assert_eq!(found(store, team, "STEP e401", View::Everything).await, [1]);
        let mut tx = store.begin().await.unwrap();
        let history = fixes::history(&mut tx, team, 1, View::Everything).await.unwrap();
        assert_eq!(history.len(), usize::try_from(EDITIONS).unwrap());
        assert_eq!(history.first().unwrap().text, format!("step {}", EDITIONS + 1));
        assert!(fixes::delete(&mut tx, team, 1).await.unwrap());
        assert!(!fixes::delete(&mut tx, team, 1).await.unwrap());
        assert!(fixes::history(&mut tx, team, 1, View::Everything).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        assert_eq!(save(store, team, &acme(), "a number is never used again", None).await, 3);
    })
    .await;
}

#[tokio::test]
async fn search_takes_words_as_they_are() {
    each_engine(async |store, _| {
        let (store, team) = (&store, &team("local"));
        save(store, team, &acme(), "Use 100% of ÄRGER_1 \\ 'quoted' 📦", None).await;
        save(store, team, &key(Breadth::Package, "left-pad"), "100 of arger", None).await;
        for (words, ids) in [
            ("", vec![2, 1]),
            ("100", vec![2, 1]),
            ("100%", vec![1]),
            ("ärger_1 📦", vec![1]),
            ("\\ 'quoted'", vec![1]),
            ("r_1", vec![1]),
            ("LEFT-PAD\0", vec![2]),
            ("!", vec![]),
        ] {
            assert_eq!(found(store, team, words, View::Everything).await, ids, "{words:?}");
        }
        found(store, team, &"%_!é ".repeat(100_000), View::Everything).await;
        found(store, team, &"%".repeat(1_000_000), View::Everything).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_crosses_teams_or_leaves_a_private_channel() {
    each_engine(async |store, _| {
        let (store, ours, theirs) = (&store, &team("slack:A"), &team("slack:B"));
        save(store, ours, &acme(), "for all", None).await;
        save(store, ours, &acme(), "for few", Some("C1")).await;
        let (inside, outside) = (channel("C1"), channel("C2"));
        assert_eq!(found(store, ours, "for", View::From(&inside)).await, [2, 1]);
        assert_eq!(found(store, ours, "for", View::From(&outside)).await, [1]);
        assert!(found(store, theirs, "", View::Everything).await.is_empty());
        let wanted = |team: &TeamId, channel: &ChannelId| {
            let keys = vec![key(Breadth::Package, "@acme/w"), acme()];
            (team.clone(), FixWanted { channel: channel.clone(), keys })
        };
        let by_who = store.who(theirs, &UserId::parse("U1").unwrap());
        let by = Writer { name: "Eve", who: &by_who };
        let mut tx = store.begin().await.unwrap();
        let asked = [wanted(ours, &inside), wanted(theirs, &inside), wanted(ours, &outside)];
        let fits = fixes::matching(&mut tx, &asked).await.unwrap();
        let ids: Vec<Vec<i64>> = fits.iter().map(|fixes| fixes.iter().map(|fix| fix.id).collect()).collect();
        assert_eq!(ids, [vec![1, 2], vec![], vec![1]]);
        assert!(fixes::get(&mut tx, ours, 2, View::From(&outside)).await.unwrap().is_none());
        assert!(fixes::get(&mut tx, theirs, 1, View::Everything).await.unwrap().is_none());
        assert!(!fixes::edit(&mut tx, theirs, 1, &text("mine"), by, at(1)).await.unwrap());
        assert!(!fixes::delete(&mut tx, theirs, 1).await.unwrap());
        assert!(!fixes::helped(&mut tx, theirs, 1, at(1)).await.unwrap());
        assert!(!fixes::failed(&mut tx, theirs, 1).await.unwrap());
        fixes::used(&mut tx, &[(theirs.clone(), 1)]).await.unwrap();
        assert!(fixes::edit(&mut tx, ours, 2, &text("for fewer"), by, at(1)).await.unwrap());
        assert!(fixes::history(&mut tx, theirs, 2, View::Everything).await.unwrap().is_empty());
        assert!(fixes::history(&mut tx, ours, 2, View::From(&outside)).await.unwrap().is_empty());
        assert_eq!(fixes::history(&mut tx, ours, 2, View::From(&inside)).await.unwrap().len(), 1);
        assert!(fixes::export(&mut tx, theirs).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let untouched = get(store, ours, 1).await.unwrap();
        assert_eq!((untouched.text.as_str(), untouched.uses, untouched.helped), ("for all", 0, 0));
    })
    .await;
}

#[test]
fn a_text_is_stored_without_secrets_and_tricks() {
    let mut secrets = Tally::default();
    let token = format!("npm_{}", "a1B2c3D4e5F6".repeat(3));
    let (head, tail) = token.split_at(20);
    let words = format!(" a\0b\u{202e}c\r\n@everyone <!channel> {head}\0{tail}\u{feff} ");
    let kept = FixText::write(&words, &mut secrets).unwrap();
    assert!(kept.as_str().starts_with("abc\n@everyone <!channel> [redacted "), "{}", kept.as_str());
    assert!(!kept.as_str().contains(tail) && !secrets.is_empty());
    assert_eq!(FixText::write("\0 \u{200f}\n", &mut secrets), Err(TextError::Empty));
    assert_eq!(FixText::write(&"📦".repeat(TEXT_LIMIT + 1), &mut secrets), Err(TextError::TooLong));
    assert_eq!(FixText::write(&"x".repeat(10_000_000), &mut secrets), Err(TextError::TooLong));
    assert!(FixText::write(&"📦".repeat(TEXT_LIMIT), &mut secrets).is_ok());
}

fn report(code: &str, kind: &str, host: Option<&str>, package: &str) -> Report {
    let mut report = Report { code: Some(code.to_owned()), package: Some(package.to_owned()), ..Report::default() };
    report.scope = package.split_once('/').map(|(scope, _)| scope.to_owned());
    kind.clone_into(&mut report.registry.kind);
    report.registry.host = host.map(str::to_owned);
    report
}

#[test]
fn keys_go_from_narrow_to_wide() {
    let knowledge: Knowledge = load_embedded().unwrap();
    let named = |report: &Report| -> Vec<String> {
        saved::keys(report, &knowledge)
            .into_iter()
            .map(|key| format!("{} {}", key.breadth.as_str(), key.value))
            .collect()
    };
    let scoped = report("E401", "azure-artifacts", Some("PKGS.dev.azure.com"), "@acme/w");
    assert_eq!(named(&scoped), ["package @acme/w", "scope @acme", "registry pkgs.dev.azure.com"]);
    assert_eq!(saved::suggested(&scoped, &knowledge).unwrap().breadth, Breadth::Scope);
    let chance = report("E403", "azure-artifacts", Some("pkgs.dev.azure.com"), "left-pad");
    assert_eq!(named(&chance), ["registry pkgs.dev.azure.com"]);
    let hostless = report("E401", "none", None, "left-pad");
    assert_eq!(named(&hostless), ["package left-pad"]);
    assert_eq!(saved::suggested(&hostless, &knowledge).unwrap().breadth, Breadth::Package);
    let bare = report("E401", "unknown", Some("npm.acme.example"), "left-pad");
    assert_eq!(saved::suggested(&bare, &knowledge).unwrap().breadth, Breadth::Registry);
    let refused = report("E403", "unknown", Some("npm.acme.example"), "left-pad");
    assert_eq!(saved::suggested(&refused, &knowledge).unwrap().breadth, Breadth::Package);
    assert!(saved::suggested(&Report::default(), &knowledge).is_none());
}

#[tokio::test]
async fn the_most_specific_fix_leads_unless_a_certain_cause_disagrees() {
    each_engine(async |store, _| {
        let (store, team) = (&store, &team("local"));
        save(store, team, &acme(), "wide", None).await;
        save(store, team, &key(Breadth::Package, "@acme/w"), "narrow", None).await;
        save(store, team, &key(Breadth::Package, "@acme/w"), "narrow and helpful", None).await;
        let mut tx = store.begin().await.unwrap();
        fixes::helped(&mut tx, team, 3, at(5)).await.unwrap();
        let all = fixes::export(&mut tx, team).await.unwrap();
        tx.commit().await.unwrap();
        let diagnosis = |cause: &str, confidence| Diagnosis {
            report: Report::default(),
            count: 1,
            causes: vec![RankedCause {
                id: CauseId::from(cause),
                confidence,
                weight: 95,
                evidence: Vec::new(),
                set_aside: false,
            }],
            unknown: Vec::new(),
            fingerprint: String::new(),
        };
        for (cause, confidence, leads, below) in [
            ("token_expired", Confidence::Certain, Some(3), vec![2, 1]),
            ("other", Confidence::Likely, Some(3), vec![2, 1]),
            ("other", Confidence::Certain, None, vec![3, 2, 1]),
        ] {
            let choice = saved::lead(&all, &diagnosis(cause, confidence));
            assert_eq!(choice.leads.map(|fix| fix.id), leads);
            assert_eq!(choice.below.iter().map(|fix| fix.id).collect::<Vec<_>>(), below);
        }
    })
    .await;
}

fn cli(address: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = assert_cmd::Command::new(cargo_bin!("npmfix"));
    command.arg("fixes").args(arguments).args(["--database", address]).write_stdin(input).output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn fixes_go_into_a_file_and_back() {
    each_engine(async |store, address| {
        let store = &store;
        save(store, &TeamId::local(), &acme(), "for all\nin two lines", None).await;
        save(store, &TeamId::local(), &acme(), "for few", Some("C1")).await;
        let run = cli(address, &["export"], "");
        let file = said(&run.stdout);
        assert_eq!(
            file,
            "{\"id\":1,\"family\":\"E401\",\"breadth\":\"scope\",\"value\":\"@acme\",\"cause\":\"token_expired\",\
             \"text\":\"for all\\nin two lines\",\"author\":\"Alice\",\"saved_at\":\"2023-11-14T22:13:20Z\"}\n"
        );
        assert!(said(&run.stderr).contains("--private"));
        let import = |input: &str, team| cli(address, &["import", "-", "--team", team], input);
        assert!(said(&import(&file, "local").stderr).contains("0 added, 0 changed, 1 as they were"));
        let edited = file.replace("two lines", "2 lines");
        assert!(said(&import(&edited, "local").stderr).contains("1 changed"));
        assert!(said(&import(&edited, "local").stderr).contains("1 as they were"));
        assert_eq!(get(store, &TeamId::local(), 1).await.unwrap().text, "for all\nin 2 lines");
        let all = said(&cli(address, &["export", "--private"], "").stdout);
        assert!(said(&import(&all, "copy").stderr).contains("2 added"));
        assert_eq!(said(&cli(address, &["export", "--private", "--team", "copy"], "").stdout), all);
        let by_hand = r#"{"family":"E403","breadth":"package","value":"left-pad","text":"ask"}"#;
        assert!(said(&import(by_hand, "copy").stderr).contains("1 added"));
        assert!(said(&import(by_hand, "copy").stderr).contains("1 as they were"));
        assert_eq!(get(store, &team("copy"), 3).await.unwrap().text, "ask");
        for (bad, what) in [
            (by_hand.replace("text", "txt"), "txt"),
            (by_hand.replace("package", "pkg"), "`breadth`"),
            (by_hand.replace("package", "scope"), "`value`"),
            (by_hand.replace("ask", ""), "empty"),
            (file.replace("2023", "2022"), "saved at another time"),
        ] {
            let run = import(&format!("{}\n\n{bad}", by_hand.replace("ask", "new")), "local");
            assert_eq!(run.status.code(), Some(2));
            let why = said(&run.stderr);
            assert!(why.contains("line 3") && why.contains(what) && why.contains("Nothing was imported"), "{why}");
        }
        assert!(get(store, &TeamId::local(), 3).await.is_none());
    })
    .await;
}
