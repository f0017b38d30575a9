//! The path that a bot takes in production: the real program, TLS whose certificates are looked at, HTTP/2, and a Discord that counts
//! how often it is called. Only the address is another.

use std::io::Write as _;

use axum::http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use crate::{
    fake::{
        Fake, PATIENCE, Seen, State0, Trouble,
        gateway::Order,
        rates::POSTS,
        tls::{Authority, HERE, Papers},
    },
    program::{self, Program, channel, posts},
    rig::{SCOPES, command, page},
};

/// More than a channel takes at once.
const PASTES: usize = POSTS + 3;

/// The certificate of an authority, as a file.
fn file(authority: &Authority) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(authority.pem().as_bytes()).unwrap();
    file
}

fn trusting(file: &NamedTempFile) -> [(&'static str, &str); 1] {
    [("SSL_CERT_FILE", file.path().to_str().unwrap())]
}

fn paste(fake: &Fake, number: usize) -> Value {
    let text = SCOPES.replace("acme", &format!("acme{number}"));
    fake.writes("alice", &channel(0), json!({ "content": text }))["id"].clone()
}

/// Waits for so many answers.
async fn answered(fake: &Fake, times: usize) {
    fake.until(&format!("{times} answers"), |state| (posts(state) >= times).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pastes_are_answered_once_over_tls_within_what_discord_takes() {
    let authority = Authority::new();
    let fake = Fake::start_in_production(&authority.vouches_for(HERE), &authority.vouches_for(HERE)).await;
    let (program, trusted) = (Program::watching(&fake, 1).await, file(&authority));
    let running = program.start(&trusting(&trusted));
    fake.until("a session", |state| state.gateway.session.is_some().then_some(())).await;
    let help = fake.interacts(command("help", &[])).await;
    assert!(page(&help["data"]).contains("explain TEXT"), "{help}");
    // One is held up with everything else, and the answer to another one is lost.
    fake.trouble("post", Trouble::Limited { seconds: 0.7, global: true });
    fake.trouble("post", Trouble::Lost);
    let mut asked: Vec<Value> = (0..PASTES).map(|number| paste(&fake, number)).collect();
    answered(&fake, PASTES).await;
    // The connection ends as such ends do: without the goodbye that TLS has.
    fake.state().gateway.order(Order::Cut);
    asked.push(paste(&fake, PASTES));
    answered(&fake, PASTES + 1).await;
    program.settles(&fake, PATIENCE).await;
    drop(running);
    let state = fake.state();
    assert_eq!(state.faults, Vec::<String>::new());
    assert_eq!(state.turned_away, Vec::<String>::new());
    assert_eq!(state.gateway.sign_ins(), (1, 1));
    check_answers(&state, &asked);
    // Two were sent again, and none too early.
    let sent = state.calls.iter().filter(|call| call.method == Method::POST && call.path.ends_with("/messages"));
    assert_eq!(sent.count(), asked.len() + 2);
}

/// Each was answered once, in its turn, about itself.
fn check_answers(state: &State0, asked: &[Value]) {
    let answers = state.seen.iter().map(|seen| match seen {
        Seen::Posted(answer) => answer,
        other => panic!("{other:?}"),
    });
    let answers: Vec<&Value> = answers.collect();
    let about: Vec<Value> = answers.iter().map(|answer| answer["message_reference"]["message_id"].clone()).collect();
    assert_eq!(about, asked);
    for (number, answer) in answers.iter().enumerate() {
        assert!(page(answer).contains(&format!("@acme{number}%2fwidget")), "{answer:#}");
    }
}

/// Who vouches for whom.
enum Trust {
    /// The machine knows another authority.
    Another,
    /// The machine knows those that everybody knows.
    TheUsual,
}

#[rstest]
#[case::another_authority_is_trusted(Trust::Another)]
#[case::the_usual_authorities_are_trusted(Trust::TheUsual)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discord_that_nobody_vouches_for_gets_no_token(#[case] trust: Trust) {
    let authority = Authority::new();
    let fake = Fake::start_in_production(&authority.vouches_for(HERE), &authority.vouches_for(HERE)).await;
    let other = file(&Authority::new());
    let environment = match trust {
        Trust::Another => trusting(&other).to_vec(),
        Trust::TheUsual => Vec::new(),
    };
    check_refused(&fake, &environment, "UnknownIssuer").await;
    // Whoever asks whether everything is set up is told as well.
    let mut check = program::on(&fake.base, &environment);
    let check = spawn_blocking(move || check.args(["discord", "check"]).output().unwrap()).await.unwrap();
    let told = String::from_utf8(check.stdout).unwrap();
    assert!(!check.status.success() && told.contains("UnknownIssuer") && told.contains("SSL_CERT_FILE"), "{told}");
    assert!(fake.state().calls.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discord_with_the_papers_of_somebody_else_gets_no_token() {
    let (authority, elsewhere) = (Authority::new(), "192.0.2.1");
    let fake = Fake::start_in_production(&authority.vouches_for(elsewhere), &authority.vouches_for(HERE)).await;
    check_refused(&fake, &trusting(&file(&authority)), "not valid for").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_nobody_vouches_for_gets_no_token() {
    let (authority, other) = (Authority::new(), Authority::new());
    check_gateway(&authority, &other.vouches_for(HERE), "UnknownIssuer").await;
    check_gateway(&authority, &authority.vouches_for("192.0.2.1"), "not valid for").await;
}

/// The program says why it does not go on, and what to do; nothing was sent to the API.
async fn check_refused(fake: &Fake, environment: &[(&str, &str)], why: &str) {
    let program = Program::watching(fake, 1).await;
    let (running, log) = program.start_heard(environment);
    let said = log.says("Discord is not reached").await;
    assert!(said.contains(why) && said.contains("SSL_CERT_FILE"), "{said}");
    fake.until("somebody to be turned away", |state| state.turned_away.pop()).await;
    drop(running);
    let state = fake.state();
    assert_eq!((state.calls.len(), state.gateway.asked.len()), (0, 0));
}

/// The same for a gateway behind an API that is trusted.
async fn check_gateway(authority: &Authority, papers: &Papers, why: &str) {
    let fake = Fake::start_in_production(&authority.vouches_for(HERE), papers).await;
    let (program, trusted) = (Program::watching(&fake, 1).await, file(authority));
    let (running, log) = program.start_heard(&trusting(&trusted));
    let said = log.says("the gateway is not reached").await;
    assert!(said.contains(why) && said.contains("SSL_CERT_FILE"), "{said}");
    fake.until("somebody to be turned away", |state| state.turned_away.pop()).await;
    drop(running);
    let state = fake.state();
    assert!(!state.calls.is_empty());
    assert_eq!(state.gateway.asked, Vec::<String>::new());
}
