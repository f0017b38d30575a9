//! What a reader adds to an answer: where it ran, what a command printed, that something did not help.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, helpers included")]

use std::{fs, path::Path, sync::LazyLock};

use npmfix::{
    answer::{Answer, answer, asked},
    classifier::{Answers, Confidence, Diagnosis, Place, Unknown, explain, narrow},
    knowledge::{CauseId, Knowledge, load::expand, load_embedded},
};
use rstest::rstest;

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| load_embedded().unwrap());

/// A thread under one answer of the bot.
struct Thread {
    found: Diagnosis,
    answered: Answers,
    tried: Vec<CauseId>,
}

fn paste(text: &str) -> Thread {
    let found = explain(expand(text).as_bytes(), &&*KNOWLEDGE).diagnoses.into_iter().next().unwrap();
    Thread { found, answered: Answers::default(), tried: Vec::new() }
}

impl Thread {
    fn now(&self) -> Diagnosis {
        narrow::narrowed(&self.found, &self.answered, &KNOWLEDGE)
    }

    fn bot_says(&self) -> Answer {
        answer(&self.now(), &KNOWLEDGE)
    }

    fn leads(&self) -> String {
        self.bot_says().id.unwrap().to_string()
    }

    fn could_also_be(&self) -> Vec<String> {
        self.bot_says().others.iter().map(|other| other.id.to_string()).collect()
    }

    fn bot_asks(&self) -> Option<&str> {
        narrow::question(&self.found, &self.answered, &KNOWLEDGE).map(|q| q.id.as_str())
    }

    fn reader_chooses(mut self, question: &str, option: &str) -> Self {
        self.answered.give(question, option);
        self
    }

    /// The answer after "Didn't help" to the one that leads, if there is one.
    fn reader_says_it_did_not_help(&mut self) -> Option<Answer> {
        let before = narrow::without(&self.now(), &self.tried, &KNOWLEDGE).unwrap();
        self.tried.push(answer(&before, &KNOWLEDGE).id.unwrap());
        narrow::without(&self.now(), &self.tried, &KNOWLEDGE).map(|next| answer(&next, &KNOWLEDGE))
    }
}

const MASKED_PUBLISH: &str = "\
npm error code E404
npm error 404 Not Found - PUT https://{{npm}}/@acme%2fwidget - Not found
npm error 404
npm error 404  '@acme/widget@1.4.2' is not in this registry.
";
const WHOAMI: &str = "\
npm error code E401
npm error 401 Unauthorized - GET https://{{npm}}/-/whoami
";
const SCOPED_INSTALL: &str = "\
$ CI=true npm ci
npm error code E401
npm error 401 Unauthorized - GET https://{{npm}}/@northwind%2ficons - Unauthorized
";
const BLOCKED: &str = "\
npm error code E403
npm error 403 403 Forbidden - GET https://{{npm}}/left-pad/-/left-pad-1.3.0.tgz
";
const BEARER: &str = "\
npm error code E401
npm error Unable to authenticate, your authentication token seems to be invalid.
npm error To correct this please try logging in again with:
npm error     npm login
";
const NEEDS_LOGIN: &str = "\
npm error code ENEEDAUTH
npm error need auth This command requires you to be logged in to https://{{npm}}/
npm error need auth You need to authorize this machine using `npm adduser`
";
const GITHUB_WRITE: &str = "\
npm error code E403
npm error 403 403 Forbidden - PUT https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: write_package
";

// --- what is asked ---

#[rstest]
#[case::a_404_on_publish(MASKED_PUBLISH, Some("whoami"))]
#[case::a_dead_token_or_a_session(WHOAMI, Some("place"))]
#[case::a_blocked_download(BLOCKED, Some("others"))]
#[case::the_text_names_the_cause(NEEDS_LOGIN, None)]
#[case::nothing_would_help(BEARER, None)]
fn the_question_is_the_one_that_tells_the_causes_apart(#[case] text: &str, #[case] expected: Option<&str>) {
    assert_eq!(paste(text).bot_asks(), expected);
}

#[test]
fn the_question_names_the_registry_of_the_text() {
    let thread = paste(MASKED_PUBLISH);
    let question = KNOWLEDGE.question(thread.bot_asks().unwrap()).unwrap();
    let words = asked(question, &thread.found, &KNOWLEDGE).backticked();
    assert_eq!(words, expand("What does `npm whoami --registry=https://{{npm}}/` print where it failed?"));
}

#[test]
fn what_the_text_shows_is_not_asked() {
    let mut thread = paste(WHOAMI);
    thread.found.report.places = vec![Place::Laptop];
    assert_ne!(thread.bot_asks(), Some("place"));
    let mut thread = paste(MASKED_PUBLISH);
    thread.found.report.sent = Some(npmfix::classifier::Sent::Nothing);
    assert_ne!(thread.bot_asks(), Some("whoami"));
}

