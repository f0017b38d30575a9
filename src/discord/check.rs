//! Whether everything is set up for Discord, and what to do about what is not.

use super::{
    identity::Identity,
    rest::{Rest, RestError},
    start::{Gateway, gateway_told},
};
use crate::answer::discord as said;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// A line each.
    pub lines: Vec<String>,
    /// Whether the bot can run.
    pub works: bool,
}

/// Asks Discord, and changes nothing there.
pub async fn check(rest: &Rest, identity: &Identity) -> Report {
    let mut report = Report::default();
    let known = match identity.get(rest).await {
        Ok(known) => known,
        Err(error) => {
            report.lines.push(error.to_string());
            return report;
        }
    };
    report.lines.push(said::is_bot(&known.name, &known.application));
    report.lines.push(said::reads(known.content).to_owned());
    match gateway(rest).await {
        Ok((shards, left)) => {
            report.lines.push(said::may_sign_in(shards, left));
            report.works = left > 0;
        }
        Err(error) => report.lines.push(error.to_string()),
    }
    report.lines.push(said::invite(&known.invitation()));
    report
}

async fn gateway(rest: &Rest) -> Result<(u64, u64), RestError> {
    let told = gateway_told(rest).await?;
    let told: Gateway<'_> = serde_json::from_str(&told).unwrap_or_default();
    Ok((told.shards.0.max(1), told.session_start_limit.get().map_or(0, |limit| limit.remaining.0)))
}
