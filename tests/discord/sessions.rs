//! Connections end in many ways. Whatever happens, a paste is answered once.

use std::{sync::Arc, time::Duration};

use npmfix::discord::{DiscordError, gateway::Refusal, rest::RestError};
use rstest::rstest;
use serde_json::json;

use crate::{
    fake::{Fake, GENERAL, SECRET, Seen, Trouble, gateway::Order},
    rig::{Rig, SCOPES, command, page},
};

fn paste(number: usize) -> String {
    SCOPES.replace("acme", &format!("acme{number}"))
}

async fn answers(rig: &Rig, number: usize) {
    rig.pastes(&paste(number));
    let said = rig.says().await;
    assert!(page(&said).contains(&format!("@acme{number}%2fwidget")), "{}", page(&said));
}

async fn resumed(fake: &Fake, times: usize) {
    fake.until("a resumption", |state| (state.gateway.resumes.len() >= times).then_some(())).await;
}

#[rstest]
#[case::closed(Order::Close(4000))]
#[case::closed_normally(Order::Close(1000))]
#[case::closed_without_a_code(Order::Close(0))]
#[case::session_timed_out(Order::Close(4009))]
#[case::invalid_sequence(Order::Close(4007))]
#[case::cut(Order::Cut)]
#[case::asked_to_reconnect(Order::Send(r#"{"op":7,"s":null,"t":null,"d":null}"#.to_owned()))]
#[case::invalid_but_resumable(Order::Send(r#"{"op":9,"s":null,"t":null,"d":true}"#.to_owned()))]
#[tokio::test]
async fn a_connection_that_ends_is_resumed_with_what_was_missed(#[case] order: Order) {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.fake.state().gateway.order(order);
    // Said while nobody listens, perhaps: it comes again.
    rig.pastes(&paste(2));
    resumed(&rig.fake, 1).await;
    assert!(page(&rig.says().await).contains("@acme2%2fwidget"));
    assert_eq!(rig.fake.state().gateway.identifies, 1);
    answers(&rig, 3).await;
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn heartbeats_that_nobody_acknowledges_end_in_a_resumption() {
    let rig = Rig::start().await;
    rig.fake.state().gateway.deaf = true;
    rig.fake.until("a new connection", |state| (state.gateway.connections >= 2).then_some(())).await;
    rig.fake.state().gateway.deaf = false;
    resumed(&rig.fake, 1).await;
    assert_eq!(rig.fake.state().gateway.identifies, 1);
    answers(&rig, 1).await;
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn an_invalid_session_begins_anew_and_reads_what_was_missed() {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.settles().await;
    {
        let mut state = rig.fake.state();
        state.gateway.invalid = true;
        state.gateway.order(Order::Cut);
        state.gateway.end_session();
    }
    rig.fake.writes_unheard("alice", GENERAL, json!({ "content": paste(2) }));
    rig.fake.until("a new session", |state| (state.gateway.identifies >= 2).then_some(())).await;
    assert!(page(&rig.says().await).contains("@acme2%2fwidget"));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn the_same_event_twice_is_answered_once() {
    let rig = Rig::start().await;
    let paste = rig.pastes(SCOPES);
    rig.fake.dispatch("MESSAGE_CREATE", paste.clone());
    rig.says().await;
    rig.fake.dispatch("MESSAGE_CREATE", paste);
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_restart_goes_on_with_the_session() {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.settles().await;
    let (fake, folder, outcome) = rig.stops().await;
    outcome.unwrap();
    // Such a goodbye leaves the session open.
    assert_eq!(fake.state().gateway.goodbye, Some(4000));
    fake.writes("alice", GENERAL, json!({ "content": paste(2) }));
    let rig = Rig::on(fake, folder).await;
    assert!(page(&rig.says().await).contains("@acme2%2fwidget"));
    assert_eq!(rig.fake.state().gateway.sign_ins(), (1, 1));
    // The commands are known to Discord by now.
    assert_eq!(rig.fake.calls_of(&axum::http::Method::PUT, "commands").len(), 1);
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn what_came_when_discord_refused_the_token_comes_again() {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.settles().await;
    // The channel is asked about once more.
    rig.fake.dispatch("CHANNEL_UPDATE", json!({ "id": GENERAL }));
    rig.fake.trouble("channel", Trouble::Refused(401, 0));
    rig.pastes(&paste(2));
    let (fake, folder, outcome) = rig.ends().await;
    assert!(matches!(outcome, Err(DiscordError::Rest(RestError::Unauthorized))), "{outcome:?}");
    let rig = Rig::on(fake, folder).await;
    assert!(page(&rig.says().await).contains("@acme2%2fwidget"));
    assert_eq!(rig.fake.state().gateway.sign_ins(), (1, 1));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn what_somebody_asked_for_before_an_outage_is_over() {
    /// Discord waits three.
    const SECONDS: u64 = 10;
    let rig = Rig::start().await;
    rig.settles().await;
    rig.fake.state().gateway.order(Order::Cut);
    let old = (rig.fake.id().parse::<u64>().unwrap() - ((SECONDS * 1000) << 22)).to_string();
    let mut asked = command("help", &[]);
    (asked["id"], asked["token"]) = (json!(old), json!(format!("t{old}")));
    rig.fake.interacts_later(asked);
    resumed(&rig.fake, 1).await;
    assert_eq!(rig.command("help", &[]).await["type"], 4);
    rig.settles().await;
    assert!(rig.fake.calls_of(&axum::http::Method::POST, &old).is_empty(), "it was answered");
    rig.fake.end();
}

#[tokio::test]
async fn channels_are_read_a_few_at_a_time_after_an_outage() {
    const CHANNELS: usize = 12;
    let rig = Rig::start().await;
    let channels = rig.watches(CHANNELS).await;
    rig.settles().await;
    let (fake, folder, _) = rig.stops().await;
    fake.state().gateway.end_session();
    for (number, channel) in channels.iter().enumerate() {
        fake.writes_unheard("alice", channel, json!({ "content": paste(number) }));
    }
    fake.weather(|route| (route == "messages").then_some(Trouble::Slow(Duration::from_millis(100))));
    let rig = Rig::on(fake, folder).await;
    for _ in 0..CHANNELS {
        rig.says().await;
    }
    let most = rig.fake.state().most_readers;
    assert!((2..=4).contains(&most), "{most} at a time");
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn channels_that_cannot_be_read_keep_no_other_from_being_read() {
    const CHANNELS: usize = 9;
    let rig = Rig::start().await;
    let channels = rig.watches(CHANNELS).await;
    rig.settles().await;
    let (fake, folder, _) = rig.stops().await;
    fake.state().gateway.end_session();
    for (number, channel) in channels.iter().enumerate() {
        fake.writes_unheard("alice", channel, json!({ "content": paste(number) }));
    }
    // All but the last.
    fake.state().unreadable = channels.iter().take(CHANNELS - 1).cloned().collect();
    let rig = Rig::on(fake, folder).await;
    assert_eq!(rig.says().await["channel_id"], json!(channels[CHANNELS - 1]));
    rig.fake.state().unreadable.clear();
    for _ in 1..CHANNELS {
        rig.says().await;
    }
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn what_was_said_while_the_bot_was_down_is_answered_once_it_is_back() {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.settles().await;
    let (fake, folder, _) = rig.stops().await;
    fake.state().gateway.end_session();
    for number in 2..5 {
        fake.writes_unheard("alice", GENERAL, json!({ "content": paste(number) }));
        fake.writes_unheard("bob", GENERAL, json!({ "content": "lunch?" }));
    }
    let rig = Rig::on(fake, folder).await;
    let mut said = Vec::new();
    for _ in 2..5 {
        said.push(page(&rig.says().await));
    }
    said.sort();
    for number in 2..5 {
        assert!(said.iter().any(|page| page.contains(&format!("@acme{number}%2fwidget"))), "{said:?}");
    }
    assert_eq!(rig.fake.state().gateway.identifies, 2);
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn what_was_said_in_an_outage_that_ends_in_a_new_session_is_read_from_its_beginning() {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.settles().await;
    {
        let gateway = &mut rig.fake.state().gateway;
        gateway.ends = Some(Order::Close(4000));
        gateway.order(Order::Cut);
    }
    rig.fake.until("the outage", |state| (state.gateway.connections >= 2).then_some(())).await;
    rig.fake.state().gateway.end_session();
    rig.fake.writes_unheard("alice", GENERAL, json!({ "content": paste(2) }));
    rig.fake.minutes_pass(1);
    // The connection is greeted, and only then hears that its session is gone.
    rig.fake.state().gateway.ends = None;
    assert!(page(&rig.says().await).contains("@acme2%2fwidget"));
    assert_eq!(rig.fake.state().gateway.sign_ins(), (2, 1));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn what_comes_while_the_bot_says_goodbye_comes_again() {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.settles().await;
    rig.is_told_to_stop();
    rig.pastes(&paste(2));
    let (fake, folder, outcome) = rig.stops().await;
    outcome.unwrap();
    let rig = Rig::on(fake, folder).await;
    assert!(page(&rig.says().await).contains("@acme2%2fwidget"));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_crash_before_the_servers_have_come_costs_nothing_of_what_was_missed() {
    let rig = Rig::start().await;
    answers(&rig, 1).await;
    rig.settles().await;
    let (fake, folder, _) = rig.stops().await;
    {
        let mut state = fake.state();
        state.gateway.end_session();
        state.gateway.holds_servers = true;
    }
    fake.writes_unheard("alice", GENERAL, json!({ "content": paste(2) }));
    let rig = Rig::on(fake, folder).await;
    rig.fake.until("a session", |_| rig.discord.health().first().and_then(|(_, last)| *last)).await;
    let (fake, folder) = rig.dies().await;
    fake.state().gateway.servers_come();
    let rig = Rig::on(fake, folder).await;
    assert!(page(&rig.says().await).contains("@acme2%2fwidget"));
    // The first session could not go on; the second did.
    assert_eq!(rig.fake.state().gateway.sign_ins(), (2, 2));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_watched_channel_is_known_as_its_server_comes_and_a_private_one_stays_private() {
    let rig = Rig::start().await;
    let mut watch = command("watch", &[]);
    (watch["channel_id"], watch["channel"]) = (json!(SECRET), json!({ "id": SECRET, "type": 0 }));
    rig.fake.interacts(watch).await;
    rig.settles().await;
    let (fake, folder, _) = rig.stops().await;
    fake.state().gateway.end_session();
    fake.state().calls.clear();
    let rig = Rig::on(fake, folder).await;
    rig.fake.writes("alice", SECRET, json!({ "content": paste(1) }));
    assert_eq!(rig.says().await["channel_id"], SECRET);
    assert!(rig.fake.calls_of(&axum::http::Method::GET, "channels/").is_empty(), "it asked");
    let history = rig.command("history", &[]).await;
    assert!(page(&history["data"]).contains("No error was met yet."), "{history}");
    rig.settles().await;
    rig.fake.end();
}

#[rstest]
#[case::closed(Order::Close(4000), 6)]
#[case::cut(Order::Cut, 300)]
#[tokio::test]
async fn connections_that_end_at_once_are_not_made_without_end(#[case] end: Order, #[case] free: usize) {
    let rig = Rig::start().await;
    {
        let gateway = &mut rig.fake.state().gateway;
        gateway.ends = Some(end);
        gateway.order(Order::Cut);
    }
    // Some may end one after the other; then each is waited for.
    let pause = |state: &mut crate::fake::State0| {
        let at = state.gateway.connected_at.windows(2);
        at.map(|pair| pair[1] - pair[0]).position(|pause| pause >= Duration::from_secs(5))
    };
    let before = rig.fake.until("a pause", pause).await + 1;
    assert!(before <= free, "{before} connections");
    rig.fake.state().gateway.ends = None;
    answers(&rig, 1).await;
    rig.settles().await;
    rig.fake.end();
}

#[rstest]
#[case::token(4004, Refusal::Token)]
#[case::shard(4010, Refusal::Shards(4010))]
#[case::sharding(4011, Refusal::Shards(4011))]
#[case::version(4012, Refusal::Version)]
#[case::intents(4013, Refusal::Intents)]
#[case::not_allowed(4014, Refusal::NotAllowed)]
#[tokio::test]
async fn a_fatal_close_ends_the_bot_with_a_clear_message(#[case] code: u16, #[case] refusal: Refusal) {
    let rig = Rig::start().await;
    let connections = rig.fake.state().gateway.connections;
    rig.fake.state().gateway.order(Order::Close(code));
    let fake = rig.fake.clone();
    let Err(DiscordError::Refused(ended)) = rig.ends().await.2 else { panic!("it goes on") };
    assert_eq!(ended, refusal);
    assert!(ended.to_string().contains(&code.to_string()), "{ended}");
    assert_eq!(fake.state().gateway.connections, connections);
}

#[tokio::test]
async fn a_stop_ends_also_when_discord_does_not_answer() {
    let rig = Rig::start().await;
    rig.fake.state().gateway.ends = Some(Order::Close(4000));
    rig.fake.state().gateway.order(Order::Cut);
    rig.fake.until("trouble", |state| (state.gateway.connections >= 3).then_some(())).await;
    rig.stops().await.2.unwrap();
}

#[tokio::test]
async fn a_stand_in_cannot_send_the_token_away() {
    let fake = Fake::start().await;
    fake.state().gateway.elsewhere = Some("wss://gateway.example".to_owned());
    let rig = Rig::begin(fake, Arc::new(tempfile::tempdir().unwrap())).await;
    let Err(DiscordError::Refused(Refusal::Elsewhere)) = rig.ends().await.2 else { panic!("it goes on") };
    let fake = Fake::start().await;
    fake.state().url = "ws://192.0.2.1:9".to_owned();
    let rig = Rig::begin(fake, Arc::new(tempfile::tempdir().unwrap())).await;
    let Err(DiscordError::Refused(Refusal::Elsewhere)) = rig.ends().await.2 else { panic!("it goes on") };
}

#[tokio::test]
async fn without_the_right_to_read_messages_the_rest_works() {
    let fake = Fake::start().await;
    fake.state().flags = 0;
    let rig = Rig::on(fake, Arc::new(tempfile::tempdir().unwrap())).await;
    let explained = rig.command("explain", &[("text", SCOPES)]).await;
    assert!(page(&explained["data"]).contains("lacks a packages scope"));
    assert_eq!(rig.fake.state().gateway.intents & (1 << 15), 0);
    rig.fake.end();
}

#[tokio::test]
async fn a_new_server_gets_a_hello_once() {
    let fake = Fake::start().await;
    fake.state().gateway.joined_at = Some(jiff::Timestamp::now().to_string());
    let rig = Rig::on(fake, Arc::new(tempfile::tempdir().unwrap())).await;
    let Seen::Posted(hello) = rig.fake.sees().await else { panic!("no hello") };
    assert!(page(&hello).contains("/npmfix watch"), "{hello}");
    rig.settles().await;
    let (fake, folder, _) = rig.stops().await;
    fake.state().gateway.end_session();
    let rig = Rig::on(fake, folder).await;
    rig.settles().await;
    rig.fake.end();
}
