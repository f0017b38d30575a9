//! Sentences about the commands themselves.

use super::Inline;
use crate::bot::grammar::{Misread, Problem};

/// A command and what it does.
#[must_use]
pub fn command(usage: &str, what: &str) -> Inline {
    Inline::parse(&format!("`/npmfix {usage}`: {what}"))
}

/// What else there is besides commands.
#[must_use]
pub fn choices() -> Inline {
    Inline::plain("Paste an error and I answer it; what stands under the answer can be chosen.")
}

/// What is wrong with a command.
#[must_use]
pub fn misread(misread: &Misread) -> Inline {
    let word = &misread.word;
    Inline::plain(&match misread.problem {
        Problem::Unknown => format!("I know no command \"{word}\"."),
        Problem::Choice(choices) => format!("\"{word}\" is none of: {}.", choices.join(", ")),
        Problem::Number => format!("\"{word}\" is no number."),
        Problem::Duration => format!("\"{word}\" is no time such as 2h or 3d."),
        Problem::When => format!(
            "I do not know what \"{word}\" is: a day, a time such as 09:00, a time zone such as Europe/Berlin or a #channel."
        ),
        Problem::TooLong => "That is longer than a year; without a time I stay silent until told otherwise.".to_owned(),
        Problem::Fingerprint => format!("\"{word}\" is no error's key; it looks like v1-0123456789abcdef."),
        Problem::Missing => "Something is missing behind the last word.".to_owned(),
        Problem::TooMuch => format!("I do not know what \"{word}\" is to mean here."),
    })
}

/// The word that was probably meant.
#[must_use]
pub fn nearest(word: &str) -> Inline {
    Inline::parse(&format!("Did you mean `{word}`?"))
}

/// How a command is written.
#[must_use]
pub fn usage(usage: &str) -> Inline {
    Inline::parse(&format!("It is written `/npmfix {usage}`."))
}
