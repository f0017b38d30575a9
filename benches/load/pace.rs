//! Events at a fixed rate, whether the bot keeps up or not.

use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};

use super::{
    book::{Shared, Shown},
    texts,
};

/// How long answers may still come when all is sent.
const DRAIN: Duration = Duration::from_secs(6);

/// How fast, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Events a second.
    pub rate: f64,
    pub length: Duration,
}

impl Pace {
    /// How many events that makes.
    pub fn events(self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of events")]
        let events = (self.rate * self.length.as_secs_f64()) as usize;
        events
    }
}

/// Has `send` send each event, by its number and whether it is a paste, when it is due, and waits for what is still to come.
/// `between` is called again and again.
pub async fn run(book: &Shared, pace: Pace, mut send: impl FnMut(usize, bool), mut between: impl FnMut()) -> Shown {
    let mark = book.lock().mark();
    let count = pace.events();
    let begun = Instant::now();
    let mut sent = 0;
    while sent < count {
        between();
        #[expect(clippy::cast_precision_loss, reason = "a time")]
        let due = begun + Duration::from_secs_f64(sent as f64 / pace.rate);
        if due > Instant::now() {
            sleep_until(tokio::time::Instant::from_std(due)).await;
            continue;
        }
        let (number, paste) = {
            let mut book = book.lock();
            let paste = texts::is_paste(book.records.len());
            (book.enter(paste, due), paste)
        };
        send(number, paste);
        sent += 1;
        // Whoever writes to the bot runs on this core, too.
        if sent % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let end = Instant::now() + DRAIN;
    while Instant::now() < end && !book.lock().is_done_since(mark) {
        between();
        sleep(Duration::from_millis(5)).await;
    }
    // A second answer would come a little later.
    sleep(Duration::from_millis(300)).await;
    book.lock().shown_since(mark)
}
