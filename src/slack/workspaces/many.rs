//! Workspaces whose tokens are in the database, with a small copy in memory of those that were asked for lately.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::Workspace;
use crate::{
    message::TeamId,
    store::{
        self, Store, forget,
        installs::{self, Install},
        seal::Keys,
    },
};

/// How long a copy is believed: another process may have changed the row.
const FRESH: SignedDuration = SignedDuration::from_mins(1);
/// Copies that are held. A workspace that says nothing needs none.
const COPIES: usize = 1000;
/// How long what a team had is kept after it uninstalled the bot: some do by mistake.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The workspaces in the database.
pub struct Many {
    store: Store,
    keys: Keys,
    copies: Mutex<Copies>,
}

#[derive(Default)]
struct Copies {
    held: HashMap<TeamId, (Arc<Workspace>, Timestamp)>,
    /// Counts the writes, so that what was read before one is not held after it.
    writes: u64,
}

impl fmt::Debug for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Many {
    /// Opens what is there with the keys, and seals again what an older one of them sealed. Fails when none opens a token.
    pub async fn open(store: Store, keys: Keys) -> store::Result<Self> {
        let mut tx = store.begin().await?;
        let renewed = installs::renew_seals(&mut tx, &keys).await?;
        tx.commit().await?;
        if renewed > 0 {
            tracing::info!(renewed, "sealed tokens again with the first key");
        }
        Ok(Self { store, keys, copies: Mutex::default() })
    }

    /// Where it all is.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The bot was installed; an earlier installation in the same team gives way.
    pub async fn put(&self, install: &Install) -> store::Result<()> {
        let mut tx = self.store.begin().await?;
        installs::put(&mut tx, &self.keys, install).await?;
        tx.commit().await?;
        self.changed(&install.team);
        Ok(())
    }

    /// How many workspaces have the bot.
    pub async fn count(&self) -> store::Result<usize> {
        Ok(installs::teams(&mut *self.store.read().await?).await?.len())
    }

    /// Erases what teams had that uninstalled the bot more than `KEPT` ago. Returns how many there were.
    pub async fn forget_the_gone(&self, now: Timestamp) -> store::Result<usize> {
        let gone = installs::gone_before(&mut *self.store.read().await?, now - KEPT).await?;
        let mut forgotten = 0;
        for team in gone {
            let mut tx = self.store.begin().await?;
            // It may have come back in between.
            if installs::erase_gone(&mut tx, &team, now - KEPT).await? {
                forget::team(&mut tx, &team).await?;
                tx.commit().await?;
                forgotten += 1;
                tracing::info!(%team, "forgot a team that uninstalled the bot");
            }
        }
        Ok(forgotten)
    }

    pub(super) async fn of_team(&self, team: &TeamId, now: Timestamp) -> store::Result<Option<Arc<Workspace>>> {
        let writes = {
            let copies = self.copies();
            match copies.held.get(team) {
                Some((workspace, at)) if now.duration_since(*at).abs() < FRESH => {
                    return Ok(Some(Arc::clone(workspace)));
                }
                _ => copies.writes,
            }
        };
        let install = installs::get(&mut *self.store.read().await?, &self.keys, team).await?;
        let workspace = install.map(|install| Arc::new(workspace(install)));
        let mut copies = self.copies();
        if copies.writes == writes {
            if copies.held.len() >= COPIES {
                copies.held.clear();
            }
            match &workspace {
                Some(workspace) => copies.held.insert(team.clone(), (Arc::clone(workspace), now)),
                None => copies.held.remove(team),
            };
        }
        Ok(workspace)
    }

    /// Erases the token of a workspace, unless the team has another one by now. Says whether this was the last one: if not, the
    /// other one is found the next time.
    pub(super) async fn gone(&self, workspace: &Workspace, now: Timestamp) -> store::Result<bool> {
        let mut tx = self.store.begin().await?;
        let erased = installs::gone(&mut tx, &self.keys, &workspace.team, &workspace.token, now).await?;
        let installed = !erased && installs::get(&mut tx, &self.keys, &workspace.team).await?.is_some();
        tx.commit().await?;
        self.changed(&workspace.team);
        Ok(!installed)
    }

    fn changed(&self, team: &TeamId) {
        let mut copies = self.copies();
        copies.writes += 1;
        copies.held.remove(team);
    }

    fn copies(&self) -> MutexGuard<'_, Copies> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn workspace(install: Install) -> Workspace {
    Workspace {
        team: install.team,
        enterprise: install.enterprise,
        token: install.token,
        bot_user: install.bot_user,
        bot_id: install.bot_id,
        app: install.app,
        scopes: install.scopes,
        installer: install.installer,
        name: install.name,
        url: install.url,
        installed_at: install.installed_at,
    }
}
