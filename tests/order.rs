//! Messages that are heard at the same moment, by one process or by several on one server; and those whose end is heard before their
//! beginning.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/engines.rs"]
mod engines;

use std::sync::Arc;

use engines::each_engine;
use jiff::Timestamp;
use npmfix::{
    bot::{Bot, Heard, Limits, Silence, amend::Aftermath},
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    store::{
        Store,
        channels::{self, Mode},
        forget,
    },
};
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;

/// Messages at a time, and how often: a race that is there is met by then.
const AT_ONCE: usize = 8;
const ROUNDS: usize = 10;

fn place(id: &str) -> MessageRef {
    let (channel, id) = (ChannelId::parse("general").unwrap(), MessageId::parse(id).unwrap());
    MessageRef { team: TeamId::local(), channel, thread: None, id }
}

fn paste(host: &str) -> String {
    format!("npm error code E401\nnpm error 401 Unauthorized - GET https://{host}.example/pkg\n")
}

fn message<'a>(id: &str, text: &'a str) -> Message<'a> {
    let author = Author {
        id: UserId::parse("ann").unwrap(),
        name: "ann".to_owned(),
        speaker: Speaker::Person,
        rights: Rights::Member,
    };
    let (visibility, address) = (Visibility::Public, Address::Overheard);
    Message { place: place(id), visibility, author, address, text: text.as_bytes() }
}

async fn hear(bot: Arc<Bot>, id: String, host: String) -> Heard {
    bot.hear(&message(&id, &paste(&host)), Timestamp::now()).await.unwrap()
}

/// How often the team met errors, all in all.
async fn seen(store: &Store) -> i64 {
    let mut conn = store.read().await.unwrap();
    sqlx::query_scalar("SELECT CAST(COALESCE(SUM(seen), 0) AS BIGINT) FROM error").fetch_one(&mut *conn).await.unwrap()
}

/// How many replies of a kind there are.
async fn replies(store: &Store, kind: &str) -> usize {
    let mut conn = store.read().await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM reply WHERE kind = $1")
        .bind(kind)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    usize::try_from(count).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_messages_with_one_error_one_gets_the_answer_and_the_others_point_to_it() {
    each_engine(async |store, address| {
        let limits = Limits { answers_per_hour: 1000, ..Limits::default() };
        let bot = |store| Arc::new(Bot::new(load_embedded().unwrap(), store, limits));
        let other = Store::open(address).await.unwrap();
        let bots = [bot(store.clone()), bot(other.clone())];
        for round in 0..ROUNDS {
            let mut tasks = JoinSet::new();
            for (n, bot) in bots.iter().cycle().take(AT_ONCE).enumerate() {
                tasks.spawn(hear(Arc::clone(bot), format!("{round}-{n}"), format!("host{round}")));
            }
            let outcomes = tasks.join_all().await;
            assert!(outcomes.iter().all(|heard| matches!(heard, Heard::Answered(_))), "{outcomes:?}");
        }
        assert_eq!(replies(&store, "answer").await, ROUNDS);
        assert_eq!(replies(&store, "pointer").await, ROUNDS * (AT_ONCE - 1));
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_paste_that_was_deleted_before_it_came_is_not_answered() {
    each_engine(async |store, _| {
        let bot = Bot::new(load_embedded().unwrap(), store.clone(), Limits::default());
        let (paste, now) = (paste("acme"), Timestamp::now());
        bot.deleted(&place("1"), Aftermath::Unknown, now).await.unwrap();
        // In its channel it stood in a thread, which the deletion did not tell.
        let mut late = message("1", &paste);
        late.place.thread = Some(MessageId::parse("0").unwrap());
        assert_eq!(bot.hear(&late, now).await.unwrap(), Heard::Silent(Silence::Gone));
        assert!(matches!(bot.hear(&message("2", &paste), now).await.unwrap(), Heard::Answered(_)));
        assert_eq!((replies(&store, "answer").await, seen(&store).await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_paste_that_lost_its_error_before_it_came_is_not_answered_until_it_has_one_again() {
    each_engine(async |store, _| {
        let bot = Bot::new(load_embedded().unwrap(), store.clone(), Limits::default());
        let (paste, now) = (paste("acme"), Timestamp::now());
        assert_eq!(bot.edited(&message("1", "solved, sorry"), now).await.unwrap(), Heard::Chatter);
        assert_eq!(bot.hear(&message("1", &paste), now).await.unwrap(), Heard::Silent(Silence::Gone));
        assert!(matches!(bot.edited(&message("1", &paste), now).await.unwrap(), Heard::Answered(_)));
        assert_eq!((replies(&store, "answer").await, seen(&store).await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_paste_that_mentions_the_bot_only_after_an_edit_is_answered_and_counted_once() {
    each_engine(async |store, _| {
        let bot = Bot::new(load_embedded().unwrap(), store.clone(), Limits::default());
        let (paste, now) = (paste("acme"), Timestamp::now());
        let (team, channel) = (TeamId::local(), ChannelId::parse("general").unwrap());
        let mut tx = store.begin().await.unwrap();
        channels::set_mode(&mut tx, &team, &channel, Mode::Mention).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bot.hear(&message("1", &paste), now).await.unwrap(), Heard::Silent(Silence::Mention));
        let spoken_to = Message { address: Address::Addressed, ..message("1", &paste) };
        assert!(matches!(bot.edited(&spoken_to, now).await.unwrap(), Heard::Answered(_)));
        assert_eq!(bot.edited(&spoken_to, now).await.unwrap(), Heard::Again);
        assert_eq!((replies(&store, "answer").await, seen(&store).await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn an_edit_of_somebody_who_was_forgotten_brings_nothing_back() {
    each_engine(async |store, _| {
        let bot = Bot::new(load_embedded().unwrap(), store.clone(), Limits::default());
        let (paste, other, now) = (paste("acme"), paste("other"), Timestamp::now());
        let message_of_ann = message("1", &paste);
        assert!(matches!(bot.hear(&message_of_ann, now).await.unwrap(), Heard::Answered(_)));
        let (team, ann) = (TeamId::local(), &message_of_ann.author.id);
        let mut tx = store.begin().await.unwrap();
        forget::person(&mut tx, &team, ann, &store.who(&team, ann)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bot.edited(&message("1", &other), now).await.unwrap(), Heard::Again);
        let mut conn = store.read().await.unwrap();
        for table in ["error_day WHERE who <> ''", "occurrence"] {
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
                .fetch_one(&mut *conn)
                .await
                .unwrap();
            assert_eq!(count, 0, "{table}");
        }
    })
    .await;
}
