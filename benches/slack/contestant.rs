//! How the bots are told about the Slack of this bench.

use std::path::Path;

use super::load::bots::{Contestant, Packages, Running};

/// What Bolt is installed from.
pub const BOLT: Packages = Packages {
    name: "slack-bolt",
    sources: concat!(env!("CARGO_MANIFEST_DIR"), "/benches/slack/bolt"),
    main: "app.js",
    there: &["@slack/bolt", "better-sqlite3/build/Release/better_sqlite3.node"],
};

/// How events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Http,
    Socket,
}

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Socket => "Socket Mode",
        }
    }
}

/// What a start needs.
pub struct Start<'a> {
    pub way: Way,
    pub api: &'a str,
    pub port: u16,
    pub folder: &'a Path,
    pub secret: &'a str,
}

/// Starts a bot.
pub fn start(contestant: Contestant, start: &Start<'_>) -> Running {
    let mut command = contestant.command(&BOLT);
    let database = start.folder.join("bench.db");
    command
        .env("SLACK_API_URL", start.api)
        .env("SLACK_BOT_TOKEN", ["xoxb", "-bench"].concat())
        .env("DATABASE_URL", format!("sqlite:{}", database.display()))
        .env("BENCH_DATABASE", &database)
        .env("BIND_ADDR", "127.0.0.1")
        .env("PORT", start.port.to_string());
    match start.way {
        Way::Http => command.env("SLACK_SIGNING_SECRET", start.secret),
        Way::Socket => command.env("SLACK_APP_TOKEN", ["xapp", "-bench"].concat()),
    };
    Running::start(command, start.folder)
}
