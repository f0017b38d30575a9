//! Running, stopping, and one sender for each SQLite file.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use npmfix::{
    bot::outbox::{LookUp, Settings},
    store::{Engine, Store, lock},
};
use tokio::sync::Notify;

use crate::{engines::each_engine, world::World};

#[tokio::test]
async fn a_stop_finishes_what_is_being_sent_and_begins_nothing_more() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.post("C1", "a").await;
        world.post("C1", "b").await;
        let gate = world.slack.gate();
        let worker = world.worker();
        let (runner, wake) = (Arc::clone(&worker), Notify::new());
        let lock = lock::hold(&world.store, "test").unwrap();
        let run = tokio::spawn(async move { runner.run(&wake, &lock).await });
        world.slack.asked.notified().await;
        worker.stop();
        gate.notify_one();
        run.await.unwrap().unwrap();
        assert_eq!(world.slack.said(), ["C1 post a"]);
        // The lane is free at once, and what was not begun is not unclear.
        let parcels = world.dies_sending().await;
        assert_eq!((parcels.len(), parcels[0].begun, parcels[0].attempts), (1, None, 1));
    })
    .await;
}

#[tokio::test]
async fn a_stop_does_not_wait_forever() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.post("C1", "a").await;
        let _gate = world.slack.gate();
        let worker = world.worker_with(Settings { drain: Duration::ZERO, ..Settings::default() });
        let (runner, wake) = (Arc::clone(&worker), Notify::new());
        let lock = lock::hold(&world.store, "test").unwrap();
        let run = tokio::spawn(async move { runner.run(&wake, &lock).await });
        world.slack.asked.notified().await;
        worker.stop();
        run.await.unwrap().unwrap();
        assert!(world.dies_sending().await[0].begun.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_commit_wakes_the_worker() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker();
        let (runner, wake) = (Arc::clone(&worker), Arc::new(Notify::new()));
        let (woken, lock) = (Arc::clone(&wake), lock::hold(&world.store, "test").unwrap());
        let run = tokio::spawn(async move { runner.run(&woken, &lock).await });
        world.post("C1", "a").await;
        wake.notify_one();
        world.slack.asked.notified().await;
        worker.stop();
        run.await.unwrap().unwrap();
        assert_eq!(world.slack.said(), ["C1 post a"]);
    })
    .await;
}

#[tokio::test]
async fn one_process_sends_from_a_file_and_any_number_from_a_server() {
    each_engine(async |store, url| {
        let first = lock::hold(&store, "chat").unwrap();
        let other = Store::open(url).await.unwrap();
        let second = lock::hold(&other, "serve");
        if store.engine() == Engine::Sqlite {
            let text = second.unwrap_err().to_string();
            let named = format!("another npmfix (process {}, `chat`) is sending", std::process::id());
            assert!(text.starts_with(&named), "{text}");
            drop(first);
            lock::hold(&other, "serve").unwrap();
        } else {
            second.unwrap();
        }
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn one_terminal_at_a_time_chats() {
    each_engine(async |store, url| {
        let first = lock::hold_terminal(&store).await.unwrap();
        let other = Store::open(url).await.unwrap();
        let refused = lock::hold_terminal(&other).await.unwrap_err().to_string();
        assert!(refused.starts_with("another "), "{refused}");
        drop(first);
        freed(&other).await;
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_connection_has_one_process_at_its_end() {
    each_engine(async |store, url| {
        let names = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let first = lock::hold_connections(&store, &names(&["discord 1 0/2", "discord 1 1/2"])).await.unwrap();
        assert!(first.is_some());
        let other = Store::open(url).await.unwrap();
        if store.engine() == Engine::Postgres {
            assert!(
                lock::hold_connections(&other, &names(&["discord 2 0/1", "discord 1 1/2"])).await.unwrap().is_none()
            );
            // Of what is refused, nothing is held.
            let patience = Instant::now() + Duration::from_secs(10);
            while lock::hold_connections(&store, &names(&["discord 2 0/1"])).await.unwrap().is_none() {
                assert!(Instant::now() < patience, "it is held");
                tokio::task::yield_now().await;
            }
        }
        drop(first);
        let patience = Instant::now() + Duration::from_secs(10);
        while lock::hold_connections(&other, &names(&["discord 1 1/2"])).await.unwrap().is_none() {
            assert!(Instant::now() < patience, "it is never freed");
            tokio::task::yield_now().await;
        }
        other.close().await;
    })
    .await;
}

/// A server hears a moment later that the one who held a lock has left.
async fn freed(store: &Store) {
    let patience = Instant::now() + Duration::from_secs(10);
    while let Err(refused) = lock::hold_terminal(store).await {
        assert!(Instant::now() < patience, "{refused}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_dead_sender_left_is_taken_over_at_once_where_nobody_else_can_live() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.post("C1", "a").await;
        world.dies_sending().await;
        world.slack.history(LookUp::Absent);
        let lock = lock::hold(&world.store, "test").unwrap();
        let worker = world.worker();
        worker.take_over(&lock).await.unwrap();
        // What the dead sender had sent may be on its way for as long as its echo could.
        worker.drain().await.unwrap();
        assert!(world.slack.said().is_empty());
        world.passes(3);
        worker.drain().await.unwrap();
        let free = world.store.engine() == Engine::Sqlite;
        assert_eq!(world.slack.said(), if free { vec!["C1 post a"] } else { vec![] });
        // On a server it may live on another machine, until its lease has run out.
        world.passes(61);
        worker.finish(|| false).await.unwrap();
        assert_eq!(world.slack.said(), if free { vec![] } else { vec!["C1 post a"] });
    })
    .await;
}
