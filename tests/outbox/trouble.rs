//! Failures, crashes and what is set aside.

use jiff::SignedDuration;
use npmfix::{
    bot::outbox::{Delivery, LookUp, Settings},
    message::TeamId,
    store::outbox::{self, Kind},
};
use sqlx::Executor as _;

use crate::{
    engines::each_engine,
    world::{World, row},
};

fn failed() -> Delivery {
    Delivery::Failed("no route".to_owned())
}

#[tokio::test]
async fn failures_are_tried_again_less_and_less_and_then_set_aside() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker_with(Settings { attempts: 4, ..Settings::default() });
        world.post("C1", "a").await;
        for wait in [1, 2, 4] {
            world.slack.next(failed());
            assert_eq!(worker.drain().await.unwrap(), 1);
            world.passes(wait - 1);
            assert_eq!(worker.drain().await.unwrap(), 0);
            world.passes(1);
        }
        world.post("C1", "b").await;
        world.slack.next(failed());
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post b"]);
        let listed = world.list().await;
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].attempts, listed[0].error.as_deref()), (4, Some("no route")));
        assert_eq!(listed[0].parked, Some(world.now()));
    })
    .await;
}

#[tokio::test]
async fn a_wait_that_was_asked_for_is_kept_and_is_no_attempt() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker_with(Settings { attempts: 1, ..Settings::default() });
        world.post("C1", "a").await;
        for _ in 0..3 {
            world.slack.next(Delivery::Later(SignedDuration::from_secs(30)));
            assert_eq!(worker.drain().await.unwrap(), 1);
            world.post("C1", "b").await;
            world.passes(29);
            assert_eq!(worker.drain().await.unwrap(), 0);
            world.passes(1);
        }
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a", "C1 post b", "C1 post b", "C1 post b"]);
    })
    .await;
}

#[tokio::test]
async fn a_crash_while_sending_is_looked_into_once() {
    each_engine(async |store, _| {
        for (seen, said, left) in [
            (LookUp::Found(Some("id".to_owned())), vec![], 0),
            (LookUp::Absent, vec!["C1 post a".to_owned()], 0),
            (LookUp::Unknown, vec![], 1),
        ] {
            let world = World::new(store.clone());
            world.post("C1", "a").await;
            world.dies_sending().await;
            world.passes(60);
            world.slack.history(seen);
            let worker = world.worker();
            worker.drain().await.unwrap();
            worker.drain().await.unwrap();
            assert_eq!(world.slack.said(), said);
            assert_eq!(world.list().await.len(), left);
            // The next case begins an hour earlier than this one ended: the lane must not rest.
            world.store.begin().await.unwrap().execute("DELETE FROM lane").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_notice_is_said_at_most_once() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker();
        world.put(&[row("slack:T1", "C1", Kind::Notice, None, "a")]).await;
        world.dies_sending().await;
        world.passes(60);
        worker.drain().await.unwrap();
        world.put(&[row("slack:T1", "C1", Kind::Notice, None, "b")]).await;
        world.slack.next(Delivery::Unclear("reset".to_owned()));
        worker.drain().await.unwrap();
        assert!(world.slack.said().is_empty());
        assert!(world.list().await.iter().all(|l| l.parked.is_some() && l.error.is_some()));
    })
    .await;
}

#[tokio::test]
async fn an_echo_settles_what_was_unclear() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.reply("r1").await;
        let worker = world.worker();
        world.put(&[row("slack:T1", "C1", Kind::Post, Some("r1"), "a")]).await;
        world.slack.next(Delivery::Unclear("reset".to_owned()));
        worker.drain().await.unwrap();
        let key = world.list().await[0].key.clone();
        assert!(key.len() <= 25);
        let (ours, others) = (TeamId::parse("slack:T1").unwrap(), TeamId::parse("slack:T2").unwrap());
        assert!(!worker.echo(&others, &key, "no").await.unwrap());
        assert!(worker.echo(&ours, &key, "the id").await.unwrap());
        assert!(!worker.echo(&ours, &key, "the id").await.unwrap());
        world.put(&[row("slack:T1", "C1", Kind::Edit, Some("r1"), "b")]).await;
        world.passes(3);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 edit b"]);
        assert_eq!(world.slack.ids(), [Some("the id".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn what_stays_unclear_is_looked_for_after_its_echo_could_have_come() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker();
        world.post("C1", "a").await;
        world.slack.next(Delivery::Unclear("reset".to_owned()));
        world.slack.history(LookUp::Absent);
        worker.drain().await.unwrap();
        assert!(world.slack.said().is_empty());
        world.passes(3);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a"]);
    })
    .await;
}

#[tokio::test]
async fn a_look_that_meets_trouble_is_taken_again_and_only_then_anything_is_said() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker_with(Settings { attempts: 4, ..Settings::default() });
        world.post("C1", "a").await;
        world.dies_sending().await;
        world.passes(60);
        // Waiting as long as it is asked to is no attempt, however often.
        for _ in 0..5 {
            world.slack.history(LookUp::Later(SignedDuration::from_secs(60)));
            worker.drain().await.unwrap();
            world.passes(60);
        }
        for _ in 0..2 {
            world.slack.history(LookUp::Failed("no route".to_owned()));
            worker.drain().await.unwrap();
            world.passes(4);
        }
        assert!(world.slack.said().is_empty() && world.list().await[0].parked.is_none());
        world.slack.history(LookUp::Absent);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a"]);
        // One that nobody answers in the end is for people.
        world.post("C1", "b").await;
        world.dies_sending().await;
        for _ in 0..3 {
            world.passes(60);
            world.slack.history(LookUp::Failed("no route".to_owned()));
            worker.drain().await.unwrap();
        }
        assert!(world.slack.said().is_empty());
        let parked = &world.list().await[0];
        assert!(parked.parked.is_some());
        assert_eq!(parked.error.as_deref(), Some("it may have been said: no route"));
    })
    .await;
}

