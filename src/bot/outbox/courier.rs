//! What a platform does for the outbox.

use std::pin::Pin;

use jiff::SignedDuration;

use crate::{
    answer::picture::{Picture, png},
    message::Platform,
    store::outbox::Parcel,
};

/// A future in a box, so that couriers of different platforms fit one list.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What became of an attempt to say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It was said; for a post, the platform's id of it.
    Done(Option<String>),
    /// The platform asked to wait this long.
    Later(SignedDuration),
    /// It was certainly not said; another try may succeed.
    Failed(String),
    /// Nobody knows whether it was said.
    Unclear(String),
    /// It will never be said: the channel is gone, or the bot is not in it any more.
    Refused(String),
}

/// What a look into the platform's own history says about a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// It is there; the platform's id of it, if it has one.
    Found(Option<String>),
    /// It is not there.
    Absent,
    /// The platform does not let the bot look.
    Unknown,
    /// The platform asked to wait this long before it is asked again.
    Later(SignedDuration),
    /// There was trouble; another look may succeed.
    Failed(String),
}

/// A platform as the outbox sees it.
pub trait Courier: Send + Sync {
    /// Which platform.
    fn platform(&self) -> Platform;
    /// How long to wait between two rows of one lane.
    fn pace(&self) -> SignedDuration;
    /// Says it, once. A body that it cannot read is [`Delivery::Refused`].
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery>;
    /// Looks whether a post was said.
    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, LookUp>;
}

/// A picture as a PNG; `None`, with a word in the log, where it cannot be drawn: it is told in words then. This takes some
/// milliseconds, on a thread on which nobody waits.
pub async fn draw(picture: &Picture) -> Option<Vec<u8>> {
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
