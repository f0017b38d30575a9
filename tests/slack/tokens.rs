//! Tokens in the database: sealed, and on every engine.

use jiff::Timestamp;
use npmfix::{
    slack::workspaces::Many,
    store::{
        StoreError, installs,
        seal::{SealError, fresh_key},
    },
};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::{
    engines,
    fake::{Fault, oauth::Install},
    installing::{GLOBEX, Site, keys, team},
    log,
};

#[tokio::test]
async fn no_token_stands_in_the_database_or_in_the_log() {
    let site = Site::start().await;
    site.installs(GLOBEX).await;
    let (page, cookie) = site.begins().await;
    site.fake.fault("oauth.v2.access", Fault::Truncated);
    let back = site.fake.agrees(&Install { page: &page, ..GLOBEX });
    site.get(&back, &cookie).await;
    let workspace = site.workspace("slack:T0GLOBEX").await.unwrap();
    let code = Url::parse(&back).unwrap().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let state = Url::parse(&page).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    let secrets = [
        workspace.token.expose_secret().to_owned(),
        site.fake.state().client_secret.clone(),
        code,
        state,
        cookie,
        "U0EVE".to_owned(),
    ];
    let mut kept = Vec::new();
    for end in ["", "-wal"] {
        kept.extend(std::fs::read(format!("{}{end}", site.file.display())).unwrap_or_default());
    }
    let kept = String::from_utf8_lossy(&kept);
    let log = log::text();
    assert!(kept.contains("slack:T0GLOBEX") && log.contains("slack:T0GLOBEX"), "nothing was looked at");
    for (number, secret) in secrets.iter().enumerate() {
        assert!(!kept.contains(secret.as_str()), "secret {number} stands in the database");
        assert!(!log.contains(secret.as_str()), "secret {number} stands in the log");
    }
    assert!(!format!("{workspace:?}").contains(workspace.token.expose_secret()));
}

#[tokio::test]
async fn a_database_with_another_key_is_not_served() {
    let (old, new) = (fresh_key(), fresh_key());
    let site = Site::start_with(&old).await;
    site.installs(GLOBEX).await;
    let error = Many::open(site.store.clone(), keys(&[&new])).await.unwrap_err();
    assert!(matches!(error, StoreError::Sealed { why: SealError::OtherKey, .. }), "{error:?}");
    let sentence = "cannot open the token of slack:T0GLOBEX: it was sealed with another NPMFIX_SECRET_KEY: add that one behind \
                    a comma, or install the bot again";
    assert_eq!(error.to_string(), sentence);
    assert!(!error.passes());
    // Both keys once, and the old one can go.
    Many::open(site.store.clone(), keys(&[&new, &old])).await.unwrap();
    let many = Many::open(site.store.clone(), keys(&[&new])).await.unwrap();
    assert_eq!(many.count().await.unwrap(), 1);
}

#[tokio::test]
async fn every_engine_keeps_installs() {
    engines::each_engine(async |store, _| {
        let (keys, id) = (keys(&[&fresh_key()]), team("slack:T0GLOBEX"));
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let install = |token: &str| installs::Install {
            team: id.clone(),
            enterprise: None,
            name: Some("Globex".to_owned()),
            url: None,
            app: None,
            bot_user: "U0NPMFIX".to_owned(),
            bot_id: None,
            scopes: ["commands".to_owned()].into(),
            installer: None,
            token: token.into(),
            refresh: Some("next".into()),
            expires_at: Some(at(43_200)),
            installed_at: at(1),
        };
        let mut tx = store.begin().await.unwrap();
        installs::put(&mut tx, &keys, &install("first")).await.unwrap();
        installs::put(&mut tx, &keys, &install("second")).await.unwrap();
        let got = installs::get(&mut tx, &keys, &id).await.unwrap().unwrap();
        assert_eq!((got.token.expose_secret(), got.refresh.unwrap().expose_secret()), ("second", "next"));
        assert_eq!((got.expires_at, got.installed_at, got.scopes.len()), (Some(at(43_200)), at(1), 1));
        assert!(!installs::gone(&mut tx, &keys, &id, &"first".into(), at(2)).await.unwrap());
        assert!(installs::gone(&mut tx, &keys, &id, &"second".into(), at(2)).await.unwrap());
        assert!(installs::get(&mut tx, &keys, &id).await.unwrap().is_none());
        assert_eq!(installs::gone_before(&mut tx, at(3)).await.unwrap(), std::slice::from_ref(&id));
        installs::put(&mut tx, &keys, &install("third")).await.unwrap();
        assert!(!installs::erase_gone(&mut tx, &id, at(3)).await.unwrap(), "it is back");
        assert_eq!(installs::teams(&mut tx).await.unwrap(), std::slice::from_ref(&id));

        assert!(installs::end(&mut tx, "a", at(100)).await.unwrap());
        assert!(installs::end(&mut tx, "b", at(101)).await.unwrap());
        assert!(!installs::end(&mut tx, "a", at(700)).await.unwrap());
        tx.commit().await.unwrap();
    })
    .await;
}
