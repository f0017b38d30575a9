//! The App Home: what the team sees of itself.

use serde_json::json;

use super::{Slack, from_nowhere};
use crate::{
    message::ChannelId,
    slack::{views, workspaces::Workspace},
    store::Result,
};

impl Slack {
    /// Somebody has opened the App Home: it is drawn anew for them. A home that cannot be drawn is drawn the next time.
    pub async fn home_opened(&self, workspace: &Workspace, user: &str) -> Result<()> {
        let Some(author) = self.person(workspace, user, "").await else { return Ok(()) };
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
