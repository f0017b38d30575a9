//! What the app asks Slack for, and why: one table for the manifest, for installing, for `npmfix slack check` and for the README.

use std::collections::BTreeSet;

/// How much the app hears.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Reach {
    /// What is said in the channels that it is in.
    #[default]
    Full,
    /// Only what is said to it: mentions, shortcuts and commands. It reads no history.
    Minimal,
}

/// When a scope is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// To hear what is said in channels.
    Full,
    /// For one thing that the rest works without; whoever installs the app may leave it out.
    Optional,
}

/// Something that the app may do.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// As Slack writes it.
    pub name: &'static str,
    /// When it is needed.
    pub need: Need,
    /// What for.
    pub reason: &'static str,
    /// The events that Slack sends to whoever may do it.
    pub events: &'static [&'static str],
}

/// The scopes of the bot.
pub const SCOPES: [Scope; 11] = [
    Scope {
        name: "chat:write",
        need: Need::Always,
        reason: "Answers in threads, changes and removes its own answers, warns in private.",
        events: &[],
    },
    Scope { name: "commands", need: Need::Always, reason: "`/npmfix`, and the shortcuts under messages.", events: &[] },
    Scope {
        name: "app_mentions:read",
        need: Need::Always,
        reason: "Hears when somebody mentions it.",
        events: &["app_mention"],
    },
    Scope {
        name: "channels:history",
        need: Need::Full,
        reason: "Reads messages in public channels that it was invited to. Without it, it hears only mentions there.",
        events: &["message.channels"],
    },
    Scope {
        name: "groups:history",
        need: Need::Full,
        reason: "The same in private channels that it was invited to.",
        events: &["message.groups"],
    },
    Scope {
        name: "im:history",
        need: Need::Full,
        reason: "Reads what is sent to it directly.",
        events: &["message.im"],
    },
    Scope {
        name: "channels:read",
        need: Need::Full,
        reason: "Knows public channels by name and who reads them, and says hello where it was invited.",
        events: &["member_joined_channel", "channel_rename", "channel_shared", "channel_unshared"],
    },
    Scope {
        name: "groups:read",
        need: Need::Full,
        reason: "The same for private channels.",
        events: &["group_rename", "channel_id_changed"],
    },
    Scope {
        name: "files:read",
        need: Need::Full,
        reason: "Reads pastes that Slack made a snippet of, and text files. It opens no other files.",
        events: &[],
    },
    Scope {
        name: "files:write",
        need: Need::Optional,
        reason: "Puts the picture into the weekly digest. Without it the digest is text.",
        events: &[],
    },
    Scope {
        name: "users:read",
        need: Need::Optional,
        reason: "Knows admins and time zones. Without it the admins are whoever installed it (with `SLACK_BOT_TOKEN`, whom `SLACK_ADMIN` names) and whom they name in the settings.",
        events: &[],
    },
];

/// Events that need no scope.
const EVENTS: [&str; 3] = ["app_home_opened", "app_uninstalled", "tokens_revoked"];

/// The scopes for a reach.
pub fn wanted(reach: Reach) -> impl Iterator<Item = &'static Scope> {
    SCOPES.iter().filter(move |scope| reach == Reach::Full || scope.need == Need::Always)
}

/// The same with commas between, as Slack's installing page takes them.
#[must_use]
pub fn list(reach: Reach) -> String {
    wanted(reach).map(|scope| scope.name).collect::<Vec<_>>().join(",")
}

/// The events for a reach.
#[must_use]
pub fn events(reach: Reach) -> BTreeSet<&'static str> {
    wanted(reach).flat_map(|scope| scope.events).chain(&EVENTS).copied().collect()
}
