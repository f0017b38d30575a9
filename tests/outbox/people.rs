//! `npmfix outbox` as people use it.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use npmfix::bot::outbox::Delivery;

use crate::{engines::each_engine, world::World};

/// Runs `npmfix outbox …` on a database: its status, and what it wrote.
fn outbox(url: &str, arguments: &[&str]) -> (i32, String) {
    let done =
        Command::new(cargo_bin!("npmfix")).env("DATABASE_URL", url).arg("outbox").args(arguments).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn what_was_set_aside_is_listed_and_said_on_demand() {
    each_engine(async |store, url| {
        let world = World::new(store);
        let worker = world.worker();
        assert_eq!(outbox(url, &["list"]), (0, "nothing waits to be said\n".to_owned()));
        for body in ["secret words", "more"] {
            world.post("C1", body).await;
            world.slack.next(Delivery::Refused("not in the channel".to_owned()));
        }
        worker.drain().await.unwrap();
        let (status, text) = outbox(url, &["list"]);
        assert_eq!(status, 0);
        assert!(text.contains("slack:T1 C1 post  set aside 2025-06-15"), "{text}");
        assert!(text.contains("tried once: not in the channel") && !text.contains("secret words"), "{text}");

        let (status, text) = outbox(url, &["retry", "nothing"]);
        assert_eq!(status, 1);
        assert!(text.contains("no row \"nothing\" was set aside"), "{text}");
        assert_eq!(outbox(url, &["retry"]).0, 2);

        let key = world.list().await[0].key.clone();
        assert_eq!(outbox(url, &["retry", &key]), (0, "1 row will be tried again\n".to_owned()));
        assert_eq!(outbox(url, &["retry", "--all"]), (0, "1 row will be tried again\n".to_owned()));
        // They are due by the clock of the program, which is not the test's.
        world.passes(100 * 365 * 24 * 3600);
        worker.drain().await.unwrap();
        assert_eq!(world.slack.said(), ["C1 post secret words", "C1 post more"]);
    })
    .await;
}
