//! The workspace of `SLACK_BOT_TOKEN`. Whose the token is, only Slack knows: until it has told, and from when it refuses the token
//! until it takes it again, nothing is taken in and nothing is said.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::Notify;

use super::{Identity, TokenError, Workspace};
use crate::{
    message::TeamId,
    slack::api::{Api, ApiError},
};

pub(super) struct One {
    token: SecretString,
    known: RwLock<Option<Arc<Workspace>>>,
    lost: Notify,
}

impl One {
    pub fn new(token: SecretString) -> Self {
        Self { token, known: RwLock::default(), lost: Notify::new() }
    }

    /// Asks Slack whose the token is.
    pub async fn ask(&self, api: &Api, now: Timestamp) -> Result<(), TokenError> {
        let (identity, scopes) = Identity::of(api, &self.token).await.map_err(|error| match error {
            ApiError::Refused(word) => TokenError::Refused(word),
            other => TokenError::Unreached(other),
        })?;
        let workspace = identity.workspace(self.token.clone(), scopes, now).ok_or(TokenError::Kind)?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(workspace));
        Ok(())
    }

    pub fn known(&self) -> Option<Arc<Workspace>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn of_team(&self, team: &TeamId) -> Option<Arc<Workspace>> {
        self.known().filter(|workspace| workspace.team == *team)
    }

    /// Slack does not take the token any more.
    pub fn lose(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.lost.notify_one();
    }

    /// Waits for that.
    pub async fn lost(&self) {
        self.lost.notified().await;
    }
}
