//! When the bot speaks: the channel's mode, mutes, other bots, itself.

use npmfix::message::{Address, Visibility};

use crate::{
    chat::{ALICE, BOB, CI, Chat, NPMFIX, ROOT, each},
    pastes::{CHATTER, NO_TOKEN, SCOPES, refused_by},
};

async fn errors_met(chat: &mut Chat) -> i64 {
    let stats = chat.command("stats").await;
    let met = stats.lines().find_map(|line| line.strip_prefix("  - Errors met: ")).unwrap();
    met.parse().unwrap()
}

#[tokio::test]
async fn in_mention_mode_only_what_is_meant_for_the_bot_is_answered() {
    each(async |chat| {
        assert!(chat.command("mention").await.contains("only when I am mentioned"));
        chat.alice(SCOPES).await;
        chat.bot_is_silent().await;
        chat.tells(&ALICE, &refused_by(1)).await;
        chat.bot_says("A server refused").await;
        // Both were met, whoever was answered.
        assert_eq!(errors_met(chat).await, 2);
        chat.command("watch").await;
        chat.alice(&refused_by(2)).await;
        chat.bot_says("A server refused").await;
    })
    .await;
}

#[tokio::test]
async fn in_a_channel_that_is_off_nothing_is_read() {
    each(async |chat| {
        assert!(chat.command("off").await.contains("commands still work"));
        let before = chat.dump().await;
        chat.alice(SCOPES).await;
        chat.tells(&ALICE, SCOPES).await;
        chat.tells(&ALICE, CHATTER).await;
        chat.bot_is_silent().await;
        assert_eq!(chat.dump().await, before);
        assert!(chat.command(&format!("explain {SCOPES}")).await.contains("lacks a packages scope"));
        // Elsewhere nothing has changed.
        chat.go_to("random", Visibility::Public);
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
    })
    .await;
}

#[tokio::test]
async fn an_edit_in_a_channel_that_is_off_is_not_read_either() {
    each(async |chat| {
        let paste = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.command("off").await;
        let before = chat.dump().await;
        chat.alice_edits(&paste, &refused_by(1)).await;
        chat.bot_is_silent().await;
        assert_eq!(chat.dump().await, before);
    })
    .await;
}

#[tokio::test]
async fn a_mute_ends_by_time_or_by_word() {
    each(async |chat| {
        chat.commands(&ROOT, "settings followups off").await;
        assert!(chat.command("mute 2h").await.contains("until 15 June 2025, 17:06 UTC"));
        chat.alice(&refused_by(1)).await;
        chat.bot_is_silent().await;
        chat.tells(&ALICE, &refused_by(1)).await;
        chat.bot_says("A server refused").await;
        chat.minutes_pass(121);
        chat.alice(&refused_by(2)).await;
        chat.bot_says("A server refused").await;
        chat.command("mute").await;
        chat.minutes_pass(60 * 24 * 365 * 10);
        chat.alice(&refused_by(3)).await;
        chat.bot_is_silent().await;
        chat.command("unmute").await;
        chat.alice(&refused_by(4)).await;
        chat.bot_says("A server refused").await;
        assert_eq!(errors_met(chat).await, 2, "the last four weeks");
    })
    .await;
}

#[tokio::test]
async fn other_bots_are_answered_where_that_was_asked_for() {
    each(async |chat| {
        chat.says(&CI, SCOPES).await;
        chat.bot_is_silent().await;
        assert_eq!(errors_met(chat).await, 0);
        chat.command("bots on").await;
        chat.says(&CI, SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.command("bots off").await;
        chat.says(&CI, NO_TOKEN).await;
        chat.bot_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn two_bots_never_talk_to_each_other() {
    each(async |chat| {
        // Not even when the other one mentions this one, as bots do that answer whoever speaks to them.
        for text in [CHATTER, SCOPES] {
            chat.tells(&CI, text).await;
            chat.bot_is_silent().await;
        }
        chat.command("bots on").await;
        chat.tells(&CI, CHATTER).await;
        chat.bot_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn its_own_messages_are_passed_over() {
    each(async |chat| {
        chat.command("bots on").await;
        let before = chat.dump().await;
        chat.says(&NPMFIX, SCOPES).await;
        chat.tells(&NPMFIX, SCOPES).await;
        chat.bot_is_silent().await;
        assert_eq!(chat.dump().await, before);
    })
    .await;
}

#[tokio::test]
async fn whoever_speaks_to_the_bot_gets_one_word_and_talk_leaves_no_trace() {
    each(async |chat| {
        let before = chat.dump().await;
        let place = chat.says(&BOB, CHATTER).await;
        assert_eq!(chat.dump().await, before);
        chat.bot_is_silent().await;
        chat.hears(&place, &BOB, Address::Addressed, CHATTER).await;
        chat.bot_says("I find no npm, pnpm, Yarn or Bun auth failure in this.").await;
        chat.hears(&place, &BOB, Address::Addressed, CHATTER).await;
        chat.bot_is_silent().await;
    })
    .await;
}
