//! What is still to be read from before a session. It is known only when each server comes, which is some time after the session
//! began; until then nothing counts as heard, so that a crash in between costs nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::events::Moment;
use crate::{
    discord::{catch_up::Gap, intake::Ticket},
    store::discord::Shard as Number,
};

/// Servers come within seconds after a new session; one that Discord cannot reach may take hours, and is not waited for.
const ARRIVE: SignedDuration = SignedDuration::from_mins(1);

/// By shard, what is to be read.
#[derive(Debug, Default)]
pub struct Missed(Mutex<HashMap<Number, Before>>);

/// Before a session.
#[derive(Debug)]
struct Before {
    /// Everything up to this time was heard.
    heard: Timestamp,
    /// When the session began.
    begun: Timestamp,
    /// Servers that are still to come.
    coming: HashMap<String, Ticket>,
}

impl Missed {
    fn all(&self) -> MutexGuard<'_, HashMap<Number, Before>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session goes on that another run of the program had begun. Servers whose coming that run had not dealt with come again.
    pub(super) fn goes_on(&self, number: Number, heard: Option<Timestamp>) {
        let before = |heard| (number, Before { heard, begun: heard, coming: HashMap::new() });
        self.all().extend(heard.map(before));
    }

    /// A session begins: these servers are still to come. Until then, what comes behind its first event is open.
    pub(super) fn begins<'g>(&self, moment: &Moment<'_>, servers: impl Iterator<Item = &'g str>, now: Timestamp) {
        let Some(heard) = moment.heard else {
            self.all().remove(&moment.number);
            return;
        };
        let coming = servers.map(|id| (id.to_owned(), moment.open.begin(moment.seq.saturating_add(1)))).collect();
        self.all().insert(moment.number, Before { heard, begun: now, coming });
    }

    /// A server comes: what is to be read there, and what to give back once that is under way.
    pub(super) fn came(&self, number: Number, server: &str, now: Timestamp) -> (Option<Gap>, Option<Ticket>) {
        match self.all().get_mut(&number) {
            Some(before) => (Some(Gap::since(before.heard, now)), before.coming.remove(server)),
            None => (None, None),
        }
    }

    /// Does not wait any longer for servers that would have come by now.
    pub(super) fn give_up(&self, number: Number, now: Timestamp) {
        if let Some(before) = self.all().get_mut(&number)
            && now.duration_since(before.begun) > ARRIVE
        {
            before.coming.drain().for_each(|(_, ticket)| ticket.done());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::discord::intake::Open;

    const SHARD: Number = Number { number: 0, of: 1 };

    fn begins(missed: &Missed, open: &Arc<Open>, heard: Option<Timestamp>, now: Timestamp) {
        missed.begins(&Moment { number: SHARD, seq: 1, open, heard, replayed: false }, ["7", "8"].into_iter(), now);
    }

    #[test]
    fn a_server_that_does_not_come_is_given_up() {
        let (missed, open) = (Missed::default(), Arc::new(Open::default()));
        let now: Timestamp = "2025-06-15T10:00:00Z".parse().unwrap();
        begins(&missed, &open, Some(now), now);
        assert_eq!(open.first(), Some(2));
        let (gap, ticket) = missed.came(SHARD, "7", now);
        assert_eq!(gap, Some(Gap::since(now, now)));
        ticket.unwrap().done();
        missed.give_up(SHARD, now);
        assert_eq!(open.first(), Some(2));
        missed.give_up(SHARD, now + ARRIVE * 2);
        assert_eq!(open.first(), None);
        // It may come all the same.
        let (gap, ticket) = missed.came(SHARD, "8", now);
        assert!(gap.is_some() && ticket.is_none());
    }

    #[test]
    fn where_nothing_was_heard_before_nothing_was_missed() {
        let (missed, open) = (Missed::default(), Arc::new(Open::default()));
        begins(&missed, &open, None, Timestamp::UNIX_EPOCH);
        assert_eq!((open.first(), missed.came(SHARD, "7", Timestamp::UNIX_EPOCH).0), (None, None));
    }
}
