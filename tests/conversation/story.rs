//! From a paste to a team that helps itself.

use crate::{
    chat::{ALICE, BOB, Picked, each},
    pastes::{NO_TOKEN, REFUSED, SCOPES, scopes_for},
};

#[tokio::test]
async fn what_fixed_it_once_stands_first_the_next_time() {
    each(async |chat| {
        chat.alice(REFUSED).await;
        let answer = chat.bot_says("A server refused the request (403)").await;
        assert!(answer.contains("Can you install other packages from `npm.acme.example/`"), "{answer}");
        assert!(!answer.contains("Seen"), "{answer}");

        chat.pick("No, all are refused").await;
        let narrowed = chat.bot_changes_it_to("Do this").await;
        assert!(!narrowed.contains("Can you install other packages"), "{narrowed}");

        chat.pick("Didn't help").await;
        let next = chat.bot_changes_it_to("Do this").await;
        assert_ne!(next.lines().next(), narrowed.lines().next());

        let saved = chat.alice_saves("Ask Ops for the reader role.").await;
        assert!(saved.contains("Saved as fix 1, for E403 on the scope `@acme`."), "{saved}");

        chat.minutes_pass(61);
        chat.bob(REFUSED).await;
        let known = chat.bot_says("What fixed it here before").await;
        assert!(known.starts_with("What fixed it here before\n  | Ask Ops for the reader role.\n"), "{known}");
        assert!(known.contains("Fix 1, saved by alice on 15 June 2025; nobody has said yet whether it helped."));
        assert!(known.contains("Seen 2 times in this team, last on 15 June 2025."), "{known}");
        assert!(!known.contains("No fix is saved for it yet"), "{known}");

        chat.picks(&BOB, "That fixed it").await;
        let fixed = chat.bot_changes_it_to("Marked as fixed.").await;
        assert!(fixed.contains("it helped once"), "{fixed}");
        assert!(!chat.offers("That fixed it") && chat.offers("Dismiss"));

        let stats = chat.command("stats").await;
        for line in [
            "Errors met: 2",
            "Messages answered: 2",
            "Fixed, as somebody said: 1",
            "Did not help, as somebody said: 1",
            "Answers that were not wanted: 0",
        ] {
            assert!(stats.contains(line), "{line}: {stats}");
        }
        let shown = chat.command("fix 1").await;
        assert!(shown.contains("Shown once, helped once."), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_saved_fix_that_does_not_help_makes_room_for_the_answer() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("The GitHub token lacks a packages scope").await;
        chat.alice_saves("Ask Ops.").await;
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("What fixed it here before").await;
        chat.picks(&BOB, "Didn't help").await;
        // The answer below it has not had its turn.
        let answer = chat.bot_changes_it_to("The GitHub token lacks a packages scope").await;
        assert!(!answer.contains("Ask Ops."), "{answer}");
        assert!(chat.command("fix 1").await.contains("It has not helped once since."));
        chat.picks(&BOB, "Didn't help").await;
        let next = chat.bot_changes_it_to("GitHub Packages does not take this kind of token").await;
        assert!(!next.contains("Ask Ops."), "{next}");
    })
    .await;
}

#[tokio::test]
async fn an_error_that_comes_back_without_a_fix_invites_to_save_one() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        assert!(!chat.bot_says("lacks a packages scope").await.contains("No fix is saved"));
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("No fix is saved for it yet.").await;
        chat.pick("That fixed it").await;
        chat.bot_whispers(&ALICE, "nothing is saved for it").await;
        chat.bot_changes_it_to("If it took more than the steps above, save what you did").await;
    })
    .await;
}

#[tokio::test]
async fn when_nothing_is_left_the_bot_says_so_and_still_takes_a_fix() {
    each(async |chat| {
        chat.alice(REFUSED).await;
        chat.bot_says("A server refused").await;
        let mut causes = Vec::new();
        while chat.offers("Didn't help") {
            chat.pick("Didn't help").await;
            let page = chat.bot_changes_it_to("").await;
            assert!(!causes.contains(&page), "it goes in circles: {page}");
            causes.push(page);
        }
        assert!(causes.len() > 2, "{causes:?}");
        assert!(causes.pop().unwrap().contains("These were all the causes that fit this text."));
        assert!(chat.alice_saves("It was the proxy.").await.contains("Saved as fix 1"));
    })
    .await;
}

#[tokio::test]
async fn a_certain_cause_that_disagrees_puts_the_saved_fix_below() {
    each(async |chat| {
        chat.alice(REFUSED).await;
        chat.bot_says("A server refused").await;
        let saved = chat.alice_saves("It is the firewall, ask Ops.").await;
        assert!(saved.contains("for E403 on the scope `@acme`"), "{saved}");
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        let answer = chat.bot_says("Fix 1 of this team is for the same target, but for another cause").await;
        assert!(answer.starts_with("The GitHub token lacks a packages scope"), "{answer}");
        assert!(!answer.contains("It is the firewall") && !answer.contains("No fix is saved"), "{answer}");
        // It did not lead, so nobody counts it as shown or blames it.
        chat.picks(&BOB, "That fixed it").await;
        chat.bot_changes_it_to("Marked as fixed.").await;
        assert!(chat.command("fix 1").await.contains("Shown 0 times, helped 0 times."));
    })
    .await;
}

#[tokio::test]
async fn a_fix_saved_after_the_certain_cause_did_not_help_leads_when_the_same_comes_back() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("The GitHub token lacks a packages scope").await;
        chat.pick("Didn't help").await;
        chat.bot_changes_it_to("does not take this kind of token").await;
        chat.alice_saves("Ask Ops.").await;
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        assert!(
            chat.bot_says("What fixed it here before").await.starts_with("What fixed it here before\n  | Ask Ops.")
        );
    })
    .await;
}

#[tokio::test]
async fn two_failures_in_one_paste_give_one_answer() {
    each(async |chat| {
        let both = format!("{SCOPES}\n\n{NO_TOKEN}");
        chat.alice(&both).await;
        let answer = chat.bot_says("The GitHub token lacks a packages scope").await;
        assert!(answer.contains("Also in this text, line 4: E401"), "{answer}");
        chat.bot_is_silent().await;
        let history = chat.command("history").await;
        assert!(history.contains("E403 @acme/widget") && history.contains("E401 @acme/widget"), "{history}");
        assert!(chat.command("stats").await.contains("Errors met: 2\n  - Messages answered: 1"));
    })
    .await;
}

#[tokio::test]
async fn a_fix_for_a_scope_helps_with_its_other_packages() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("scope Ask Ops.").await;
        chat.minutes_pass(61);
        chat.bob(&scopes_for("gadget")).await;
        chat.bot_says("  | Ask Ops.").await;
        assert_eq!(chat.pick("Save our fix").await, Picked::Form);
    })
    .await;
}
