//! What a private channel knows stays there.

use npmfix::message::Visibility;

use crate::{
    chat::{ALICE, Chat, ROOT, each},
    pastes::{NO_TOKEN, SCOPES, scopes_for},
};

/// The error of `pastes::SCOPES`, as the bot calls it.
async fn fingerprint(chat: &mut Chat) -> String {
    let history = chat.command("history").await;
    history.split('`').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn an_error_met_in_a_private_channel_is_known_only_there() {
    each(async |chat| {
        chat.go_to("secret", Visibility::Private);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        let fingerprint = fingerprint(chat).await;
        assert!(chat.command("history").await.contains("@acme/widget, The GitHub token lacks a packages scope: once"));
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("Seen 2 times in this team").await;
        for (channel, visibility) in [("general", Visibility::Public), ("other", Visibility::Private)] {
            chat.go_to(channel, visibility);
            assert!(chat.command("history").await.contains("No error was met yet."));
            assert!(chat.command(&format!("history {fingerprint}")).await.contains("was met here"));
            assert!(chat.command("stats").await.contains("Errors met: 0"));
        }
        chat.bob(SCOPES).await;
        let answer = chat.bot_says("lacks a packages scope").await;
        assert!(!answer.contains("Seen"), "{answer}");
        chat.go_to("general", Visibility::Public);
        chat.bob(SCOPES).await;
        let answer = chat.bot_says("lacks a packages scope").await;
        assert!(!answer.contains("Seen"), "{answer}");
        assert!(chat.command(&format!("history {fingerprint}")).await.contains(": once, last on"));
        // The private channel knows what the team knows, and its own.
        chat.go_to("secret", Visibility::Private);
        assert!(chat.command(&format!("history {fingerprint}")).await.contains(": 3 times, last on"));
        assert!(chat.command("stats").await.contains("Errors met: 3"));
    })
    .await;
}

#[tokio::test]
async fn the_names_of_private_packages_do_not_leak_through_a_shared_error() {
    // Both are the same error: the token lacks the right to this scope.
    each(async |chat| {
        chat.go_to("general", Visibility::Public);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.go_to("secret", Visibility::Private);
        chat.alice(&scopes_for("takeover")).await;
        chat.bot_says("lacks a packages scope").await;
        let own = chat.command("history").await;
        assert!(own.contains("@acme/takeover") && own.contains("2 times"), "{own}");
        chat.go_to("general", Visibility::Public);
        let history = chat.command("history").await;
        assert!(history.contains("@acme/widget") && history.contains(": once"), "{history}");
        let fingerprint = fingerprint(chat).await;
        assert!(chat.command(&format!("history {fingerprint}")).await.contains("@acme/widget"));
    })
    .await;
}

#[tokio::test]
async fn two_private_channels_do_not_tell_each_other_names() {
    each(async |chat| {
        for (channel, package) in [("one", "takeover"), ("two", "layoffs")] {
            chat.go_to(channel, Visibility::Private);
            chat.alice(&scopes_for(package)).await;
            chat.bot_says("lacks a packages scope").await;
        }
        for (channel, package, other) in [("one", "@acme/takeover", "layoffs"), ("two", "@acme/layoffs", "takeover")] {
            chat.go_to(channel, Visibility::Private);
            let history = chat.command("history").await;
            assert!(history.contains(package) && !history.contains(other), "{history}");
            let fingerprint = fingerprint(chat).await;
            let one = chat.command(&format!("history {fingerprint}")).await;
            assert!(one.contains(package) && !one.contains(other), "{one}");
        }
        chat.go_to("general", Visibility::Public);
        chat.bob(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        assert!(chat.command("history").await.contains("@acme/widget"));
    })
    .await;
}

#[tokio::test]
async fn a_fix_saved_in_a_private_channel_is_shown_only_there() {
    each(async |chat| {
        chat.go_to("secret", Visibility::Private);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("The takeover token is in the vault.").await;
        assert!(chat.command("fix 1").await.contains("is shown only here"));
        for (channel, visibility) in [("general", Visibility::Public), ("other", Visibility::Private)] {
            chat.go_to(channel, visibility);
            chat.bob(SCOPES).await;
            let answer = chat.bot_says("lacks a packages scope").await;
            assert!(!answer.contains("vault") && !answer.contains("Fix 1"), "{answer}");
            assert!(!chat.command(&format!("explain {SCOPES}")).await.contains("vault"));
            assert!(chat.command("fixes").await.contains("No fix is saved."));
            assert!(chat.command("fixes vault").await.contains("No saved fix holds"));
            for command in ["fix 1", "fix 1 history", "fix 1 edit mine", "fix 1 delete"] {
                assert!(chat.commands(&ROOT, command).await.contains("There is no fix 1 here."), "{command}");
            }
        }
        chat.go_to("secret", Visibility::Private);
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        chat.bot_says("The takeover token is in the vault.").await;
    })
    .await;
}

#[tokio::test]
async fn what_people_say_in_a_private_channel_is_counted_only_there() {
    each(async |chat| {
        chat.go_to("secret", Visibility::Private);
        for (paste, label) in [(SCOPES, "That fixed it"), (NO_TOKEN, "Not an npm problem")] {
            chat.alice(paste).await;
            chat.bot_says("GitHub").await;
            chat.picks(&ALICE, label).await;
            chat.bot_changes_it_to("").await;
        }
        assert!(chat.command("stats").await.contains("Fixed, as somebody said: 1"));
        chat.go_to("general", Visibility::Public);
        let stats = chat.command("stats").await;
        assert!(stats.matches(": 0").count() == 5, "{stats}");
    })
    .await;
}

#[tokio::test]
async fn a_fix_of_a_private_channel_is_the_whole_teams_when_its_author_says_so() {
    each(async |chat| {
        chat.go_to("secret", Visibility::Private);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        assert!(
            chat.command("save Ask Bob.")
                .await
                .contains("`/npmfix save team-wide TEXT` shows a fix to the whole team.")
        );
        let saved = chat.command("save team-wide scope Ask the platform team.").await;
        assert!(saved.contains("Saved as fix 2, for E403 on the scope") && !saved.contains("only"), "{saved}");
        chat.go_to("general", Visibility::Public);
        chat.bob(SCOPES).await;
        chat.bot_says("Ask the platform team.").await;
        let fixes = chat.command("fixes").await;
        assert!(fixes.contains("platform team") && !fixes.contains("Ask Bob"), "{fixes}");
    })
    .await;
}