#[test]
fn a_question_that_would_show_a_gap_is_not_asked() {
    let mut thread = paste(BLOCKED);
    thread.found.report.registry.url = Some("http://[".to_owned());
    assert_eq!(thread.bot_asks(), None);
}

#[test]
fn no_question_is_asked_twice_and_all_come_to_an_end() {
    for text in [MASKED_PUBLISH, WHOAMI, SCOPED_INSTALL, BLOCKED, BEARER] {
        for pick in 0..4 {
            let mut thread = paste(text);
            let mut asked = Vec::new();
            while let Some(id) = thread.bot_asks().map(str::to_owned) {
                assert!(!asked.contains(&id), "{id} again after {asked:?}");
                let options = &KNOWLEDGE.question(&id).unwrap().options;
                thread = thread.reader_chooses(&id, &options[pick.min(options.len() - 1)].id);
                asked.push(id);
            }
        }
    }
}

// --- what an answer changes ---

#[rstest]
#[case::the_token_lives("name", "npm_publish_masked_404", &["npm_token_expired_or_revoked", "npm_login_session_expired"])]
#[case::the_token_is_dead("refused", "npm_token_expired_or_revoked", &["npm_publish_masked_404"])]
fn whoami_after_a_404_on_publish(#[case] option: &str, #[case] leads: &str, #[case] gone: &[&str]) {
    let thread = paste(MASKED_PUBLISH).reader_chooses("whoami", option);
    assert_eq!(thread.leads(), leads);
    let others = thread.could_also_be();
    assert!(!gone.iter().any(|id| others.iter().any(|other| other == id)), "{others:?}");
}

#[test]
fn on_a_laptop_it_is_the_login_and_in_ci_the_token() {
    let laptop = paste(WHOAMI).reader_chooses("place", "laptop");
    assert_eq!(laptop.leads(), "npm_login_session_expired");
    assert_eq!(laptop.now().report.places, [Place::Laptop]);
    let ci = paste(WHOAMI).reader_chooses("place", "ci");
    assert_eq!(ci.leads(), "npm_token_expired_or_revoked");
    assert!(!ci.could_also_be().contains(&"npm_login_session_expired".to_owned()));
    assert!(!ci.now().unknown.contains(&Unknown::Place));
}

#[test]
fn the_registry_was_another_one() {
    let thread = paste(SCOPED_INSTALL);
    assert_eq!((thread.leads().as_str(), thread.bot_asks()), ("npm_token_expired_or_revoked", Some("registry")));
    assert_eq!(thread.reader_chooses("registry", "no").leads(), "scope_registry_missing");
}

#[test]
fn other_packages_arrive_so_it_is_a_policy_and_no_proxy() {
    assert_eq!(paste(BLOCKED).leads(), "network_proxy_block_403");
    let thread = paste(BLOCKED).reader_chooses("others", "yes");
    assert_eq!(thread.leads(), "package_firewall_block");
    assert!(!thread.could_also_be().contains(&"network_proxy_block_403".to_owned()));
    assert_eq!(paste(BLOCKED).reader_chooses("others", "no").leads(), "network_proxy_block_403");
}

#[test]
fn that_it_ran_in_ci_does_not_make_a_guess_out_of_an_open_case() {
    assert_eq!(paste(BEARER).reader_chooses("place", "ci").leads(), "bearer_401_unknown_registry");
}

#[test]
fn a_neighbour_that_the_answer_leaves_alone_is_explained() {
    let mut thread = paste(GITHUB_WRITE);
    thread.found.causes.truncate(1);
    assert_eq!(thread.leads(), "github_packages_repo_access");
    let thread = thread.reader_chooses("registry", "no");
    let said = thread.bot_says();
    assert_eq!((said.id.unwrap().as_str(), said.confidence), ("wrong_registry_selected", Confidence::Possible));
    assert!(said.evidence.is_some() && !said.steps.is_empty() && !said.check.text.backticked().is_empty());
}

#[test]
fn a_cause_that_the_text_names_outweighs_a_wrong_answer() {
    let thread = paste(NEEDS_LOGIN).reader_chooses("whoami", "name").reader_chooses("registry", "no");
    assert_eq!(thread.leads(), "npm_not_logged_in");
}

#[test]
fn answers_that_contradict_everything_change_no_order() {
    let mut thread = paste(WHOAMI);
    thread.found.causes.retain(|cause| cause.id.as_str() == "npm_token_expired_or_revoked");
    let mut knowledge = load_embedded().unwrap();
    knowledge.causes.retain(|cause| cause.id.as_str() == "npm_token_expired_or_revoked");
    thread.answered.give("whoami", "name");
    assert_eq!(narrow::narrowed(&thread.found, &thread.answered, &knowledge), thread.found);
}

