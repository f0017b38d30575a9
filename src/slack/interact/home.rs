//! The App Home: what the team sees of itself.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;

use super::{Slack, from_nowhere};
use crate::{
    message::ChannelId,
    slack::{views, workspaces::Workspace},
    store::Result,
};

/// Homes that are drawn at the same time. Whoever opens theirs beyond that sees it as it was; the next time it is drawn anew.
const AT_ONCE: usize = 32;

/// Homes that are being drawn.
pub struct Homes(Arc<Semaphore>);

impl Default for Homes {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Slack {
    /// Somebody has opened the App Home. It is drawn beside the acknowledgement, which Slack does not wait for long: nothing is
    /// lost when it is not drawn this time.
    pub(in crate::slack) fn draw_home(self: &Arc<Self>, workspace: &Arc<Workspace>, user: &str) {
        let Ok(room) = Arc::clone(&self.homes.0).try_acquire_owned() else {
            tracing::warn!(team = %workspace.team, "too many App Homes are being drawn");
            return;
        };
        let (slack, workspace, user) = (Arc::clone(self), Arc::clone(workspace), user.to_owned());
        tokio::spawn(async move {
            if let Err(error) = slack.home_opened(&workspace, &user).await {
                tracing::warn!(team = %workspace.team, %error, "cannot draw the App Home");
            }
            drop(room);
        });
    }

    /// Draws the App Home anew for somebody. One that cannot be drawn is drawn the next time.
    pub async fn home_opened(&self, workspace: &Workspace, user: &str) -> Result<()> {
        let Some(author) = self.somebody(workspace, user, "") else { return Ok(()) };
        let Ok(nowhere) = ChannelId::parse(user) else { return Ok(()) };
        let asked = from_nowhere(workspace, &author, &nowhere, "home");
        let page = self.bot.home(&asked, (self.clock)()).await?;
        let view = views::home(&page, workspace.url.as_deref());
        let body = json!({ "user_id": user, "view": view });
        if let Err(error) = self.api.call(&workspace.token, "views.publish", &body).await {
            tracing::warn!(team = %workspace.team, %error, "cannot draw the App Home");
        }
        Ok(())
    }
}
