//! People of other organisations come to a channel, and leave it: what the team knows is not shown to them.

use npmfix::{message::ChannelId, store::moved};
use serde_json::{Value, json};

use crate::{
    asks::{GENERAL, sharable, shares, shown},
    fake::{TEAM, page, send::joined},
    office::{Office, PASTE, team},
};

#[tokio::test]
async fn nothing_is_shared_in_a_channel_that_others_have_come_to() {
    let office = Office::open().await;
    let share = sharable(&office, GENERAL).await;
    office.fake.state().channels.get_mut(GENERAL).unwrap().is_ext_shared = true;
    let told = shares(&office, GENERAL, &share).await;
    assert!(told.contains("People of other organisations read this channel"), "{told}");
    // Not even when they have left again: it was asked for before.
    office.fake.state().channels.get_mut(GENERAL).unwrap().is_ext_shared = false;
    let told = shares(&office, GENERAL, &share).await;
    assert!(told.contains("This answer is closed"), "{told}");
    office.fake.done();
}

#[tokio::test]
async fn answers_forget_what_the_team_remembers_when_others_come_to_their_channel() {
    for others in [None, Some("by event"), Some("after a while")] {
        let office = Office::open().await;
        let answer = office.pastes(GENERAL, PASTE).await;
        let share = sharable(&office, GENERAL).await;
        office.commands(GENERAL, "U0ALICE", "save scope The key is under the doormat").await;
        office.fake.state().channels.get_mut(GENERAL).unwrap().is_ext_shared = others.is_some();
        if others == Some("by event") {
            let event = office.fake.written(GENERAL, "U0ALICE", "Welcome!", None);
            office.slack.event(&office.fake.callback(TEAM, &event)).await.unwrap();
        } else {
            office.seconds_pass(600);
        }
        office.clicks(GENERAL, "U0ALICE", &answer, "That fixed it").await;
        office.settle().await;
        let edit = office.fake.next_of("chat.update").await;
        let page = page::page(&edit.body["blocks"]);
        assert!(page.contains("Marked as fixed."), "{page}");
        assert_eq!(page.contains("doormat"), others.is_none(), "{others:?}: {page}");
        assert_eq!(shares(&office, GENERAL, &share).await.contains("Shared."), others.is_none(), "{others:?}");
        while office.fake.read().is_some() {}
        office.fake.done();
    }
}

/// Something happens in a channel.
async fn happens(office: &Office, event: &Value) {
    office.slack.event(&office.fake.callback(TEAM, event)).await.unwrap();
}

/// People of another organisation come to a channel, or leave it.
fn others(channel: &str, come: &str) -> Value {
    match come {
        "come" => json!({ "type": "channel_shared", "connected_team_id": "T0OTHER", "channel": channel }),
        still => json!({
            "type": "channel_unshared", "previously_connected_team_id": "T0OTHER", "channel": channel,
            "is_ext_shared": still == "some leave",
        }),
    }
}

async fn is_open(office: &Office, channel: &str) -> bool {
    let channel = ChannelId::parse(channel).unwrap();
    moved::is_open(&mut office.slack.bot.store().read().await.unwrap(), &team(), &channel).await.unwrap()
}

#[tokio::test]
async fn an_answer_that_waits_to_be_changed_says_nothing_of_the_team_once_others_have_come() {
    for (pick, said) in [("That fixed it", "Marked as fixed."), ("Not an npm problem", "Taken back")] {
        let office = Office::open().await;
        let answer = office.pastes(GENERAL, PASTE).await;
        office.commands(GENERAL, "U0ALICE", "save scope The key is under the doormat").await;
        office.clicks(GENERAL, "U0ALICE", &answer, pick).await;
        happens(&office, &others(GENERAL, "come")).await;
        assert!(is_open(&office, GENERAL).await);
        office.settle().await;
        let page = shown(&office.fake.next_of("chat.update").await.body);
        assert!(page.contains(said) && !page.contains("doormat"), "{page}");
        office.fake.done();
    }
}

#[tokio::test]
async fn what_was_meant_for_all_who_read_a_channel_is_said_also_after_a_restart() {
    let mut office = Office::open().await;
    office.fake.state().channel("C0PARTNERS", "partners").is_ext_shared = true;
    happens(&office, &office.fake.written("C0PARTNERS", "U0ALICE", "Welcome!", None)).await;
    happens(&office, &joined("C0PARTNERS")).await;
    office.restarts();
    happens(&office, &office.fake.written("C0PARTNERS", "U0ALICE", "Who is npmfix?", None)).await;
    office.settle().await;
    let hello = office.fake.next_of("chat.postMessage").await;
    assert!(shown(&hello.body).contains("/npmfix mute"), "{:#}", hello.body);
    office.fake.done();
}

#[tokio::test]
async fn a_channel_is_the_teams_again_when_the_last_others_have_left() {
    let office = Office::open().await;
    for (come, open) in [("come", true), ("some leave", true), ("all leave", false), ("come", true)] {
        happens(&office, &others(GENERAL, come)).await;
        assert_eq!(is_open(&office, GENERAL).await, open, "{come}");
    }
    // What is said there tells as well.
    happens(&office, &office.fake.written(GENERAL, "U0ALICE", "Finally among ourselves.", None)).await;
    assert!(!is_open(&office, GENERAL).await);
    office.fake.done();
}

#[tokio::test]
async fn a_channel_with_a_new_id_is_read_by_others_and_forgets_what_was_to_be_shared() {
    let office = Office::open().await;
    office.fake.state().channel("C0NEW", "new");
    let (share, elsewhere) = (sharable(&office, GENERAL).await, sharable(&office, "C0NEW").await);
    let changed = json!({ "type": "channel_id_changed", "old_channel_id": GENERAL, "new_channel_id": "C0NEXT" });
    office.fake.state().channel("C0NEXT", "next");
    office.slack.event(&office.fake.callback(TEAM, &changed)).await.unwrap();
    let answer = office.commands("C0NEXT", "U0ALICE", &format!("explain {PASTE}")).await;
    assert!(!answer.to_string().contains("Share to channel"), "{answer:#}");
    let told = shares(&office, "C0NEXT", &share).await;
    assert!(told.contains("This answer is closed"), "{told}");
    let told = shares(&office, "C0NEW", &elsewhere).await;
    assert!(told.contains("Shared."), "{told}");
    office.fake.next_of("chat.postMessage").await;
    office.fake.done();
}
