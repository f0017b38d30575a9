//! Discord as a part of the server: its connection, its page for interactions, and how it is.

use std::{sync::Arc, time::Duration};

use super::{Ended, Parts, Served, every};
use crate::{answer::serving as words, discord::Discord, message::Platform, web::health::Condition};

/// The name of the connection among the parts of `/readyz`.
const GATEWAY: &str = "discord gateway";
/// How often it is looked whether the connection stands.
const LOOK: Duration = Duration::from_secs(2);

/// Joins the server.
pub(super) fn join(discord: &Arc<Discord>, parts: &Parts, served: &mut Served) {
    served.router = std::mem::take(&mut served.router).merge(discord.routes());
    served.lines.push(words::discord().to_owned());
    let waiting = || Condition::Waiting(words::connecting().to_owned());
    parts.health.set(GATEWAY, waiting());
    let (listening, worker, stop) = (Arc::clone(discord), Arc::clone(&parts.worker), parts.stop.clone());
    served.tasks.spawn(async move {
        listening.run(worker, stop).await.map_err(|error| {
            if error.is_refusal() {
                Ended::Refused(Platform::Discord, error.into())
            } else {
                Ended::Failed(error.into())
            }
        })
    });
    let (discord, health, stop) = (Arc::clone(discord), parts.health.clone(), parts.stop.clone());
    served.run(Platform::Discord, async move {
        every(LOOK, &stop, || async {
            let shards = discord.health();
            let stands = !shards.is_empty() && shards.iter().all(|(_, last)| last.is_some());
            let condition = if stands {
                Condition::Ready
            } else if discord.is_elsewhere() {
                Condition::Elsewhere(words::elsewhere().to_owned())
            } else {
                waiting()
            };
            health.set(GATEWAY, condition);
        })
        .await;
        Ok(())
    });
}
