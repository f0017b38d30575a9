//! Messages that were deleted, or lost their error to an edit, before they were heard: a platform that delivers one late or again is
//! not to have it answered. Kept in memory only, so that nothing is written for the chatter that people delete all day.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::message::MessageRef;

/// The most that are kept: platforms repeat within minutes, and few messages are deleted in that time.
const KEPT: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Gone(Mutex<VecDeque<MessageRef>>);

impl Gone {
    pub(super) fn add(&self, place: &MessageRef) {
        let mut kept = self.kept();
        if kept.iter().any(|gone| same(gone, place)) {
            return;
        }
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(place.clone());
    }

    pub(super) fn remove(&self, place: &MessageRef) {
        self.kept().retain(|gone| !same(gone, place));
    }

    pub(super) fn has(&self, place: &MessageRef) -> bool {
        self.kept().iter().any(|gone| same(gone, place))
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<MessageRef>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not every event about a message names its thread.
fn same(one: &MessageRef, other: &MessageRef) -> bool {
    one.id == other.id && one.channel == other.channel && one.team == other.team
}
