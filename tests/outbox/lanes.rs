//! Order, fairness, pace and leases.

use jiff::SignedDuration;
use npmfix::{
    bot::outbox::{Delivery, Settings},
    store::outbox::{self, Kind},
};

use crate::{
    engines::each_engine,
    world::{World, row},
};

#[tokio::test]
async fn a_lane_keeps_its_order_across_batches() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let post = |lane, body| row("slack:T1", lane, Kind::Post, None, body);
        world.put(&[post("C1", "a"), post("C2", "x"), post("C1", "b")]).await;
        world.post("C1", "c").await;
        assert_eq!(world.worker().drain().await.unwrap(), 4);
        let mut said = world.slack.said();
        said.retain(|s| s.starts_with("C1"));
        assert_eq!(said, ["C1 post a", "C1 post b", "C1 post c"]);
        assert!(world.list().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_edit_never_overtakes_its_post_and_knows_its_id() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.reply("r1").await;
        let edit = row("slack:T1", "C1", Kind::Edit, Some("r1"), "b");
        world.put(&[row("slack:T1", "C1", Kind::Post, Some("r1"), "a")]).await;
        world.slack.next(Delivery::Failed("no route".to_owned()));
        let worker = world.worker();
        worker.drain().await.unwrap();
        world.put(&[edit]).await;
        worker.drain().await.unwrap();
        assert!(world.slack.said().is_empty());
        world.passes(1);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a", "C1 edit b"]);
        assert_eq!(world.slack.ids(), [Some("id of a".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn only_the_newest_edit_is_said() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.put(&[row("slack:T1", "C1", Kind::Post, Some("r1"), "a")]).await;
        world.put(&[row("slack:T1", "C1", Kind::Edit, Some("r1"), "b")]).await;
        world.put(&[row("slack:T1", "C1", Kind::Edit, Some("r2"), "other")]).await;
        world.put(&[row("slack:T2", "C1", Kind::Edit, Some("r1"), "another team's")]).await;
        world.put(&[row("slack:T1", "C1", Kind::Edit, Some("r1"), "c")]).await;
        world.worker().drain().await.unwrap();
        let mut said = world.slack.said();
        said.sort();
        assert_eq!(said, ["C1 edit another team's", "C1 edit c", "C1 edit other", "C1 post a"]);
    })
    .await;
}

#[tokio::test]
async fn the_pace_holds_whatever_is_put_in() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker();
        world.slack.pace(SignedDuration::from_secs(2));
        world.post("C1", "a").await;
        worker.drain().await.unwrap();
        world.post("C1", "b").await;
        world.post("C1", "c").await;
        world.passes(1);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a"]);
        world.passes(1);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post b"]);
        let due = outbox::next_due(&mut world.store.read().await.unwrap(), &[npmfix::message::Platform::Slack]).await;
        assert_eq!(due.unwrap(), Some(world.now() + SignedDuration::from_secs(2)));
    })
    .await;
}

#[tokio::test]
async fn a_long_lane_leaves_room_for_others() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker_with(Settings { lanes: 1, ..Settings::default() });
        let many: Vec<_> = (0..50).map(|n| row("slack:T1", "C1", Kind::Post, None, &n.to_string())).collect();
        world.put(&many).await;
        world.passes(1);
        world.post("C2", "x").await;
        world.passes(1);
        worker.step().await.unwrap();
        assert!(!world.slack.said().contains(&"C2 post x".to_owned()));
        worker.step().await.unwrap();
        assert!(world.slack.said().contains(&"C2 post x".to_owned()));
        worker.drain().await.unwrap();
        assert!(world.list().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_is_not_due_yet_keeps_nobody_waiting() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let mut tx = world.store.begin().await.unwrap();
        let due = world.now() + SignedDuration::from_hours(24);
        let digest = row("slack:T1", "C1", Kind::Post, Some("r1"), "digest");
        outbox::put_due(&mut tx, &[digest], due, world.now()).await.unwrap();
        tx.commit().await.unwrap();
        world.put(&[row("slack:T1", "C1", Kind::Edit, Some("r1"), "its edit")]).await;
        world.post("C1", "a").await;
        let worker = world.worker();
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a"]);
        world.passes(24 * 3600);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post digest", "C1 edit its edit"]);
    })
    .await;
}

#[tokio::test]
async fn two_workers_share_the_lanes() {
    each_engine(async |store, url| {
        let world = World::new(store);
        let other = World { store: npmfix::store::Store::open(url).await.unwrap(), ..World::new(world.store.clone()) };
        for n in 0..40 {
            world.post(&format!("C{}", n % 8), &n.to_string()).await;
        }
        let (one, two) = (world.worker(), other.worker());
        let (one, two) = tokio::join!(one.drain(), two.drain());
        // On PostgreSQL one may have had to wait for the other; on SQLite there is one writer at a time.
        assert_eq!(one.unwrap() + two.unwrap(), 40);
        let mut all = world.slack.said();
        all.extend(other.slack.said());
        assert_eq!(all.len(), 40);
        assert!(world.list().await.is_empty());
        other.store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_lease_keeps_others_out_until_it_runs_out() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.put(&[row("slack:T1", "C1", Kind::Edit, Some("r1"), "a")]).await;
        assert_eq!(world.dies_sending().await.len(), 1);
        let worker = world.worker();
        world.passes(59);
        assert_eq!(worker.drain().await.unwrap(), 0);
        world.passes(1);
        assert_eq!(worker.drain().await.unwrap(), 1);
        assert_eq!(world.slack.said(), ["C1 edit a"]);
    })
    .await;
}

#[tokio::test]
async fn a_team_waits_for_no_other() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.put(&[row("slack:T1", "C1", Kind::Post, None, "a")]).await;
        world.put(&[row("slack:T2", "C1", Kind::Post, None, "b"), row("discord:1", "C1", Kind::Post, None, "c")]).await;
        let worker = world.worker();
        world.slack.next(Delivery::Later(SignedDuration::from_secs(9)));
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said().len(), 1);
        world.passes(9);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said().len(), 1);
        // A worker leaves the lanes of platforms that it is not connected to.
        assert_eq!(world.list().await.iter().map(|l| l.team.as_str()).collect::<Vec<_>>(), ["discord:1"]);
    })
    .await;
}
