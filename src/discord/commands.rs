//! The commands as Discord is told about them, and what somebody filled in → a line of the grammar. They are sent anew only when
//! they changed.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::wire::{Data, Given};
use crate::{answer::discord as said, bot::grammar::COMMANDS};

/// What kind of value an option takes.
#[derive(Clone, Copy)]
enum Takes {
    Text,
    File,
    /// A saved fix, offered while somebody types.
    Fix,
    /// A time zone, offered likewise.
    Zone,
    OneOf(&'static [&'static str]),
    /// The name of a command.
    Command,
}

/// An option of a subcommand.
struct Opt {
    name: &'static str,
    takes: Takes,
    required: bool,
}

const fn may(name: &'static str, takes: Takes) -> Opt {
    Opt { name, takes, required: false }
}

const fn must(name: &'static str, takes: Takes) -> Opt {
    Opt { name, takes, required: true }
}

/// The longest text that Discord takes as an option.
const TEXT: u64 = 6000;
/// The longest word or line.
const LINE: u64 = 200;
/// Discord's number for what an option takes.
const STRING: u64 = 3;
const FILE: u64 = 11;

/// The options of each command of the grammar. They stand in the order in which the grammar reads them.
fn options(command: &str) -> &'static [Opt] {
    const EXPLAIN: &[Opt] = &[may("text", Takes::Text), may("file", Takes::File)];
    const SAVE: &[Opt] = &[
        may("who", Takes::OneOf(&["team-wide"])),
        may("for", Takes::OneOf(&["package", "scope", "registry"])),
        may("text", Takes::Text),
    ];
    const FIX: &[Opt] = &[
        must("fix", Takes::Fix),
        may("do", Takes::OneOf(&["show", "edit", "delete", "history"])),
        may("text", Takes::Text),
    ];
    const FIXES: &[Opt] = &[may("words", Takes::Text)];
    const ERROR: &[Opt] = &[may("error", Takes::Text)];
    const MUTE: &[Opt] = &[may("time", Takes::Text)];
    const BOTS: &[Opt] = &[must("switch", Takes::OneOf(&["on", "off"]))];
    const SETTINGS: &[Opt] = &[may("change", Takes::Text)];
    const FORGET: &[Opt] = &[must("whom", Takes::OneOf(&["me", "team"])), may("yes", Takes::OneOf(&["yes"]))];
    const DIGEST: &[Opt] = &[may("when", Takes::Text), may("zone", Takes::Zone)];
    const HELP: &[Opt] = &[may("about", Takes::Command)];
    match command {
        "explain" => EXPLAIN,
        "save" => SAVE,
        "fix" => FIX,
        "fixes" => FIXES,
        "history" | "unmute" => ERROR,
        "mute" => MUTE,
        "bots" => BOTS,
        "settings" => SETTINGS,
        "forget" => FORGET,
        "digest" => DIGEST,
        "help" => HELP,
        _ => &[],
    }
}

fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMMANDS.iter().map(|(usage, what)| (usage.split(' ').next().unwrap_or_default(), *what))
}

/// All commands, as Discord is told: `/npmfix` with a subcommand for each of the grammar's, and two in a message's menu.
#[must_use]
pub fn all() -> Value {
    let subcommands: Vec<Value> = names()
        .map(|(name, what)| {
            let options: Vec<Value> = options(name).iter().map(option).collect();
            json!({ "type": 1, "name": name, "description": what, "options": options })
        })
        .collect();
    // In servers and in direct messages with the bot.
    let (contexts, installed) = (json!([0, 1]), json!([0]));
    let menu = |name| json!({ "type": 3, "name": name, "contexts": contexts, "integration_types": installed });
    json!([
        {
            "type": 1, "name": "npmfix", "description": said::command(), "options": subcommands,
            "contexts": contexts, "integration_types": installed,
        },
        menu(said::EXPLAIN_THIS),
        menu(said::SAVE_THIS),
    ])
}

fn option(option: &Opt) -> Value {
    let choice = |name: &&str| json!({ "name": name, "value": name });
    let mut json = json!({
        "type": if matches!(option.takes, Takes::File) { FILE } else { STRING },
        "name": option.name, "description": said::option(option.name), "required": option.required,
    });
    let (key, value) = match option.takes {
        Takes::File => return json,
        Takes::Text => ("max_length", json!(if option.name == "text" { TEXT } else { LINE })),
        Takes::Fix | Takes::Zone => ("autocomplete", json!(true)),
        Takes::OneOf(words) => ("choices", words.iter().map(choice).collect()),
        Takes::Command => ("choices", names().map(|(name, _)| choice(&name)).collect()),
    };
    if let Some(object) = json.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
    json
}

