//! Sentences of `npmfix serve`, for whoever starts it.

use crate::message::Platform;

/// Where it can be reached.
#[must_use]
pub fn listening(address: &str) -> String {
    format!("listening on http://{address}; /readyz tells whether each part is ready")
}

/// It cannot be reached there.
#[must_use]
pub fn cannot_listen(address: &str) -> String {
    format!("cannot listen on {address}: set BIND_ADDR or PORT to one that is free")
}

/// What was set is no address.
#[must_use]
pub fn no_address(given: &str) -> String {
    format!("BIND_ADDR {given:?} is no address: write one as 127.0.0.1 or 127.0.0.1:3000")
}

/// What was set is no URL.
#[must_use]
pub fn no_url(given: &str) -> String {
    format!("NPMFIX_URL {given:?} is no address as https://npmfix.example.com")
}

/// No platform is set.
#[must_use]
pub fn nothing_to_serve() -> &'static str {
    "there is nothing to serve: set DISCORD_TOKEN, or SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (events over HTTP), or \
     SLACK_BOT_TOKEN and SLACK_APP_TOKEN (Socket Mode); `npmfix slack manifest` prints the app to make in Slack"
}

/// Slack calls us.
#[must_use]
pub fn slack_over_http() -> &'static str {
    "Slack: events, commands and clicks over HTTP at /slack/events, /slack/commands and /slack/interactions"
}

/// We call Slack.
#[must_use]
pub fn slack_over_sockets(connections: usize) -> String {
    let plural = if connections == 1 { "" } else { "s" };
    format!("Slack: Socket Mode with {connections} connection{plural}")
}

/// People can install the app.
#[must_use]
pub fn slack_installs(address: &str) -> String {
    format!("Slack: teams install the app at {address}")
}

/// What is served of Discord.
#[must_use]
pub fn discord() -> &'static str {
    "Discord: connecting; interactions are taken at /discord/interactions as well"
}

/// A part waits for its platform.
#[must_use]
pub fn connecting() -> &'static str {
    "connecting"
}

/// Another process does what a part would do.
#[must_use]
pub fn elsewhere() -> &'static str {
    "another process has the connection; this one takes over when that ends"
}

/// A part waits until Slack has told whose the token is.
#[must_use]
pub fn asking() -> &'static str {
    "asking Slack whose SLACK_BOT_TOKEN is"
}

/// A part was refused for good; what exactly is wrong is not for the page that anybody may read.
#[must_use]
pub fn refused() -> &'static str {
    "refused: the log says what to do"
}

/// A platform's name, as people write it.
#[must_use]
pub fn name(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack => "Slack",
        Platform::Discord => "Discord",
        Platform::Terminal => "the terminal",
    }
}

/// A platform has refused the bot, and others go on.
#[must_use]
pub fn goes_on_without(platform: &str, why: &str) -> String {
    format!("{why}. npmfix goes on without {platform}; mend this and start it again.")
}

/// It was told to stop.
#[must_use]
pub fn stopping() -> &'static str {
    "stopping"
}
