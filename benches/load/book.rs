//! What became of each event: when it was due, sent, acknowledged and answered, and what that makes together.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// What became of an event.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    pub paste: bool,
    /// When it was to be sent; what the generator is late counts, too.
    pub due: Instant,
    pub sent: Option<Instant>,
    /// Where a platform knows no acknowledgement, as soon as it was sent.
    pub acked: Option<Instant>,
    pub replied: Option<Instant>,
}

/// All events. Their numbers go on from run to run, so that no two pastes are alike.
#[derive(Debug, Default)]
pub struct Book {
    pub records: Vec<Record>,
    /// Second answers to a paste.
    pub doubles: usize,
    /// Answers to what was no paste.
    pub strays: usize,
    /// Refusals of events.
    pub refused: usize,
}

/// The book that everybody writes in.
#[derive(Debug, Default, Clone)]
pub struct Shared(Arc<Mutex<Book>>);

/// Where the book stood when a run began.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    records: usize,
    doubles: usize,
    strays: usize,
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    pub fn enter(&mut self, paste: bool, due: Instant) -> usize {
        self.records.push(Record { paste, due, sent: None, acked: None, replied: None });
        self.records.len() - 1
    }

    /// The bot has answered an event, if it names one.
    pub fn answered(&mut self, number: Option<usize>) {
        match number.and_then(|number| self.records.get_mut(number)) {
            Some(record) if record.paste && record.replied.is_none() => record.replied = Some(Instant::now()),
            Some(record) if record.paste => self.doubles += 1,
            _ => self.strays += 1,
        }
    }

    pub fn mark(&self) -> Mark {
        Mark { records: self.records.len(), doubles: self.doubles, strays: self.strays }
    }

    /// Whether nothing is missing since then.
    pub fn is_done_since(&self, mark: Mark) -> bool {
        self.records.iter().skip(mark.records).all(|r| r.acked.is_some() && (!r.paste || r.replied.is_some()))
    }

    pub fn shown_since(&self, mark: Mark) -> Shown {
        let records: Vec<&Record> = self.records.iter().skip(mark.records).collect();
        let since = |then: Instant, now: Instant| now.saturating_duration_since(then).as_secs_f64() * 1000.0;
        let pastes: Vec<&&Record> = records.iter().filter(|r| r.paste).collect();
        let times = |all: &mut dyn Iterator<Item = Option<f64>>| Times::of(all.flatten().collect());
        Shown {
            events: records.len(),
            pastes: pastes.len(),
            lost: pastes.iter().filter(|r| r.replied.is_none()).count(),
            unacked: records.iter().filter(|r| r.acked.is_none()).count(),
            doubles: self.doubles - mark.doubles,
            strays: self.strays - mark.strays,
            ack: times(&mut records.iter().map(|r| r.acked.map(|acked| since(r.due, acked)))),
            reply: times(&mut pastes.iter().map(|r| r.replied.map(|replied| since(r.due, replied)))),
            post: times(
                &mut pastes.iter().map(|r| r.acked.zip(r.replied).map(|(acked, replied)| since(acked, replied))),
            ),
            late: times(&mut records.iter().map(|r| r.sent.map(|sent| since(r.due, sent)))),
        }
    }
}

/// What a run showed; times in milliseconds.
#[derive(Debug, Default, Clone)]
pub struct Shown {
    pub events: usize,
    pub pastes: usize,
    pub lost: usize,
    pub unacked: usize,
    pub doubles: usize,
    pub strays: usize,
    /// From when an event was due to its acknowledgement.
    pub ack: Times,
    /// From when a paste was due to its reply.
    pub reply: Times,
    /// From the acknowledgement to the reply.
    pub post: Times,
    /// How late events were sent.
    pub late: Times,
}

impl Shown {
    pub fn is_whole(&self) -> bool {
        self.lost + self.unacked + self.doubles + self.strays == 0
    }

    /// CPU seconds for 10,000 events, of those that these took.
    pub fn per_10_000(&self, cpu: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a number of events")]
        let events = self.events as f64;
        cpu / events * 10_000.0
    }
}

#[derive(Debug, Default, Clone)]
pub struct Times(Vec<f64>);

impl Times {
    fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self(all)
    }

    pub fn at(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let at = ((self.0.len() as f64 * part) as usize).min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }
}
