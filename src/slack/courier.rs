//! What the outbox holds for Slack → the Web API, and what its answers mean for the row.
//!
//! A post carries its row's key in the id of its first block, so that it can be told when it comes back as an event or is looked
//! up in the channel's history.
//!
//! `errand`: one row, as Slack takes it. `pictures`: what is drawn for a message.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;

use super::{
    api::{Api, ApiError},
    workspaces::{Refusal, Workspace, Workspaces, is_dead},
};
use crate::{
    bot::{
        outbox::{Courier, Delivery, LookUp, Soon},
        say::Say,
    },
    message::Platform,
    store::outbox::{Kind, Parcel},
};

mod errand;
mod pictures;

use errand::Errand;
use pictures::Uploaded;

/// Slack takes one message a second in a channel; bursts are not promised to anybody.
const PACE: SignedDuration = SignedDuration::from_secs(1);
/// How long what is to be said waits where it is not known whose the token is.
const UNKNOWN: SignedDuration = SignedDuration::from_secs(10);

/// Says things in Slack.
pub struct SlackCourier {
    api: Api,
    workspaces: Arc<Workspaces>,
    uploaded: Uploaded,
}

impl SlackCourier {
    /// Says things with the tokens of these workspaces.
    #[must_use]
    pub fn new(api: Api, workspaces: Arc<Workspaces>) -> Self {
        Self { api, workspaces, uploaded: Uploaded::default() }
    }

    async fn say(&self, parcel: &Parcel) -> Delivery {
        if !self.workspaces.is_known() {
            return Delivery::Later(UNKNOWN);
        }
        let say: Say = match serde_json::from_str(&parcel.body) {
            Ok(say) => say,
            Err(error) => return Delivery::Refused(format!("cannot read what to say: {error}")),
        };
        let workspace = match self.workspaces.of_team(&parcel.team).await {
            Ok(Some(workspace)) => workspace,
            Ok(None) => return Delivery::Refused("the bot is not installed there".to_owned()),
            Err(error) => return Delivery::Failed(format!("cannot look up the installation: {error}")),
        };
        let uploaded = &self.uploaded;
        let errand = Errand { api: &self.api, workspace: &workspace, parcel, say: &say, uploaded };
        let outcome = match parcel.kind {
            Kind::Post => errand.post().await,
            Kind::Edit => errand.edit().await,
            Kind::Remove => errand.remove().await,
            Kind::Notice => errand.notice().await,
        };
        match outcome {
            Ok(id) => Delivery::Done(id),
            Err(error) => self.delivery(error, &workspace).await,
        }
    }

    async fn delivery(&self, error: ApiError, workspace: &Workspace) -> Delivery {
        match error {
            ApiError::Limited(wait) => Delivery::Later(later(wait)),
            ApiError::Unclear(what) => Delivery::Unclear(what),
            ApiError::Failed(what) => Delivery::Failed(what),
            ApiError::Refused(word) if is_dead(&word) => match self.workspaces.refused(workspace).await {
                Ok(Refusal::Over) => Delivery::Refused(word),
                Ok(Refusal::Again) => Delivery::Failed(word),
                Err(error) => Delivery::Failed(format!("cannot take down that the bot is gone: {error}")),
            },
            ApiError::Refused(word) => Delivery::Refused(word),
        }
    }

    async fn find(&self, parcel: &Parcel) -> LookUp {
        if !self.workspaces.is_known() {
            return LookUp::Later(UNKNOWN);
        }
        let Ok(say) = serde_json::from_str::<Say>(&parcel.body) else { return LookUp::Unknown };
        let workspace = match self.workspaces.of_team(&parcel.team).await {
            Ok(Some(workspace)) => workspace,
            Ok(None) => return LookUp::Unknown,
            Err(error) => return LookUp::Failed(format!("cannot look up the installation: {error}")),
        };
        if !may_read(&workspace) {
            return LookUp::Unknown;
        }
        let uploaded = &self.uploaded;
        let errand = Errand { api: &self.api, workspace: &workspace, parcel, say: &say, uploaded };
        match errand.find().await {
            Ok(found) => found,
            Err(ApiError::Refused(word)) => {
                tracing::info!(key = %parcel.key, word, "Slack does not let the bot look a post up");
                LookUp::Unknown
            }
            Err(ApiError::Limited(wait)) => LookUp::Later(later(wait)),
            Err(ApiError::Unclear(what) | ApiError::Failed(what)) => {
                LookUp::Failed(format!("cannot look it up: {what}"))
            }
        }
    }
}

impl Courier for SlackCourier {
    fn platform(&self) -> Platform {
        Platform::Slack
    }

    fn pace(&self) -> SignedDuration {
        PACE
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(self.say(parcel))
    }

    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(self.find(parcel))
    }
}

fn later(wait: Duration) -> SignedDuration {
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_hours(1))
}

/// Whether the token may read any history at all; which kinds of channels, Slack says when it is asked.
fn may_read(workspace: &Workspace) -> bool {
    ["channels:history", "groups:history", "im:history", "mpim:history"].iter().any(|scope| workspace.may(scope))
}
