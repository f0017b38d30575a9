//! The sentences that only Discord shows: its commands and modals, and how it warns whoever cannot be told in private.

use super::Inline;
use crate::store::fixes::Breadth;

/// At the end of a reply that is longer than Discord takes.
#[must_use]
pub fn left_out() -> Inline {
    Inline::parse("There is more than fits here; `npmfix explain` on the log shows all of it.")
}

/// In a channel, about a secret whose author takes no direct messages. Neither of the two is named.
#[must_use]
pub fn secret_in_channel() -> Inline {
    Inline::plain("The message above holds something secret. Revoke it, then delete the message; I keep no copy.")
}

/// The label of the button below that.
#[must_use]
pub fn how_to_revoke() -> &'static str {
    "How to revoke"
}

/// Nothing is known any more about the secret in a message.
#[must_use]
pub fn no_secret_known() -> Inline {
    Inline::plain("The message was deleted or changed. If its secret still works, revoke it where it was made.")
}

/// The name of the command in a message's menu that explains it.
pub const EXPLAIN_THIS: &str = "Explain npm error";
/// The name of the command in a message's menu that saves it.
pub const SAVE_THIS: &str = "Save as our fix";

/// What `/npmfix` is.
#[must_use]
pub fn command() -> &'static str {
    "npm auth failures: explain one, save what helped, see what keeps coming back"
}

/// What an option of a command is; empty for one that is not known.
#[must_use]
pub fn option(name: &str) -> &'static str {
    match name {
        "text" => "The text",
        "file" => "A log, up to some megabytes",
        "who" => "Who sees a fix from a private channel",
        "for" => "What the fix is for",
        "words" => "Only fixes with these words",
        "fix" => "Which fix",
        "do" => "What to do with it",
        "error" => "Which error, such as v1-0123456789abcdef",
        "time" => "For how long, such as 2h or 3d, or which error",
        "switch" => "Whether to",
        "change" => "Such as: admins add @NAME",
        "whom" => "About whom",
        "yes" => "Say yes to delete it",
        "when" => "A day and a time, or off",
        "zone" => "In which time zone, such as Europe/Berlin",
        "about" => "Which command",
        _ => "",
    }
}

/// The heading of the modal that takes a long text.
#[must_use]
pub fn paste_title() -> &'static str {
    "Explain an npm error"
}

/// The label of its text.
#[must_use]
pub fn paste_label() -> &'static str {
    "The lines around `npm error`, with the URL"
}

/// The heading of the modal that takes a fix.
#[must_use]
pub fn save_title() -> &'static str {
    "Save our fix"
}

/// The label of its text.
#[must_use]
pub fn save_label() -> &'static str {
    "What helped"
}

/// The label of what it is for.
#[must_use]
pub fn breadth_label() -> &'static str {
    "What it is for"
}

/// What a fix can be for.
#[must_use]
pub fn breadth(breadth: Breadth) -> &'static str {
    match breadth {
        Breadth::Package => "This package",
        Breadth::Scope => "All packages of its scope",
        Breadth::Registry => "Everything on its registry",
    }
}

/// Who may see a fix from a private channel: those who read that channel, or everybody.
pub const SEEN_BY: [&str; 2] = ["Only people in this channel", "Everybody on this server"];

/// The heading of the modal that changes a fix.
#[must_use]
pub fn edit_title(id: &str) -> String {
    format!("Change fix {id}")
}

/// The file that came with a command cannot be read.
#[must_use]
pub fn no_file() -> Inline {
    Inline::plain("I cannot read that file. A plain text or a .gz of one works; so does pasting the lines.")
}

/// A saved fix that is offered while somebody types.
#[must_use]
pub fn fix_offer(id: i64, family: &str, target: &str, text: &str) -> String {
    let text: String = text.split_whitespace().take(20).collect::<Vec<_>>().join(" ");
    format!("#{id} {family} {target}: {text}")
}

/// `npmfix discord check`: whose token it is.
#[must_use]
pub fn is_bot(name: &str, application: &str) -> String {
    format!("The token is that of {name}, application {application}.")
}

/// Whether it can read messages.
#[must_use]
pub fn reads(content: bool) -> &'static str {
    if content {
        "It can read messages: `/npmfix watch` makes it answer by itself in a channel."
    } else {
        "It cannot read messages that are not meant for it: mentions, direct messages, commands and the menu of a message work, \
         `/npmfix watch` does not. To change that, turn on *Message Content Intent* in the developer portal, under Bot."
    }
}

/// Whether it may connect.
#[must_use]
pub fn may_sign_in(shards: u64, left: u64) -> String {
    let shards = if shards == 1 { "one shard".to_owned() } else { format!("{shards} shards") };
    match left {
        0 => "It has connected too often today; Discord lets it in again within 24 hours.".to_owned(),
        left => format!("Discord recommends {shards}; it may connect {left} times more today."),
    }
}

/// Where to add it to a server.
#[must_use]
pub fn invite(url: &str) -> String {
    format!("Add it to a server: {url}")
}
