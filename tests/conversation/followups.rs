//! What the bot asks after an answer: whether it helped, what fixed it, and whether a fix that fails is still right.

use crate::{
    chat::{ALICE, BOB, Picked, ROOT, each},
    pastes::{NO_TOKEN, REFUSED, SCOPES},
};

/// Scenarios begin on a Sunday afternoon; this is the next morning.
const TO_MONDAY: i64 = 16 * 60;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn an_answer_that_nobody_reacted_to_asks_once_whether_it_helped() {
    each(async |chat| {
        chat.alice(REFUSED).await;
        chat.bot_says("A server refused the request (403)").await;
        // Sunday is no working day: four hours are over on Monday at 13:00 UTC.
        chat.minutes_pass(TO_MONDAY);
        chat.bot_is_silent().await;
        chat.minutes_pass(6 * HOUR);
        chat.bot_changes_it_to("Did that fix it?").await;
        assert!(chat.offers("Yes") && chat.offers("No") && chat.offers("What fixed it"));
        chat.pick("No").await;
        let next = chat.bot_changes_it_to("Do this").await;
        assert!(!next.contains("Did that fix it?"), "{next}");
        chat.minutes_pass(30 * DAY);
        chat.bot_is_silent().await;

        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(3 * DAY);
        chat.bot_changes_it_to("Did that fix it?").await;
        assert_eq!(chat.pick("What fixed it").await, Picked::Form);
        chat.pick("Yes").await;
        let fixed = chat.bot_changes_it_to("Marked as fixed.").await;
        assert!(!fixed.contains("Did that fix it?"), "{fixed}");
    })
    .await;
}

#[tokio::test]
async fn whoever_says_what_fixed_it_saves_it_and_nobody_is_asked_twice() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(3 * DAY);
        chat.bot_changes_it_to("Did that fix it?").await;
        assert!(chat.alice_writes("What fixed it", "Ask Ops.").await.starts_with("Saved as fix 1"));
        chat.minutes_pass(30 * DAY);
        chat.restart().await;
        chat.bot_is_silent().await;
        chat.bob(SCOPES).await;
        chat.bot_says("What fixed it here before").await;
        chat.minutes_pass(3 * DAY);
        chat.bot_changes_it_to("Did that fix it?").await;
        // Nobody says anything: it stays at that.
        chat.minutes_pass(30 * DAY);
        chat.restart().await;
        chat.bot_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_who_said_something_already_or_who_does_not_want_it() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.alice(REFUSED).await;
        chat.bot_says("A server refused the request (403)").await;
        chat.pick("No, all are refused").await;
        chat.bot_changes_it_to("Do this").await;
        chat.minutes_pass(4 * DAY);
        chat.bot_is_silent().await;

        assert!(chat.commands(&ROOT, "settings followups off").await.contains("changed"));
        assert!(chat.command("settings").await.contains("I do not ask whether an answer helped"));
        chat.alice(NO_TOKEN).await;
        chat.bot_says("").await;
        chat.minutes_pass(4 * DAY);
        chat.bot_is_silent().await;

        assert!(chat.commands(&ALICE, "settings zone Asia/Tokyo").await.contains("Only an admin"));
        assert!(chat.commands(&ROOT, "settings zone asia/tokyo").await.contains("changed"));
        assert!(chat.command("settings").await.contains("Time zone: Asia/Tokyo."));
        assert!(chat.commands(&ROOT, "settings zone Mars/Base").await.contains("I know no time zone Mars/Base"));
    })
    .await;
}

#[tokio::test]
async fn whoever_resolves_what_keeps_coming_back_is_invited_to_save_their_fix() {
    each(async |chat| {
        chat.commands(&ROOT, "settings followups off").await;
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("Seen 2 times in this team").await;
        chat.picks(&BOB, "That fixed it").await;
        chat.bot_whispers(&BOB, "nothing is saved for it").await;
        chat.bot_changes_it_to("Marked as fixed.").await;
        chat.minutes_pass(DAY);
        chat.alice(SCOPES).await;
        chat.bot_says(
            "Seen 3 times in this team, last on 15 June 2025. It is back: since 15 June 2025 it was taken for fixed.",
        )
        .await;
        // It stays away for two weeks: that counts, too.
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.minutes_pass(15 * DAY);
        chat.alice(SCOPES).await;
        chat.bot_says("It is back: since 30 June 2025 it was taken for fixed.").await;
    })
    .await;
}

#[tokio::test]
async fn the_author_of_a_fix_that_fails_twice_in_a_row_is_asked_to_look_at_it() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("Ask Ops.").await;
        for time in 1..=3 {
            chat.minutes_pass(61);
            chat.bob(SCOPES).await;
            chat.bot_says("What fixed it here before").await;
            chat.picks(&BOB, "Didn't help").await;
            if time == 2 {
                chat.bot_whispers(&ALICE, "Fix 1, which you saved, did not help twice in a row.").await;
            }
            chat.bot_changes_it_to("Do this").await;
        }
    })
    .await;
}

#[tokio::test]
async fn working_hours_are_those_of_the_team() {
    each(async |chat| {
        chat.commands(&ROOT, "settings zone asia/tokyo").await;
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        // In Tokyo it is five past midnight on Monday: four working hours are over at 13:00, which is 04:00 UTC.
        chat.minutes_pass(12 * HOUR);
        chat.bot_is_silent().await;
        chat.minutes_pass(HOUR);
        chat.bot_changes_it_to("Did that fix it?").await;
    })
    .await;
}

#[tokio::test]
async fn what_was_planned_before_it_was_switched_off_is_not_asked_either() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.commands(&ROOT, "settings followups off").await;
        chat.minutes_pass(4 * DAY);
        chat.bot_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn an_error_whose_fix_is_saved_invites_nobody_and_a_help_between_keeps_its_author_in_peace() {
    each(async |chat| {
        chat.commands(&ROOT, "settings followups off").await;
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("Ask Ops.").await;
        for label in ["Didn't help", "That fixed it", "Didn't help"] {
            chat.minutes_pass(61);
            chat.bob(SCOPES).await;
            chat.bot_says("What fixed it here before").await;
            chat.picks(&BOB, label).await;
            chat.bot_changes_it_to("").await;
        }
        // Twice in all, but not in a row; and the fix is saved: nobody is told anything.
        chat.bot_is_silent().await;
    })
    .await;
}
