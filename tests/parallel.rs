//! Messages that are heard at the same moment, by one process or by several on one server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/engines.rs"]
mod engines;

use std::sync::Arc;

use engines::each_engine;
use jiff::Timestamp;
use npmfix::{
    bot::{Bot, Heard, Limits},
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    store::Store,
};
use tokio::task::JoinSet;

/// Messages at a time, and how often: a race that is there is met by then.
const AT_ONCE: usize = 8;
const ROUNDS: usize = 10;

async fn hear(bot: Arc<Bot>, id: String, host: String) -> Heard {
    let text = format!("npm error code E401\nnpm error 401 Unauthorized - GET https://{host}.example/pkg\n");
    let place = MessageRef {
        team: TeamId::local(),
        channel: ChannelId::parse("general").unwrap(),
        thread: None,
        id: MessageId::parse(&id).unwrap(),
    };
    let author = Author {
        id: UserId::parse("ann").unwrap(),
        name: "ann".to_owned(),
        speaker: Speaker::Person,
        rights: Rights::Member,
    };
    let (visibility, address) = (Visibility::Public, Address::Overheard);
    bot.hear(&Message { place, visibility, author, address, text: text.as_bytes() }, Timestamp::now()).await.unwrap()
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
