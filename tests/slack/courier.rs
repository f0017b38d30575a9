//! What the outbox holds for Slack, and what becomes of it when Slack is slow, busy, broken or says no.

use npmfix::{slack::intake::EventError, store::outbox};
use serde_json::{Value, json};

use crate::{
    fake::{Fault, TEAM, page, text_of},
    office::{Office, PASTE, button},
};

const GENERAL: &str = "C0GENERAL";

/// Alice pastes, and nothing is said yet.
async fn pasted(office: &Office) {
    office.fake.fault("chat.postMessage", Fault::Limited(1));
    let answer = office.commands(GENERAL, "U0ALICE", &format!("explain {PASTE}")).await;
    let share = button(&answer["blocks"], "Share to channel");
    office.interacts(&office.fake.clicked(GENERAL, "U0ALICE", &json!({}), &share)).await;
    office.fake.next_of("response_url").await;
    office.slack.worker.drain().await.unwrap();
    office.seconds_pass(2);
}

async fn errors(office: &Office) -> Vec<String> {
    let mut conn = office.slack.bot.store().read().await.unwrap();
    let rows = outbox::list(&mut conn, 10).await.unwrap();
    rows.into_iter()
        .map(|row| {
            format!("{} {}", if row.parked.is_some() { "parked" } else { "waits" }, row.error.unwrap_or_default())
        })
        .collect()
}

fn posts(office: &Office) -> usize {
    office.fake.state().channels[GENERAL].messages.values().filter(|m| text_of(m, "bot_id") == "B0NPMFIX").count()
}

#[tokio::test]
async fn an_answer_stands_in_the_thread_with_its_key_and_is_changed_and_removed_in_place() {
    let office = Office::open().await;
    let answer = office.pastes(GENERAL, PASTE).await;
    let paste = office.fake.state().channels[GENERAL].messages.keys().next().unwrap().clone();
    assert_eq!(text_of(&answer, "thread_ts"), paste);
    assert!(npmfix::slack::blocks::key(&answer).is_some_and(|key| key.len() == 25));
    office.clicks(GENERAL, "U0ALICE", &answer, "That fixed it").await;
    office.settle().await;
    let edit = office.fake.next_of("chat.update").await;
    assert_eq!(text_of(&edit.body, "ts"), text_of(&answer, "ts"));
    assert!(page::page(&edit.body["blocks"]).contains("Marked as fixed."));
    assert_eq!((edit.body["parse"].as_str(), edit.body["link_names"].as_bool()), (Some("none"), Some(false)));
    office.clicks(GENERAL, "U0ALICE", &answer, "Dismiss").await;
    office.settle().await;
    office.fake.next_of("chat.delete").await;
    assert_eq!(posts(&office), 0);
    office.fake.done();
}

