//! What the bot says later: the weekly digest, and the questions that follow an answer.

use npmfix::message::Visibility;

use crate::{
    chat::{ALICE, BOB, Picked, ROOT, in_the_room},
    pastes::{NO_TOKEN, REFUSED, SCOPES},
};

/// Scenarios begin on a Sunday afternoon; this is the next morning.
const TO_MONDAY: i64 = 16 * 60;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// The rows about digests, as `week outcome`.
async fn digests(chat: &crate::chat::Chat) -> Vec<String> {
    let dump = chat.dump().await;
    let of = |row: &String, name: &str| {
        let value = row.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or("open").to_owned()
    };
    let mut all: Vec<String> =
        dump["digest"].iter().map(|row| format!("{} {}", of(row, "week"), of(row, "outcome"))).collect();
    all.sort();
    all
}

#[tokio::test]
async fn once_a_week_the_team_reads_what_came_back_and_saves_a_fix_under_it() {
    in_the_room(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("Seen 2 times").await;
        let set = chat.command("digest on monday 09:00 Europe/Berlin").await;
        assert!(
            set.contains("to this channel every Monday at 09:00, Europe/Berlin time; the next one on 16 June 2025"),
            "{set}"
        );
        assert!(chat.command("digest").await.contains("the next one on 16 June 2025"));
        chat.bot_is_silent().await;

        chat.minutes_pass(TO_MONDAY);
        let digest = chat.bot_says("npm auth failures, 9 – 15 June 2025").await;
        for line in [
            "2 errors, there were none the week before.",
            "Errors by day, 19 May – 15 June 2025",
            "Seen for the first time",
            "  - E403 `@acme/widget`: 2 times, 2 people",
            "    The GitHub token lacks a packages scope. No fix saved yet.",
        ] {
            assert!(digest.contains(line), "{line}: {digest}");
        }
        assert!(!digest.contains("alice") && !digest.contains("bob"), "{digest}");
        assert_eq!(chat.alice_saves("Ask Ops for the reader role.").await.split(',').next(), Some("Saved as fix 1"));
        assert_eq!(digests(chat).await, ["2025-W25 sent"]);

        // Whoever saved a fix has said what helped: nobody is asked any more. A week without errors has no digest.
        chat.minutes_pass(7 * DAY);
        chat.bot_is_silent().await;
        assert_eq!(digests(chat).await, ["2025-W25 sent", "2025-W26 empty"]);

        // It comes back, and the fix helps.
        chat.bob(SCOPES).await;
        chat.bot_says("What fixed it here before").await;
        chat.picks(&BOB, "That fixed it").await;
        chat.bot_changes_it_to("Marked as fixed.").await;
        chat.minutes_pass(7 * DAY);
        let digest = chat.bot_says("npm auth failures, 23 – 29 June 2025").await;
        for line in [
            "1 error, there were none the week before.",
            "Keeps coming back",
            "  - E403 `@acme/widget`: once",
            "    The GitHub token lacks a packages scope. Fix 1, saved by alice.",
            "  - Fixed, as somebody said: 1; half of them within",
            "  - Saved fixes helped once (fix 1 by alice)",
        ] {
            assert!(digest.contains(line), "{line}: {digest}");
        }
        assert!(!chat.offers("Save our fix"));
    })
    .await;
}

#[tokio::test]
async fn the_zone_is_asked_for_and_the_digest_ends_when_it_is_switched_off() {
    in_the_room(async |chat| {
        assert!(chat.command("digest").await.contains("There is no weekly digest."));
        assert!(chat.command("digest on friday 16:00").await.contains("In which time zone?"));
        assert!(chat.command("digest preview").await.contains("Nothing was met"));
        assert!(chat.command("digest now").await.contains("Nothing was met"));
        assert!(
            chat.command("digest on friday 16:00 utc #dev")
                .await
                .contains("to the channel `dev` every Friday at 16:00, UTC time")
        );
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        // Today's errors count from tomorrow on: a digest is about full days.
        chat.minutes_pass(DAY);
        assert!(chat.command("digest preview").await.contains("1 error, there were none the week before."));
        assert!(chat.command("digest now").await.contains("on its way to the channel `dev`"));
        chat.go_to("dev", Visibility::Public);
        chat.bot_says("1 error, there were none").await;
        assert!(chat.command("digest off").await.contains("The weekly digest is off."));
        chat.minutes_pass(14 * DAY);
        chat.bot_is_silent().await;
        assert!(chat.command("digest on").await.contains("every Friday at 16:00, UTC time"));
    })
    .await;
}

#[tokio::test]
async fn a_digest_tells_of_private_channels_only_there() {
    in_the_room(async |chat| {
        chat.command("digest on monday 9:00 UTC").await;
        chat.go_to("secret", Visibility::Private);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.go_to("general", Visibility::Public);
        chat.bob(NO_TOKEN).await;
        chat.bot_says("").await;
        chat.picks(&BOB, "Dismiss").await;
        chat.bot_removes_it().await;
        chat.minutes_pass(TO_MONDAY + 3 * HOUR);
        let digest = chat.bot_says("1 error, there were none").await;
        assert!(!digest.contains("E403"), "{digest}");
        chat.go_to("secret", Visibility::Private);
        let own = chat.command("digest preview").await;
        assert!(own.contains("2 errors") && own.contains("E403 `@acme/widget`"), "{own}");
        chat.go_to("other", Visibility::Private);
        assert!(!chat.command("digest preview").await.contains("E403"));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_nobody_reacted_to_asks_once_whether_it_helped() {
    in_the_room(async |chat| {
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
async fn nobody_is_asked_who_said_something_already_or_who_does_not_want_it() {
    in_the_room(async |chat| {
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
    in_the_room(async |chat| {
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
    in_the_room(async |chat| {
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
