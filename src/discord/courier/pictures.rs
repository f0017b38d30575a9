//! Pictures: drawn as files that go with the message. Where one cannot be drawn, all are told in words.

use crate::{
    answer::{
        picture::{Picture, png},
        reply::{Block, Reply},
    },
    discord::rest::File,
};

/// The pictures of a reply, in order; none if one cannot be drawn.
pub(super) async fn draw(reply: &Reply) -> Vec<File> {
    let mut files = Vec::new();
    for block in &reply.blocks {
        let Block::Picture(picture) = block else { continue };
        match one(picture).await {
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

async fn one(picture: &Picture) -> Option<Vec<u8>> {
    let drawn = picture.clone();
    match tokio::task::spawn_blocking(move || png(&drawn)).await {
        Ok(Ok(bytes)) => Some(bytes),
        Ok(Err(error)) => {
            tracing::warn!(%error, "cannot draw a picture");
            None
        }
        Err(error) => {
            tracing::error!(%error, "drawing a picture failed");
            None
        }
    }
}
