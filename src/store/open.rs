//! Finding, opening and migrating a database; transactions.

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::Once,
    time::Duration,
};

use directories::ProjectDirs;
use sqlx::{
    Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _, Transaction,
    any::{AnyPoolOptions, install_default_drivers},
    migrate::Migrator,
};
use url::Url;

use super::{Result, StoreError, people};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a statement waits for another process that writes to the same SQLite file.
const BUSY: Duration = Duration::from_secs(5);
/// How long to wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);
/// Kilobytes of pages that the writing connection keeps. A transaction that does not fit writes its pages several times.
const WRITER_CACHE: u32 = 64 * 1024;
/// The same for a connection that reads.
const READER_CACHE: u32 = 4 * 1024;
/// Pages of SQLite's log (32 MB) before they are taken into the file: pages that change often are then written there once.
const LOG: u32 = 8192;
/// Connections that read. SQLite's readers do not wait for its writer.
const READERS: u32 = 4;
/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file; one process at a time sends what is to be said.
    Sqlite,
    /// A server, which several processes share.
    Postgres,
}

/// An open database, with the newest tables.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    readers: AnyPool,
    /// On SQLite a single connection: whoever has it is the only writer of this process.
    writers: AnyPool,
    file: Option<PathBuf>,
    key: people::Key,
}

/// A transaction that writes. Dropped without [`Tx::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Tx(Transaction<'static, Any>);

impl Tx {
    /// Makes what was written last. On SQLite it is on the disk when this returns.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.0
    }
}

/// Where the database is when nobody says: `npmfix.db` in the platform's data folder, which is made if it is missing.
pub fn default_url() -> std::io::Result<String> {
    let dirs = ProjectDirs::from("", "", "npmfix")
        .ok_or_else(|| std::io::Error::other("this account has no home folder: set DATABASE_URL"))?;
    std::fs::create_dir_all(dirs.data_dir())?;
    Ok(format!("sqlite:{}", dirs.data_dir().join("npmfix.db").display()))
}

impl Store {
    /// Opens `sqlite:PATH` (made if it is missing) or `postgres://…`, and brings its tables up to date.
    pub async fn open(address: &str) -> Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(install_default_drivers);
        let bad = || StoreError::Address(without_password(address));
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let url = Url::parse(address).map_err(|_| bad())?;
            let pool = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE);
            let pool = pool.connect(url.as_str()).await?;
            MIGRATIONS.run(&pool).await?;
            return Self::ready(Engine::Postgres, pool.clone(), pool, None).await;
        }
        let path = address.strip_prefix("sqlite://").or_else(|| address.strip_prefix("sqlite:")).ok_or_else(bad)?;
        let path = std::path::absolute(Path::new(path)).map_err(|_| bad())?;
        let url = Url::from_file_path(&path).map_err(|()| bad())?;
        let url = format!("sqlite:{}?mode=rwc", url.as_str().trim_start_matches("file:"));
        let pool = |connections, pragmas: fn() -> AssertSqlSafe<String>| {
            let options = AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
            // After some failures, a full disk among them, SQLite has ended the transaction and sqlx does not know. Such a
            // connection never begins another one.
            let options = options.before_acquire(|connection, _| {
                let usable = !connection.is_in_transaction();
                Box::pin(async move { Ok(usable) })
            });
            options.after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(pragmas()).await?;
                    Ok(())
                })
            })
        };
        // A pool would try a damaged file again and again, and then say that it does not answer.
        let mut first = AnyConnection::connect(&url).await?;
        first.execute(pragmas(WRITER_CACHE)).await?;
        // On the disk with the first commit after it, or when the file is closed; one that lost them takes them again.
        first.execute("PRAGMA synchronous = NORMAL").await?;
        MIGRATIONS.run(&mut first).await?;
        // The last to close a file tidies up, for the next to begin anew: so this one is not the last.
        let writers = pool(1, writer_pragmas).connect(&url).await?;
        first.close().await?;
        let readers = pool(READERS, reader_pragmas).connect_lazy(&url)?;
        Self::ready(Engine::Sqlite, readers, writers, Some(path)).await
    }

    async fn ready(engine: Engine, readers: AnyPool, writers: AnyPool, file: Option<PathBuf>) -> Result<Self> {
        let key = people::Key::of(&writers).await?;
        Ok(Self { engine, readers, writers, file, key })
    }

    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Begins to write. On SQLite this waits for the other writers.
    pub async fn begin(&self) -> Result<Tx> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        Ok(Tx(self.writers.begin_with(begin).await?))
    }

    /// Begins to read where a transaction is wanted; it waits for no writer, and nothing is to be written in it.
    pub async fn look(&self) -> Result<Tx> {
        Ok(Tx(self.readers.begin().await?))
    }

    /// A connection that reads.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Any>> {
        Ok(self.readers.acquire().await?)
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&mut *self.read().await?).await?;
        Ok(())
    }

    /// The hash under which a person is known in a team.
    #[must_use]
    pub fn who(&self, team: &crate::message::TeamId, user: &crate::message::UserId) -> people::Who {
        self.key.who(team, user)
    }

    /// Closes the connections after the work that is under way. What SQLite keeps in its log is in the file then, unless somebody
    /// else still reads it.
    pub async fn close(&self) {
        self.readers.close().await;
        if self.engine == Engine::Sqlite
            && let Ok(mut writer) = self.writers.acquire().await
            // The last connection would see to it only after its end is told, when somebody may be replacing the file.
            && let Err(error) = writer.execute("PRAGMA wal_checkpoint").await
        {
            tracing::debug!(%error, "what is in the database's log stays there until the next start");
        }
        self.writers.close().await;
    }
}

/// What SQLite would need to undo one statement of many rows stays in memory instead of a file. Migrations, whose statements may
/// be about whole tables, are not to be carried out with this.
fn writer_pragmas() -> AssertSqlSafe<String> {
    let AssertSqlSafe(common) = pragmas(WRITER_CACHE);
    AssertSqlSafe(format!("{common} PRAGMA temp_store = MEMORY;"))
}

/// Whoever reads writes nothing, by accident either: here it would fail, where it might go unseen on a server.
fn reader_pragmas() -> AssertSqlSafe<String> {
    let AssertSqlSafe(common) = pragmas(READER_CACHE);
    AssertSqlSafe(format!("{common} PRAGMA query_only = ON;"))
}

fn pragmas(cache: u32) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = {}; \
         PRAGMA cache_size = -{cache}; PRAGMA wal_autocheckpoint = {LOG};",
        BUSY.as_millis()
    ))
}

/// The address as it may be shown.
fn without_password(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) => {
            if url.password().is_some() {
                let _ = url.set_password(Some("***"));
            }
            url.to_string()
        }
        Err(_) => address.split('@').next_back().unwrap_or_default().to_owned(),
    }
}
