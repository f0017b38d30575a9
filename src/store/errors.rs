//! What can go wrong with a database, said so that a person can act on it.

use sqlx::error::ErrorKind;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address is none of a database.
    #[error("{0:?} is no database: use sqlite:PATH or postgres://USER@HOST/NAME")]
    Address(String),
    /// Another process keeps writing.
    #[error("the database is locked by another process; it will be tried again")]
    Locked,
    /// No space is left.
    #[error("the disk with the database is full: make space; nothing is lost")]
    Full,
    /// The file or its folder cannot be written.
    #[error("the database cannot be written: check who owns the file and its folder")]
    ReadOnly,
    /// The file is damaged.
    #[error("the database file is damaged: restore a backup, or run `sqlite3 FILE .recover`")]
    Damaged,
    /// The server does not answer.
    #[error("the database does not answer ({0}); it will be tried again")]
    Gone(String),
    /// A newer npmfix has changed the tables.
    #[error("the database was written by a newer npmfix (it has migration {0}): update this one")]
    Newer(i64),
    /// A migration could not be applied.
    #[error("cannot bring the database up to date: {0}")]
    Migration(String),
    /// A row holds what this version does not understand.
    #[error("cannot read {what} in the database: {why}")]
    Row {
        /// Which row.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A token cannot be opened.
    #[error("cannot open the token of {team}: {why}")]
    Sealed {
        /// Whose token.
        team: String,
        /// Why not.
        why: super::seal::SealError,
    },
    /// Another process sends from this SQLite file.
    #[error("another npmfix ({holder}) is sending from this database: stop it, or use PostgreSQL to run several")]
    Held {
        /// Who that is, as it wrote into its lock.
        holder: String,
    },
    /// Another terminal chats on this server.
    #[error("another `npmfix chat` is open on this database, and two would show each other's answers: end it first")]
    Chatting,
    /// The lock beside the SQLite file cannot be had.
    #[error("cannot lock {path}: {why}")]
    Lock {
        /// The lock's file.
        path: String,
        /// What the system says.
        why: std::io::Error,
    },
    /// Anything else.
    #[error("the database refused: {0}")]
    Other(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether the same may succeed later, without anybody's doing.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Locked | Self::Gone(_) | Self::Full | Self::ReadOnly)
    }

    /// For JSON that does not parse.
    pub(super) fn row(what: impl Into<String>, why: &serde_json::Error) -> Self {
        Self::Row { what: what.into(), why: why.to_string() }
    }

    /// Whether a row with this key is there already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Other(sqlx::Error::Database(e)) if e.kind() == ErrorKind::UniqueViolation)
    }
}

/// SQLite's result codes, without their extensions, and PostgreSQL's SQLSTATE classes.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let by_code = match &error {
            sqlx::Error::Database(e) => e.code().map(std::borrow::Cow::into_owned),
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => {
                return Self::Gone(error.to_string());
            }
            _ => None,
        };
        let Some(code) = by_code else { return Self::Other(error) };
        // An SQLSTATE has five characters; SQLite's codes are numbers, extended ones with the plain one in their last byte.
        if code.len() == 5 {
            return match code.get(..2).unwrap_or_default() {
                "40" | "55" => Self::Locked,
                "53" if code == "53100" => Self::Full,
                "08" | "53" | "57" => Self::Gone(error.to_string()),
                "25" if code == "25006" => Self::ReadOnly,
                _ => Self::Other(error),
            };
        }
        match code.parse::<i64>().map(|code| code & 0xff) {
            Ok(5 | 6) => Self::Locked,
            Ok(8 | 14) => Self::ReadOnly,
            Ok(10) => Self::Gone(error.to_string()),
            Ok(11 | 26) => Self::Damaged,
            Ok(13) => Self::Full,
            _ => Self::Other(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as E;
        match error {
            E::VersionMissing(version) | E::VersionNotPresent(version) | E::VersionTooNew(version, _) => {
                Self::Newer(version)
            }
            E::Execute(error) | E::ExecuteMigration(error, _) => match Self::from(error) {
                Self::Other(error) => Self::Migration(error.to_string()),
                known => known,
            },
            other => Self::Migration(other.to_string()),
        }
    }
}
