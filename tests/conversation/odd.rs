//! Texts that are too long, or that try to be more than text.

use crate::{
    chat::{each, in_the_room},
    pastes::{SCOPES, refused_by},
};

/// Whatever a platform would make a mention, a link or a picture of, and what turns writing around.
const TRICKS: &str = "@everyone @here <!channel> <!subteam^S1|ops> <@U1> <@&1> <#C1|x> [click](https://evil.example) \
                      ![x](https://evil.example/x.png) `code` **bold** :tada: \u{1b}[31mred\u{1b}[0m \u{202e}drow\u{2069} \
                      \u{7}bell 📦🧑‍🚀 שלום \u{0}end";

#[tokio::test]
async fn ten_megabytes_in_a_command_are_answered() {
    let long = "📦 word ".repeat(10_000_000 / 9);
    in_the_room(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        assert!(chat.command(&format!("save {long}")).await.contains("That is too long: 4000 characters at most."));
        assert!(chat.command(&format!("explain {long}")).await.contains("I find no npm"));
        assert!(chat.command(&format!("explain {SCOPES}\n{long}")).await.contains("lacks a packages scope"));
        for command in ["fixes", "history", "help", "mute", "fix 1 edit", "digest", "settings", ""] {
            let answer = chat.command(&format!("{command} {long}")).await;
            assert!(answer.len() < 5_000, "{command}: {} bytes", answer.len());
        }
        let whole = long.replace(' ', "");
        assert!(chat.command(&format!("save {whole}")).await.contains("That is too long"));
        assert!(chat.command(&whole).await.len() < 5_000);
        let stored: usize = chat.dump().await.values().flatten().map(String::len).sum();
        assert!(stored < 100_000, "{stored} bytes are stored");
    })
    .await;
}

#[tokio::test]
async fn ten_megabytes_in_a_message_are_read_and_little_of_it_is_kept() {
    let noise = "added 12 packages, and audited 13 packages in 2s\n".repeat(200_000);
    let many: String = (0..2000).map(|number| refused_by(number) + "\n").collect();
    in_the_room(async |chat| {
        chat.alice(&format!("{noise}{SCOPES}\n{noise}")).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice(&many).await;
        let answer = chat.bot_says("A server refused").await;
        assert!(answer.contains("And 16 more;") && answer.len() < 10_000, "{answer}");
        let stored: usize = chat.dump().await.values().flatten().map(String::len).sum();
        assert!(stored < 500_000, "{stored} bytes are stored");
    })
    .await;
}

#[tokio::test]
async fn a_saved_fix_is_shown_as_text_whatever_is_in_it() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        assert!(chat.alice_saves(TRICKS).await.contains("Saved as fix 1"));
        chat.minutes_pass(61);
        chat.bob(SCOPES).await;
        let answer = chat.bot_says("What fixed it here before").await;
        for shown in [answer, chat.command("fix 1").await, chat.command("fixes bell").await] {
            let odd = |c: char| {
                (c.is_control() && c != '\n')
                    || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!shown.contains(odd), "{shown:?}");
            assert!(shown.contains("@everyone @here <!channel>"), "{shown}");
        }
        assert!(chat.command("fix 1").await.contains("[31mred[0m drow bell 📦🧑\u{200d}🚀 שלום end"));
        assert!(chat.command("fixes שלום 📦").await.contains("1: E403"));
    })
    .await;
}

#[tokio::test]
async fn a_paste_of_odd_characters_is_answered_and_stored() {
    each(async |chat| {
        let odd = format!("שלום 📦\0\u{202e}\n{SCOPES} \0📦\u{202e}\n");
        chat.alice(&odd).await;
        let answer = chat.bot_says("lacks a packages scope").await;
        assert!(!answer.contains(['\0', '\u{202e}']), "{answer:?}");
        chat.pick("Didn't help").await;
        chat.bot_changes_it_to("does not take this kind of token").await;
        assert!(chat.command("fixes \0 📦 %_!").await.contains("No saved fix holds"));
        chat.command("nonsense\0\u{202e} 📦").await;
    })
    .await;
}

#[tokio::test]
async fn the_last_of_several_texts_of_a_fix_is_what_it_says() {
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_saves("\"scope\" is what was missing").await;
        assert!(chat.command("fix 1").await.contains("  | \"scope\" is what was missing"));
        chat.command("fix 1 edit one\n\ntwo").await;
        assert!(chat.command("fix 1").await.contains("  | one\n  | \n  | two"));
        assert!(chat.command("fix 1 edit one\n\ntwo").await.contains("says that already"));
        assert!(chat.command("save").await.contains("Write what fixed it"));
        assert!(chat.command("fix 1 edit \u{202e}\0").await.contains("`/npmfix fix 1 edit TEXT`"));
    })
    .await;
}
