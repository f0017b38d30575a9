//! Opening the database for a subcommand.

use std::{io, thread};

use anyhow::Context as _;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::store::{self, Store};

/// Opens the database, works with it, and closes it.
pub(super) fn with_store<T>(
    address: Option<&str>,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    with_runtime(async {
        let address = match address {
            Some(address) => address.to_owned(),
            None => store::default_url().context("cannot find the database")?,
        };
        let store = Store::open(&address).await.context("cannot open the database")?;
        let result = work(&store).await;
        store.close().await;
        result
    })
}

/// Works without a database.
pub(super) fn with_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    log();
    // Two can do all that there is to do; on a single core the second would only take turns with the first.
    let threads = thread::available_parallelism().map_or(1, usize::from).min(2);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(threads).enable_all().build().context("cannot start")?;
    let result = runtime.block_on(work);
    // Whoever still waits for a key on standard input is not waited for.
    runtime.shutdown_background();
    result
}

/// Warnings go to standard error; `NPMFIX_LOG` asks for more, as `info` or `npmfix=debug`. Ids and outcomes are logged, never
/// what was said.
fn log() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).with_env_var("NPMFIX_LOG");
    // Whatever is asked for: at its finest level the library for websockets writes down what goes over them.
    let quiet =
        ["tungstenite=info", "tokio_tungstenite=info"].into_iter().filter_map(|directive| directive.parse().ok());
    let filter = quiet.fold(filter.from_env_lossy(), EnvFilter::add_directive);
    // Somebody may have set up the log already.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init();
}
