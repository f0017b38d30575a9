//! Whether the program is well: `/healthz` says that it runs, `/readyz` names each part and says whether it can do its work.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::time::timeout;

use crate::store::Store;

/// How long the database may take to say that it is there.
const DATABASE: Duration = Duration::from_secs(2);

/// How a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It does its work.
    Ready,
    /// It does not, for this reason.
    Waiting(String),
    /// It never will, for this reason, until the program is started again. The others do their work, so that the program counts as
    /// ready: whoever would take it out of service for this would take the others out, too.
    Over(String),
    /// Another process does its work, and this one takes over when that ends.
    Elsewhere(String),
}

/// How all parts are. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<&'static str, Condition>>>,
}

impl Health {
    /// Takes down how a part is. One that is over stays so.
    pub fn set(&self, part: &'static str, condition: Condition) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(parts.get(part), Some(Condition::Over(_))) {
            parts.insert(part, condition);
        }
    }

    /// Takes down that all parts are over whose names begin like this.
    pub fn over(&self, named: &str, why: &str) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, condition) in parts.iter_mut().filter(|(part, _)| part.starts_with(named)) {
            *condition = Condition::Over(why.to_owned());
        }
    }

    /// How each part is, by name.
    #[must_use]
    pub fn parts(&self) -> BTreeMap<&'static str, Condition> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Clone)]
struct Asked {
    health: Health,
    store: Store,
}

/// The two routes.
pub fn routes(health: Health, store: Store) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(Asked { health, store })
}

async fn ready(State(asked): State<Asked>) -> (StatusCode, String) {
    let mut parts = asked.health.parts();
    let database = match timeout(DATABASE, asked.store.answers()).await {
        Ok(Ok(())) => Condition::Ready,
        // What exactly is wrong is for the log: this page is for anybody.
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database is not ready");
            Condition::Waiting("it does not answer".to_owned())
        }
        Err(_) => Condition::Waiting("it does not answer in time".to_owned()),
    };
    parts.insert("database", database);
    let mut text = String::new();
    for (part, condition) in &parts {
        let _ = match condition {
            Condition::Ready => writeln!(text, "{part}: ready"),
            Condition::Waiting(why) | Condition::Over(why) | Condition::Elsewhere(why) => {
                writeln!(text, "{part}: {why}")
            }
        };
    }
    let all = !parts.values().any(|condition| matches!(condition, Condition::Waiting(_)));
    (if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}
