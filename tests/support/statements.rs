//! The statements that the store sends, as sqlx reports them; `BEGIN` and `COMMIT` are not among them.

#![allow(dead_code, reason = "each user takes its part")]

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    filter::filter_fn,
    layer::{Context, Layer, SubscriberExt as _},
    registry,
};

/// Statements in the order in which they ended.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Listens from now on, in all threads.
    pub fn listen() -> Self {
        let all = Self::default();
        let layer = all.clone().with_filter(filter_fn(|about| about.target() == "sqlx::query"));
        let heard = tracing::subscriber::set_global_default(registry().with(layer));
        assert!(heard.is_ok(), "somebody else listens");
        all
    }

    /// Those since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        // Only a statement of up to four words is its own summary.
        let text = if statement.whole.is_empty() { statement.summary } else { statement.whole.trim().to_owned() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
}

#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
