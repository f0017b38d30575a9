//! What Slack sends, as it is and not as it is documented: each detail here has made another client lose a message.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use futures_util::FutureExt as _;
use npmfix::{
    message::{ChannelId, Visibility},
    slack::{intake::EventError, wire},
};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    desk::{ALICE, Desk, GENERAL, PASTE},
    engines::each_engine,
    fake::{APP, BOT, BOT_USER, Fake, Fault, TEAM, send::joined},
    office::team,
    tables,
};

#[rstest]
#[case::as_it_is("", json!(null))]
#[case::metadata("/event/metadata", json!({"event_type": "x", "event_payload": {"n": 1, "deep": {"a": [1, null]}}}))]
#[case::empty_urls("/event/files", json!([{"id": "F1", "mode": "hosted", "mimetype": "image/png", "url_private": "",
    "url_private_download": "", "permalink": ""}]))]
#[case::numbers_in_fields("/event/attachments", json!([{"id": "1", "fields": [{"title": "t", "value": 3, "short": "no"}]}]))]
#[case::reactions("/event/reactions", json!([{"name": "eyes", "count": 1}]))]
#[case::profile("/event/user_profile", json!({"fields": [], "display_name": null, "team": 4}))]
#[case::no_team("/team_id", json!(null))]
#[case::context("/context_enterprise_id", json!("E1"))]
#[case::no_authorizations("/authorizations", json!([]))]
#[case::odd_authorizations("/authorizations", json!({"team_id": 3}))]
#[case::time("/event_time", json!("soon"))]
#[case::thread("/event/thread_ts", json!(5))]
#[case::null_blocks("/event/blocks", json!(null))]
#[case::odd_blocks("/event/blocks", json!([null, 3, {"type": 4}, {"type": "rich_text", "elements": "x"}]))]
#[case::kind("/event/channel_type", json!("sphere"))]
#[case::edited("/event/edited", json!("yes"))]
#[tokio::test]
async fn a_paste_with_an_odd_detail_is_heard(#[case] at: &str, #[case] value: Value) {
    let (desk, _folder) = Desk::open().await;
    let mut callback = desk.says(PASTE);
    if let Some((object, field)) = at.rsplit_once('/') {
        let object = callback.pointer_mut(object).unwrap();
        object[field] = value;
    }
    desk.slack.event(&callback).await.unwrap();
    assert!(desk.heard(&callback).await);
}

#[rstest]
#[case::type_of_the_future(json!({"type": "hologram", "channel": GENERAL}))]
#[case::metadata(json!({"type": "message_metadata_posted", "metadata": {"event_payload": {"n": 1}}}))]
#[case::access(json!({"type": "team_access_granted", "team_ids": ["T1"]}))]
#[case::no_ts(json!({"type": "message", "channel": GENERAL, "user": ALICE, "text": PASTE}))]
#[case::nobody(json!({"type": "message", "channel": GENERAL, "ts": "1.1", "text": PASTE}))]
#[case::nowhere(json!({"type": "app_mention", "user": ALICE, "ts": "1.1", "text": PASTE}))]
#[case::bad_ids(json!({"type": "message", "channel": "C 1", "user": "\n", "ts": "1 1", "text": PASTE}))]
#[case::mention_by_a_bot(json!({"type": "app_mention", "channel": GENERAL, "ts": "1.1", "bot_id": "B9", "text": "hi"}))]
#[case::join(json!({"type": "message", "subtype": "channel_join", "channel": GENERAL, "user": ALICE, "ts": "1.1", "text": PASTE}))]
#[case::changed(json!({"type": "message", "subtype": "message_changed", "channel": GENERAL, "ts": "1.1"}))]
#[case::changed_to_nothing(json!({"type": "message", "subtype": "message_changed", "channel": GENERAL, "message": null}))]
#[case::deleted(json!({"type": "message", "subtype": "message_deleted", "channel": GENERAL}))]
#[case::deleted_unknown(json!({"type": "message", "subtype": "message_deleted", "channel": GENERAL, "deleted_ts": "1.1"}))]
#[case::no_channel(json!({"type": "channel_id_changed", "old_channel_id": null}))]
#[case::list(json!([]))]
#[case::null(json!(null))]
#[tokio::test]
async fn what_means_nothing_changes_nothing(#[case] event: Value) {
    let (desk, _folder) = Desk::open().await;
    let before = tables::dump(&desk.store).await;
    desk.slack.event(&desk.fake.callback(TEAM, &event)).await.unwrap();
    assert_eq!(tables::dump(&desk.store).await, before);
}