/// Changes whenever the commands do.
#[must_use]
pub fn hash() -> String {
    let hash = Sha256::digest(all().to_string());
    hash.iter().take(16).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A subcommand that somebody used, with what they gave.
#[derive(Debug, Clone, Copy)]
pub struct Used<'i, 'a> {
    /// Its name.
    pub name: &'i str,
    given: &'i [Given<'a>],
}

impl<'i, 'a> Used<'i, 'a> {
    /// The subcommand of an interaction.
    #[must_use]
    pub fn of(data: &'i Data<'a>) -> Option<Self> {
        let sub = data.options.0.first()?;
        Some(Self { name: sub.name.as_str(), given: &sub.options.0 })
    }

    /// What was given for an option.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'i str> {
        self.given.iter().find(|given| given.name.as_str() == name).and_then(|given| given.value.some())
    }

    /// What is being typed: for which option, and what there is of it.
    #[must_use]
    pub fn typed(&self) -> (&'i str, &'i str) {
        let typed = self.given.iter().find(|given| given.focused.0);
        typed.map_or(("", ""), |given| (given.name.as_str(), given.value.as_str()))
    }

    /// The line that says the same in the grammar.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = self.name.to_owned();
        for option in options(self.name).iter().filter(|option| !matches!(option.takes, Takes::File)) {
            let Some(value) = self.get(option.name) else { continue };
            line.push(' ');
            if self.name == "save" && option.name == "text" && self.get("for").is_none() {
                push_text(&mut line, value);
            } else {
                line.push_str(value);
            }
        }
        line
    }
}

/// Adds a text whose first word is no word of the grammar: the grammar reads one in quotes as text.
fn push_text(line: &mut String, text: &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    if ["team-wide", "package", "scope", "registry"].contains(&word.to_lowercase().as_str()) {
        line.extend(["\"", word, "\"", rest]);
    } else {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bot::grammar::{self, Command, FixAction},
        store::fixes::Breadth,
    };

    fn line(name: &str, given: &[(&str, &str)]) -> String {
        let options: Vec<Value> = given.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let json = json!({ "name": "npmfix", "options": [{ "name": name, "options": options }] }).to_string();
        let data: Data<'_> = serde_json::from_str(&json).unwrap();
        Used::of(&data).unwrap().line()
    }

    #[test]
    fn every_command_of_the_grammar_is_there_and_described() {
        let all = all();
        let subcommands = all[0]["options"].as_array().unwrap();
        assert_eq!(subcommands.len(), COMMANDS.len());
        for sub in subcommands {
            let mut optional = false;
            for option in sub["options"].as_array().unwrap() {
                assert_ne!(option["description"], "", "{option}");
                let required = option["required"].as_bool().unwrap();
                assert!(!(optional && required), "required options come first: {sub}");
                optional |= !required;
            }
        }
        assert!(all[0].to_string().len() < 8000);
    }

    #[test]
    fn what_was_filled_in_reads_as_a_line_of_the_grammar() {
        let read = |name, given: &[_]| grammar::parse(&line(name, given)).unwrap();
        assert_eq!(read("explain", &[("text", "npm ERR!")]), Command::Explain("npm ERR!".to_owned()));
        let fix = |action| Command::Fix { id: 3, action };
        assert_eq!(read("fix", &[("fix", "3")]), fix(FixAction::Show));
        assert_eq!(
            read("fix", &[("text", "x"), ("do", "edit"), ("fix", "3")]),
            fix(FixAction::Edit(Some("x".to_owned())))
        );
        assert_eq!(read("forget", &[("yes", "yes"), ("whom", "me")]), grammar::parse("forget me yes").unwrap());
        assert_eq!(read("history", &[]), Command::History { fingerprint: None });
        let said = grammar::parse("digest on friday 16:00 Europe/Berlin").unwrap();
        assert_eq!(read("digest", &[("zone", "Europe/Berlin"), ("when", "on friday 16:00")]), said);
        assert_eq!(read("digest", &[("zone", "Asia/Tokyo")]), grammar::parse("digest on Asia/Tokyo").unwrap());
        for (name, _) in names() {
            if options(name).iter().all(|option| !option.required) && name != "explain" {
                read(name, &[]);
            }
        }
    }

    #[test]
    fn a_fix_that_begins_with_a_word_of_the_grammar_stays_whole() {
        let text = |line: &str| match grammar::parse(line).unwrap() {
            Command::Save(saving) => (saving.text.unwrap(), saving.breadth.map(Breadth::as_str)),
            other => panic!("{other:?}"),
        };
        let chosen = [("for", "scope"), ("text", "package it")];
        assert_eq!(text(&line("save", &chosen)), ("package it".to_owned(), Some("scope")));
        assert_eq!(text(&line("save", &[("text", "ask Ops")])), ("ask Ops".to_owned(), None));
        assert_eq!(text(&line("save", &[("text", "package it")])), ("\"package\" it".to_owned(), None));
    }
}
