//! Every sentence of the conversation around an answer.

use jiff::{Timestamp, tz::TimeZone};

use crate::answer::Inline;

/// The label of *That fixed it*.
#[must_use]
pub fn fixed() -> &'static str {
    "That fixed it"
}

/// The label of *Didn't help*.
#[must_use]
pub fn unhelpful() -> &'static str {
    "Didn't help"
}

/// The label of *Save our fix*.
#[must_use]
pub fn save() -> &'static str {
    "Save our fix"
}

/// Under an answer that nobody reacted to.
#[must_use]
pub fn did_it_help() -> Inline {
    Inline::plain("Did that fix it?")
}

/// The label for *That fixed it* there.
#[must_use]
pub fn yes() -> &'static str {
    "Yes"
}

/// The label for *Didn't help* there.
#[must_use]
pub fn no() -> &'static str {
    "No"
}

/// The label for *Save our fix* there.
#[must_use]
pub fn what_fixed_it() -> &'static str {
    "What fixed it"
}

/// To whoever resolved an error that keeps coming back; nothing is saved for it.
#[must_use]
pub fn save_what_you_did() -> Inline {
    Inline::parse(
        "Good. This error keeps coming back and nothing is saved for it: save what you did with *Save our fix* under the \
         answer, or with `/npmfix save TEXT`.",
    )
}

/// To the author of a fix that failed twice in a row.
#[must_use]
pub fn look_at_your_fix(id: i64) -> Inline {
    Inline::parse(&format!(
        "Fix {id}, which you saved, did not help twice in a row. Please look at it again: `/npmfix fix {id} edit TEXT` \
         changes it, `/npmfix fix {id} delete` deletes it."
    ))
}

/// The label of *Not an npm problem*.
#[must_use]
pub fn not_npm() -> &'static str {
    "Not an npm problem"
}

/// The label of *Share to channel*.
#[must_use]
pub fn share() -> &'static str {
    "Share to channel"
}

/// Who shared what stands above.
#[must_use]
pub fn shared_by(name: &str) -> Inline {
    Inline::plain(&format!("Shared by {}.", if name.trim().is_empty() { "somebody" } else { name }))
}

/// To whoever shared.
#[must_use]
pub fn shared() -> Inline {
    Inline::plain("Shared.")
}

/// The bot was let into a channel.
#[must_use]
pub fn hello_here() -> Inline {
    Inline::parse(
        "Hello. Paste an npm, pnpm, Yarn or Bun auth failure here, and I answer in its thread. I keep no messages. \
         `/npmfix mute` silences me in this channel, `/npmfix help` says what else I do.",
    )
}

/// The bot was let into a server whose channels it does not read yet.
#[must_use]
pub fn hello_server() -> Inline {
    Inline::parse(
        "Hello. Mention me with an npm, pnpm, Yarn or Bun auth failure, or use `/npmfix explain`. `/npmfix watch` in a channel \
         lets me answer there by myself, `/npmfix help` says what else I do.",
    )
}

/// The label of *Dismiss*.
#[must_use]
pub fn dismiss() -> &'static str {
    "Dismiss"
}

/// The heading over the team's own fix.
#[must_use]
pub fn our_fix() -> &'static str {
    "What fixed it here before"
}

/// Who saved a fix and how it did.
#[must_use]
pub fn saved_by(id: i64, author: &str, saved: Timestamp, helped: i64) -> Inline {
    let author = if author.trim().is_empty() { "somebody" } else { author };
    let helped = match helped {
        0 => "nobody has said yet whether it helped".to_owned(),
        1 => "it helped once".to_owned(),
        times => format!("it helped {times} times"),
    };
    // A name is shown as it is, backticks and all.
    Inline::plain(&format!("Fix {id}, saved by {author} on {}; {helped}.", date(saved)))
}

/// A saved fix that is named but does not lead.
#[must_use]
pub fn also_saved(id: i64) -> Inline {
    Inline::parse(&format!("Fix {id} of this team is for the same target, but for another cause: `/npmfix fix {id}`"))
}

/// How often the team met the error. `times` counts this time. `resolved`: since when it was taken for fixed, if it was.
#[must_use]
pub fn seen_before(times: i64, last: Timestamp, resolved: Option<Timestamp>) -> Inline {
    let back =
        resolved.map(|at| format!(" It is back: since {} it was taken for fixed.", date(at))).unwrap_or_default();
    Inline::plain(&format!("Seen {times} times in this team, last on {}.{back}", date(last)))
}

/// Nobody has saved a fix for an error that keeps coming back.
#[must_use]
pub fn invite() -> Inline {
    Inline::plain("No fix is saved for it yet. When you find one, save it: next time it stands here first.")
}

