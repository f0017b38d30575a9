//! Work that is written in one transaction with whatever else has come meanwhile, so that it shares the wait for the disk.

use tokio::sync::oneshot;

use crate::store::{Result, StoreError};

/// Something that is to be written, with somebody who waits for what comes of it.
#[derive(Debug)]
pub(super) struct Waiting<T, U> {
    pub item: T,
    pub done: oneshot::Sender<Result<U>>,
}

/// Writes all of it with `write`, which returns what came of each in their order, and tells those who wait. When something that does
/// not pass is wrong with one of them, the others do not suffer for it: it is in one half.
pub(super) async fn write_together<T: Clone, U, Written>(all: Vec<Waiting<T, U>>, write: impl Fn(Vec<T>) -> Written)
where
    Written: Future<Output = Result<Vec<U>>>,
{
    let mut batches = vec![all];
    while let Some(mut batch) = batches.pop() {
        match write(batch.iter().map(|one| one.item.clone()).collect()).await {
            Ok(outcomes) => {
                for (one, outcome) in batch.into_iter().zip(outcomes) {
                    let _ = one.done.send(Ok(outcome));
                }
            }
            Err(error) if batch.len() == 1 || error.passes() => {
                let text = error.to_string();
                let mut error = Some(error);
                for one in batch {
                    let error = error.take().unwrap_or_else(|| StoreError::Gone(text.clone()));
                    let _ = one.done.send(Err(error));
                }
            }
            Err(_) => {
                let half = batch.split_off(batch.len() / 2);
                batches.extend([half, batch]);
            }
        }
    }
}
