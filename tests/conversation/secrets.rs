//! A secret that somebody pastes is told to them, and is nowhere else.

use npmfix::{
    message::{Address, MessageRef},
    redact::{Dice, Example, patterns},
};

use crate::{
    chat::{ALICE, CI, Chat, each},
    log,
    pastes::SCOPES,
    tables::holding,
};

/// A made-up token of the public registry, another one for each number.
pub fn token(number: u64) -> Example {
    let pattern = patterns().find(|p| p.kind.contains("npm")).unwrap();
    let example = pattern.examples.first().unwrap();
    example(&mut Dice::new(number))
}

async fn is_nowhere(chat: &Chat, secret: &str) {
    // The tail too: half a secret is one.
    for part in [secret, secret.get(secret.len() / 2..).unwrap()] {
        assert_eq!(holding(&chat.dump().await, part), Vec::<String>::new());
        let log = log::text();
        assert!(log.len() > 1000 && !log.contains(part));
    }
}

#[tokio::test]
async fn its_author_is_warned_even_without_a_failure() {
    let example = token(1);
    each(async |chat| {
        chat.alice(&format!("why does {} not work", example.text())).await;
        let warning = chat.bot_whispers(&ALICE, "Your message holds").await;
        assert!(warning.contains("Then delete the message.") && !warning.contains(&example.secret), "{warning}");
        chat.bot_is_silent().await;
        is_nowhere(chat, &example.secret).await;
        assert!(chat.command("stats").await.contains("Errors met: 0"));
        assert!(chat.command("stats").await.contains("Secrets pasted: 1."));
    })
    .await;
}

#[tokio::test]
async fn with_a_failure_the_warning_comes_beside_the_answer_and_only_once() {
    let example = token(2);
    each(async |chat| {
        let text = format!("{SCOPES}\nnpm error {}", example.text());
        let place: MessageRef = chat.alice(&text).await;
        chat.bot_whispers(&ALICE, "Your message holds").await;
        let answer = chat.bot_says("lacks a packages scope").await;
        assert!(!answer.contains(&example.secret), "{answer}");
        chat.hears(&place, &ALICE, Address::Overheard, &text).await;
        chat.bot_is_silent().await;
        is_nowhere(chat, &example.secret).await;
    })
    .await;
}

#[tokio::test]
async fn where_the_bot_says_nothing_it_still_warns() {
    let example = token(3);
    each(async |chat| {
        for silence in ["mention", "mute 2h"] {
            chat.command(silence).await;
            chat.alice(&example.text()).await;
            chat.bot_whispers(&ALICE, "Your message holds").await;
        }
        chat.command("off").await;
        chat.alice(&example.text()).await;
        chat.bot_is_silent().await;
        is_nowhere(chat, &example.secret).await;
    })
    .await;
}

#[tokio::test]
async fn a_bot_is_not_warned_for_nobody_would_read_it() {
    let example = token(4);
    each(async |chat| {
        chat.command("bots on").await;
        chat.says(&CI, &example.text()).await;
        chat.bot_is_silent().await;
        is_nowhere(chat, &example.secret).await;
    })
    .await;
}

#[tokio::test]
async fn a_secret_in_a_command_is_removed_before_anything_is_stored() {
    let example = token(5);
    each(async |chat| {
        chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        let saved = chat.alice_saves(&format!("use {} instead", example.text())).await;
        assert!(saved.contains("It was removed and is stored nowhere here."), "{saved}");
        let edited = chat.command(&format!("fix 1 edit set {} now", example.text())).await;
        assert!(edited.contains("It was removed"), "{edited}");
        for command in ["explain", "fixes", "history", "help", "settings", "mute", "nonsense"] {
            let answer = chat.command(&format!("{command} {}", example.text())).await;
            assert!(!answer.contains(&example.secret), "{command}: {answer}");
        }
        is_nowhere(chat, &example.secret).await;
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_adds_a_secret_is_warned_about_and_stored_without_it() {
    let example = token(6);
    each(async |chat| {
        let place = chat.alice(SCOPES).await;
        chat.bot_says("lacks a packages scope").await;
        chat.alice_edits(&place, &format!("{SCOPES}\n{}", example.text())).await;
        chat.bot_whispers(&ALICE, "Your message holds").await;
        chat.bot_is_silent().await;
        is_nowhere(chat, &example.secret).await;
    })
    .await;
}
