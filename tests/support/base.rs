//! A database of its own for each test: a SQLite file always, and one on the PostgreSQL server that `NPMFIX_TEST_POSTGRES`
//! names (an address with the right to create databases), if it is set.

#![allow(dead_code, reason = "each test file uses its part")]

use npmfix::store::Store;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;

/// A store, and what goes when the test is over.
pub struct Base {
    pub store: Store,
    pub address: String,
    _folder: Option<TempDir>,
    server: Option<(String, String)>,
}

impl Base {
    /// Closes the store and drops its database.
    pub async fn done(self) {
        self.store.close().await;
        if let Some((server, name)) = self.server {
            let mut admin = AnyConnection::connect(&server).await.unwrap();
            admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
        }
    }
}

/// One store for each engine that is there.
pub async fn engines() -> Vec<Base> {
    let folder = TempDir::new().unwrap();
    let address = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Store::open(&address).await.unwrap();
    let mut bases = vec![Base { store, address, _folder: Some(folder), server: None }];
    if let Some(server) = std::env::var_os("NPMFIX_TEST_POSTGRES") {
        let server = server.into_string().unwrap();
        let name = format!("npmfix_{}", uuid::Uuid::now_v7().simple());
        let mut admin = AnyConnection::connect(&server).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        let store = Store::open(url.as_str()).await.unwrap();
        bases.push(Base { store, address: url.into(), _folder: None, server: Some((server, name)) });
    }
    bases
}
