//! What people may tell npmfix, once it is read.

use jiff::{
    SignedDuration,
    civil::{Time, Weekday},
};

use crate::{message::ChannelId, store::fixes::Breadth};

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Explain this text, whatever the channel's mode.
    Explain(String),
    /// Save what helped.
    Save(Saving),
    /// List the saved fixes.
    Fixes {
        /// Only those that hold these words.
        search: Option<String>,
    },
    /// Do something with one saved fix.
    Fix {
        /// Its number in the team.
        id: i64,
        /// What to do.
        action: FixAction,
    },
    /// Tell when an error was met.
    History {
        /// Which one; absent: the one that is talked about, or the last ones.
        fingerprint: Option<String>,
    },
    /// Tell the numbers.
    Stats,
    /// Set how much of the channel is read.
    Mode(Mode),
    /// Be silent in this channel for a time, or until told otherwise.
    Mute(Option<SignedDuration>),
    /// Speak again, about everything or about one error.
    Unmute(Option<String>),
    /// Never answer this error in this channel.
    MuteError(String),
    /// Whether posts of other bots are answered.
    Bots(bool),
    /// Show the team's settings, or change them: the words that follow.
    Settings(Vec<String>),
    /// Delete what is stored about somebody.
    Forget {
        /// About whom.
        what: Forget,
        /// Whether `yes` was said.
        confirmed: bool,
    },
    /// Do something about the weekly digest.
    Digest(Digest),
    /// Tell the commands, or more about one.
    Help(Option<String>),
}

impl Command {
    /// Whether it depends on what its author may do. An adapter that has to ask for that need not ask for any other.
    #[must_use]
    pub fn needs_rights(&self) -> bool {
        match self {
            Self::Settings(words) => !words.is_empty(),
            Self::Forget { what, .. } => *what == Forget::Team,
            Self::Fix { action, .. } => matches!(action, FixAction::Edit(_) | FixAction::Delete),
            _ => false,
        }
    }
}

/// What somebody saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// What helped; without it, they are asked for it.
    pub text: Option<String>,
    /// What it is for; absent: npmfix chooses.
    pub breadth: Option<Breadth>,
    /// Who may see it.
    pub sharing: Sharing,
}

/// Who may see a fix that is saved in a private channel. What is saved in a public one is everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Those who read the channel.
    Channel,
    /// The whole team.
    Team,
}

/// What to do with one saved fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixAction {
    /// Show it.
    Show,
    /// Change it to this text; without one, ask for it.
    Edit(Option<String>),
    /// Delete it.
    Delete,
    /// Show what it said before.
    History,
}

/// What to do about the weekly digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// Tell when it comes.
    Show,
    /// Have it come. What is not said stays as it was.
    On {
        /// On which day.
        weekday: Option<Weekday>,
        /// At what time.
        time: Option<Time>,
        /// In which time zone, by its IANA name.
        zone: Option<String>,
        /// To which channel.
        channel: Option<ChannelId>,
    },
    /// Have none.
    Off,
    /// Post it at once.
    Now,
    /// Show it to whoever asks.
    Preview,
}

/// How much of a channel is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything.
    Auto,
    /// What is meant for npmfix.
    Mention,
    /// Nothing but commands.
    Off,
}

/// About whom to forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forget {
    /// Whoever asks.
    Me,
    /// The whole team.
    Team,
}

/// A command that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The word that is wrong, in lower case, short and free of invisible characters; empty when one is missing.
    pub word: String,
    /// The word that was probably meant.
    pub nearest: Option<&'static str>,
    /// What is wrong.
    pub problem: Problem,
    /// How the command is written, once it is known which one it is.
    pub usage: Option<&'static str>,
}

/// What is wrong with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// No command is called that.
    Unknown,
    /// It is none of these.
    Choice(&'static [&'static str]),
    /// A number from 1 is expected.
    Number,
    /// A time such as `2h` or `3d` is expected.
    Duration,
    /// The time is longer than [`super::grammar::LONGEST_MUTE`].
    TooLong,
    /// A day, a time, a time zone or a channel is expected.
    When,
    /// `v1-` and sixteen hexadecimal digits are expected.
    Fingerprint,
    /// Something is missing behind the last word.
    Missing,
    /// Nothing is expected here.
    TooMuch,
}
