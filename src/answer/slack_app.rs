//! What Slack tells people about the app: the words in its manifest. Slack limits most of them; the limits stand beside them.

/// What the app is, in 140 characters.
pub const DESCRIPTION: &str =
    "Explains npm, pnpm, Yarn and Bun auth errors where they are pasted, and remembers what fixed them in your team.";

/// The command, in a line.
pub const COMMAND: &str = "Explain an npm auth error, save what fixed it, or ask what was met";

/// What can follow the command, in 1,000 characters.
pub const COMMAND_HINT: &str = "help | explain TEXT | save TEXT | fixes | history | stats | mute";

/// A shortcut under a message: its name in 24 characters, what it does in 150.
pub const EXPLAIN: (&str, &str) = ("Explain npm error", "Explain the npm error in this message, to you alone");

/// The other shortcut under a message.
pub const SAVE: (&str, &str) = ("Save as our fix", "Keep this message as what fixed the npm error of its thread");

/// The shortcut beside the message field.
pub const PASTE: (&str, &str) =
    ("Explain a pasted error", "Paste an npm error and get its cause and the commands that fix it, to you alone");

/// What the app is, in 175 to 4,000 characters.
#[must_use]
pub fn about(hears_channels: bool) -> String {
    let hears = if hears_channels {
        "It reads along in the channels that it is invited to, and answers only there, in the thread of the paste."
    } else {
        "It reads nothing but what is said to it: when somebody mentions it, uses its shortcuts or its command."
    };
    format!(
        "Somebody pastes an npm, pnpm, Yarn or Bun authentication failure, a 401 or a 403, and npmfix answers with the most likely \
         cause, the exact commands that fix it for this registry and package, and one check that proves it. The team can save what \
         really helped; the next time the same error comes up, that stands first. Once a week it tells which errors keep coming \
         back.\n\n{hears} It keeps no text of messages. Tokens and passwords are removed before anything else is done with a text, \
         and whoever pasted one is told in private how to revoke it."
    )
}