#[tokio::test]
async fn half_a_character_costs_no_paste() {
    let (desk, _folder) = Desk::open().await;
    let callback = desk.says(&format!("{PASTE} 📦"));
    let sent = callback.to_string().replace('📦', "\\ud83d");
    assert!(serde_json::from_str::<Value>(&sent).is_err());
    desk.slack.event(&wire::json(sent.as_bytes()).unwrap()).await.unwrap();
    assert!(desk.heard(&callback).await);
}

#[tokio::test]
async fn a_mention_that_comes_as_two_events_is_one_message() {
    let (desk, _folder) = Desk::open().await;
    let mut callback = desk.says(PASTE);
    callback["event"]["text"] = json!(format!("<@{BOT_USER}> {}", callback["event"]["text"].as_str().unwrap()));
    let mut mention = callback.clone();
    mention["event"]["type"] = json!("app_mention");
    mention["event"].as_object_mut().unwrap().remove("channel_type");
    mention["event_id"] = json!("Ev-another");
    for callback in [&mention, &callback, &mention] {
        desk.slack.event(callback).await.unwrap();
    }
    desk.worker.drain().await.unwrap();
    let answer = desk.fake.next_of("chat.postMessage").await;
    assert_eq!(answer.body["thread_ts"], callback["event"]["ts"]);
    desk.fake.done();
}

#[tokio::test]
async fn whoever_writes_to_the_bot_itself_gets_a_word() {
    let (desk, _folder) = Desk::open().await;
    desk.fake.state().channel("D0ALICE", "");
    let event = desk.fake.written("D0ALICE", ALICE, "hello?", None);
    desk.slack.event(&desk.fake.callback(TEAM, &event)).await.unwrap();
    desk.worker.drain().await.unwrap();
    assert_eq!(desk.fake.next_of("chat.postMessage").await.body["channel"], "D0ALICE");
    desk.fake.done();
}

#[tokio::test]
async fn its_own_posts_are_known_again_and_not_answered() {
    let (desk, _folder) = Desk::open().await;
    desk.slack.event(&desk.says(PASTE)).await.unwrap();
    desk.worker.drain().await.unwrap();
    desk.fake.next_of("chat.postMessage").await;
    let (_, event) = desk.fake.state().echoes.pop_front().unwrap();
    desk.slack.event(&desk.fake.callback(TEAM, &event)).await.unwrap();
    for own in [json!({"user": BOT_USER}), json!({"bot_id": BOT}), json!({"user": "U9", "bot_id": "B9", "app_id": APP})]
    {
        let mut callback = desk.says(PASTE);
        let event = callback["event"].as_object_mut().unwrap();
        event.remove("user");
        event.extend(own.as_object().unwrap().clone());
        desk.slack.event(&callback).await.unwrap();
        assert!(!desk.heard(&callback).await, "{own}");
    }
    desk.worker.drain().await.unwrap();
    desk.fake.done();
}

#[tokio::test]
async fn a_preview_of_a_link_is_no_edit() {
    let (desk, _folder) = Desk::open().await;
    let callback = desk.says(PASTE);
    desk.slack.event(&callback).await.unwrap();
    let before = callback["event"].clone();
    let mut after = before.clone();
    after["attachments"] = json!([{"from_url": "https://a.example", "text": "npm error code E401"}]);
    let event = json!({"type": "message", "subtype": "message_changed", "hidden": true, "channel": GENERAL,
        "channel_type": "channel", "ts": "9.9", "message": after, "previous_message": before});
    let rows = tables::dump(&desk.store).await;
    desk.slack.event(&desk.fake.callback(TEAM, &event)).await.unwrap();
    assert_eq!(tables::dump(&desk.store).await, rows);
}

