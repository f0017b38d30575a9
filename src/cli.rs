//! The subcommands: reading arguments, files and standard input; writing results. Everything here may do I/O, nothing decides.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
    sync::LazyLock,
    thread,
};

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::knowledge::{self, Knowledge};

mod chat_command;
mod database;
mod digest_command;
mod discord_command;
mod explain;
mod fixes_commands;
mod input;
mod knowledge_commands;
mod outbox_commands;
mod record;
mod serve;
mod slack_commands;

/// Explains npm, pnpm, Yarn and Bun authentication failures.
#[derive(Debug, Parser)]
#[command(name = "npmfix", version, about)]
pub struct Cli {
    /// Read the knowledge from this folder instead of the copy inside the program
    #[arg(long, global = true, value_name = "DIR", env = "NPMFIX_KNOWLEDGE")]
    knowledge: Option<PathBuf>,
    /// The database: `sqlite:PATH` or `postgres://USER@HOST/NAME` [default: npmfix.db in the data folder]
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// Without one: `chat` in a terminal
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Chat with the bot here: paste errors, save fixes, ask what was met; standard input may be a transcript
    Chat(chat_command::Arguments),
    /// Be the bot in the chat platforms whose tokens are set, until told to stop
    Serve(Box<serve::Arguments>),
    /// Find the auth failures in logs and say what to do about each
    Explain(explain::Arguments),
    /// Look at what npmfix knows, or check it
    Knowledge(knowledge_commands::Arguments),
    /// Look at what the bot has yet to say, or try again what was set aside
    Outbox(outbox_commands::Arguments),
    /// Take a team's saved fixes out, or put them back
    Fixes(fixes_commands::Arguments),
    /// Set up the bot in Slack: its manifest, what is missing, a key
    Slack(slack_commands::Arguments),
    /// Sum up a week of a team: what failed, how often, what is saved for it
    Digest(digest_command::Arguments),
    /// Look whether the bot is set up for Discord
    Discord(discord_command::Arguments),
    /// Delete everything that is stored about a team
    Forget(chat_command::Forget),
}

/// What `npmfix` alone does in a terminal: `chat` as if nothing stood behind it.
#[derive(Debug, Parser)]
struct Here {
    #[command(flatten)]
    chat: chat_command::Arguments,
}

/// Exit status when something could not be read or done; 0 and 1 mean "answered" and "nothing found", as for grep.
const TROUBLE: u8 = 2;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let database = cli.database.as_deref();
    let Some(command) = &cli.command else {
        if !io::stdin().is_terminal() {
            let _ = Cli::command().print_help();
            return ExitCode::from(TROUBLE);
        }
        return finish(
            load(cli.knowledge.as_ref())
                .and_then(|k| chat_command::run(&Here::parse_from(["npmfix"]).chat, k, database)),
        );
    };
    let result = match command {
        Command::Chat(arguments) => {
            load(cli.knowledge.as_ref()).and_then(|k| chat_command::run(arguments, k, database))
        }
        Command::Serve(arguments) => serve::run(arguments, cli.knowledge.as_ref(), database),
        Command::Digest(arguments) => {
            load(cli.knowledge.as_ref()).and_then(|k| digest_command::run(arguments, k, database))
        }
        Command::Forget(arguments) => chat_command::forget(arguments, database),
        Command::Explain(arguments) => match &cli.knowledge {
            Some(dir) => load(Some(dir)).map(|k| explain::run(arguments, &&k)),
            None => Ok(explain::run(arguments, read_ahead())),
        },
        Command::Knowledge(arguments) => {
            load(cli.knowledge.as_ref()).and_then(|k| knowledge_commands::run(arguments, &k))
        }
        Command::Outbox(arguments) => outbox_commands::run(arguments, database),
        Command::Slack(arguments) => slack_commands::run(arguments, database),
        Command::Discord(arguments) => discord_command::run(arguments),
        Command::Fixes(arguments) => fixes_commands::run(arguments, database),
    };
    finish(result)
}

fn finish(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::from(TROUBLE)
    })
}

/// The knowledge inside the program, read when the first failure is met: text without one needs none.
static EMBEDDED: LazyLock<Knowledge> = LazyLock::new(|| {
    knowledge::load_embedded().unwrap_or_else(|error| {
        complain(&format!("the knowledge inside this program is damaged: {error}"));
        Knowledge::default()
    })
});

/// Begins to read the knowledge beside the first bytes of the input, so that the first failure need not wait for it. Without
/// a failure nobody waits.
fn read_ahead() -> &'static LazyLock<Knowledge> {
    let started = thread::Builder::new().spawn(|| EMBEDDED.words().len());
    if started.is_err() {
        LazyLock::force(&EMBEDDED);
    }
    &EMBEDDED
}

fn load(dir: Option<&PathBuf>) -> anyhow::Result<Knowledge> {
    match dir {
        Some(dir) => knowledge::load_dir(dir).with_context(|| format!("cannot use the knowledge in {}", dir.display())),
        None => knowledge::load_embedded().context("cannot use the knowledge inside this program"),
    }
}

/// Writes one line to standard error.
#[expect(clippy::print_stderr, reason = "this is the one place that does")]
fn complain(message: &str) {
    eprintln!("npmfix: {message}");
}
