//! What one person is answered can be shared; what a team remembers is not shown to other organisations.

use npmfix::message::Visibility;

use crate::{
    chat::{ALICE, BOB, beside_others, each, told},
    pastes::{REFUSED, SCOPES},
};

#[tokio::test]
async fn an_answer_to_one_person_is_shared_once() {
    each(async |chat| {
        let answer = chat.asks_alone(&ALICE, &format!("explain {SCOPES}"), None).await;
        assert!(answer.contains("lacks a packages scope"), "{answer}");
        chat.bot_is_silent().await;
        let share = chat.choice("Share to channel");
        let told_once = told(&chat.clicks(&ALICE, &share, "click-a").await);
        assert_eq!(told_once.trim(), "Shared.");
        let shared = chat.bot_says("lacks a packages scope").await;
        assert!(shared.trim().ends_with("Shared by alice."), "{shared}");
        let again = told(&chat.clicks(&BOB, &share, "click-b").await);
        assert_eq!(again.trim(), "This answer is closed, so nothing was changed.");
    })
    .await;
}

#[tokio::test]
async fn what_changes_something_is_not_offered_to_be_shared() {
    each(async |chat| {
        chat.asks_alone(&ALICE, "watch", None).await;
        assert!(!chat.offers("Share to channel"));
        chat.asks_alone(&ALICE, "stats", None).await;
        assert!(chat.offers("Share to channel"));
    })
    .await;
}

#[tokio::test]
async fn a_fix_saved_in_a_thread_is_for_the_answer_of_that_thread() {
    each(async |chat| {
        let first = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.bob(REFUSED).await;
        chat.bot_says("A server refused the request (403)").await;
        let saved = chat.asks_alone(&ALICE, "save registry Ask Ops.", Some(&first)).await;
        assert!(saved.contains("on the registry `npm.pkg.github.com`"), "{saved}");
        let saved = chat.asks_alone(&ALICE, "save registry Ask Ops.", None).await;
        assert!(saved.contains("on the registry `npm.acme.example`"), "{saved}");
    })
    .await;
}

#[tokio::test]
async fn people_of_other_organisations_see_nothing_that_the_team_remembers() {
    beside_others(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("The key is under the doormat.").await;
        chat.minutes_pass(61);
        chat.go_to("partners", Visibility::Shared);
        for _ in 0..2 {
            let message = chat.bob(SCOPES).await;
            let answer = chat.bot_says("lacks a packages scope").await;
            assert!(!answer.contains("doormat") && !answer.contains("Seen"), "{answer}");
            chat.alice_edits(&message, REFUSED).await;
            chat.bot_changes_it_to("A server refused the request").await;
            chat.alice_edits(&message, SCOPES).await;
            let edited = chat.bot_changes_it_to("lacks a packages scope").await;
            assert!(!edited.contains("doormat") && !edited.contains("Seen"), "{edited}");
            chat.pick("That fixed it").await;
            let fixed = chat.bot_changes_it_to("Marked as fixed.").await;
            assert!(!fixed.contains("doormat"), "{fixed}");
            chat.minutes_pass(61);
        }
        // Whoever asks for it is of the team.
        let explained = chat.asks_alone(&ALICE, &format!("explain {SCOPES}"), None).await;
        assert!(!explained.contains("doormat") && !chat.offers("Share to channel"), "{explained}");
        assert!(chat.asks_alone(&ALICE, "fixes", None).await.contains("doormat"));
        // Nor does the team see elsewhere what was met there.
        chat.go_to("general", Visibility::Public);
        chat.bob(SCOPES).await;
        chat.bot_says("Seen 2 times in this team").await;
    })
    .await;
}
