//! Sentences about saving and looking after fixes.

use jiff::Timestamp;

use crate::{
    answer::{Inline, reply::words::date},
    redact,
};

/// Something was saved as the team's fix.
#[must_use]
pub fn saved(id: i64, breadth: &str, value: &str, family: &str) -> Inline {
    Inline::parse(&format!(
        "Saved as fix {id}, for {family} on the {breadth} `{value}`. It stands first when that comes back. \
         `/npmfix fix {id} edit` changes it."
    ))
}

/// A fix that was saved in a private channel.
#[must_use]
pub fn kept_to_the_channel() -> Inline {
    Inline::plain("It is shown in this channel only.")
}

/// How a fix of a private channel becomes everybody's.
#[must_use]
pub fn save_team_wide() -> Inline {
    Inline::parse("`/npmfix save team-wide TEXT` shows a fix to the whole team.")
}

/// There is no answer to which a fix could belong.
#[must_use]
pub fn nothing_to_save_for() -> Inline {
    Inline::plain("There is no answer in this channel that a fix could belong to. Paste the error first.")
}

/// The error has no such key.
#[must_use]
pub fn no_such_breadth(breadth: &str) -> Inline {
    Inline::plain(&format!("The text does not show which {breadth} this was about, so a fix cannot be saved for it."))
}

/// A fix without a text.
#[must_use]
pub fn say_what_helped() -> Inline {
    Inline::parse("Write what fixed it behind the command: `/npmfix save TEXT`.")
}

/// A form for a fix without a text.
#[must_use]
pub fn fix_is_empty() -> Inline {
    Inline::plain("Write what fixed it.")
}

/// Over the list of fixes.
#[must_use]
pub fn fixes_heading() -> &'static str {
    "Saved fixes"
}

/// A change without a text.
#[must_use]
pub fn say_how_to_change(id: i64) -> Inline {
    Inline::parse(&format!("Write what it should say behind the command: `/npmfix fix {id} edit TEXT`."))
}

/// A fix with too long a text.
#[must_use]
pub fn fix_too_long(limit: usize) -> Inline {
    Inline::plain(&format!("That is too long: {limit} characters at most. Save a link to the rest."))
}

/// Secrets were in what somebody wrote.
#[must_use]
pub fn secret_removed(kind: &str) -> Inline {
    let (what, revoke) = redact::pattern(kind).map_or((kind, ""), |p| (p.what, p.revoke));
    Inline::parse(&format!("Your text held {what}. It was removed and is stored nowhere here. {revoke}"))
}

/// The team has saved nothing yet.
#[must_use]
pub fn no_fixes() -> Inline {
    Inline::parse(
        "No fix is saved. *Save our fix* under an answer, or `/npmfix save TEXT` after one, saves what helped.",
    )
}

/// Nothing saved holds these words.
#[must_use]
pub fn no_fixes_with(words: &str) -> Inline {
    Inline::plain(&format!("No saved fix holds \"{}\".", words.chars().take(60).collect::<String>()))
}

/// A fix in a list.
#[must_use]
pub fn fix_line(id: i64, family: &str, value: &str, text: &str) -> Inline {
    let first = text.lines().next().unwrap_or_default();
    let short: String = first.chars().take(80).collect();
    let more = if short.len() < text.len() { " …" } else { "" };
    Inline::plain(&format!("{id}: {family}, {value}: {short}{more}"))
}

/// What a fix is for.
#[must_use]
pub fn fix_is_for(id: i64, family: &str, breadth: &str, value: &str) -> Inline {
    Inline::parse(&format!("Fix {id}, for {family} on the {breadth} `{value}`"))
}

/// How a fix did.
#[must_use]
pub fn fix_record(uses: i64, helped: i64, failed: i64) -> Inline {
    let times = |n: i64| if n == 1 { "once".to_owned() } else { format!("{n} times") };
    let failed = if failed > 0 { format!(" It has not helped {} since.", times(failed)) } else { String::new() };
    Inline::plain(&format!("Shown {}, helped {}.{failed}", times(uses), times(helped)))
}

/// It is kept to the channel where it was saved.
#[must_use]
pub fn fix_is_private() -> Inline {
    Inline::plain("It was saved in a private channel and is shown only here.")
}

/// There is no such fix.
#[must_use]
pub fn no_such_fix(id: i64) -> Inline {
    Inline::parse(&format!("There is no fix {id} here. `/npmfix fixes` lists them."))
}

/// Only some may change a fix.
#[must_use]
pub fn not_your_fix() -> Inline {
    Inline::plain("Only who saved a fix, or an admin, changes or deletes it.")
}

/// A fix was changed.
#[must_use]
pub fn fix_changed(id: i64) -> Inline {
    Inline::parse(&format!("Fix {id} is changed. `/npmfix fix {id} history` shows what it said before."))
}

/// A fix says that already.
#[must_use]
pub fn fix_unchanged(id: i64) -> Inline {
    Inline::plain(&format!("Fix {id} says that already."))
}

/// A fix was deleted.
#[must_use]
pub fn fix_deleted(id: i64) -> Inline {
    Inline::plain(&format!("Fix {id} is deleted, with all that it said before."))
}

/// What a fix said before.
#[must_use]
pub fn edition(editor: &str, at: Timestamp) -> Inline {
    let editor = if editor.is_empty() { "somebody" } else { editor };
    Inline::plain(&format!("Until {editor} changed it on {}:", date(at)))
}

/// A fix was never changed.
#[must_use]
pub fn never_changed(id: i64) -> Inline {
    Inline::plain(&format!("Fix {id} was never changed."))
}
