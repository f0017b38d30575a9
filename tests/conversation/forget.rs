//! Being forgotten.

use crate::{
    chat::{ALICE, BOB, ROOT, each},
    pastes::{NO_TOKEN, SCOPES},
    tables::{holding, of_team},
};

#[tokio::test]
async fn somebody_who_wants_to_be_forgotten_is_asked_first() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("Ask Ops.").await;
        chat.commands(&ALICE, "fix 1 edit Ask the Ops team.").await;
        chat.pick("That fixed it").await;
        chat.bot_changes_it_to("Marked as fixed.").await;
        chat.bob(NO_TOKEN).await;
        chat.bot_says("GitHub Packages needs a token").await;
        chat.commands(&ROOT, "settings admins add @alice").await;
        let alice = chat.store().who(&chat.team(), &chat.id_of(&ALICE));
        let holds = ["error", "error_day", "feedback", "fix", "fix_edit", "heard", "team"];
        assert_eq!(holding(&chat.dump().await, alice.as_str()), holds);

        assert!(chat.command("forget me").await.contains("Say `/npmfix forget me yes` to do it."));
        assert_eq!(holding(&chat.dump().await, alice.as_str()), holds);
        assert!(chat.command("forget me yes").await.contains("rows deleted or made nameless"));
        let after = chat.dump().await;
        assert_eq!(holding(&after, alice.as_str()), Vec::<String>::new());
        assert_eq!(holding(&after, "alice"), Vec::<String>::new());
        assert_eq!(holding(&after, "does not match expected scopes"), Vec::<String>::new());
        // Bob's rows, the team's counts and the fix are as they were.
        assert_eq!((after["occurrence"].len(), after["error"].len(), after["fix"].len()), (1, 2, 1));
        assert!(chat.command("fix 1").await.contains("saved by somebody"));
        assert!(chat.command("fix 1 history").await.contains("Until somebody changed it"));
        assert!(chat.commands(&BOB, "stats").await.contains("Errors met: 2"));
    })
    .await;
}

#[tokio::test]
async fn a_team_is_forgotten_by_its_admins_after_a_yes() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("Ask Ops.").await;
        chat.commands(&ALICE, "fix 1 edit Ask the Ops team.").await;
        chat.commands(&ROOT, "settings admins add @bob").await;
        chat.command("bots on").await;
        chat.pick("Not an npm problem").await;
        chat.bot_changes_it_to("Taken back").await;
        let before = of_team(&chat.dump().await, chat.team().as_str());
        assert_eq!(before.len(), 16, "all but digests: {before:?}");
        assert!(chat.commands(&ALICE, "forget team yes").await.contains("Only an admin"));
        assert!(chat.commands(&ROOT, "forget team").await.contains("Say `/npmfix forget team yes` to do it."));
        assert_eq!(of_team(&chat.dump().await, chat.team().as_str()).get("occurrence"), Some(&1));
        assert!(chat.commands(&ROOT, "forget team yes").await.contains("rows deleted"));
        assert!(of_team(&chat.dump().await, chat.team().as_str()).is_empty());
        // It begins anew.
        chat.alice(SCOPES).await;
        let answer = chat.bot_says("lacks a packages scope").await;
        assert!(!answer.contains("Seen") && !answer.contains("Ask"), "{answer}");
        assert!(chat.command("fixes").await.contains("No fix is saved."));
    })
    .await;
}
