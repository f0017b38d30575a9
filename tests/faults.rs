//! What can go wrong with a database: each with a clear error, nothing acknowledged that is not stored, and work that goes on
//! by itself where it can.
//!
//! A file that may not be written is tried through a folder in the way of it: whoever may do everything writes read-only files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/engines.rs"]
mod engines;
#[path = "support/tables.rs"]
mod tables;

use std::{collections::HashSet, fs};

use engines::each_engine;
use jiff::Timestamp;
use npmfix::{
    bot::{
        Bot, Heard, Limits,
        choices::{Chosen, Click},
        commands::{Asked, Audience},
    },
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    store::{Engine, Store, StoreError, channels, findings, replies},
};
use rstest::rstest;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;

const PASTE: &str = "npm error code E403\nnpm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget";

fn now() -> Timestamp {
    Timestamp::from_second(1_750_000_000).unwrap()
}

fn place(id: &str) -> MessageRef {
    let (channel, id) = (ChannelId::parse("C1").unwrap(), MessageId::parse(id).unwrap());
    MessageRef { team: TeamId::local(), channel, thread: None, id }
}

fn alice() -> Author {
    let id = UserId::parse("U1").unwrap();
    Author { id, name: "alice".to_owned(), speaker: Speaker::Person, rights: Rights::Admin }
}

fn bot(store: &Store) -> Bot {
    Bot::new(load_embedded().unwrap(), store.clone(), Limits::default())
}

async fn hears(bot: &Bot, id: &str) -> Result<Heard, StoreError> {
    let (visibility, address) = (Visibility::Public, Address::Addressed);
    let message = Message { place: place(id), visibility, author: alice(), address, text: PASTE.as_bytes() };
    bot.hear(&message, now()).await
}

async fn answered(bot: &Bot, id: &str) -> String {
    let heard = hears(bot, id).await.unwrap();
    let Heard::Answered(reply) = heard else { panic!("{heard:?}") };
    reply
}

async fn picks(bot: &Bot, reply: &str) -> Result<Chosen, StoreError> {
    let (team, author, choice) = (TeamId::local(), alice(), format!("{reply}:unhelpful:0"));
    bot.choose(&Click { team: &team, event: "click", author: &author, choice: &choice }, now()).await
}

async fn commands(bot: &Bot, text: &str) -> Result<(), StoreError> {
    asks(bot, text, None).await
}

async fn asks(bot: &Bot, text: &str, reply: Option<&str>) -> Result<(), StoreError> {
    let (team, channel, author) = (TeamId::local(), ChannelId::parse("C1").unwrap(), alice());
    let visibility = Visibility::Public;
    let (about, audience) = (None, Audience::Everybody);
    let asked =
        Asked { team: &team, channel: &channel, visibility, author: &author, event: text, reply, about, audience };
    bot.command(&asked, text, now()).await.map(|_| ())
}

async fn is_stored(store: &Store, id: &str) -> bool {
    findings::is_heard(&mut store.read().await.unwrap(), &place(id)).await.unwrap()
}

/// A statement by somebody else.
async fn meddles(address: &str, statement: &str) {
    let mut other = AnyConnection::connect(address).await.unwrap();
    other.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn whoever_only_reads_cannot_write() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("test.db").display())).await.unwrap();
    let write = "DELETE FROM team";
    let refused = store.read().await.unwrap().execute(write).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
    let refused = store.look().await.unwrap().execute(write).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
    store.begin().await.unwrap().execute(write).await.unwrap();
}