#[tokio::test]
async fn changes_of_a_post_that_is_set_aside_are_too_and_others_go_on() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker();
        world.slack.next(Delivery::Refused("not in the channel".to_owned()));
        world
            .put(&[
                row("slack:T1", "C1", Kind::Post, Some("r1"), "a"),
                row("slack:T1", "C1", Kind::Edit, Some("r1"), "b"),
                row("slack:T1", "C1", Kind::Post, Some("r2"), "c"),
            ])
            .await;
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post c"]);
        let listed = world.list().await;
        assert_eq!(listed.iter().filter(|l| l.parked.is_some()).count(), 2);
        // With the post, its change comes back.
        let mut tx = world.store.begin().await.unwrap();
        assert!(outbox::unpark(&mut tx, &listed[0].key, world.now()).await.unwrap());
        tx.commit().await.unwrap();
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a", "C1 edit b"]);
    })
    .await;
}

#[tokio::test]
async fn a_row_of_a_newer_version_is_set_aside() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.post("C1", "a").await;
        let mut tx = world.store.begin().await.unwrap();
        tx.execute("UPDATE outbox SET kind = 'sing'").await.unwrap();
        tx.commit().await.unwrap();
        world.post("C1", "b").await;
        world.worker().drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post b"]);
        assert!(world.list().await[0].error.as_deref().unwrap().contains("newer npmfix"));
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_lost_its_lane_changes_nothing() {
    each_engine(async |store, _| {
        let world = World::new(store);
        world.post("C1", "a").await;
        let parcel = world.dies_sending().await.remove(0);
        world.passes(60);
        let other = outbox::Lease { owner: "other".to_owned(), length: SignedDuration::from_secs(60) };
        let dead = outbox::Lease { owner: "dead".to_owned(), ..other.clone() };
        let mut tx = world.store.begin().await.unwrap();
        let slack = [npmfix::message::Platform::Slack];
        let (taken, _) = outbox::claim(&mut tx, &slack, &other, 1, world.now()).await.unwrap();
        assert!(taken.parcels[0].begun.is_some());
        outbox::retry(&mut tx, &parcel, "late", &dead, world.now()).await.unwrap();
        let next = outbox::parked(&mut tx, &parcel, "late", &dead, world.now()).await.unwrap();
        assert_eq!(next, outbox::Next::default());
        assert!(!outbox::renew(&mut tx, &parcel, &dead, world.now()).await.unwrap());
        tx.commit().await.unwrap();
        let listed = world.list().await;
        assert_eq!((listed[0].parked, listed[0].error.as_deref()), (None, None));
    })
    .await;
}

