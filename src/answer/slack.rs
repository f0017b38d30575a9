//! Sentences that only Slack needs.

use super::Inline;
use crate::store::fixes::Breadth;

/// At the end of a message that did not fit.
#[must_use]
pub fn cut() -> &'static str {
    "This is cut here: a Slack message holds no more."
}

/// The label of a menu that stands for buttons.
#[must_use]
pub fn choose() -> &'static str {
    "Choose"
}

/// The label of a link to where something was said.
#[must_use]
pub fn go_there() -> &'static str {
    "Go to that message"
}

/// A part of an answer that is labelled, without its label's colon.
#[must_use]
pub fn label(label: &str) -> String {
    format!("{label}: ")
}

/// The number of a step.
#[must_use]
pub fn step(number: usize) -> String {
    format!("{number}. ")
}

/// The bot has no token for the workspace in which it was asked.
#[must_use]
pub fn not_installed() -> Inline {
    Inline::plain("npmfix is not installed here any more. An admin of this workspace can install it again.")
}

/// A window could not be opened.
#[must_use]
pub fn no_window() -> Inline {
    Inline::plain("Slack did not open the window in time. Please try again.")
}

/// A window could not be opened, and trying again does not help.
#[must_use]
pub fn window_refused() -> Inline {
    Inline::parse(
        "Slack does not let me open a window here. `/npmfix save TEXT` and `/npmfix explain TEXT` work without one.",
    )
}

/// Something cannot be shared where people of other organisations read along.
#[must_use]
pub fn not_before_others() -> Inline {
    Inline::plain(
        "People of other organisations read this channel, and what your team knows is not shown to them. Nothing was shared.",
    )
}

/// Something cannot be shared where the bot is no member.
#[must_use]
pub fn invite_me() -> Inline {
    Inline::parse(
        "I am not in this channel, so I cannot share anything here. Invite me with `/invite @npmfix`, then choose \
         *Share to channel* again.",
    )
}

/// Nothing can be shared where the app may not ask who reads the channel.
#[must_use]
pub fn may_not_look(scope: &str) -> Inline {
    Inline::parse(&format!(
        "I may not ask Slack who reads this channel, so nothing was shared. It takes the scope `{scope}`: whoever manages this \
         app adds it under *OAuth & Permissions* and installs the app again; then choose *Share to channel* again."
    ))
}

/// Slack does not tell who would read what is shared.
#[must_use]
pub fn who_reads_this() -> Inline {
    Inline::plain("Slack did not tell me who reads this channel, so nothing was shared. Please try again.")
}

/// The title of windows that show something. At most 24 characters, as all titles.
#[must_use]
pub fn title() -> &'static str {
    "npmfix"
}

/// Closes a window that shows something.
#[must_use]
pub fn close() -> &'static str {
    "Close"
}

/// Closes a window without doing what it is for.
#[must_use]
pub fn cancel() -> &'static str {
    "Cancel"
}

/// The title of the window for a paste.
#[must_use]
pub fn explain_title() -> &'static str {
    "Explain an npm error"
}

/// Sends a paste.
#[must_use]
pub fn explain() -> &'static str {
    "Explain"
}

/// Over the field for a paste.
#[must_use]
pub fn paste_label() -> &'static str {
    "The error"
}

/// Below the field for a paste.
#[must_use]
pub fn paste_hint() -> &'static str {
    "The lines around \"npm error\", with the URL; at most 3,000 characters. Nobody but you sees the answer."
}

/// The title of the window for a fix.
#[must_use]
pub fn save_title() -> &'static str {
    "Save our fix"
}

/// Saves a fix.
#[must_use]
pub fn save() -> &'static str {
    "Save"
}

/// Over the field for a fix.
#[must_use]
pub fn fix_label() -> &'static str {
    "What fixed it"
}

/// Below the field for a fix.
#[must_use]
pub fn fix_hint() -> &'static str {
    "Write it for the next one who meets this error. Secrets are removed; a link to a page is fine."
}

/// Which error a fix is saved for.
#[must_use]
pub fn fix_for(family: &str, title: &str) -> Inline {
    Inline::plain(&format!("For {family}: {}", title.trim_end_matches('.')))
}

/// Over the choice of what a fix is for.
#[must_use]
pub fn breadth_label() -> &'static str {
    "When to show it"
}

/// What a fix can be for.
#[must_use]
pub fn breadth(breadth: Breadth, value: &str) -> String {
    match breadth {
        Breadth::Package => format!("Only the package {value}"),
        Breadth::Scope => format!("Every package of {value}"),
        Breadth::Registry => format!("Everything on {value}"),
    }
}

/// Where a fix will be seen.
#[must_use]
pub fn shown(family: &str, breadth: Breadth) -> String {
    match breadth {
        Breadth::Package => format!("Stands first when {family} comes back for it."),
        Breadth::Scope => format!("Stands first when {family} comes back for any of them."),
        Breadth::Registry => format!("Stands first when {family} comes back from there."),
    }
}

/// A fix saved in a channel that everybody can read.
#[must_use]
pub fn shown_to_all() -> Inline {
    Inline::plain("The whole team sees it, in whichever channel the error comes back.")
}

/// A fix saved in a private channel.
#[must_use]
pub fn shown_here() -> Inline {
    Inline::plain("This channel is private: the fix is shown only here, unless you tick the last box.")
}

/// A fix saved in a channel that people of other organisations read.
#[must_use]
pub fn shown_to_who_asks() -> Inline {
    Inline::parse(
        "People of other organisations read this channel: the fix stands in no answer here. Whoever asks with `/npmfix fixes` in \
         this channel finds it.",
    )
}

/// The label of the tick that gives a private channel's fix to the whole team.
#[must_use]
pub fn team_label() -> &'static str {
    "Who sees it"
}

/// That tick.
#[must_use]
pub fn team_tick() -> &'static str {
    "Show it to the whole team, not only in this channel"
}

/// There is no text in a message.
#[must_use]
pub fn no_text() -> Inline {
    Inline::plain("There is no text in this message that I can read. Copy the error into a message, or use the window.")
}

/// The label of the button that opens the window for a paste.
#[must_use]
pub fn explain_button() -> &'static str {
    "Explain an error"
}
