//! What can be chosen under an answer.

use npmfix::message::Visibility;

use crate::{
    chat::{ALICE, BOB, Picked, ROOT, each, told},
    pastes::{REFUSED, SCOPES},
};

#[tokio::test]
async fn not_an_npm_problem_silences_this_error_in_this_channel_only() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.picks(&BOB, "Not an npm problem").await;
        let taken_back = chat.bot_changes_it_to("Taken back: not an npm problem.").await;
        let unmute = taken_back.split('`').nth(1).unwrap().strip_prefix("/npmfix ").unwrap().to_owned();
        chat.minutes_pass(61);
        chat.alice(SCOPES).await;
        chat.bot_is_silent().await;
        chat.alice(REFUSED).await;
        chat.bot_says("A server refused").await;
        chat.go_to("random", Visibility::Public);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.go_to("general", Visibility::Public);
        assert!(chat.command("stats").await.contains("Answers that were not wanted: 1"));
        assert!(chat.command(&unmute).await.contains("here again"));
        assert!(chat.command(&unmute).await.contains("I was not silent"));
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
    })
    .await;
}

#[tokio::test]
async fn only_who_asked_or_an_admin_dismisses() {
    each(async |chat| {
        for who in [&ALICE, &ROOT] {
            chat.alice(SCOPES).await;
            chat.bot_says("lacks a packages scope").await;
            let before = chat.dump().await;
            assert!(told(&chat.picks(&BOB, "Dismiss").await).contains("Only who asked, or an admin"));
            chat.bot_is_silent().await;
            let after = chat.dump().await;
            assert_eq!((&after["reply"], &after["feedback"]), (&before["reply"], &before["feedback"]));
            let fixed = chat.choice("That fixed it");
            assert_eq!(chat.picks(who, "Dismiss").await, Picked::Nothing);
            chat.bot_removes_it().await;
            assert!(told(&chat.clicks(&ALICE, &fixed, who.name).await).contains("This answer is closed"));
            chat.minutes_pass(61);
        }
    })
    .await;
}

#[tokio::test]
async fn an_admin_whom_the_team_named_dismisses_too() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        assert!(chat.commands(&BOB, "settings admins add @bob").await.contains("Only an admin"));
        chat.commands(&ROOT, "settings admins add @bob").await;
        assert_eq!(chat.picks(&BOB, "Dismiss").await, Picked::Nothing);
        chat.bot_removes_it().await;
    })
    .await;
}

#[tokio::test]
async fn choices_outlive_the_program() {
    each(async |chat| {
        chat.alice(REFUSED).await;
        chat.bot_says("Can you install other packages").await;
        chat.restart().await;
        chat.pick("No, all are refused").await;
        let narrowed = chat.bot_changes_it_to("Do this").await;
        assert!(!narrowed.contains("Can you install other packages"), "{narrowed}");
        chat.restart().await;
        assert_eq!(chat.recalls().await, narrowed);
        chat.pick("Didn't help").await;
        chat.bot_changes_it_to("Do this").await;
        chat.restart().await;
        chat.alice_saves("Ask Ops.").await;
        chat.pick("That fixed it").await;
        chat.bot_changes_it_to("Marked as fixed.").await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_offered_changes_nothing() {
    each(async |chat| {
        chat.alice(REFUSED).await;
        chat.bot_says("A server refused").await;
        let dismiss = chat.choice("Dismiss");
        let reply = dismiss.strip_suffix(":dismiss").unwrap();
        let before = chat.dump().await;
        for (event, choice) in [
            ("a", "nonsense".to_owned()),
            ("b", format!("{reply}:explode")),
            ("c", format!("{}:fixed", reply.replace(char::is_numeric, "0"))),
            ("d", ":fixed".to_owned()),
            ("e", "' OR '1'='1:fixed".to_owned()),
        ] {
            assert!(told(&chat.clicks(&ALICE, &choice, event).await).contains("nothing was changed"), "{choice}");
        }
        chat.bot_is_silent().await;
        assert_eq!(chat.dump().await, before);
        // Questions and options that do not exist leave the answer as it is.
        chat.clicks(&ALICE, &format!("{reply}:is:no-such:option"), "f").await;
        chat.bot_changes_it_to("Can you install other packages").await;
    })
    .await;
}

#[tokio::test]
async fn fixes_are_changed_by_their_author_and_by_admins() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("Ask Ops.").await;
        assert!(chat.commands(&BOB, "fix 1 edit Ask me.").await.contains("Only who saved a fix"));
        assert!(chat.commands(&BOB, "fix 1 delete").await.contains("Only who saved a fix"));
        assert!(chat.commands(&ALICE, "fix 1 edit Ask the Ops team.").await.contains("Fix 1 is changed."));
        assert!(chat.commands(&ROOT, "fix 1 edit Ask #ops.").await.contains("Fix 1 is changed."));
        let former = chat.commands(&BOB, "fix 1 history").await;
        assert!(former.contains("Until root changed it") && former.contains("  | Ask the Ops team."), "{former}");
        assert!(chat.commands(&BOB, "fixes #OPS").await.contains("1: E403, @acme: Ask #ops."));
        assert!(chat.commands(&ROOT, "fix 1 delete").await.contains("deleted"));
        assert!(chat.commands(&ALICE, "fix 1").await.contains("There is no fix 1 here."));
    })
    .await;
}