#[rstest]
#[case::no_answer(&[])]
#[case::a_question_that_went(&[("colour", "red")])]
#[case::an_option_that_went(&[("place", "moon"), ("whoami", "")])]
fn answers_that_say_nothing_change_nothing(#[case] answers: &[(&str, &str)]) {
    for text in [MASKED_PUBLISH, WHOAMI, SCOPED_INSTALL, BLOCKED, BEARER, NEEDS_LOGIN] {
        let thread = answers.iter().fold(paste(text), |thread, (id, option)| thread.reader_chooses(id, option));
        assert_eq!(thread.now(), thread.found);
    }
}

#[test]
fn the_text_has_the_last_word_about_the_place() {
    let mut thread = paste(WHOAMI);
    thread.found.report.places = vec![Place::GithubActions];
    let before = thread.leads();
    let thread = thread.reader_chooses("place", "laptop");
    assert_eq!((thread.leads(), thread.now().report.places), (before, vec![Place::GithubActions]));
}

#[test]
fn answers_are_stored_as_a_plain_map() {
    let mut answered = Answers::default();
    answered.give("whoami", "name");
    answered.give("place", "laptop");
    answered.give("place", "ci");
    let stored = serde_json::to_string(&answered).unwrap();
    assert_eq!(stored, r#"{"place":"ci","whoami":"name"}"#);
    assert_eq!(serde_json::from_str::<Answers>(&stored).unwrap(), answered);
    assert_eq!(answered.iter().collect::<Vec<_>>(), [("place", "ci"), ("whoami", "name")]);
}

// --- what did not help ---

#[test]
fn what_did_not_help_makes_room_for_the_next_until_nothing_is_left() {
    for text in [MASKED_PUBLISH, WHOAMI, SCOPED_INSTALL, BLOCKED, BEARER, NEEDS_LOGIN, GITHUB_WRITE] {
        let mut thread = paste(text);
        while let Some(next) = thread.reader_says_it_did_not_help() {
            let named = next.others.iter().map(|other| &other.id).chain(&next.id);
            for id in named {
                assert!(!thread.tried.contains(id), "{id} was tried: {:?}", thread.tried);
            }
            assert!(!next.steps.is_empty());
        }
        assert!(thread.tried.len() > 1 && thread.tried.len() < 30, "{:?}", thread.tried);
    }
}

#[test]
fn the_next_to_try_is_the_next_most_likely() {
    let mut thread = paste(WHOAMI);
    let second = thread.could_also_be().into_iter().next().unwrap();
    assert_eq!(thread.reader_says_it_did_not_help().unwrap().id.unwrap().as_str(), second);
}

#[test]
fn a_certain_cause_that_did_not_help_leads_to_its_neighbours() {
    let mut thread = paste(NEEDS_LOGIN);
    thread.found.causes.truncate(1);
    let next = thread.reader_says_it_did_not_help().unwrap();
    assert_eq!((next.id.unwrap().as_str(), next.confidence), ("npmrc_credential_key_mismatch", Confidence::Possible));
}

#[test]
fn what_an_answer_rules_out_is_not_tried() {
    let mut thread = paste(WHOAMI).reader_chooses("place", "ci");
    while let Some(next) = thread.reader_says_it_did_not_help() {
        assert_ne!(next.id.unwrap().as_str(), "npm_login_session_expired");
    }
}

#[test]
fn nothing_tried_changes_nothing() {
    let thread = paste(WHOAMI);
    assert_eq!(narrow::without(&thread.found, &[], &KNOWLEDGE).unwrap(), thread.found);
    assert_eq!(narrow::without(&thread.found, &[], &Knowledge::default()), None);
}

// --- whatever was pasted ---

#[test]
fn any_answer_to_any_real_error_keeps_what_the_text_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/files");
    for file in fs::read_dir(folder).unwrap() {
        let text = expand(&String::from_utf8_lossy(&fs::read(file.unwrap().path()).unwrap()));
        for found in explain(text.as_bytes(), &&*KNOWLEDGE).diagnoses {
            for question in &KNOWLEDGE.questions {
                for option in &question.options {
                    let mut answered = Answers::default();
                    answered.give(&question.id, &option.id);
                    let now = narrow::narrowed(&found, &answered, &KNOWLEDGE);
                    assert_eq!((&now.fingerprint, now.count), (&found.fingerprint, found.count));
                    // With the place known, guesses that need it unknown may go.
                    let kept = |id: &CauseId| now.causes.iter().any(|cause| cause.id == *id);
                    assert!(question.id == "place" || found.causes.iter().all(|cause| kept(&cause.id)));
                    assert!(!now.causes.first().unwrap().set_aside);
                    assert!(answer(&now, &KNOWLEDGE).id.is_some());
                    assert!(narrow::question(&found, &answered, &KNOWLEDGE).is_none_or(|next| next.id != question.id));
                }
            }
        }
    }
}
