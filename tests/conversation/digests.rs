//! The weekly digest as a channel reads it.

use npmfix::message::Visibility;

use crate::{
    chat::{ALICE, BOB, Chat, ROOT, each, in_slack, in_the_room, outside_slack},
    pastes::{NO_TOKEN, SCOPES, refused_by},
};

/// Scenarios begin on a Sunday afternoon; this is the next morning.
const TO_MONDAY: i64 = 16 * 60;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// The rows about digests, as `week outcome`.
async fn digests(chat: &Chat) -> Vec<String> {
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

/// All of these stand in a digest.
fn holds(digest: &str, lines: &[&str]) {
    for line in lines {
        assert!(digest.contains(line), "{line:?} is not in:\n{digest}");
    }
}

#[tokio::test]
async fn once_a_week_the_team_reads_what_came_back_and_saves_a_fix_under_it() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.minutes_pass(61);
        let last = chat.bob(SCOPES).await;
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
        holds(
            &digest,
            &[
                "2 errors, there were none the week before.",
                "19 May – 15 June 2025",
                "Seen for the first time",
                "E403 `@acme/widget`: 2 times, 2 people",
                "The GitHub token lacks a packages scope. No fix saved yet.",
            ],
        );
        assert!(!digest.contains("alice") && !digest.contains("bob"), "{digest}");
        chat.bot_leads_to(&last);
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
        // Of the two people who met it so far, one did this week.
        holds(
            &digest,
            &[
                "1 error, there were none the week before.",
                "Keeps coming back",
                "E403 `@acme/widget`: once, 1 person",
                "The GitHub token lacks a packages scope. Fix 1, saved by alice.",
                "Fixed, as somebody said: 1; half of them within",
                "Saved fixes helped once (fix 1 by alice)",
            ],
        );
        assert!(!chat.offers("Save our fix"));
    })
    .await;
}

#[tokio::test]
async fn where_nobody_tells_the_zone_it_is_asked_for() {
    outside_slack(async |chat| {
        assert!(chat.command("digest on friday 16:00").await.contains("In which time zone?"));
        assert!(chat.command("digest").await.contains("There is no weekly digest."));
        assert!(
            chat.command("digest on friday 16:00 Asia/Tokyo").await.contains("every Friday at 16:00, Asia/Tokyo time")
        );
        // What is not said stays as it was.
        assert!(chat.command("digest on monday").await.contains("every Monday at 16:00, Asia/Tokyo time"));
    })
    .await;
}

#[tokio::test]
async fn slack_tells_the_zone_of_whoever_switches_it_on_and_a_channel_is_picked() {
    in_slack(async |chat| {
        assert!(chat.command("digest on").await.contains("every Monday at 09:00, Europe/Berlin time"));
        assert!(chat.command("digest on tuesday utc").await.contains("every Tuesday at 09:00, UTC time"));
        // Once the team has a zone, nobody's own is taken.
        assert!(chat.command("digest on").await.contains("every Tuesday at 09:00, UTC time"));
        assert!(chat.command("digest on #nowhere").await.contains("pick it from the list"));
        chat.go_to("partners", Visibility::Shared);
        assert!(chat.command("digest on").await.contains("People of other organisations"));
        chat.go_to("general", Visibility::Public);
        assert!(chat.command("digest on #partners").await.contains("People of other organisations"));
        assert!(chat.command("digest").await.contains("to this channel every Tuesday"));
    })
    .await;
}

#[tokio::test]
async fn a_digest_is_previewed_posted_at_once_and_switched_off() {
    each(async |chat| {
        chat.go_to("dev", Visibility::Public);
        chat.go_to("general", Visibility::Public);
        assert!(chat.command("digest").await.contains("There is no weekly digest."));
        assert!(chat.command("digest preview").await.contains("Nothing was met"));
        assert!(chat.command("digest now").await.contains("Nothing was met"));
        let set = chat.commands(&ROOT, "digest on friday 16:00 utc #dev").await;
        assert!(set.contains("comes to #dev every Friday at 16:00, UTC time"), "{set}");
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        // Today's errors count from tomorrow on: a digest is about full days.
        chat.minutes_pass(DAY);
        assert!(chat.command("digest preview").await.contains("1 error, there were none the week before."));
        assert!(chat.command("digest now").await.contains("on its way to #dev."));
        chat.go_to("dev", Visibility::Public);
        chat.bot_says("1 error, there were none").await;
        assert!(chat.command("digest off").await.contains("The weekly digest is off."));
        chat.minutes_pass(14 * DAY);
        chat.bot_is_silent().await;
        assert_eq!(digests(chat).await, Vec::<String>::new());
        assert!(chat.command("digest on").await.contains("every Friday at 16:00, UTC time"));
    })
    .await;
}

