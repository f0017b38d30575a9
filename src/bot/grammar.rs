//! What people may tell npmfix, in one grammar for every platform.
//!
//! Commands are read from the first few words, in any case; what follows is text and is kept as it was written. A word ends
//! at a blank, whichever of Unicode's it is; characters that nobody can see are no part of a word.

use jiff::SignedDuration;

pub use super::command::{Command, Digest, FixAction, Forget, Misread, Mode, Problem, Saving, Sharing};
use super::{
    when,
    words::{Words, cut},
};
use crate::store::fixes::{Breadth, TEXT_LIMIT};

/// How each command is written, and what it does.
pub const COMMANDS: &[(&str, &str)] = &[
    ("explain TEXT", "Explain an error."),
    (
        "save [team-wide] [package|scope|registry] TEXT",
        "Save what helped, to show it when the error comes back; `team-wide` from a private channel, too.",
    ),
    ("fixes [WORDS]", "List the saved fixes, or those that hold these words."),
    ("fix NUMBER [edit TEXT|delete|history]", "Show, change or delete a saved fix, or show what it said before."),
    ("history [ERROR]", "Show when an error was met; ERROR looks like v1-0123456789abcdef."),
    ("stats", "Show how many errors were met, answered and fixed."),
    ("watch", "Answer every error in this channel."),
    ("mention", "Answer in this channel only when mentioned."),
    ("off", "Answer nothing but commands in this channel."),
    ("mute [TIME|ERROR]", "Be silent here: until unmuted, for a time such as 2h or 3d, or about one error."),
    ("unmute [ERROR]", "Speak here again, about everything or about one error."),
    ("bots on|off", "Say whether posts of other bots are answered here."),
    ("settings [NAME VALUE]", "Show or change the settings of the team."),
    ("forget me|team [yes]", "Delete what is stored about you, or everything about the team."),
    (
        "digest [on DAY TIME ZONE #CHANNEL|off|now|preview]",
        "Have a weekly report, such as `on monday 09:00 Europe/Berlin`; without more, show when it comes.",
    ),
    ("help [COMMAND]", "Show the commands, or more about one."),
];

/// Bytes that are looked at, but of a text to explain, which may have come as a file: no chat lets anybody write more.
pub const INPUT_LIMIT: usize = 1 << 20;
/// Characters of a fix before its secrets are removed, which can be far longer than what is written instead of them.
pub const RAW_FIX_LIMIT: usize = 4 * TEXT_LIMIT;
/// Characters to search for: a line that somebody types.
pub const LINE_LIMIT: usize = 200;
/// Words behind `settings`: a name, and a value of a few words.
pub const SETTINGS_LIMIT: usize = 8;
/// The longest time to be silent for; for longer than a year, `mute` has no end.
pub const LONGEST_MUTE: SignedDuration = SignedDuration::from_hours(366 * 24);

const ACTIONS: &[&str] = &["show", "edit", "delete", "history"];
const SWITCH: &[&str] = &["on", "off"];
const TEAM_WIDE: &str = "team-wide";
const WHOM: &[&str] = &["me", "team"];
const CONFIRM: &[&str] = &["yes"];
const NAMES: [&str; 3] = ["npmfix", "@npmfix", "/npmfix"];

/// Reads a command. It may begin with `/npmfix`, `npmfix` or `@npmfix`; nothing at all asks for help.
pub fn parse(text: &str) -> Result<Command, Misread> {
    let (mut words, mut word) = begin(text.get(..text.floor_char_boundary(INPUT_LIMIT)).unwrap_or_default());
    if word.as_deref() == Some("explain") {
        (words, word) = begin(text);
    }
    let Some(word) = word else { return Ok(Command::Help(None)) };
    let Some((name, usage)) = command(&word) else { return Err(unknown(word, None)) };
    Reader { words, usage }.read(name)
}

/// The first word after the bot's name, and what follows it.
fn begin(text: &str) -> (Words<'_>, Option<String>) {
    let mut words = Words::new(text);
    if words.peek().is_some_and(|word| NAMES.contains(&word.as_str())) {
        words.next();
    }
    let word = words.next();
    (words, word)
}

/// The command of this name with its usage.
fn command(word: &str) -> Option<(&'static str, &'static str)> {
    commands().find(|(name, _)| *name == word)
}

