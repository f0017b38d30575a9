//! Opening the database for a subcommand.

use anyhow::Context as _;

use crate::store::{self, Store};

/// Opens the database, works with it, and closes it.
pub(super) fn with_store<T>(
    address: Option<&str>,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    let result = runtime.block_on(async {
        let address = match address {
            Some(address) => address.to_owned(),
            None => store::default_url().context("cannot find the database")?,
        };
        let store = Store::open(&address).await.context("cannot open the database")?;
        let result = work(&store).await;
        store.close().await;
        result
    });
    // Whoever still waits for a key on standard input is not waited for.
    runtime.shutdown_background();
    result
}
