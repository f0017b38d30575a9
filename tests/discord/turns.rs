//! Of several processes on one database, one has the bot's connection.

use std::sync::Arc;

use npmfix::{
    bot::outbox::Settings,
    store::{Engine, Store},
};
use tempfile::TempDir;

use crate::{
    engines::each_engine,
    fake::Fake,
    rig::{Rig, SCOPES, page},
};

/// The server ends the sessions that hold locks, as when another one takes its place.
async fn fails_over(store: &Store) {
    let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    sqlx::query(end).execute(&mut *store.read().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_connection_is_given_up_when_another_process_may_have_it_and_taken_again_when_none_has() {
    each_engine(async |store, _| {
        if store.engine() == Engine::Sqlite {
            return;
        }
        let (fake, folder) = (Fake::start().await, Arc::new(TempDir::new().unwrap()));
        let rig = Rig::with(fake, folder, store.clone(), Settings::default());
        rig.fake.until("a connection", |state| state.gateway.is_connected().then_some(())).await;
        let rig = rig.watching().await;
        for number in 1..=2 {
            rig.pastes(&SCOPES.replace("acme", &format!("acme{number}")));
            assert!(page(&rig.says().await).contains(&format!("@acme{number}%2fwidget")));
            rig.settles().await;
            if number == 1 {
                fails_over(&store).await;
                rig.fake.until("a resumption", |state| (state.gateway.resumes.len() == 1).then_some(())).await;
            }
        }
        // It said goodbye such that whoever comes next goes on.
        let (goodbye, sign_ins) = {
            let gateway = &rig.fake.state().gateway;
            (gateway.goodbye, gateway.sign_ins())
        };
        assert_eq!((goodbye, sign_ins), (Some(4000), (1, 1)));
        rig.fake.end();
        rig.stops().await.2.unwrap();
    })
    .await;
}
