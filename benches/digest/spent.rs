//! What the database's statements take, as sqlx reports it of each; `BEGIN` and `COMMIT` are not among them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
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

/// Microseconds of all statements.
#[derive(Clone, Default)]
pub struct Spent(Arc<AtomicU64>);

impl Spent {
    /// Listens from now on, in all threads.
    pub fn listen() -> Self {
        let spent = Self::default();
        let layer = spent.clone().with_filter(filter_fn(|about| about.target() == "sqlx::query"));
        tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
        spent
    }

    /// What was spent since the last call.
    pub fn take(&self) -> Duration {
        Duration::from_micros(self.0.swap(0, Ordering::Relaxed))
    }
}

impl<S: Subscriber> Layer<S> for Spent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut seconds = Seconds(0.0);
        event.record(&mut seconds);
        let spent = Duration::from_secs_f64(seconds.0).as_micros();
        self.0.fetch_add(u64::try_from(spent).unwrap(), Ordering::Relaxed);
    }
}

struct Seconds(f64);

impl Visit for Seconds {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.0 = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