#[rstest]
#[case::state("UPDATE reply SET state = '{\"tried\": 7}'", "answer ")]
#[case::no_json("UPDATE reply SET state = 'x'", "answer ")]
#[case::diagnosis("UPDATE occurrence SET diagnosis = '[]'", "the failure of answer ")]
#[case::outcome("UPDATE reply SET outcome = 'exploded'", "an answer's outcome")]
#[case::place("UPDATE reply SET thread = 'a b'", "the place of a message")]
#[tokio::test]
async fn a_row_that_cannot_be_read_is_named(#[case] damage: &str, #[case] named: &str) {
    each_engine(async |store, address| {
        let bot = bot(&store);
        let reply = answered(&bot, "1").await;
        meddles(address, damage).await;
        let is_named = |error: StoreError| {
            assert!(matches!(&error, StoreError::Row { what, .. } if what.starts_with(named)), "{error:?}");
            assert!(error.to_string().starts_with("cannot read ") && !error.passes(), "{error}");
        };
        is_named(picks(&bot, &reply).await.unwrap_err());
        is_named(replies::get(&mut store.begin().await.unwrap(), &TeamId::local(), &reply).await.unwrap_err());
        is_named(asks(&bot, "save Ask Ops.", Some(&reply)).await.unwrap_err());
        // The rest goes on, and what failed was not taken down as done.
        commands(&bot, "stats").await.unwrap();
        let inbox = &tables::dump(&store).await["inbox"];
        assert!(inbox.len() == 1 && inbox.iter().all(|row| row.contains("event=stats")), "{inbox:?}");
    })
    .await;
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_named_and_harm_no_other_channel() {
    each_engine(async |store, address| {
        let bot = bot(&store);
        commands(&bot, "watch").await.unwrap();
        commands(&bot, "settings admins add U2").await.unwrap();
        meddles(address, "UPDATE channel SET mode = 'loud'").await;
        meddles(address, "UPDATE team SET settings = '{\"admins\": 1}'").await;
        let error = hears(&bot, "1").await.unwrap_err();
        assert!(error.to_string().starts_with("cannot read a channel's mode in the database"), "{error}");
        assert!(!is_stored(&store, "1").await);
        let places = HashSet::from([(TeamId::local(), ChannelId::parse("C2").unwrap())]);
        assert_eq!(channels::settings(&mut store.read().await.unwrap(), &places).await.unwrap().len(), 1);
        let error = commands(&bot, "settings").await.unwrap_err();
        assert!(error.to_string().contains("cannot read the settings of local"), "{error}");
        // A mode that is known again heals it.
        commands(&bot, "mention").await.unwrap();
        answered(&bot, "1").await;
    })
    .await;
}

#[tokio::test]
async fn fields_of_a_newer_version_are_passed_over() {
    each_engine(async |store, address| {
        let bot = bot(&store);
        let reply = answered(&bot, "1").await;
        meddles(address, "UPDATE reply SET state = '{\"seen\": 1, \"mood\": \"good\"}'").await;
        assert_eq!(picks(&bot, &reply).await.unwrap(), Chosen::Done);
    })
    .await;
}

/// A database file of its own, closed, with one answer in it.
async fn file() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let address = format!("sqlite:{}", folder.path().join("n.db").display());
    let store = Store::open(&address).await.unwrap();
    answered(&bot(&store), "1").await;
    store.close().await;
    (folder, address)
}

