//! Every sentence about saved fixes on the command line.

use crate::store::fixes::{TEXT_LIMIT, TextError};

/// What an import did.
#[must_use]
pub fn imported(added: usize, changed: usize, same: usize) -> String {
    format!("{added} added, {changed} changed, {same} as they were")
}

/// Something about one line of a file.
#[must_use]
pub fn line(number: usize, what: &str) -> String {
    format!("line {number}: {what}")
}

/// Said with the first bad line: an import does everything or nothing.
#[must_use]
pub fn nothing_imported(line: &str) -> String {
    format!("{line}\nNothing was imported. Correct the line and import the file again.")
}

/// A line is no JSON object with the fields of a fix.
#[must_use]
pub fn not_a_fix(why: &str) -> String {
    format!("it is no saved fix ({why})")
}

/// A field holds what it cannot.
#[must_use]
pub fn bad_field(name: &str, expected: &str) -> String {
    format!("`{name}` must be {expected}")
}

/// A number stands for another fix.
#[must_use]
pub fn number_is_taken(id: i64) -> String {
    format!("fix {id} of this team was saved at another time; remove `id` to add this one under a new number")
}

/// A text cannot be saved.
#[must_use]
pub fn bad_text(error: TextError) -> String {
    match error {
        TextError::Empty => "the text is empty".to_owned(),
        TextError::TooLong => {
            format!("the text is longer than {TEXT_LIMIT} characters; put it on a page and save its link")
        }
    }
}

/// A secret stood in a text.
#[must_use]
pub fn secret_left_out(what: &str, revoke: &str) -> String {
    format!("{what} was left out of the text. {revoke}")
}

/// Fixes of private channels stay out of a file unless they are asked for.
#[must_use]
pub fn private_left_out(count: usize) -> String {
    format!("{count} kept to private channels are not in the file; `--private` adds them")
}

/// A team has no fix.
#[must_use]
pub fn none_saved(team: &str) -> String {
    format!("team {team} has no saved fix")
}

/// A file is longer than any team's fixes.
#[must_use]
pub fn file_too_long(limit: u64) -> String {
    format!("the file is longer than {} MB", limit / 1_000_000)
}
