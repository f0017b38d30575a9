//! What is remembered, in SQLite or PostgreSQL: the only room with SQL.
//!
//! One set of SQL serves both engines through [`sqlx::Any`]; times are milliseconds since 1970 in UTC and a yes is the time
//! since which it holds. Every function takes the team, and no query crosses teams but those of the outbox worker, which
//! serves a platform.
//!
//! - `open`: finding, opening and migrating a database. `errors`: what can go wrong, in words a person can act on.
//! - one file for each group of tables, with the types of its rows. `seal`: what keeps tokens from whoever reads a copy.

pub mod channels;
pub mod chores;
pub mod digests;
pub mod discord;
pub mod drafts;
mod errors;
pub mod findings;
pub mod fixes;
pub mod forget;
pub mod inbox;
pub mod installs;
pub mod lock;
pub mod memory;
pub mod moved;
mod open;
pub mod outbox;
pub mod people;
pub mod recurrence;
pub mod replies;
mod rows;
pub mod seal;
pub mod teams;

pub use errors::StoreError;
pub use open::{Engine, Store, Tx, default_url};

/// What the functions of this room return.
pub type Result<T> = std::result::Result<T, StoreError>;
