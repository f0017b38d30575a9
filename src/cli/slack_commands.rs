//! `npmfix slack`: the manifest of the app, what is missing in Slack, and a key for tokens.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::{
    answer::slack_check::{self as words, Finding, Level},
    slack::{
        api::Api,
        check::{self, Set},
        manifest::{Mode, Wanted, manifest},
        oauth,
        scopes::Reach,
        workspaces::Many,
    },
    store::seal::{Keys, fresh_key},
};

use super::database::{with_runtime, with_store};

/// Arguments of `slack`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the app's manifest, to be pasted at <https://api.slack.com/apps?new_app=1>
    Manifest(Manifest),
    /// Say what is missing for Slack: ask it about the tokens, and look at the rest
    Check(Box<Check>),
    /// Print a fresh key for `NPMFIX_SECRET_KEY`
    Key,
}

#[derive(Debug, Args)]
struct Manifest {
    /// How events come in
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Where this program is reached from outside, as `https://npmfix.example.com`
    #[arg(long, value_name = "URL", env = "NPMFIX_URL")]
    url: Option<Url>,
    /// Hear mentions, shortcuts and the command only: no scope that reads history
    #[arg(long)]
    minimal: bool,
}

#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    slack: Settings,
    /// The app was made with `manifest --minimal`
    #[arg(long)]
    minimal: bool,
}

/// What is set for Slack.
#[derive(Debug, Args)]
pub(super) struct Settings {
    /// The bot's token, for one workspace
    #[arg(long, value_name = "TOKEN", env = "SLACK_BOT_TOKEN", hide_env_values = true)]
    slack_bot_token: Option<SecretString>,
    /// The app's token, for Socket Mode
    #[arg(long, value_name = "TOKEN", env = "SLACK_APP_TOKEN", hide_env_values = true)]
    slack_app_token: Option<SecretString>,
    /// What requests over HTTP are signed with
    #[arg(long, value_name = "SECRET", env = "SLACK_SIGNING_SECRET", hide_env_values = true)]
    slack_signing_secret: Option<SecretString>,
    /// The app, to be installed in many workspaces
    #[arg(long, value_name = "ID", env = "SLACK_CLIENT_ID")]
    slack_client_id: Option<String>,
    /// The app's secret
    #[arg(long, value_name = "SECRET", env = "SLACK_CLIENT_SECRET", hide_env_values = true)]
    slack_client_secret: Option<SecretString>,
    /// What tokens in the database are sealed with
    #[arg(long, value_name = "KEYS", env = "NPMFIX_SECRET_KEY", hide_env_values = true)]
    secret_key: Option<SecretString>,
    /// Who may change settings beside Slack's own admins, as a member id: for an app that may not ask who these are
    #[arg(long, value_name = "U…", env = "SLACK_ADMIN")]
    slack_admin: Option<String>,
    /// Another address than Slack's, for a test or a proxy
    #[arg(long, value_name = "URL", env = "SLACK_API_URL")]
    slack_api_url: Option<String>,
    /// Where this program is reached from outside
    #[arg(long, value_name = "URL", env = "NPMFIX_URL")]
    url: Option<String>,
}

impl Settings {
    /// What is set. What is empty counts as absent: a file for containers may name it without a value.
    pub(super) fn set(&self, reach: Reach) -> Set {
        // What was copied may have a line's end with it, which would be part of no token.
        let some = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let text = |given: &Option<String>| given.as_deref().and_then(some);
        let secret = |given: &Option<SecretString>| {
            given.as_ref().and_then(|text| some(text.expose_secret())).map(SecretString::from)
        };
        Set {
            bot_token: secret(&self.slack_bot_token),
            app_token: secret(&self.slack_app_token),
            signing_secret: secret(&self.slack_signing_secret),
            client_id: text(&self.slack_client_id),
            client_secret: secret(&self.slack_client_secret),
            secret_key: secret(&self.secret_key),
            admin: text(&self.slack_admin),
            url: text(&self.url),
            reach,
        }
    }

    /// Where Slack's Web API is, if not at Slack.
    pub(super) fn api(&self) -> Option<String> {
        self.slack_api_url.clone().filter(|address| !address.trim().is_empty())
    }
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, database: Option<&str>) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Manifest(arguments) => print_manifest(arguments),
        Command::Check(arguments) => check(arguments, database),
        Command::Key => print(&format!("{}\n", fresh_key())).map(|()| ExitCode::SUCCESS),
    }
}

fn print_manifest(arguments: &Manifest) -> anyhow::Result<ExitCode> {
    if let Some(url) = &arguments.url {
        anyhow::ensure!(oauth::is_safe(url), "{}", Finding::UrlForm(url.to_string()).sentence());
    }
    let reach = if arguments.minimal { Reach::Minimal } else { Reach::Full };
    let manifest = manifest(&Wanted { mode: arguments.mode, url: arguments.url.clone(), reach });
    print(&format!("{}\n", serde_json::to_string_pretty(&manifest)?))?;
    Ok(ExitCode::SUCCESS)
}

fn check(arguments: &Check, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let given = &arguments.slack;
    let set = given.set(if arguments.minimal { Reach::Minimal } else { Reach::Full });
    let api = Api::new(given.api().as_deref()).context("cannot ask Slack")?;
    let mut findings = with_runtime(async { Ok(check::check(&set, &api).await) })?;
    if let Some(keys) = set.secret_key.as_ref().filter(|_| set.is_for_many()).and_then(|keys| Keys::parse(keys).ok()) {
        findings.push(installed(keys, database));
    }
    let problems = findings.iter().filter(|finding| finding.level() == Level::Problem).count();
    let page: String = findings.iter().map(words::line).collect();
    print(&format!("{page}\n{}", words::verdict(problems)))?;
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the keys open what is in the database.
fn installed(keys: Keys, database: Option<&str>) -> Finding {
    let count = with_store(database, async |store| Ok(Many::open(store.clone(), keys).await?.count().await?));
    count.map_or_else(|error| Finding::Database(format!("{error:#}")), Finding::Installed)
}

fn print(page: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(page.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
