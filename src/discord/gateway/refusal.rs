//! Why Discord does not want a connection, and what to do about it.

/// Why a shard ended for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 4004.
    #[error("Discord does not accept the token (close code 4004): set DISCORD_TOKEN to the bot's current one")]
    Token,
    /// 4010 and 4011.
    #[error(
        "Discord does not accept this number of shards (close code {0}): leave `--shards` out, or give all processes \
         the same N"
    )]
    Shards(u16),
    /// 4013.
    #[error("Discord does not know what this version asks for (close code 4013): update npmfix")]
    Intents,
    /// 4014.
    #[error(
        "Discord does not let this bot read messages (close code 4014): turn on *Message Content Intent* for it in the \
         developer portal, or off if it was not granted"
    )]
    NotAllowed,
    /// 4012.
    #[error("Discord does not speak this version of its protocol any more (close code 4012): update npmfix")]
    Version,
    /// Another one.
    #[error("Discord ended the connection for good (close code {0})")]
    Other(u16),
    /// A stand-in sent us to somewhere else.
    #[error("the stand-in for Discord names a gateway that is not at a loopback address")]
    Elsewhere,
}

impl Refusal {
    /// What a close code means.
    #[must_use]
    pub(super) fn of(code: Option<u16>) -> Self {
        match code.unwrap_or_default() {
            4004 => Self::Token,
            code @ (4010 | 4011) => Self::Shards(code),
            4012 => Self::Version,
            4013 => Self::Intents,
            4014 => Self::NotAllowed,
            other => Self::Other(other),
        }
    }
}
