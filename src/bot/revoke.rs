//! What to do about a secret in a message, for whoever asks later.

use super::{Bot, hear};
use crate::{
    answer::reply::{self, Block, Reply},
    message::MessageRef,
    redact,
    store::{Result, findings},
};

impl Bot {
    /// How to revoke what was found in a message; `None` when nothing is known any more.
    pub async fn how_to_revoke(&self, place: &MessageRef) -> Result<Option<Reply>> {
        let gist = findings::gist(&mut *self.store.read().await?, place).await?.unwrap_or_default();
        let kinds = hear::secrets(&gist).lines().filter_map(redact::pattern);
        let blocks: Vec<Block> =
            kinds.map(|kind| Block::Say(reply::secret_pasted(kind.what, 1, kind.revoke))).collect();
        Ok((!blocks.is_empty()).then_some(Reply { blocks, rows: Vec::new() }))
    }
}