/// Another failure in the same text.
#[must_use]
pub fn also_here(code: &str, title: &str, line: u64) -> Inline {
    Inline::plain(&format!("Also in this text, line {line}: {code}, {}", title.trim_end_matches('.')))
}

/// The heading over other failures when there are too many to list.
#[must_use]
pub fn more_failures(count: usize) -> Inline {
    Inline::parse(&format!("And {count} more; `npmfix explain` on the whole log shows them all."))
}

/// The same error, answered here a short time ago.
#[must_use]
pub fn answered_already(minutes: i64) -> Inline {
    let ago = match minutes {
        ..=0 => "just now".to_owned(),
        1 => "a minute ago".to_owned(),
        m if m < 120 => format!("{m} minutes ago"),
        m => format!("{} hours ago", m / 60),
    };
    Inline::plain(&format!("I answered this error here {ago}."))
}

/// What stands under [`answered_already`] when a fix was saved after that answer.
#[must_use]
pub fn saved_since(id: i64) -> Inline {
    Inline::parse(&format!("A fix for it was saved since then: `/npmfix fix {id}`"))
}

/// Somebody said that it fixed it.
#[must_use]
pub fn marked_fixed() -> Inline {
    Inline::plain("Marked as fixed.")
}

/// It is fixed, and the team has nothing saved for it.
#[must_use]
pub fn fixed_so_save() -> Inline {
    Inline::plain("If it took more than the steps above, save what you did, so that the next one finds it here.")
}

/// Nothing is left to try.
#[must_use]
pub fn nothing_left() -> Inline {
    Inline::parse(
        "These were all the causes that fit this text. Run the command again with `--loglevel http` and paste what it \
         prints: it shows who answered what.",
    )
}

/// After *Not an npm problem*.
#[must_use]
pub fn not_npm_noted(fingerprint: &str) -> Inline {
    Inline::parse(&format!(
        "Taken back: not an npm problem. I stay silent about this error in this channel; `/npmfix unmute {fingerprint}` \
         ends that."
    ))
}

/// The paste was edited and holds no failure any more.
#[must_use]
pub fn no_error_any_more() -> Inline {
    Inline::plain("The message above was edited and holds no npm auth failure any more.")
}

/// The paste is gone, and with it what the answer was made from.
#[must_use]
pub fn paste_gone() -> Inline {
    Inline::plain("The message that this was about was deleted, so this can no longer be changed.")
}

/// Somebody addressed the bot, and there is nothing to explain.
#[must_use]
pub fn nothing_to_explain() -> Inline {
    Inline::parse(
        "I find no npm, pnpm, Yarn or Bun auth failure in this. Paste the lines around `npm error`, with the URL; \
         `/npmfix help` says what else I can do.",
    )
}

/// A secret was pasted; only its author sees this.
#[must_use]
pub fn secret_pasted(what: &str, count: u32, revoke: &str) -> Inline {
    let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
    Inline::parse(&format!(
        "Your message holds {what}{times}. Whoever can read the channel can use it. {revoke} Then delete the message. I \
         keep no copy."
    ))
}

/// A choice under an answer that is not there any more.
#[must_use]
pub fn choice_gone() -> Inline {
    Inline::plain("This answer is closed, so nothing was changed.")
}

/// Only some may do this.
#[must_use]
pub fn not_allowed() -> Inline {
    Inline::plain("Only who asked, or an admin, can remove an answer.")
}

/// A day, in UTC.
#[must_use]
pub fn date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string()
}

/// Over an answer that has changed, where a platform cannot change what it has shown.
#[must_use]
pub fn changed_here() -> &'static str {
    "(changed)"
}

/// In place of an answer that was removed, where a platform cannot remove what it has shown.
#[must_use]
pub fn removed_here() -> &'static str {
    "(removed)"
}

/// Over what only one person sees, where everybody reads the same screen.
#[must_use]
pub fn only_you() -> &'static str {
    "(to you alone)"
}

/// What the terminal says first.
#[must_use]
pub fn welcome(database: &str) -> String {
    format!(
        "remembering in {database}\nPaste an error and end it with an empty line. `/npmfix help` says what else there \
         is; a number chooses what stands under an answer; /quit ends.\n"
    )
}

/// A number under which nothing stands.
#[must_use]
pub fn no_such_number(number: usize) -> Inline {
    Inline::plain(&format!("Nothing with the number {number} stands under the last answer."))
}

/// Somebody is to write down their fix.
#[must_use]
pub fn write_your_fix() -> Inline {
    Inline::parse(
        "Write what fixed it, and end with an empty line. Begin with `package`, `scope` or `registry` to say how far it holds.",
    )
}

/// Something went wrong on our side; the details are in the log.
#[must_use]
pub fn trouble() -> Inline {
    Inline::plain("That did not work, and it is not your doing. Please try again in a minute.")
}