#[tokio::test]
async fn a_stone_where_a_message_was_is_a_deletion() {
    let (desk, _folder) = Desk::open().await;
    let callback = desk.says(PASTE);
    desk.slack.event(&callback).await.unwrap();
    desk.worker.drain().await.unwrap();
    let posted = desk.fake.next_of("chat.postMessage").await;
    let before = callback["event"].clone();
    let mut event = json!({"type": "message", "subtype": "message_changed", "hidden": true, "channel": GENERAL,
        "channel_type": "channel", "ts": "9.9", "previous_message": before,
        "message": {"type": "message", "subtype": "tombstone", "ts": before["ts"], "text": "This message was deleted."}});
    event["previous_message"]["thread_ts"] = before["ts"].clone();
    event["previous_message"]["reply_count"] = json!(1);
    desk.slack.event(&desk.fake.callback(TEAM, &event)).await.unwrap();
    // The lane keeps Slack's pace.
    desk.worker.finish(|| false).await.unwrap();
    assert_eq!(desk.fake.next_of("chat.delete").await.body["ts"].as_str(), posted.ts.as_deref());
}

#[tokio::test]
async fn the_bot_says_hello_once_where_it_is_let_in() {
    let (desk, _folder) = Desk::open().await;
    let callback = desk.fake.callback(TEAM, &joined(GENERAL));
    for _ in 0..2 {
        desk.slack.event(&callback).await.unwrap();
    }
    let mut other = joined(GENERAL);
    other["user"] = json!(ALICE);
    desk.slack.event(&desk.fake.callback(TEAM, &other)).await.unwrap();
    desk.worker.drain().await.unwrap();
    let hello = desk.fake.next_of("chat.postMessage").await;
    assert_eq!((&hello.body["channel"], hello.body.get("thread_ts")), (&json!(GENERAL), None));
    desk.fake.done();
}

#[tokio::test]
async fn a_token_that_slack_took_back_ends_it_and_one_that_works_does_not() {
    let (desk, _folder) = Desk::open().await;
    desk.slack.event(&desk.says(PASTE)).await.unwrap();
    let rows = tables::dump(&desk.store).await;
    let revoked = desk.fake.callback(TEAM, &json!({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}));
    let uninstalled = desk.fake.callback(TEAM, &json!({"type": "app_uninstalled"}));
    // The token works: whoever uninstalled has installed it since.
    for callback in [&revoked, &uninstalled] {
        desk.slack.event(callback).await.unwrap();
    }
    // Nobody can tell: Slack is to say it again.
    desk.fake.fault("auth.test", Fault::Status(500));
    assert!(matches!(desk.slack.event(&uninstalled).await, Err(EventError::Gone(_))));
    let before = desk.says(PASTE);
    desk.slack.event(&before).await.unwrap();
    assert!(desk.heard(&before).await);
    desk.fake.state().tokens.clear();
    desk.slack.event(&uninstalled).await.unwrap();
    // What a token of the environment has led to is its owner's to erase.
    let kept = tables::dump(&desk.store).await;
    assert!(rows["occurrence"].iter().all(|row| kept["occurrence"].contains(row)));
    // Nothing more is taken in, and nothing is passed over as if it were.
    assert!(matches!(desk.slack.event(&desk.says(PASTE)).await, Err(EventError::Unknown)));
}

#[tokio::test]
async fn who_reads_the_channel_of_a_mention_is_asked_where_nothing_told_it() {
    let (desk, _folder) = Desk::open().await;
    let mut mention = desk.says(&format!("<@{BOT_USER}> {PASTE}"));
    mention["event"]["type"] = json!("app_mention");
    mention["event"].as_object_mut().unwrap().remove("channel_type");
    desk.slack.event(&mention).await.unwrap();
    let general = ChannelId::parse(GENERAL).unwrap();
    assert_eq!(desk.slack.channels.visibility(&team(), &general, (desk.slack.clock)()), Some(Visibility::Public));
    assert_eq!(desk.fake.calls("conversations.info").len(), 1);
}

