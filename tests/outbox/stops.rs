//! Running, stopping, and one sender for each SQLite file.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use npmfix::{
    bot::outbox::{LookUp, Settings},
    store::{
        Engine, Store,
        lock::{self, Lock, Parts},
    },
};
use tokio::{sync::Notify, time::timeout};

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
async fn what_is_put_into_a_resting_lane_is_said_when_its_rest_is_over() {
    const PACE: Duration = Duration::from_millis(300);
    /// The database is asked every two seconds what else there is.
    const NOT_YET: Duration = Duration::from_millis(1_500);
    each_engine(async |store, _| {
        let world = World::new(store);
        world.slack.pace(PACE.try_into().unwrap());
        let mut shortest = Duration::MAX;
        // A busy machine may be late once.
        for lane in ["C1", "C2", "C3"] {
            world.post(lane, "a").await;
            let (worker, wake) = (world.worker_in_time(), Arc::new(Notify::new()));
            let (runner, woken) = (Arc::clone(&worker), Arc::clone(&wake));
            let lock = lock::hold(&world.store, "test").unwrap();
            let begun = Instant::now();
            let run = tokio::spawn(async move { runner.run(&woken, &lock).await });
            world.slack.asked.notified().await;
            while !world.list().await.is_empty() {
                tokio::task::yield_now().await;
            }
            world.post(lane, "b").await;
            wake.notify_one();
            world.slack.asked.notified().await;
            shortest = shortest.min(begun.elapsed());
            worker.stop();
            run.await.unwrap().unwrap();
            assert_eq!(world.slack.said(), [format!("{lane} post a"), format!("{lane} post b")]);
        }
        assert!(PACE <= shortest && shortest < NOT_YET, "{shortest:?}");
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

/// Takes parts of a connection, if they are free.
async fn take(store: &Store, whole: &str, numbers: &[u32], of: u32) -> Option<Lock> {
    lock::hold_connections(store, &Parts { whole, numbers, of }).await.unwrap()
}

/// Waits until they are free: a server hears a moment later that whoever had them has left.
async fn take_soon(store: &Store, whole: &str, numbers: &[u32], of: u32) -> Lock {
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(lock) = take(store, whole, numbers, of).await {
            return lock;
        }
        assert!(Instant::now() < patience, "it is never freed");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_has_one_process_at_its_end() {
    each_engine(async |store, url| {
        let first = take(&store, "discord 1", &[1, 2], 3).await;
        assert!(first.is_some());
        let other = Store::open(url).await.unwrap();
        if store.engine() == Engine::Postgres {
            assert!(take(&other, "discord 1", &[0, 1], 3).await.is_none());
            // Of what is refused, nothing is held.
            take_soon(&store, "discord 1", &[0], 3).await;
        }
        drop(first);
        take_soon(&other, "discord 1", &[1], 3).await;
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_counts_the_parts_of_a_connection_otherwise_waits_for_all_the_others() {
    each_engine(async |store, url| {
        if store.engine() == Engine::Sqlite {
            return;
        }
        let first = take(&store, "discord 1", &[0], 2).await.unwrap();
        let other = Store::open(url).await.unwrap();
        // The other part of it, and another bot.
        let second = take(&other, "discord 1", &[1], 2).await.unwrap();
        assert!(take(&other, "discord 2", &[0], 1).await.is_some());
        assert!(take(&other, "discord 1", &[2], 4).await.is_none());
        drop(first);
        assert!(take(&other, "discord 1", &[2], 4).await.is_none());
        drop(second);
        let third = take_soon(&other, "discord 1", &[2], 4).await;
        assert!(take(&store, "discord 1", &[0], 2).await.is_none());
        drop(third);
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_has_a_connection_hears_when_the_server_gives_it_away() {
    each_engine(async |store, _| {
        let lock = take(&store, "discord 1", &[0], 1).await.unwrap();
        if store.engine() == Engine::Sqlite {
            assert!(futures_util::poll!(std::pin::pin!(lock.lost())).is_pending());
            return;
        }
        let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let lost = timeout(Duration::from_secs(30), async {
            // Until then, it is there.
            assert!(futures_util::poll!(std::pin::pin!(lock.lost())).is_pending());
            sqlx::query(end).execute(&mut *store.read().await.unwrap()).await.unwrap();
            lock.lost().await
        });
        assert!(lost.await.unwrap().passes());
        take_soon(&store, "discord 1", &[0], 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_without_such_locks_is_told_from_one_that_does_not_answer() {
    each_engine(async |store, _| {
        let unknown = sqlx::query("SELECT no_such_lock(1)").execute(&mut *store.read().await.unwrap()).await;
        assert!(lock::are_unknown(&unknown.unwrap_err().into()));
        assert!(!lock::are_unknown(&sqlx::Error::PoolTimedOut.into()));
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
