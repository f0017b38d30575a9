//! Who may send from a SQLite file: one process at a time. Servers are shared by leases, but for terminals: each shows what it
//! takes, so that two would show each other's answers. Whoever only reads or puts something in needs no lock.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Connection as _};

use super::{Engine, Result, Store, StoreError};

/// The right to send from a database, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: Option<File>,
    /// What holds a server's lock; it goes with the connection. The mutex is never locked: it lets several threads own this.
    _session: Option<Mutex<AnyConnection>>,
}

impl Lock {
    /// Whether nobody else sends from the database; servers are shared.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.file.is_some()
    }
}

/// More than any holder writes into its lock.
const LONGEST_HOLDER: u64 = 200;

/// Takes the right to send. `what` says to others what this process is, such as `chat`. On a SQLite file that another process
/// (or another worker of this one) sends from, the error names it.
pub fn hold(store: &Store, what: &str) -> Result<Lock> {
    let Some(database) = store.file() else { return Ok(Lock { file: None, _session: None }) };
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
    Ok(Lock { file: Some(file), _session: None })
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
    if free { Ok(Lock { file: None, _session: Some(Mutex::new(session)) }) } else { Err(StoreError::Chatting) }
}

/// Seconds after which a server looks whether a silent holder is still there, between looks, and how often it looks.
const KEEPALIVE: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";

/// Takes the right to be at the other end of connections, by their names: all of them or, with `None`, none, while another
/// process has one. It goes with the process, and within a minute with its machine. A SQLite file has one server anyway.
pub async fn hold_connections(store: &Store, names: &[String]) -> Result<Option<Lock>> {
    if store.engine() == Engine::Sqlite {
        return Ok(Some(Lock { file: None, _session: None }));
    }
    let mut session = store.read().await?.detach();
    for setting in KEEPALIVE.split("; ") {
        sqlx::query(setting).execute(&mut session).await?;
    }
    for name in names {
        let select = "SELECT pg_try_advisory_lock($1)";
        let free: bool = sqlx::query_scalar(select).bind(number(name)).fetch_one(&mut session).await?;
        if !free {
            session.close().await?;
            return Ok(None);
        }
    }
    Ok(Some(Lock { file: None, _session: Some(Mutex::new(session)) }))
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