#[tokio::test]
async fn what_is_stored_about_a_channel_follows_its_new_id() {
    each_engine(async |store, _| {
        let desk = Desk::with(Fake::start().await, store).await;
        let changed = json!({"type": "channel_id_changed", "old_channel_id": GENERAL, "new_channel_id": "C0NEW"});
        desk.fake.state().channel("C0NEW", "new");
        desk.slack.event(&desk.says(PASTE)).await.unwrap();
        // One under each id before it is known that they are the same channel.
        let event = desk.fake.written("C0NEW", ALICE, PASTE, None);
        desk.slack.event(&desk.fake.callback(TEAM, &event)).await.unwrap();
        for _ in 0..2 {
            desk.slack.event(&desk.fake.callback(TEAM, &changed)).await.unwrap();
            let rows = tables::dump(&desk.store).await;
            assert_eq!(tables::holding(&rows, GENERAL), Vec::<String>::new());
            assert_eq!((rows["heard"].len(), rows["occurrence"].len(), rows["lane"].len()), (2, 2, 1));
            assert!(rows["error_channel"][0].contains("seen=2"), "{:?}", rows["error_channel"]);
            assert!(rows["channel_day"][0].contains("seen=2"), "{:?}", rows["channel_day"]);
        }
    })
    .await;
}

/// A log with its failure at the end.
fn log() -> Vec<u8> {
    let chatter: String = (1..3000).map(|n| format!("{n} silly placeDep ROOT lodash\n")).collect();
    format!("{chatter}{PASTE}\n").into_bytes()
}

fn shared(desk: &Desk, file: &Value) -> Value {
    let mut callback = desk.says("");
    callback["event"]["subtype"] = json!("file_share");
    callback["event"]["files"] = json!([file]);
    callback
}

#[tokio::test]
async fn long_logs_come_as_files_and_are_read_to_their_end() {
    let (desk, _folder) = Desk::open().await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&log()).unwrap();
    for file in
        [desk.fake.upload_text("npm.log", &log()), desk.fake.upload_text("npm.log.gz", &packed.finish().unwrap())]
    {
        let callback = shared(&desk, &file);
        desk.slack.event(&callback).await.unwrap();
        assert!(desk.heard(&callback).await, "{}", file["name"]);
        let unknown =
            shared(&desk, &json!({"id": file["id"], "file_access": "check_file_info", "mode": "file_access"}));
        desk.slack.event(&unknown).await.unwrap();
        assert!(desk.heard(&unknown).await, "{} of another organisation", file["name"]);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_known_by_its_first_lines() {
    let (desk, _folder) = Desk::open().await;
    let file = desk.fake.upload_text("npm.log", format!("{PASTE}\n{}", "x\n".repeat(500)).as_bytes());
    // Slack shows the page to log in.
    desk.fake.without_scopes(&["files:read"]);
    let callback = shared(&desk, &file);
    desk.slack.event(&callback).await.unwrap();
    assert!(desk.heard(&callback).await);
}

#[tokio::test]
async fn the_token_goes_to_nobody_but_slack() {
    let (desk, _folder) = Desk::open().await;
    let other = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let there = format!("http://{}/x", other.local_addr().unwrap());
    for address in [there.as_str(), "https://files.slack.com.example.org/x", "file:///etc/passwd", "x"] {
        let file = json!({"id": "F1", "mode": "snippet", "url_private": address, "preview": "chatter"});
        desk.slack.event(&shared(&desk, &file)).await.unwrap();
    }
    assert!(other.accept().now_or_never().is_none());
}

#[tokio::test]
async fn a_file_that_does_not_come_now_is_asked_for_again() {
    let (desk, _folder) = Desk::open().await;
    let mut file = desk.fake.upload_text("npm.log", &log());
    let there = file["url_private"].clone();
    // Nobody listens.
    file["url_private"] = json!("http://127.0.0.1:1/files-pri/x/npm.log");
    file["url_private_download"] = file["url_private"].clone();
    let mut callback = shared(&desk, &file);
    assert!(matches!(desk.slack.event(&callback).await, Err(EventError::File(_))));
    callback["event"]["files"][0]["url_private_download"] = there;
    desk.slack.event(&callback).await.unwrap();
    assert!(desk.heard(&callback).await);
}
