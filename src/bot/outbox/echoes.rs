//! Our own posts come back as events, often before the answer to the call that made them. While that answer is waited for, the event
//! is kept for whoever waits: it says as much, and nothing has to be looked up in the database for it.
//!
//! Whoever dies before this is taken down leaves a row that is marked: it is looked up before anything is said again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Posts whose events may still come; platforms send them within moments.
const REMEMBERED: usize = 512;

/// What is known about the posts of the last moments, by their keys.
#[derive(Debug, Default)]
pub(super) struct Echoes(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The answer to these is waited for; the id, if the post came back meanwhile.
    waiting: HashMap<String, Option<String>>,
    /// Those that the platform has answered.
    answered: VecDeque<String>,
}

impl Echoes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is about to be posted.
    #[must_use]
    pub fn begins(&self, key: &str) -> Waiting<'_> {
        self.state().waiting.insert(key.to_owned(), None);
        Waiting { echoes: self, key: key.to_owned() }
    }

    /// A post came back; whether that tells nothing that is not known by whoever posted it.
    pub fn came(&self, key: &str, id: &str) -> bool {
        let mut state = self.state();
        if let Some(waiting) = state.waiting.get_mut(key) {
            *waiting = Some(id.to_owned());
            return true;
        }
        state.answered.iter().rev().any(|answered| answered == key)
    }
}

/// Waits for the answer to a post, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'e> {
    echoes: &'e Echoes,
    key: String,
}

impl Waiting<'_> {
    /// The answer says that it was posted.
    pub fn answered(&self) {
        let mut state = self.echoes.state();
        if state.answered.len() >= REMEMBERED {
            state.answered.pop_front();
        }
        state.answered.push_back(self.key.clone());
    }

    /// Waits no more; under which id it came back, if it did. From now on its echo tells something.
    pub fn came(self) -> Option<String> {
        self.echoes.state().waiting.remove(&self.key).flatten()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.echoes.state().waiting.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_that_comes_back_is_kept_for_whoever_waits_for_its_answer() {
        let echoes = Echoes::default();
        let waiting = echoes.begins("a");
        assert!(echoes.came("a", "1"));
        assert_eq!(waiting.came(), Some("1".to_owned()));
        assert_eq!(echoes.begins("b").came(), None);
        // Nobody waits any more, and nobody knows.
        assert!(!echoes.came("a", "1") && !echoes.came("b", "2"));
    }

    #[test]
    fn one_that_comes_back_after_its_answer_is_no_news_and_one_from_elsewhere_is() {
        let echoes = Echoes::default();
        echoes.begins("a").answered();
        assert!(echoes.came("a", "1") && !echoes.came("b", "2"));
        for number in 0..REMEMBERED {
            echoes.begins(&number.to_string()).answered();
        }
        assert!(!echoes.came("a", "1"));
    }
}
