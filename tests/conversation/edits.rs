//! Messages that change or go after they were heard.

use npmfix::bot::amend::Aftermath;

use crate::{
    chat::{ALICE, Picked, each, told},
    pastes::{CHATTER, NO_TOKEN, REFUSED, SCOPES},
    secrets::token,
    tables::holding,
};

/// Stands in the first paste and in nothing else that is stored.
const EXCERPT: &str = "does not match expected scopes";

#[tokio::test]
async fn an_edit_that_changes_the_diagnosis_changes_the_answer() {
    each(async |chat| {
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Didn't help").await;
        chat.bot_changes_it_to("does not take this kind of token").await;
        chat.alice_edits(&paste, NO_TOKEN).await;
        chat.bot_changes_it_to("GitHub Packages needs a token, even for public packages").await;
        // The conversation is about the new error now, from its beginning.
        chat.pick("That fixed it").await;
        chat.bot_changes_it_to("GitHub Packages needs a token").await;
        assert_eq!(holding(&chat.dump().await, EXCERPT), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_changes_only_words_changes_nothing() {
    each(async |chat| {
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        let before = chat.dump().await;
        chat.alice_edits(&paste, &format!("can anybody help?\n\n{SCOPES}\n\nthanks!")).await;
        chat.bot_is_silent().await;
        assert_eq!(chat.dump().await, before);
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_removes_the_error_leaves_a_line() {
    each(async |chat| {
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        let fixed = chat.choice("That fixed it");
        chat.alice_edits(&paste, CHATTER).await;
        let line = chat.bot_changes_it_to("holds no npm auth failure any more").await;
        assert_eq!(line.lines().count(), 1, "{line}");
        assert_eq!(holding(&chat.dump().await, EXCERPT), Vec::<String>::new());
        assert!(told(&chat.clicks(&ALICE, &fixed, "late").await).contains("This answer is closed"));
        // It comes back.
        chat.alice_edits(&paste, REFUSED).await;
        chat.bot_changes_it_to("A server refused").await;
    })
    .await;
}

#[tokio::test]
async fn talk_that_is_edited_into_an_error_is_answered() {
    each(async |chat| {
        let talk = chat.alice(CHATTER).await;
        chat.alice_edits(&talk, SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
    })
    .await;
}

#[tokio::test]
async fn what_was_heard_for_a_secret_is_answered_once_an_error_is_added() {
    let secret = token(7).text();
    each(async |chat| {
        let paste = chat.alice(&secret).await;
        chat.bot_whispers(&ALICE, "Your message holds").await;
        chat.alice_edits(&paste, &format!("{SCOPES}\n{secret}")).await;
        // The warning was given before.
        chat.bot_says("lacks a packages scope").await;
        chat.alice_edits(&paste, SCOPES).await;
        chat.bot_is_silent().await;
        chat.pick("That fixed it").await;
        chat.bot_changes_it_to("Marked as fixed.").await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_was_taken_away_does_not_come_back_with_an_edit() {
    each(async |chat| {
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.alice_edits(&paste, REFUSED).await;
        chat.bot_is_silent().await;
        chat.minutes_pass(61);
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Not an npm problem").await;
        chat.bot_changes_it_to("Taken back").await;
        chat.alice_edits(&paste, REFUSED).await;
        chat.bot_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_paste_takes_an_answer_along_that_nobody_replied_to() {
    each(async |chat| {
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        assert_eq!(holding(&chat.dump().await, EXCERPT), ["occurrence"]);
        let fixed = chat.choice("That fixed it");
        chat.is_deleted(&paste, Aftermath::Quiet).await;
        chat.bot_removes_it().await;
        assert_eq!(holding(&chat.dump().await, EXCERPT), Vec::<String>::new());
        assert!(told(&chat.clicks(&ALICE, &fixed, "late").await).contains("This answer is closed"));
        // Nothing more comes of it, and the counts stay.
        chat.is_deleted(&paste, Aftermath::Quiet).await;
        chat.alice_edits(&paste, SCOPES).await;
        chat.bot_is_silent().await;
        assert!(chat.command("stats").await.contains("Errors met: 1"));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_paste_leaves_an_answer_that_people_talk_about() {
    each(async |chat| {
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.is_deleted(&paste, Aftermath::Unknown).await;
        chat.bot_is_silent().await;
        assert_eq!(holding(&chat.dump().await, EXCERPT), Vec::<String>::new());
        assert!(told(&chat.pick("Didn't help").await).contains("was deleted, so this can no longer be changed"));
        assert_eq!(chat.pick("Dismiss").await, Picked::Nothing);
        chat.bot_removes_it().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_deleted_before_it_is_answered_is_not_answered() {
    each(async |chat| {
        for aftermath in [Aftermath::Quiet, Aftermath::Unknown] {
            chat.alice_says_and_deletes(SCOPES, aftermath).await;
            chat.bot_is_silent().await;
            assert_eq!(holding(&chat.dump().await, EXCERPT), Vec::<String>::new());
        }
    })
    .await;
}
