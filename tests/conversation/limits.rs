//! What keeps the bot from repeating itself: cool-downs, the cap, and events that come twice.

use npmfix::{
    bot::Limits,
    message::{Address, Visibility},
};

use crate::{
    chat::{ALICE, BOB, Picked, each, each_with},
    pastes::{SCOPES, refused_by},
};

#[tokio::test]
async fn within_an_hour_the_bot_points_to_its_answer() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(5);
        chat.bob(SCOPES).await;
        let pointer = chat.bot_says("I answered this error here 5 minutes ago.").await;
        assert!(!pointer.contains("Do this"), "{pointer}");
        // Whoever asks gets the answer, and another channel has not seen it.
        chat.tells(&BOB, SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.go_to("random", Visibility::Public);
        chat.bob(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
    })
    .await;
}

#[tokio::test]
async fn a_pointer_says_that_a_fix_was_saved_since_the_answer() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(5);
        chat.alice_saves("Ask the platform team.").await;
        chat.bob(SCOPES).await;
        let pointer = chat.bot_says("I answered this error here 5 minutes ago.").await;
        assert!(pointer.contains("A fix for it was saved since then: `/npmfix fix 1`"), "{pointer}");
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("Ask the platform team.").await;
        chat.bob(SCOPES).await;
        let pointer = chat.bot_says("I answered this error here just now.").await;
        assert!(!pointer.contains("since then"), "{pointer}");
    })
    .await;
}

#[tokio::test]
async fn the_hour_counts_from_the_answer_and_not_from_the_pointer() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(59);
        chat.bob(SCOPES).await;
        chat.bot_says("59 minutes ago").await;
        chat.minutes_pass(2);
        chat.bob(SCOPES).await;
        chat.bot_says("Seen 3 times in this team").await;
    })
    .await;
}

#[tokio::test]
async fn beyond_the_cap_errors_are_met_in_silence() {
    let limits = Limits { answers_per_hour: 3, ..Limits::default() };
    each_with(limits, async |chat| {
        for number in 0..3 {
            chat.alice(&refused_by(number)).await;
            chat.bot_says("A server refused").await;
        }
        chat.alice(&refused_by(3)).await;
        chat.bot_is_silent().await;
        chat.tells(&ALICE, &refused_by(4)).await;
        chat.bot_says("A server refused").await;
        assert!(chat.command("stats").await.contains("Errors met: 5\n  - Messages answered: 4"));
        chat.minutes_pass(61);
        chat.alice(&refused_by(5)).await;
        chat.bot_says("A server refused").await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_comes_again_changes_nothing() {
    each(async |chat| {
        let place = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        let before = chat.dump().await;
        for address in [Address::Overheard, Address::Addressed] {
            chat.hears(&place, &ALICE, address, SCOPES).await;
        }
        chat.restart().await;
        chat.hears(&place, &ALICE, Address::Overheard, SCOPES).await;
        chat.bot_is_silent().await;
        assert_eq!(chat.dump().await, before);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_comes_twice_at_once_is_answered_once() {
    each(async |chat| {
        chat.hears_at_once(&ALICE, SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        assert!(chat.command("stats").await.contains("Errors met: 1\n  - Messages answered: 1"));
    })
    .await;
}

#[tokio::test]
async fn a_click_or_a_command_that_comes_again_changes_nothing() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        let unhelpful = chat.choice("Didn't help");
        assert_eq!(chat.clicks(&ALICE, &unhelpful, "click-a").await, Picked::Nothing);
        chat.bot_changes_it_to("does not take this kind of token").await;
        chat.asks(&ALICE, "save Ask Ops.", "command-a").await.unwrap();
        let before = chat.dump().await;
        assert_eq!(chat.clicks(&ALICE, &unhelpful, "click-a").await, Picked::Nothing);
        assert_eq!(chat.asks(&ALICE, "save Ask Ops.", "command-a").await, None);
        chat.restart().await;
        assert_eq!(chat.clicks(&ALICE, &unhelpful, "click-a").await, Picked::Nothing);
        chat.bot_is_silent().await;
        assert_eq!(chat.dump().await, before);
    })
    .await;
}

#[tokio::test]
async fn somebody_who_says_twice_that_it_fixed_it_is_counted_once() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("Ask Ops.").await;
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("Ask Ops.").await;
        let fixed = chat.choice("That fixed it");
        for event in ["click-a", "click-b"] {
            chat.clicks(&BOB, &fixed, event).await;
            chat.bot_changes_it_to("it helped once").await;
        }
        // Somebody else whom it helped counts for the fix; the answer is fixed only once.
        chat.clicks(&ALICE, &fixed, "click-c").await;
        chat.bot_changes_it_to("it helped 2 times").await;
        assert!(chat.command("stats").await.contains("Fixed, as somebody said: 1"));
    })
    .await;
}
