//! What was asked for on the command line, and whether the aims were met.

use std::{process::ExitCode, time::Duration};

use super::bots::Contestant;

/// The arguments of a bench: words that narrow it down.
pub struct Asked(Vec<String>);

impl Asked {
    pub fn read() -> Self {
        Self(std::env::args().skip(1).filter(|argument| argument != "--bench").collect())
    }

    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|argument| argument == word)
    }

    /// Whether one of several things is to be measured: it is named, or none of them.
    pub fn wants(&self, word: &str, among: &[&str]) -> bool {
        self.has(word) || !among.iter().any(|other| self.has(other))
    }

    /// The same for a bot.
    pub fn wants_bot(&self, contestant: Contestant, rival: &str) -> bool {
        let word = match contestant {
            Contestant::Npmfix => "npmfix",
            Contestant::Probe => "probe",
            Contestant::Rival => rival,
        };
        self.wants(word, &["npmfix", "probe", rival])
    }

    /// How long the usual rate is measured, and each try of the search.
    pub fn lengths(&self) -> (Duration, Duration) {
        let (usual, short) = if self.has("quick") { (5, 3) } else { (25, 6) };
        (Duration::from_secs(usual), Duration::from_secs(short))
    }
}

/// Whether all aims were met so far.
pub struct Verdicts(bool);

impl Verdicts {
    pub fn new() -> Self {
        Self(true)
    }

    pub fn say(&mut self, what: &str, met: bool) {
        println!("{}: {what}", if met { "good" } else { "MISSED" });
        self.0 &= met;
    }

    pub fn code(&self) -> ExitCode {
        if self.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