#[tokio::test]
async fn what_was_perhaps_said_is_looked_up_and_not_said_again() {
    for fault in [Fault::DropAfter, Fault::Truncated, Fault::Html, Fault::StatusAfter(500)] {
        let office = Office::open().await;
        pasted(&office).await;
        office.fake.fault("chat.postMessage", fault.clone());
        office.settle().await;
        office.seconds_pass(5);
        office.settle().await;
        assert_eq!((posts(&office), errors(&office).await), (1, Vec::new()), "{fault:?}");
        assert_eq!(office.fake.calls("conversations.history").len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_was_perhaps_said_is_looked_up_in_its_thread() {
    let office = Office::open().await;
    office.hears(GENERAL, PASTE).await;
    office.fake.fault("chat.postMessage", Fault::DropAfter);
    office.settle().await;
    office.seconds_pass(5);
    office.settle().await;
    assert_eq!((posts(&office), errors(&office).await), (1, Vec::new()));
    assert_eq!(office.fake.calls("conversations.replies").len(), 1);
}

#[tokio::test]
async fn what_was_perhaps_said_and_was_not_is_said_once() {
    for fault in [Fault::Drop, Fault::Status(500), Fault::Error("internal_error")] {
        let office = Office::open().await;
        pasted(&office).await;
        office.fake.fault("chat.postMessage", fault.clone());
        office.settle().await;
        office.seconds_pass(5);
        office.settle().await;
        assert_eq!((posts(&office), errors(&office).await), (1, Vec::new()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_look_that_meets_trouble_is_taken_again() {
    let office = Office::open().await;
    office.hears(GENERAL, PASTE).await;
    office.fake.fault("chat.postMessage", Fault::DropAfter);
    for fault in [Fault::Limited(60), Fault::Status(500), Fault::Truncated, Fault::Error("internal_error")] {
        office.fake.fault("conversations.replies", fault);
    }
    for _ in 0..5 {
        office.settle().await;
        office.seconds_pass(60);
    }
    office.settle().await;
    assert_eq!((posts(&office), errors(&office).await), (1, Vec::new()));
    assert_eq!(office.fake.calls("chat.postMessage").len(), 1);
    while office.fake.read().is_some() {}
    office.fake.done();
}

#[tokio::test]
async fn without_a_scope_for_history_it_is_set_aside() {
    let office = Office::open().await;
    office.fake.without_scopes(&["channels:history", "groups:history", "im:history", "mpim:history"]);
    pasted(&office).await;
    office.fake.fault("chat.postMessage", Fault::DropAfter);
    office.settle().await;
    office.seconds_pass(5);
    office.settle().await;
    assert_eq!(posts(&office), 1);
    let errors = errors(&office).await;
    assert!(
        errors.iter().all(|error| error.starts_with("parked it may have been said")) && errors.len() == 1,
        "{errors:?}"
    );
}

#[tokio::test]
async fn what_slack_refuses_for_good_is_set_aside() {
    for word in ["channel_not_found", "is_archived", "not_in_channel", "restricted_action"] {
        let office = Office::open().await;
        pasted(&office).await;
        office.fake.fault("chat.postMessage", Fault::Error(word));
        office.settle().await;
        assert_eq!((posts(&office), errors(&office).await), (0, vec![format!("parked {word}")]));
        assert!(office.slack.workspaces.is_known(), "{word}");
    }
}

#[tokio::test]
async fn while_slack_does_not_take_the_token_what_is_to_be_said_waits() {
    let office = Office::open().await;
    pasted(&office).await;
    let tokens = std::mem::take(&mut office.fake.state().tokens);
    for _ in 0..40 {
        office.settle().await;
        office.seconds_pass(60);
    }
    assert!(!office.slack.workspaces.is_known());
    assert_eq!((posts(&office), errors(&office).await), (0, vec!["waits invalid_auth".to_owned()]));
    let paste = office.fake.callback(TEAM, &office.fake.written(GENERAL, "U0ALICE", PASTE, None));
    assert!(matches!(office.slack.event(&paste).await, Err(EventError::Unknown)));
    office.fake.state().tokens = tokens;
    office.slack.workspaces.ask().await.unwrap();
    office.slack.event(&paste).await.unwrap();
    office.seconds_pass(60);
    office.settle().await;
    assert_eq!((posts(&office), errors(&office).await), (2, Vec::new()));
}

#[tokio::test]
async fn a_message_that_is_too_much_for_slack_is_said_small() {
    let office = Office::open().await;
    pasted(&office).await;
    office.fake.fault("chat.postMessage", Fault::Error("msg_blocks_too_long"));
    office.slack.worker.drain().await.unwrap();
    assert_eq!((posts(&office), errors(&office).await), (1, Vec::new()));
    let message: Value = office.fake.state().channels[GENERAL].messages.values().next().unwrap().clone();
    assert!(page::page(&message["blocks"]).contains("The GitHub token lacks a packages scope"));
    assert!(npmfix::slack::blocks::key(&message).is_some());
}

#[tokio::test]
async fn a_warning_goes_to_one_person() {
    let office = Office::open().await;
    let token = format!("{}_{}", "ghp", "a1B2".repeat(9));
    office.fake.fault("chat.postMessage", Fault::Limited(30));
    let paste = format!("{PASTE}\n//npm.pkg.github.com/:_authToken={token}");
    office.hears(GENERAL, &paste).await;
    for _ in 0..3 {
        office.settle().await;
        office.seconds_pass(31);
    }
    let notice = office.fake.calls("chat.postEphemeral").pop().unwrap();
    assert_eq!(text_of(&notice.body, "user"), "U0ALICE");
    assert_eq!(posts(&office), 1);
    assert!(!office.fake.state().calls.iter().any(|call| call.body.to_string().contains(&token)));
}

#[tokio::test]
async fn whoever_left_the_channel_is_told_in_a_direct_message() {
    for away in [false, true] {
        let office = Office::open().await;
        office.commands(GENERAL, "U0ROOT", "stats").await;
        office.pastes(GENERAL, PASTE).await;
        office.commands(GENERAL, "U0ROOT", "save scope Ask for a token").await;
        if away {
            office.fake.state().channels.get_mut(GENERAL).unwrap().absent.insert("U0ROOT".to_owned());
        }
        for who in ["U0ALICE", "U0BOB"] {
            office.fake.state().user(who, who);
            office.seconds_pass(7200);
            let answer = office.pastes(GENERAL, PASTE).await;
            office.clicks(GENERAL, who, &answer, "Didn't help").await;
            office.settle().await;
            while office.fake.read().is_some() {}
        }
        let direct = office.fake.state().channels.get("DU0ROOT").map_or(0, |direct| direct.messages.len());
        let here = office.fake.calls("chat.postEphemeral").iter().filter(|call| call.answer["ok"] == true).count();
        assert_eq!((here, direct), if away { (0, 1) } else { (1, 0) });
        if away {
            let told = office.fake.state().channels["DU0ROOT"].messages.values().next().unwrap().clone();
            assert!(page::page(&told["blocks"]).contains("which you saved, did not help twice in a row"), "{told:#}");
        }
        assert_eq!(office.fake.state().wrongs, Vec::<String>::new());
    }
}
