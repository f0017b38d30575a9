//! Pictures: drawn as files that go with the message. Where one cannot be drawn, all are told in words.

use crate::{
    answer::reply::{Block, Reply},
    bot::outbox,
    discord::rest::File,
};

/// The pictures of a reply, in order; none if one cannot be drawn.
pub(super) async fn draw(reply: &Reply) -> Vec<File> {
    let mut files = Vec::new();
    for block in &reply.blocks {
        let Block::Picture(picture) = block else { continue };
        match outbox::draw(picture).await {
            Some(bytes) => files.push(File { name: name(files.len()), bytes }),
            None => return Vec::new(),
        }
    }
    files
}

/// What the files are called.
pub(super) fn names(reply: &Reply) -> Vec<String> {
    let pictures = reply.blocks.iter().filter(|block| matches!(block, Block::Picture(_)));
    pictures.enumerate().map(|(n, _)| name(n)).collect()
}

fn name(n: usize) -> String {
    format!("npmfix-{}.png", n + 1)
}
