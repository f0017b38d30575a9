//! Who may send from a SQLite file: one process at a time. Servers are shared by leases, but for terminals: each shows what it
//! takes, so that two would show each other's answers. Whoever only reads or puts something in needs no lock.

use std::{
    fs::{File, OpenOptions, TryLockError},
    future::pending,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Connection as _};
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use super::{Engine, Result, Store, StoreError};

/// The right to send from a database, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: Option<File>,
    /// What holds a server's lock; it goes with the connection.
    session: Option<Mutex<AnyConnection>>,
}

/// How often it is looked whether a session that holds a lock still stands, and how long its answer may take. Both together are less
/// than [`KEEPALIVE`] gives a silent holder: who is cut off from the server knows it before another one has the lock.
const LOOK: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);

impl Lock {
    /// Whether nobody else sends from the database; servers are shared.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.file.is_some()
    }

    fn of(session: AnyConnection) -> Self {
        Self { file: None, session: Some(Mutex::new(session)) }
    }

    /// One that keeps nobody away.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self { file: None, session: None }
    }

    /// Waits until the server has ended the session that holds the lock, or does not answer over it: then another process may have
    /// the lock. What no session holds is not lost.
    pub async fn lost(&self) -> StoreError {
        let Some(session) = &self.session else { return pending().await };
        loop {
            sleep(LOOK).await;
            let mut session = session.lock().await;
            match timeout(ANSWER, sqlx::query("SELECT 1").execute(&mut *session)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error.into(),
                Err(_) => return StoreError::Gone("it is silent".to_owned()),
            }
        }
    }
}

/// More than any holder writes into its lock.
const LONGEST_HOLDER: u64 = 200;

/// Takes the right to send. `what` says to others what this process is, such as `chat`. On a SQLite file that another process
/// (or another worker of this one) sends from, the error names it.
pub fn hold(store: &Store, what: &str) -> Result<Lock> {
    let Some(database) = store.file() else { return Ok(Lock::of_nothing()) };
    let path = beside(database);
    let trouble = |why| StoreError::Lock { path: path.display().to_string(), why };
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(trouble)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::Held { holder: holder(&mut file) }),
        Err(TryLockError::Error(why)) => return Err(trouble(why)),
    }
    file.set_len(0).map_err(trouble)?;
    write!(file, "process {}, `{what}`", std::process::id()).map_err(trouble)?;
    Ok(Lock { file: Some(file), session: None })
}

/// Of the lock that a terminal holds on a server: `npmfix` in ASCII.
const TERMINAL: i64 = 0x6e70_6d66_6978;

/// Takes the right to chat from a terminal. On a server one chat at a time has it, whatever else sends from there.
pub async fn hold_terminal(store: &Store) -> Result<Lock> {
    if store.engine() == Engine::Sqlite {
        return hold(store, "chat");
    }
    let mut session = store.read().await?.detach();
    let free: bool =
        sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(TERMINAL).fetch_one(&mut session).await?;
    if free { Ok(Lock::of(session)) } else { Err(StoreError::Chatting) }
}

/// Seconds after which a server looks whether a silent holder is still there, between looks, and how often it looks.
const KEEPALIVE: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";

/// Parts of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// What they are parts of.
    pub whole: &'a str,
    /// Their numbers.
    pub numbers: &'a [u32],
    /// How many there are in all.
    pub of: u32,
}

/// Takes the right to be at the other end of parts of a connection: of all of them or, with `None`, of none, while another process
/// has one. It goes with the process, and within a minute with its machine. A SQLite file has one server anyway.
///
/// Whoever divides the same connection into another number of parts has all that any part has: then both wait for each other's end.
pub async fn hold_connections(store: &Store, parts: &Parts<'_>) -> Result<Option<Lock>> {
    if store.engine() == Engine::Sqlite {
        return Ok(Some(Lock::of_nothing()));
    }
    let mut session = store.read().await?.detach();
    for setting in KEEPALIVE.split("; ") {
        // A server that knows no such setting looks after its connections in a way of its own.
        let _ = sqlx::query(setting).execute(&mut session).await;
    }
    if take_parts(&mut session, parts).await? {
        return Ok(Some(Lock::of(session)));
    }
    session.close().await?;
    Ok(None)
}

/// Whether a server that speaks PostgreSQL's protocol has no such locks: then another try changes nothing.
#[must_use]
pub fn are_unknown(error: &StoreError) -> bool {
    matches!(error, StoreError::Other(sqlx::Error::Database(_)))
}

async fn take_parts(session: &mut AnyConnection, parts: &Parts<'_>) -> Result<bool> {
    if !agree(session, parts).await? {
        return Ok(false);
    }
    for part in parts.numbers {
        let name = format!("{} {part}/{}", parts.whole, parts.of);
        let select = "SELECT pg_try_advisory_lock($1)";
        let free: bool = sqlx::query_scalar(select).bind(number(&name)).fetch_one(&mut *session).await?;
        if !free {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes down how many parts this process counts, and looks whether any other counts otherwise. Of two that do so at the same time,
/// at least one sees the other.
async fn agree(session: &mut AnyConnection, parts: &Parts<'_>) -> Result<bool> {
    /// With two numbers, a lock is of another kind than with one, and both stand in the server's list.
    const COUNT: &str = "SELECT pg_try_advisory_lock_shared(CAST($1 AS INT), CAST($2 AS INT))";
    const OTHERS: &str = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 \
                          AND CAST(classid AS BIGINT) = $1 AND CAST(objid AS BIGINT) <> $2 \
                          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    // PostgreSQL's integers have a sign, and its list shows them without.
    let (whole, of) = (number(parts.whole) & i64::from(i32::MAX), i64::from(parts.of) & i64::from(i32::MAX));
    let free: bool = sqlx::query_scalar(COUNT).bind(whole).bind(of).fetch_one(&mut *session).await?;
    let others: i64 = sqlx::query_scalar(OTHERS).bind(whole).bind(of).fetch_one(&mut *session).await?;
    Ok(free && others == 0)
}

/// The number of a lock with a name.
fn number(name: &str) -> i64 {
    let hash = Sha256::digest(name);
    hash.first_chunk().copied().map_or(0, i64::from_be_bytes)
}

/// The lock's file stays when the lock goes: removing it could let two in.
fn beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

/// What the holder wrote. Where locked files cannot be read, it stays unnamed.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(LONGEST_HOLDER).read_to_string(&mut text);
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if read.is_err() || text.is_empty() { "another process".to_owned() } else { text }
}
