//! People as keyed hashes: enough to count them and to forget one, useless to whoever reads the database without its key.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sqlx::AnyPool;

use super::Result;
use crate::message::{TeamId, UserId};

/// Bytes of the hash that are kept.
const KEPT: usize = 16;

/// A person in one team; nobody can tell that two teams share a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Who(String);

impl Who {
    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was stored.
    pub(super) fn stored(hash: String) -> Self {
        Self(hash)
    }
}

/// The database's own key, made when its tables were.
#[derive(Clone)]
pub(super) struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The key in the database; the first caller makes it.
    pub(super) async fn of(pool: &AnyPool) -> Result<Self> {
        let fresh = rand::random::<[u8; 32]>();
        sqlx::query("INSERT INTO meta (name, value) VALUES ('people', $1) ON CONFLICT (name) DO NOTHING")
            .bind(hex(&fresh))
            .execute(pool)
            .await?;
        let stored: String = sqlx::query_scalar("SELECT value FROM meta WHERE name = 'people'").fetch_one(pool).await?;
        let mut key = [0; 32];
        for (byte, digits) in key.iter_mut().zip(stored.as_bytes().chunks(2)) {
            *byte = std::str::from_utf8(digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok()).unwrap_or_default();
        }
        Ok(Self(key))
    }

    pub(super) fn who(&self, team: &TeamId, user: &UserId) -> Who {
        // Only an empty key is refused.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return Who(String::new()) };
        mac.update(team.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(user.as_str().as_bytes());
        Who(hex(mac.finalize().into_bytes().get(..KEPT).unwrap_or_default()))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