fn commands() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMMANDS.iter().map(|(usage, _)| (usage.split(' ').next().unwrap_or_default(), *usage))
}

fn unknown(word: String, usage: Option<&'static str>) -> Misread {
    let nearest = nearest(&word, commands().map(|(name, _)| name));
    Misread { word, nearest, problem: Problem::Unknown, usage }
}

/// The one of these words that is a slip of the finger away.
fn nearest(word: &str, from: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let slips = if word.chars().count() > 4 { 2 } else { 1 };
    let near = from.map(|name| (strsim::osa_distance(word, name), name)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, name)| *distance <= slips && *distance < name.len()).map(|(_, name)| name)
}

/// What follows the name of a command.
struct Reader<'a> {
    words: Words<'a>,
    usage: &'static str,
}

impl Reader<'_> {
    fn read(mut self, name: &str) -> Result<Command, Misread> {
        let command = match name {
            "explain" => {
                let text = self.words.rest();
                return if text.is_empty() { Err(self.missing()) } else { Ok(Command::Explain(text.to_owned())) };
            }
            "save" => return Ok(self.save()),
            "fixes" => return Ok(Command::Fixes { search: self.line() }),
            "fix" => self.fix()?,
            "history" => Command::History { fingerprint: self.fingerprint()? },
            "stats" => Command::Stats,
            "watch" => Command::Mode(Mode::Auto),
            "mention" => Command::Mode(Mode::Mention),
            "off" => Command::Mode(Mode::Off),
            "mute" => self.mute()?,
            "unmute" => Command::Unmute(self.fingerprint()?),
            "bots" => Command::Bots(self.choice(SWITCH)? == "on"),
            "settings" => Command::Settings(self.words.raw(SETTINGS_LIMIT)),
            "forget" => {
                let what = if self.choice(WHOM)? == "me" { Forget::Me } else { Forget::Team };
                let confirmed = self.words.peek().is_some() && self.choice(CONFIRM)? == "yes";
                Command::Forget { what, confirmed }
            }
            "digest" => Command::Digest(self.digest()?),
            _ => Command::Help(self.topic()?),
        };
        match self.words.next() {
            Some(word) => Err(self.misread(word, Problem::TooMuch)),
            None => Ok(command),
        }
    }

    fn misread(&self, word: String, problem: Problem) -> Misread {
        let nearest = match problem {
            Problem::Choice(choices) => nearest(&word, choices.iter().copied()),
            _ => None,
        };
        Misread { word, nearest, problem, usage: Some(self.usage) }
    }

    fn missing(&self) -> Misread {
        self.misread(String::new(), Problem::Missing)
    }

    fn choice(&mut self, choices: &'static [&'static str]) -> Result<&'static str, Misread> {
        let word = self.words.next().ok_or_else(|| self.missing())?;
        let found = choices.iter().copied().find(|choice| *choice == word);
        found.ok_or_else(|| self.misread(word, Problem::Choice(choices)))
    }

    fn line(&mut self) -> Option<String> {
        let line = cut(self.words.rest(), LINE_LIMIT);
        (!line.is_empty()).then(|| line.to_owned())
    }

    fn fix_text(&mut self) -> Option<String> {
        let text = cut(self.words.rest(), RAW_FIX_LIMIT);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A text that begins with one of these words is put in quotes.
    fn save(mut self) -> Command {
        let shared = self.words.peek_exact().is_some_and(|word| word == TEAM_WIDE);
        if shared {
            self.words.next();
        }
        let breadth = self.words.peek_exact().and_then(|word| Breadth::stored(&word));
        if breadth.is_some() {
            self.words.next();
        }
        let sharing = if shared { Sharing::Team } else { Sharing::Channel };
        Command::Save(Saving { text: self.fix_text(), breadth, sharing })
    }

    fn fix(&mut self) -> Result<Command, Misread> {
        let word = self.words.next().ok_or_else(|| self.missing())?;
        let number = word.strip_prefix('#').unwrap_or(&word).bytes().all(|b| b.is_ascii_digit());
        let id = word.trim_start_matches('#').parse().ok().filter(|id| number && *id > 0);
        let id = id.ok_or_else(|| self.misread(word, Problem::Number))?;
        let action = match self.words.peek() {
            None => FixAction::Show,
            Some(_) => match self.choice(ACTIONS)? {
                "edit" => {
                    let text = self.fix_text();
                    self.words.end();
                    FixAction::Edit(text)
                }
                "delete" => FixAction::Delete,
                "history" => FixAction::History,
                _ => FixAction::Show,
            },
        };
        Ok(Command::Fix { id, action })
    }

    fn fingerprint(&mut self) -> Result<Option<String>, Misread> {
        let Some(word) = self.words.next() else { return Ok(None) };
        if is_fingerprint(&word) { Ok(Some(word)) } else { Err(self.misread(word, Problem::Fingerprint)) }
    }

    fn mute(&mut self) -> Result<Command, Misread> {
        let Some(mut word) = self.words.next() else { return Ok(Command::Mute(None)) };
        if is_fingerprint(&word) {
            return Ok(Command::MuteError(word));
        }
        if word.bytes().all(|b| b.is_ascii_digit()) {
            // `2 hours`
            word.push_str(&self.words.next().unwrap_or_default());
        }
        match duration(&word) {
            Some(time) if time > LONGEST_MUTE => Err(self.misread(word, Problem::TooLong)),
            Some(time) => Ok(Command::Mute(Some(time))),
            None if word.starts_with("v1") => Err(self.misread(word, Problem::Fingerprint)),
            None => Err(self.misread(word, Problem::Duration)),
        }
    }

    /// `on` may be left out before a day, a time, a zone or a channel, which come in any order.
    fn digest(&mut self) -> Result<Digest, Misread> {
        let plain = match self.words.peek().as_deref() {
            None => Some(Digest::Show),
            Some("off") => Some(Digest::Off),
            Some("now") => Some(Digest::Now),
            Some("preview") => Some(Digest::Preview),
            Some("on") => {
                self.words.next();
                None
            }
            Some(_) => None,
        };
        if let Some(plain) = plain {
            self.words.next();
            return Ok(plain);
        }
        let (mut weekday, mut time, mut zone, mut channel) = (None, None, None, None);
        while let Some(word) = self.words.peek() {
            let raw = self.words.raw(1).pop().unwrap_or_default();
            if let (Some(day), None) = (when::weekday(&word), weekday) {
                weekday = Some(day);
            } else if let (Some(at), None) = (when::time(&word), time) {
                time = Some(at);
            } else if let (Some(to), None) = (when::channel(&raw), &channel) {
                channel = Some(to);
            } else if let (Some(name), None) = (when::zone(&raw), &zone) {
                zone = Some(name);
            } else if !when::FILLERS.contains(&word.as_str()) {
                return Err(self.misread(word, Problem::When));
            }
        }
        Ok(Digest::On { weekday, time, zone, channel })
    }

    fn topic(&mut self) -> Result<Option<String>, Misread> {
        let Some(word) = self.words.next() else { return Ok(None) };
        if command(&word).is_some() { Ok(Some(word)) } else { Err(unknown(word, Some(self.usage))) }
    }
}

/// As [`crate::classifier::fingerprint`] writes it, in this version or a later one.
fn is_fingerprint(word: &str) -> bool {
    let version = |v: &str| (1..=3).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_digit());
    let digits = |d: &str| d.len() == 16 && d.bytes().all(|b| b.is_ascii_hexdigit());
    word.strip_prefix('v').and_then(|w| w.split_once('-')).is_some_and(|(v, d)| version(v) && digits(d))
}

/// `90m`, `2h`, `3d`, `1w`, and the units in full.
fn duration(word: &str) -> Option<SignedDuration> {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let minutes = match unit {
        "m" | "min" | "mins" | "minute" | "minutes" => 1,
        "h" | "hour" | "hours" => 60,
        "d" | "day" | "days" => 24 * 60,
        "w" | "week" | "weeks" => 7 * 24 * 60,
        _ => return None,
    };
    let count = word.strip_suffix(unit)?;
    // More digits than a number holds are too long a time, not a wrong one.
    let count = count.parse::<i64>().or_else(|e| if count.is_empty() { Err(e) } else { Ok(i64::MAX) }).ok()?;
    let seconds = count.saturating_mul(minutes * 60);
    (seconds > 0).then(|| SignedDuration::from_secs(seconds))
}
