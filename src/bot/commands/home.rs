//! What a team sees of itself on a page of its own: what recurs, what is saved, what is set. Only what is public in the team.

use jiff::Timestamp;

use super::{Asked, Run};
use crate::{
    answer::{
        commands as words,
        reply::{Block, Reply},
    },
    bot::{Bot, grammar::Digest},
    store::Result,
};

impl Bot {
    /// The page as somebody sees it who asks from a place that is no channel.
    pub async fn home(&self, asked: &Asked<'_>, now: Timestamp) -> Result<Reply> {
        let mut run = Run { bot: self, asked, zone: None, tx: self.store.look().await?, now };
        let mut blocks = run.history(None).await?.blocks;
        blocks.push(Block::Heading(words::fixes_heading().to_owned()));
        blocks.extend(run.fixes(None).await?.blocks);
        blocks.extend(run.stats().await?.blocks);
        blocks.push(Block::Heading(words::settings_heading().to_owned()));
        blocks.extend(run.settings(&[]).await?.blocks);
        blocks.extend(run.digest(Digest::Show).await?.blocks);
        blocks.push(Block::Say(words::home_hint()));
        Ok(Reply { blocks, rows: Vec::new() })
    }
}