#[tokio::test]
async fn a_file_that_is_no_database_is_said_to_be_damaged() {
    let (folder, address) = file().await;
    let path = folder.path().join("n.db");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, "not a database, but long enough to be looked at as one".repeat(100)).unwrap();
    let error = Store::open(&address).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged) && !error.passes(), "{error:?}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
    // Whole head, damaged pages.
    let mut torn = whole.clone();
    torn.iter_mut().skip(8192).for_each(|byte| *byte = 0xa5);
    fs::write(&path, torn).unwrap();
    let outcome = async { hears(&bot(&Store::open(&address).await?), "2").await.map(|_| ()) }.await;
    assert!(matches!(outcome, Err(StoreError::Damaged)), "{outcome:?}");
    fs::write(&path, whole).unwrap();
    answered(&bot(&Store::open(&address).await.unwrap()), "2").await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_or_made_is_said_to_be_unwritable() {
    let folder = TempDir::new().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("missing/n.db")] {
        let error = Store::open(&format!("sqlite:{}", path.display())).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly), "{error:?}");
        assert!(error.to_string().contains("check who owns the file and its folder"), "{error}");
    }
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_said_to_be_unwritable() {
    each_engine(async |store, _| {
        let mut tx = store.begin().await.unwrap();
        let read_only = match store.engine() {
            Engine::Sqlite => "PRAGMA query_only = ON",
            Engine::Postgres => "SET TRANSACTION READ ONLY",
        };
        tx.execute(read_only).await.unwrap();
        let error = channels::mute(&mut tx, &TeamId::local(), &place("1").channel, None).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_acknowledged_and_work_goes_on_when_there_is_room() {
    let (_folder, address) = file().await;
    let store = Store::open(&address).await.unwrap();
    let bot = bot(&store);
    // The one connection that writes gets no page more than there are.
    let limit = async |pages: &str| {
        let mut tx = store.begin().await.unwrap();
        tx.execute(AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"))).await.unwrap();
        tx.commit().await.unwrap();
    };
    limit("1").await;
    let mut kept = 1;
    let error = loop {
        match hears(&bot, &format!("more-{kept}")).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1000, "the disk never got full");
    };
    assert!(matches!(error, StoreError::Full) && error.passes(), "{error:?}");
    assert!(error.to_string().contains("make space"), "{error}");
    assert!(!is_stored(&store, &format!("more-{kept}")).await);
    assert_eq!(tables::dump(&store).await["heard"].len(), kept);
    limit("1000000").await;
    answered(&bot, &format!("more-{kept}")).await;
}

#[tokio::test]
async fn a_locked_file_is_waited_for_and_then_said_to_be_locked() {
    let (_folder, address) = file().await;
    let store = Store::open(&address).await.unwrap();
    let bot = bot(&store);
    let mut other = AnyConnection::connect(&address).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let error = hears(&bot, "2").await.unwrap_err();
    assert!(matches!(error, StoreError::Locked) && error.passes(), "{error:?}");
    assert!(!is_stored(&store, "2").await, "reading works meanwhile");
    // Somebody who lets go in time is only waited for.
    let (heard, rolled_back) = tokio::join!(hears(&bot, "2"), other.execute("ROLLBACK"));
    rolled_back.unwrap();
    assert!(matches!(heard, Ok(Heard::Answered(_))), "{heard:?}");
    assert_eq!(hears(&bot, "2").await.unwrap(), Heard::Again);
}

#[tokio::test]
async fn a_server_that_goes_away_is_an_error_that_passes() {
    each_engine(async |store, address| {
        if store.engine() == Engine::Sqlite {
            return;
        }
        let bot = bot(&store);
        answered(&bot, "1").await;
        let url = url::Url::parse(address).unwrap();
        let name = url.path().trim_start_matches('/').to_owned();
        let mut elsewhere = url.clone();
        elsewhere.set_path("postgres");
        let mut server = AnyConnection::connect(elsewhere.as_str()).await.unwrap();
        let mut says = async |statement: String| server.execute(AssertSqlSafe(statement)).await.map(|_| ()).unwrap();
        let cut = format!("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'");

        // In the middle of a transaction.
        let mut tx = store.begin().await.unwrap();
        channels::mute(&mut tx, &TeamId::local(), &place("1").channel, Some(now())).await.unwrap();
        says(cut.clone()).await;
        let error = match channels::mute(&mut tx, &TeamId::local(), &place("1").channel, None).await {
            Ok(()) => tx.commit().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, StoreError::Gone(_)) && error.passes(), "{error:?}");
        assert!(tables::dump(&store).await["channel"].is_empty(), "nothing of it is left");

        // For a while.
        says(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).await;
        says(cut).await;
        let error = hears(&bot, "2").await.unwrap_err();
        assert!(error.passes(), "{error:?}");
        let error = commands(&bot, "save Ask Ops.").await.unwrap_err();
        assert!(error.passes(), "{error:?}");
        says(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")).await;
        assert!(!is_stored(&store, "2").await);
        answered(&bot, "2").await;
        commands(&bot, "save Ask Ops.").await.unwrap();
        assert_eq!(tables::dump(&store).await["fix"].len(), 1);
    })
    .await;
}