#[tokio::test]
async fn a_new_day_holds_from_next_week_on_unless_this_weeks_digest_is_still_to_come() {
    each(async |chat| {
        chat.command("digest on monday 9:00 utc").await;
        chat.minutes_pass(TO_MONDAY + 2 * HOUR);
        // This week's was due at nine, and had nothing to say.
        chat.bot_is_silent().await;
        let friday = chat.command("digest on friday").await;
        assert!(friday.contains("every Friday at 09:00, UTC time; the next one on 27 June 2025"), "{friday}");
        chat.minutes_pass(7 * DAY);
        chat.bot_is_silent().await;
        assert_eq!(digests(chat).await, ["2025-W25 empty"]);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        // On Monday of the next week, its digest may still come on Tuesday; but not on this Monday's morning.
        assert!(chat.command("digest on monday 8:00").await.contains("the next one on 27 June 2025"));
        assert!(chat.command("digest on tuesday 8:00").await.contains("the next one on 24 June 2025"));
        chat.minutes_pass(DAY);
        chat.bot_says("1 error, there were none the week before.").await;
        assert_eq!(digests(chat).await, ["2025-W25 empty", "2025-W26 sent"]);
        chat.minutes_pass(6 * DAY);
        chat.bot_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn a_week_is_compared_counted_and_summed_up() {
    each(async |chat| {
        chat.command("digest on monday 9:00 utc").await;
        // The first error is not met again, and counts as fixed two weeks later.
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.minutes_pass(TO_MONDAY + 2 * HOUR);
        chat.bot_says("1 error, there were none the week before.").await;
        chat.minutes_pass(7 * DAY);
        // Seven errors in a week, one of them twice, and a token among them.
        for number in 0..7 {
            let secret = if number == 3 { format!("\nnpm_{}", "a1B2c3".repeat(6)) } else { String::new() };
            chat.bob(&(refused_by(number) + &secret)).await;
            if number == 3 {
                chat.bot_whispers(&BOB, "").await;
            }
            chat.bot_says("A server refused the request (403)").await;
            chat.picks(&BOB, "Dismiss").await;
            chat.bot_removes_it().await;
        }
        chat.minutes_pass(2 * DAY);
        chat.alice(&refused_by(6)).await;
        chat.bot_says("Seen 2 times").await;
        chat.picks(&ALICE, "Dismiss").await;
        chat.bot_removes_it().await;
        chat.minutes_pass(5 * DAY);
        let digest = chat.bot_says("npm auth failures, 23 – 29 June 2025").await;
        holds(
            &digest,
            &[
                "8 errors, there were none the week before.",
                "Seen for the first time",
                "E403 `@acme/widget`: 2 times, 2 people",
                "E403 `@acme/widget`: once, 1 person",
                "and 2 more: `/npmfix history` lists them",
                "Not seen for two weeks, so taken for fixed: 1",
                "Registries that refused most: `npm6.acme.example` (2), `npm0.acme.example` (1)",
                "1 token or password was pasted. Revoke each",
            ],
        );
        assert!(!digest.contains("alice") && !digest.contains("bob"), "{digest}");

        // The next week has fewer, and one that was there before.
        chat.alice(&refused_by(6)).await;
        chat.bot_says("Seen 3 times").await;
        chat.picks(&ALICE, "Dismiss").await;
        chat.bot_removes_it().await;
        chat.minutes_pass(7 * DAY);
        let digest = chat.bot_says("1 error, 7 fewer than the week before (8).").await;
        holds(&digest, &["Keeps coming back", "E403 `@acme/widget`: once (2 the week before), 1 person"]);
    })
    .await;
}

#[tokio::test]
async fn a_digest_tells_of_private_channels_only_there() {
    each(async |chat| {
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
async fn what_a_channel_met_before_it_became_private_leads_nobody_into_it() {
    in_the_room(async |chat| {
        chat.command("digest on monday 9:00 UTC").await;
        for visibility in [Visibility::Public, Visibility::Private] {
            chat.go_to("dev", visibility);
            chat.alice(SCOPES).await;
            chat.bot_says("lacks a packages scope").await;
            chat.pick("Dismiss").await;
            chat.bot_removes_it().await;
            chat.minutes_pass(61);
        }
        chat.go_to("general", Visibility::Public);
        chat.minutes_pass(TO_MONDAY + 3 * HOUR);
        // What the same person met there on the day on which it became private is not told at all.
        chat.bot_is_silent().await;
        assert_eq!(digests(chat).await, ["2025-W25 empty"]);
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_others_read_meanwhile_gets_no_digest() {
    in_slack(async |chat| {
        chat.go_to("dev", Visibility::Public);
        chat.command("digest on monday 9:00 utc").await;
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.go_to("dev", Visibility::Shared);
        chat.minutes_pass(TO_MONDAY + 3 * HOUR);
        let why = "could not be posted in #dev since 16 June 2025: people of other organisations read this channel.";
        chat.bot_whispers(&ALICE, why).await;
        chat.bot_is_silent().await;
        assert_eq!(digests(chat).await, ["2025-W25 open"]);
        chat.minutes_pass(7 * DAY);
        chat.bot_is_silent().await;
        assert_eq!(digests(chat).await, ["2025-W25 late", "2025-W26 empty"]);
    })
    .await;
}

#[tokio::test]
async fn whoever_set_a_digest_hears_once_that_its_channel_refuses_it_and_it_comes_when_it_can() {
    each(async |chat| {
        chat.commands(&BOB, "digest on monday 9:00 utc").await;
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.bot_is_taken_out();
        chat.minutes_pass(TO_MONDAY + 3 * HOUR);
        let told = chat.bot_whispers(&BOB, "could not be posted in #general since 16 June 2025: ").await;
        assert!(told.contains("`/npmfix digest on #dev`") && told.contains("`/npmfix digest off` ends it"), "{told}");
        for _ in 0..3 {
            chat.minutes_pass(2 * HOUR);
            chat.bot_is_silent().await;
        }
        assert!(chat.command("digest").await.contains("could not be posted in #general since 16 June 2025"));
        assert_eq!(digests(chat).await, ["2025-W25 open"]);

        chat.bot_is_let_in().await;
        chat.minutes_pass(HOUR);
        chat.bot_says("npm auth failures, 9 – 15 June 2025").await;
        assert_eq!(digests(chat).await, ["2025-W25 sent"]);
        assert!(!chat.command("digest").await.contains("could not be posted"));
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_cannot_be_posted_is_left_out_when_the_next_is_due_which_says_so() {
    each(async |chat| {
        chat.commands(&BOB, "digest on monday 9:00 utc").await;
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.bot_is_taken_out();
        chat.minutes_pass(TO_MONDAY + 3 * HOUR);
        chat.bot_whispers(&BOB, "could not be posted in #general").await;
        // Nobody is told twice of one and the same trouble, however long it lasts.
        chat.minutes_pass(7 * DAY);
        chat.bot_is_silent().await;
        assert_eq!(digests(chat).await, ["2025-W25 late", "2025-W26 empty"]);

        chat.bot_is_let_in().await;
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        chat.minutes_pass(7 * DAY);
        let digest = chat.bot_says("npm auth failures, 23 – 29 June 2025").await;
        holds(&digest, &["The digest of week 2025-W25 could not be posted, so it was left out."]);

        // It is another trouble after that; nobody hears of it who was forgotten.
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.pick("Dismiss").await;
        chat.bot_removes_it().await;
        assert!(chat.commands(&BOB, "forget me yes").await.contains("rows deleted"));
        chat.bot_is_taken_out();
        chat.minutes_pass(7 * DAY);
        chat.bot_is_silent().await;
        assert!(chat.command("digest").await.contains("could not be posted in #general since 7 July 2025"));
        let bob = chat.id_of(&BOB);
        assert!(crate::tables::holding(&chat.dump().await, &format!("set_by={bob}")).is_empty());
        chat.commands(&BOB, "digest off").await;
        assert!(chat.command("digest").await.contains("There is no weekly digest."));
    })
    .await;
}