#[tokio::test]
async fn what_is_taken_down_twice_frees_no_lane_in_which_the_next_row_is_being_sent() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let lease = outbox::Lease { owner: "worker".to_owned(), length: SignedDuration::from_secs(60) };
        let other = outbox::Lease { owner: "other".to_owned(), ..lease.clone() };
        let claim = async |lease: &outbox::Lease| {
            let mut tx = world.store.begin().await.unwrap();
            let slack = [npmfix::message::Platform::Slack];
            let (mut taken, _) = outbox::claim(&mut tx, &slack, lease, 1, world.now()).await.unwrap();
            tx.commit().await.unwrap();
            taken.parcels.pop()
        };
        let sent = async |parcel: &outbox::Parcel, pace: SignedDuration| {
            let mut tx = world.store.begin().await.unwrap();
            let said = [outbox::Said { parcel, answer: None }];
            let next = outbox::sent(&mut tx, &said, &lease, pace, world.now()).await.unwrap();
            tx.commit().await.unwrap();
            next
        };
        world.post("C1", "a").await;
        world.post("C1", "b").await;
        let first = claim(&lease).await.unwrap();
        sent(&first, SignedDuration::from_secs(1)).await;
        world.passes(1);
        let second = claim(&lease).await.unwrap();
        assert_eq!(second.body, "b");
        // Only a server can have taken down what it did not confirm.
        if world.store.engine() == npmfix::store::Engine::Postgres {
            sent(&first, SignedDuration::from_secs(1)).await;
            assert_eq!(sent(&first, SignedDuration::ZERO).await, outbox::Next::default());
        }
        let mut tx = world.store.begin().await.unwrap();
        assert!(!outbox::renew(&mut tx, &first, &lease, world.now()).await.unwrap());
        assert_eq!(outbox::retry(&mut tx, &first, "late", &lease, world.now()).await.unwrap(), None);
        tx.commit().await.unwrap();
        world.passes(2);
        assert_eq!(claim(&other).await, None);
        let mut tx = world.store.begin().await.unwrap();
        assert!(outbox::renew(&mut tx, &second, &lease, world.now()).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_said_after_all_is_not_held_up_by_an_unclear_one_behind_it() {
    each_engine(async |store, _| {
        let world = World::new(store);
        let worker = world.worker();
        world.post("C1", "a").await;
        world.post("C1", "b").await;
        world.slack.next(Delivery::Refused("not in the channel".to_owned()));
        world.slack.next(Delivery::Unclear("cut off".to_owned()));
        worker.drain().await.unwrap();
        let again = async |seconds| {
            let mut tx = world.store.begin().await.unwrap();
            assert_eq!(outbox::unpark_all(&mut tx, world.now()).await.unwrap(), 1);
            tx.commit().await.unwrap();
            world.passes(seconds);
        };
        again(3).await;
        world.slack.next(Delivery::Refused("archived".to_owned()));
        world.slack.history(LookUp::Later(SignedDuration::from_secs(1)));
        worker.drain().await.unwrap();
        let listed = world.list().await;
        assert_eq!((listed[0].parked.is_some(), listed[0].error.as_deref()), (true, Some("archived")));
        assert_eq!((listed[1].parked, listed[1].error.as_deref()), (None, Some("cut off")));
        again(1).await;
        world.slack.history(LookUp::Found(Some("2".to_owned())));
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post a"]);
        assert!(world.list().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_saved_fix_that_cannot_be_read_keeps_back_what_it_fits_and_nothing_else() {
    each_engine(async |store, _| {
        let world = World::new(store);
        for team in ["slack:T1", "slack:T2"] {
            world.hears(team, "npm error code E401\nnpm error 401 Unauthorized - GET https://host1.example/pkg\n").await;
        }
        let mut tx = world.store.begin().await.unwrap();
        let of_a_newer_version = "INSERT INTO fix (team, id, breadth, value, family, text, folded, author, who, uses, helped, \
                                  failed, saved_at) VALUES ('slack:T1', 1, 'galaxy', 'host1.example', 'E401', 'Ask Ops.', \
                                  'ask ops.', 'ann', 'who', 0, 0, 0, 0)";
        tx.execute(of_a_newer_version).await.unwrap();
        tx.commit().await.unwrap();
        world.worker().step().await.unwrap();
        assert_eq!(world.slack.said().len(), 1);
        let listed = world.list().await;
        let [parked] = listed.as_slice() else { panic!("{listed:?}") };
        assert_eq!((parked.team.as_str(), parked.parked), ("slack:T1", Some(world.now())));
        assert!(parked.error.as_deref().unwrap().starts_with("cannot read "), "{parked:?}");
    })
    .await;
}
