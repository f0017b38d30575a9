//! What has cost others days: each trap of the REST API and of its libraries, and that the bot does not step into it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::Method;
use npmfix::{
    bot::outbox::Settings,
    store::{Store, outbox},
};
use serde_json::json;

use crate::{
    fake::{Fake, GENERAL, Seen, THREAD, Trouble, user},
    rig::{Rig, SCOPES, page},
};

#[tokio::test]
async fn an_answer_that_was_lost_on_the_way_is_not_posted_twice() {
    let rig = Rig::start().await;
    rig.fake.trouble("post", Trouble::Lost);
    rig.pastes(SCOPES);
    rig.says().await;
    let posts = |state: &mut crate::fake::State0| {
        let posts = state.calls.iter().filter(|call| call.method == Method::POST && call.path.ends_with("/messages"));
        let posts: Vec<_> = posts.cloned().collect();
        (posts.len() >= 2).then_some(posts)
    };
    let posts = rig.fake.until("another try", posts).await;
    rig.settles().await;
    assert!(posts.iter().all(|post| post.body["nonce"] == posts[0].body["nonce"]), "another nonce");
    rig.fake.end();
}

#[tokio::test]
async fn an_answer_that_is_no_json_was_posted_all_the_same() {
    let rig = Rig::start().await;
    rig.fake.trouble("post", Trouble::Garbled);
    rig.pastes(SCOPES);
    rig.says().await;
    rig.settles().await;
    assert_eq!(rig.fake.calls_of(&Method::POST, "/messages").len(), 1);
    rig.fake.end();
}

