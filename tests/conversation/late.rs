//! What happens to a message while it is being written down: whoever handed it over hangs up, it is deleted, it is edited, and others
//! come at the same time.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::poll;
use jiff::Timestamp;
use npmfix::{
    bot::{Bot, Heard, Limits, amend::Aftermath},
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    store::{Engine, Store, Tx, channels, replies},
};
use tokio::time::timeout;

use crate::{
    engines::each_engine,
    pastes::{REFUSED, SCOPES},
    room::BEGIN,
    tables::{Dump, dump, holding},
};

/// Stands in the first paste and in nothing else that is stored.
const EXCERPT: &str = "does not match expected scopes";
/// For something to happen that is expected to.
const PATIENCE: Duration = Duration::from_secs(30);
/// What takes longer waits for something.
const MOMENT: Duration = Duration::from_millis(300);

fn bot(store: &Store) -> Bot {
    Bot::new(load_embedded().unwrap(), store.clone(), Limits::default())
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(BEGIN).unwrap()
}

fn place(channel: &str) -> MessageRef {
    let (channel, id) = (ChannelId::parse(channel).unwrap(), MessageId::parse("1").unwrap());
    MessageRef { team: TeamId::local(), channel, thread: None, id }
}

/// What Alice says in a channel.
fn said(channel: &str, visibility: Visibility, text: &'static str) -> Message<'static> {
    let id = UserId::parse("alice").unwrap();
    let author = Author { id, name: "alice".to_owned(), speaker: Speaker::Person, rights: Rights::Member };
    Message { place: place(channel), visibility, author, address: Address::Overheard, text: text.as_bytes() }
}

fn in_general(text: &'static str) -> Message<'static> {
    said("general", Visibility::Public, text)
}

/// Until this is committed, nothing is written down.
async fn busy(store: &Store) -> Tx {
    let mut tx = store.begin().await.unwrap();
    if store.engine() == Engine::Postgres {
        sqlx::query("LOCK TABLE heard IN EXCLUSIVE MODE").execute(&mut *tx).await.unwrap();
    }
    tx
}

async fn until(store: &Store, what: &str, there: impl Fn(&Dump) -> bool) {
    let begun = Instant::now();
    loop {
        let now = dump(store).await;
        if there(&now) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}: {now:#?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_deleted_while_it_is_written_down_is_taken_back_though_nobody_waits_for_it_any_more() {
    each_engine(async |store, _| {
        let bot = bot(&store);
        let writing = busy(&store).await;
        let message = in_general(SCOPES);
        {
            let mut heard = pin!(bot.hear(&message, now()));
            assert!(poll!(&mut heard).is_pending());
            bot.deleted(&message.place, Aftermath::Unknown, now()).await.unwrap();
        }
        writing.commit().await.unwrap();
        until(&store, "its end", |now| now["heard"].iter().any(|row| row.contains("deleted_at="))).await;
        let left = dump(&store).await;
        assert_eq!((left["outbox"].len(), holding(&left, EXCERPT)), (0, Vec::new()));
        // The platform delivers it again, as nobody took it in.
        assert!(matches!(bot.hear(&message, now()).await.unwrap(), Heard::Silent(_)));
        assert_eq!(dump(&store).await["outbox"].len(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_edit_of_what_is_still_being_written_down_is_not_lost() {
    each_engine(async |store, _| {
        let bot = bot(&store);
        let writing = busy(&store).await;
        let (first, second) = (in_general(SCOPES), in_general(REFUSED));
        let mut heard = pin!(bot.hear(&first, now()));
        assert!(poll!(&mut heard).is_pending());
        let mut edited = pin!(bot.edited(&second, now()));
        assert!(timeout(MOMENT, &mut edited).await.is_err(), "it was not written down");
        writing.commit().await.unwrap();
        let (_, edited) = tokio::join!(heard, edited);
        assert!(matches!(edited.unwrap(), Heard::Answered(_)));
        let left = dump(&store).await;
        assert_eq!((left["reply"].len(), holding(&left, EXCERPT)), (1, Vec::new()));
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_cannot_be_written_down_leaves_what_was_there() {
    each_engine(async |store, _| {
        if store.engine() == Engine::Postgres {
            return;
        }
        let bot = bot(&store);
        let (first, second) = (in_general(SCOPES), in_general(REFUSED));
        let mut tx = store.begin().await.unwrap();
        let (team, channel) = (&first.place.team, &first.place.channel);
        channels::set_mode(&mut tx, team, channel, channels::Mode::Mention).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(bot.hear(&first, now()).await.unwrap(), Heard::Silent(_)));
        let before = dump(&store).await;
        change(&store, "CREATE TRIGGER broken BEFORE INSERT ON heard BEGIN SELECT RAISE(ABORT, 'broken'); END").await;
        bot.edited(&second, now()).await.unwrap_err();
        assert_eq!(dump(&store).await, before);
        change(&store, "DROP TRIGGER broken").await;
        assert!(matches!(bot.edited(&second, now()).await.unwrap(), Heard::Silent(_)));
        let after = dump(&store).await;
        assert_eq!((after["occurrence"].len(), holding(&after, EXCERPT)), (1, Vec::new()));
    })
    .await;
}

async fn change(store: &Store, statement: &'static str) {
    let mut tx = store.begin().await.unwrap();
    sqlx::raw_sql(statement).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_error_that_many_channels_meet_at_once_is_seen_once_more_in_each() {
    const CHANNELS: usize = 20;
    each_engine(async |store, _| {
        // There, each is written down by itself.
        if store.engine() == Engine::Postgres {
            return;
        }
        let bot = bot(&store);
        let writing = busy(&store).await;
        // What a private channel meets, only that channel knows of.
        let visibility = |number| if number == 0 { Visibility::Private } else { Visibility::Public };
        let all: Vec<_> = (0..CHANNELS).map(|n| said(&format!("c{n}"), visibility(n), SCOPES)).collect();
        let mut heard: Vec<_> = all.iter().map(|message| Box::pin(bot.hear(message, now()))).collect();
        for one in &mut heard {
            assert!(poll!(one).is_pending());
        }
        writing.commit().await.unwrap();
        for one in heard {
            assert!(matches!(one.await.unwrap(), Heard::Answered(_)));
        }
        for (number, message) in all.iter().enumerate() {
            let mut conn = store.read().await.unwrap();
            let MessageRef { team, channel, .. } = &message.place;
            let given = replies::last_in(&mut conn, team, channel).await.unwrap().unwrap();
            assert_eq!(given.state.seen, i64::try_from(number.max(1)).unwrap(), "in {channel}");
            assert_eq!(given.state.last.is_some(), number > 1, "in {channel}");
        }
    })
    .await;
}
