//! Which entries of the table are worth trying on a text: those of which a prefix is in it. One automaton looks for all of
//! them at once.

use std::sync::OnceLock;

use aho_corasick::automaton::Automaton as _;
use aho_corasick::automaton::StateID;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind, StartKind};

use super::pattern::Prefix;
use super::patterns;
use super::wraps::{frame, without_border};

/// The automaton walks so many parts of a text side by side: each step waits for the one before it, and a processor can wait
/// for several at once.
const LANES: usize = 4;

/// A frame and the blanks before it are taken to be no wider than this when a literal is looked for across a line break.
const BORDER: usize = 8;

/// A set of patterns, one bit for each by its place in the table.
pub(super) type Ranks = u64;

/// Stands beside the patterns for a word of one without what has to be around it: no reason to try the pattern, but one to
/// look at the text without its line breaks.
const WORD: Ranks = 1 << 63;

/// The patterns of which a prefix is in the text.
pub(super) fn search(hay: &[u8]) -> Ranks {
    prefilter().map_or(Ranks::MAX, |prefilter| prefilter.search(hay))
}

/// Whether a prefix may lie across one of the text's line breaks.
pub(super) fn broken(text: &[u8]) -> bool {
    prefilter().is_none_or(|prefilter| memchr::memchr_iter(b'\n', text).any(|newline| prefilter.across(text, newline)))
}

struct Prefilter {
    literals: DFA,
    /// By number of the literal: the prefix and the rank of its pattern.
    prefixes: Vec<(&'static Prefix, usize)>,
}

fn prefilter() -> Option<&'static Prefilter> {
    static PREFILTER: OnceLock<Option<Prefilter>> = OnceLock::new();
    PREFILTER.get_or_init(Prefilter::new).as_ref()
}

impl Prefilter {
    fn new() -> Option<Self> {
        let ranked = patterns().enumerate();
        let prefixes: Vec<_> =
            ranked.flat_map(|(rank, pattern)| pattern.prefixes.iter().map(move |prefix| (prefix, rank))).collect();
        let literals = DFA::builder()
            .match_kind(MatchKind::Standard)
            .start_kind(StartKind::Unanchored)
            .ascii_case_insensitive(true)
            .build(prefixes.iter().map(|(prefix, _)| prefix.text))
            .ok()?;
        Some(Self { literals, prefixes })
    }

    fn search(&self, hay: &[u8]) -> Ranks {
        let Ok(start) = self.literals.start_state(Anchored::No) else {
            return Ranks::MAX;
        };
        let mut ranks = 0;
        let part = hay.len() / LANES;
        let [mut one, mut two, mut three, mut four] = [start; LANES];
        let lane = |number: usize| hay.get(number * part..(number + 1) * part).unwrap_or_default();
        let lanes = lane(0).iter().zip(lane(1)).zip(lane(2)).zip(lane(3));
        for (at, (((first, second), third), fourth)) in lanes.enumerate() {
            one = self.literals.next_state(Anchored::No, one, *first);
            two = self.literals.next_state(Anchored::No, two, *second);
            three = self.literals.next_state(Anchored::No, three, *third);
            four = self.literals.next_state(Anchored::No, four, *fourth);
            let [a, b, c, d] = [one, two, three, four].map(|state| self.literals.is_match(state));
            if a || b || c || d {
                for (number, state) in [one, two, three, four].into_iter().enumerate() {
                    self.note(hay, state, number * part + at, &mut ranks);
                }
            }
        }
        // What begins in one lane may end in the next.
        let longest = self.literals.max_pattern_len();
        for (number, mut state) in [one, two, three, four].into_iter().enumerate() {
            let from = (number + 1) * part;
            let to = if number + 1 == LANES { hay.len() } else { hay.len().min(from + longest) };
            for at in from..to {
                let Some(&byte) = hay.get(at) else { break };
                state = self.literals.next_state(Anchored::No, state, byte);
                self.note(hay, state, at, &mut ranks);
            }
        }
        ranks
    }

    /// Takes down what the automaton found when the byte at `at` brought it to this state.
    fn note(&self, hay: &[u8], state: StateID, at: usize, ranks: &mut Ranks) {
        if !self.literals.is_match(state) {
            return;
        }
        for index in 0..self.literals.match_len(state) {
            let found = self.literals.match_pattern(state, index);
            let Some((prefix, rank)) = self.prefixes.get(found.as_usize()) else {
                continue;
            };
            if *ranks >> rank & 1 == 0 {
                let holds = prefix.holds(hay, at + 1 - prefix.text.len()..at + 1);
                *ranks |= if holds { 1 << rank } else { WORD * Ranks::from(prefix.is_word()) };
            }
        }
    }

    /// Whether a literal begins in the line above and ends in the line below, or an escape of one may.
    fn across(&self, text: &[u8], newline: usize) -> bool {
        let longest = self.literals.max_pattern_len();
        let above = text.get(newline.saturating_sub(longest + BORDER)..newline).unwrap_or_default();
        let above = without_border(above);
        let above = above.get((above.len() + 1).saturating_sub(longest)..).unwrap_or_default();
        let below = text.get(newline + 1..).unwrap_or_default();
        let below = below.get(frame(below)..).unwrap_or_default();
        let (Some(&last), Some(&first)) = (above.last(), below.first()) else {
            return false;
        };
        if last == b'%' || above.iter().nth_back(1) == Some(&b'%') {
            return true;
        }
        if last.is_ascii_whitespace() || !first.is_ascii_graphic() {
            return false;
        }
        let Ok(start) = self.literals.start_state(Anchored::No) else {
            return true;
        };
        let next = |state, byte: &u8| self.literals.next_state(Anchored::No, state, *byte);
        let mut state = above.iter().fold(start, next);
        if state == start {
            return false;
        }
        for (at, byte) in below.iter().take(longest).enumerate() {
            state = next(state, byte);
            if state == start {
                return false;
            }
            if self.literals.is_match(state) {
                let found = (0..self.literals.match_len(state)).map(|index| self.literals.match_pattern(state, index));
                let mut lengths = found.map(|pattern| self.literals.pattern_len(pattern));
                if lengths.any(|length| length > at + 1) {
                    return true;
                }
            }
        }
        false
    }
}
