//! `npmfix discord`, and how the bot is told to be on Discord.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use url::Url;

use crate::discord::{
    Setup, Shards, check,
    identity::Identity,
    rest::{CALLS, Rest},
};

/// How to be on Discord.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The bot's token; without one the bot is not on Discord
    #[arg(long = "discord-token", value_name = "TOKEN", env = "DISCORD_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The application's id [default: asked from Discord]
    #[arg(long = "discord-application", value_name = "ID", env = "DISCORD_APPLICATION_ID")]
    application: Option<String>,
    /// A stand-in for Discord at a loopback address, for tests: nothing leaves this machine then
    #[arg(long = "discord-api", value_name = "URL", env = "DISCORD_API_URL")]
    api: Option<Url>,
    /// Which shards of the bot's connection run here, both ends included, of how many [default: all that Discord recommends]
    #[arg(long = "shards", value_name = "A..B/N")]
    shards: Option<Shards>,
    /// Calls that Discord takes from this bot in a second: it raises that for bots in very many servers. Each process counts its own
    #[arg(long = "discord-calls", value_name = "N", env = "DISCORD_CALLS", default_value_t = CALLS)]
    calls: u32,
}

impl Options {
    /// How to be on Discord; `None` when nobody asked for it.
    pub(super) fn setup(&self) -> Option<Setup> {
        let token = self.token.as_deref().map(str::trim).filter(|token| !token.is_empty())?;
        let token = token.strip_prefix("Bot ").unwrap_or(token).to_owned();
        let (application, api) = (self.application.clone(), self.api.clone());
        Some(Setup { token: token.into(), application, api, shards: self.shards, calls: self.calls })
    }
}

/// Arguments of `discord`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ask Discord whether everything is set up, and say what is missing
    Check(Options),
}

/// Asks Discord; nothing is changed there.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let What::Check(options) = &arguments.what;
    let setup = options
        .setup()
        .context("set DISCORD_TOKEN to the bot's token: the developer portal shows it once, under Bot")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let rest = Rest::new(setup.token, setup.api.as_ref()).map_err(anyhow::Error::msg)?;
    let report = runtime.block_on(check::check(&rest, &Identity::new(setup.application)));
    let mut out = io::stdout().lock();
    for line in &report.lines {
        writeln!(out, "{line}").context("cannot write")?;
    }
    Ok(if report.works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
