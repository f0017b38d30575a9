//! Runs a test on every engine: on a SQLite file of its own, and on a PostgreSQL database of its own when
//! `NPMFIX_TEST_POSTGRES` names a server (`postgres://USER@HOST/postgres`) whose user may create databases.

use npmfix::store::Store;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

/// Runs a test on a fresh database of each engine; the address opens it once more, as another process would.
pub async fn each_engine(test: impl AsyncFn(Store, &str)) {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    test(Store::open(&url).await.unwrap(), &url).await;

    #[expect(clippy::disallowed_methods, reason = "only tests are set up this way")]
    let Ok(server) = std::env::var("NPMFIX_TEST_POSTGRES") else { return };
    let name = format!("npmfix_{}", uuid::Uuid::now_v7().simple());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    let store = Store::open(url.as_str()).await.unwrap();
    test(store.clone(), url.as_str()).await;
    store.close().await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
}
