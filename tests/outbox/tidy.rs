//! Old events leave the inbox while the worker works.

use jiff::SignedDuration;
use npmfix::{message::TeamId, store::inbox};

use crate::{engines::each_engine, world::World};

const HOUR: i64 = 3600;

/// Takes an event; says whether it was new.
async fn take(world: &World, event: &str) -> bool {
    let mut tx = world.store.begin().await.unwrap();
    let new = inbox::take(&mut tx, &TeamId::parse("slack:T1").unwrap(), event, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    new
}

#[tokio::test]
async fn events_are_kept_for_as_long_as_anybody_repeats_them() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker();
        assert!(take(&world, "early").await);
        world.passes(HOUR);
        assert!(take(&world, "late").await);
        world.passes(inbox::KEPT.as_secs() - HOUR);
        worker.drain().await.unwrap();
        assert!(!take(&world, "early").await);
        // Its time has come, but the worker looks once an hour.
        world.passes(1);
        worker.drain().await.unwrap();
        assert!(!take(&world, "early").await);
        world.passes(HOUR - 1);
        worker.drain().await.unwrap();
        assert!(take(&world, "early").await);
        assert!(!take(&world, "late").await);
    })
    .await;
}

#[tokio::test]
async fn many_old_events_go_in_portions_the_oldest_first() {
    each_engine(async |store, _| {
        let world = World::new(store);
        for event in ["a", "b", "c"] {
            take(&world, event).await;
            world.passes(1);
        }
        let late = world.now() + inbox::KEPT + SignedDuration::from_secs(1);
        let mut tx = world.store.begin().await.unwrap();
        assert_eq!(inbox::prune(&mut tx, 2, late).await.unwrap(), 2);
        tx.commit().await.unwrap();
        assert!(!take(&world, "c").await);
        let mut tx = world.store.begin().await.unwrap();
        assert_eq!(inbox::prune(&mut tx, 2, late).await.unwrap(), 1);
        assert_eq!(inbox::prune(&mut tx, 2, late).await.unwrap(), 0);
    })
    .await;
}
