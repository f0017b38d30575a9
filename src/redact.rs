//! Removes secrets from text.

/// Text without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redacted(String);

impl Redacted {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Literal beginnings of secrets, distinctive enough to look for in a log.
#[must_use]
pub fn prefixes() -> &'static [&'static str] {
    &["npm_", "ghp_"]
}

/// Whether the bytes at a prefix look like a secret at all.
#[must_use]
pub fn plausible(bytes: &[u8], at: usize) -> bool {
    bytes.len() > at
}