#[tokio::test]
async fn a_post_that_came_back_was_said_though_its_sender_has_given_up_waiting_for_the_answer() {
    let (fake, folder) = (Fake::start().await, Arc::new(tempfile::tempdir().unwrap()));
    let store = Store::open(&format!("sqlite:{}", folder.path().join("npmfix.db").display())).await.unwrap();
    // A platform gets a third of the lease to answer: less than the client waits for Discord.
    let settings = Settings { lease: jiff::SignedDuration::from_secs(3), ..Settings::default() };
    let rig = Rig::with(fake, folder, store, settings);
    rig.fake.until("a connection", |state| state.gateway.is_connected().then_some(())).await;
    let rig = rig.watching().await;
    // Nor does the channel's history tell.
    rig.fake.weather(|route| match route {
        "post" => Some(Trouble::Hang),
        "messages" => Some(Trouble::Refused(403, 50_001)),
        _ => None,
    });
    rig.pastes(SCOPES);
    let said = rig.says().await;
    rig.settles().await;
    let rows = outbox::list(&mut rig.bot.store().read().await.unwrap(), 10).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
    // It is known which message it was.
    rig.presses(&said, "That fixed it").await;
    assert!(page(&rig.changes().await).contains("Marked as fixed."));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_post_is_looked_for_again_when_the_look_met_trouble() {
    let rig = Rig::start().await;
    // Neither its tries nor those of the first look tell anything.
    for route in ["post", "post", "messages", "messages"] {
        rig.fake.trouble(route, Trouble::Refused(500, 0));
    }
    rig.pastes(SCOPES);
    rig.says().await;
    rig.settles().await;
    let rows = outbox::list(&mut rig.bot.store().read().await.unwrap(), 10).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
    let calls = |method| rig.fake.calls_of(method, "/messages").len();
    assert_eq!((calls(&Method::POST), calls(&Method::GET)), (3, 3));
    rig.fake.end();
}

#[tokio::test]
async fn a_purge_does_not_hold_up_what_is_said_behind_it() {
    const PURGED: u32 = 60;
    /// How long each of them would be waited for by itself.
    const WAIT: Duration = Duration::from_millis(400);
    let rig = Rig::start().await;
    rig.command("mute", &[("time", "1h")]).await;
    let pastes: Vec<_> = (0..PURGED).map(|n| rig.pastes(&SCOPES.replace("acme", &format!("acme{n}")))).collect();
    rig.settles().await;
    let ids: Vec<_> = pastes.iter().map(|paste| paste["id"].clone()).collect();
    let begun = Instant::now();
    rig.fake
        .dispatch("MESSAGE_DELETE_BULK", json!({ "ids": ids, "channel_id": GENERAL, "guild_id": crate::fake::GUILD }));
    let mention = json!({ "content": "<@1100000000000000002> hello", "mentions": [user("npmfix")] });
    rig.fake.writes("alice", GENERAL, mention);
    assert!(page(&rig.says().await).contains("I find no npm"));
    assert!(begun.elapsed() < WAIT * PURGED, "{:?}", begun.elapsed());
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn what_was_asked_for_and_not_told_whole_is_asked_for_again() {
    for trouble in [Trouble::Garbled, Trouble::Cut] {
        let rig = Rig::start().await;
        // Taken for nothing, this would be a channel that nobody watches.
        rig.fake.trouble("channel", trouble);
        rig.fake.writes("alice", THREAD, json!({ "content": SCOPES }));
        assert_eq!(rig.says().await["channel_id"], THREAD);
        rig.settles().await;
        rig.fake.end();
    }
}

#[tokio::test]
async fn a_first_answer_is_given_again_when_nobody_knows_what_became_of_it() {
    for trouble in [Trouble::Refused(500, 0), Trouble::Lost] {
        let rig = Rig::start().await;
        let callbacks =
            |state: &crate::fake::State0| state.calls.iter().filter(|c| c.path.ends_with("/callback")).count();
        let before = callbacks(&rig.fake.state());
        rig.fake.trouble("callback", trouble);
        assert_eq!(rig.command("help", &[]).await["type"], 4);
        rig.fake.until("another try", |state| (callbacks(state) == before + 2).then_some(())).await;
        rig.settles().await;
        rig.fake.end();
    }
}

#[tokio::test]
async fn limits_are_waited_for_and_a_global_one_holds_every_route() {
    for global in [false, true] {
        let rig = Rig::start().await;
        rig.fake.trouble("post", Trouble::Limited { seconds: 0.7, global });
        let before = Instant::now();
        rig.pastes(SCOPES);
        rig.says().await;
        assert!(before.elapsed() >= Duration::from_millis(700), "{:?}", before.elapsed());
        assert_eq!(rig.fake.calls_of(&Method::POST, "/messages").len(), 2, "it asked meanwhile");
        rig.settles().await;
        rig.fake.end();
    }
}

#[tokio::test]
async fn a_channel_that_refuses_is_left_alone() {
    let rig = Rig::start().await;
    rig.fake.trouble("post", Trouble::Refused(403, 50_013));
    rig.pastes(SCOPES);
    rig.settles().await;
    rig.pastes(&SCOPES.replace("acme", "other"));
    rig.settles().await;
    assert_eq!(rig.fake.calls_of(&Method::POST, "/messages").len(), 1);
    // Whoever pastes a secret there is told all the same.
    rig.pastes(&format!("token is {}{}", "ghp", "_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"));
    assert!(page(&rig.says().await).contains("Your message holds"));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_token_that_is_refused_ends_the_bot() {
    let rig = Rig::start().await;
    rig.fake.trouble("post", Trouble::Refused(401, 0));
    rig.pastes(SCOPES);
    let error = rig.ends().await.2.unwrap_err();
    assert!(error.to_string().contains("DISCORD_TOKEN"), "{error}");
}

#[tokio::test]
async fn an_answer_that_takes_long_is_announced_in_time() {
    let rig = Rig::start().await;
    // The channel is not known yet, and Discord takes its time to say what it is.
    rig.fake.trouble("channel", Trouble::Slow(Duration::from_millis(2500)));
    rig.fake
        .state()
        .channels
        .insert("1390".to_owned(), json!({ "id": "1390", "type": 0, "guild_id": crate::fake::GUILD }));
    let mut asked = crate::rig::command("help", &[]);
    asked["channel_id"] = json!("1390");
    let first = rig.fake.interacts(asked).await;
    assert_eq!((first["type"].as_u64(), first["data"]["flags"].as_u64()), (Some(5), Some(64)));
    let late = rig.fake.until("the answer itself", |state| state.late.pop()).await;
    assert!(page(&late).contains("explain TEXT"), "{late}");
    rig.fake.end();
}

#[tokio::test]
async fn events_that_typed_models_lose_are_read() {
    let rig = Rig::start().await;
    // Components of a version that nobody knows yet, inside a row; the text of a CI bot's components; odd values.
    let odd = json!([{ "type": 1, "components": [{ "type": 99, "strange": { "a": [1] } }] }]);
    rig.fake.writes(
        "alice",
        GENERAL,
        json!({
            "content": SCOPES, "components": odd, "embeds": 7, "flags": "x", "poll": [], "member": "none",
        }),
    );
    assert!(page(&rig.says().await).contains("lacks a packages scope"));
    rig.fake.end();
}

#[tokio::test]
async fn a_ci_bots_components_are_read_where_bots_are_answered() {
    let rig = Rig::start().await;
    let text = SCOPES.replace("acme", "ci");
    let components = json!([{ "type": 17, "components": [{ "type": 10, "content": text }] }]);
    let fields = json!({ "flags": 32768, "components": components, "webhook_id": "5" });
    rig.fake.writes("ci", GENERAL, fields.clone());
    rig.settles().await;
    rig.command("bots", &[("switch", "on")]).await;
    rig.fake.writes("ci", GENERAL, fields);
    assert!(page(&rig.says().await).contains("@ci%2fwidget"));
    rig.fake.end();
}

#[tokio::test]
async fn a_forwarded_paste_is_read() {
    let rig = Rig::start().await;
    let snapshot = json!([{ "message": { "type": 0, "content": SCOPES, "attachments": [], "embeds": [] } }]);
    rig.fake.writes(
        "alice",
        GENERAL,
        json!({
            "message_reference": { "type": 1, "message_id": "5", "channel_id": "6" }, "message_snapshots": snapshot,
        }),
    );
    assert!(page(&rig.says().await).contains("lacks a packages scope"));
    rig.fake.end();
}

#[tokio::test]
async fn nobody_is_pinged_whatever_was_pasted() {
    let rig = Rig::start().await;
    rig.pastes(&SCOPES.replace("@acme%2fwidget", "@everyone%2fhere"));
    let said = rig.says().await;
    let raw = said["embeds"].to_string();
    assert!(!raw.contains("@everyone ") || raw.contains('`'), "{raw}");
    rig.fake.writes(
        "alice",
        GENERAL,
        json!({ "content": "<@1100000000000000002> hello", "mentions": [user("npmfix")] }),
    );
    let Seen::Posted(nothing) = rig.fake.sees().await else { panic!("silence") };
    assert!(page(&nothing).contains("I find no npm"), "{nothing}");
    rig.fake.end();
}
