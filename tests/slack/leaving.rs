//! The bot is uninstalled, by mistake or for good.

use jiff::SignedDuration;
use npmfix::{
    slack::workspaces::{Install as Whose, Refusal},
    store::forget,
};
use secrecy::ExposeSecret as _;

use crate::{
    fake::{Fault, oauth::Install},
    installing::{GLOBEX, Site, team},
    tables,
};

/// Whose event an event of theirs is.
const GLOBEX_EVENT: Whose<'static> = Whose { enterprise: None, workspace: Some("T0GLOBEX"), org_wide: false };

#[tokio::test]
async fn uninstalling_erases_the_token_and_installing_again_brings_another() {
    let site = Site::start().await;
    site.installs(GLOBEX).await;
    let first = site.workspace("slack:T0GLOBEX").await.unwrap();
    site.pass(SignedDuration::from_hours(1));
    site.revoke(&first);
    site.workspaces.gone(GLOBEX_EVENT).await.unwrap();
    assert!(site.workspace("slack:T0GLOBEX").await.is_none());
    let rows = &tables::dump(&site.store).await["install"];
    assert!(rows.iter().all(|row| !row.contains("\ntoken=")), "{rows:?}");

    site.pass(SignedDuration::from_mins(5));
    site.installs(GLOBEX).await;
    let second = site.workspace("slack:T0GLOBEX").await.unwrap();
    assert_ne!(first.token.expose_secret(), second.token.expose_secret());
    // Slack tells of it once more, and somebody still holds the first token.
    site.workspaces.gone(GLOBEX_EVENT).await.unwrap();
    assert_eq!(site.workspaces.refused(&first).await.unwrap(), Refusal::Again);
    assert!(site.workspace("slack:T0GLOBEX").await.is_some());
}

#[tokio::test]
async fn slack_is_asked_whether_the_bot_is_gone() {
    let site = Site::start().await;
    site.installs(GLOBEX).await;
    let workspace = site.workspace("slack:T0GLOBEX").await.unwrap();
    site.workspaces.gone(GLOBEX_EVENT).await.unwrap();
    assert!(site.workspace("slack:T0GLOBEX").await.is_some(), "its token works");
    site.fake.fault("auth.test", Fault::Status(500));
    assert!(site.workspaces.gone(GLOBEX_EVENT).await.is_err());
    assert!(site.workspace("slack:T0GLOBEX").await.is_some(), "nobody knows");
    site.revoke(&workspace);
    site.workspaces.gone(GLOBEX_EVENT).await.unwrap();
    assert!(site.workspace("slack:T0GLOBEX").await.is_none(), "its token does not work");
    site.fake.done();
}

#[tokio::test]
async fn what_a_team_had_goes_thirty_days_after_it_left() {
    let site = Site::start().await;
    for id in ["T0GLOBEX", "T0ACME"] {
        site.installs(Install { team: Some((id, id)), ..GLOBEX }).await;
    }
    let globex = site.workspace("slack:T0GLOBEX").await.unwrap();
    for id in [&globex.team, &team("slack:T0ACME")] {
        let mut tx = site.store.begin().await.unwrap();
        npmfix::store::teams::set(&mut tx, id, &npmfix::store::teams::Settings::default(), site.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(site.workspaces.refused(&globex).await.unwrap(), Refusal::Over);
    let many = site.workspaces.installs().unwrap();
    site.pass(SignedDuration::from_hours(29 * 24));
    assert_eq!(many.forget_the_gone(site.now()).await.unwrap(), 0);
    assert!(tables::of_team(&tables::dump(&site.store).await, "slack:T0GLOBEX").contains_key("team"));
    site.pass(SignedDuration::from_hours(2 * 24));
    assert_eq!(many.forget_the_gone(site.now()).await.unwrap(), 1);
    let dump = tables::dump(&site.store).await;
    assert!(tables::of_team(&dump, "slack:T0GLOBEX").is_empty());
    assert_eq!(tables::of_team(&dump, "slack:T0ACME").len(), 2, "who stays keeps everything");

    let mut tx = site.store.begin().await.unwrap();
    forget::install_too(&mut tx, &team("slack:T0ACME")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(tables::of_team(&tables::dump(&site.store).await, "slack:T0ACME").is_empty());
}
