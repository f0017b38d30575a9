//! `npmfix chat` and `npmfix forget`.

use std::{
    io::{self, BufReader, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;

use crate::{
    answer::{console, reply::words, text::Paint},
    bot::{Bot, Limits},
    knowledge::Knowledge,
    message::TeamId,
    store::{Engine, Store, forget as erase},
    terminal::{Options, chat},
};

use super::{complain, database::with_store};

/// Prose wider than this is hard to read.
const WIDTH: usize = 100;

/// Arguments of `chat`.
#[derive(Debug, Args)]
#[command(
    after_help = "A paste ends with an empty line. `/npmfix help` says what can be asked; a number chooses what stands \
                        under the last answer; `/as NAME` lets somebody else speak, `/in CHANNEL` goes elsewhere."
)]
pub(super) struct Arguments {
    /// Who speaks
    #[arg(long = "as", value_name = "NAME", env = "USER", default_value = "you", hide_env = true)]
    name: String,
    /// Where
    #[arg(long, value_name = "NAME", default_value = "general")]
    channel: String,
    /// Keep the conversation in this file too; after a crash it shows what was said already
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// A name for this run: the same input under the same name is heard once [default: a new one]
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// Answers in a channel within an hour; what is beyond is only recorded
    #[arg(long, value_name = "N", default_value_t = Limits::default().answers_per_hour)]
    answers_per_hour: i64,
}

/// Chats until the input ends.
pub(super) fn run(arguments: &Arguments, knowledge: Knowledge, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let interactive = io::stdin().is_terminal();
    let paint = match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => Paint::Plain,
        _ => Paint::Ansi,
    };
    let options = Options {
        name: if arguments.name.trim().is_empty() { "you".to_owned() } else { arguments.name.clone() },
        channel: arguments.channel.clone(),
        session: arguments.session.clone().unwrap_or_else(|| uuid::Uuid::now_v7().simple().to_string()),
        log: arguments.log.clone(),
        interactive,
        width: WIDTH,
        paint,
    };
    let limits = Limits { answers_per_hour: arguments.answers_per_hour, ..Limits::default() };
    with_store(database, async |store| {
        complain(&words::welcome(&place(store)));
        let bot = Arc::new(Bot::new(knowledge, store.clone(), limits));
        let input = BufReader::new(io::stdin());
        let out = Box::new(io::stdout());
        match chat(bot, options, input, out, Arc::new(Timestamp::now)).await {
            // Whoever read the answers has gone.
            Err(crate::terminal::ChatError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("the chat ended"),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Where things are remembered, for people.
fn place(store: &Store) -> String {
    match (store.engine(), store.file()) {
        (Engine::Sqlite, Some(file)) => file.display().to_string(),
        _ => "PostgreSQL".to_owned(),
    }
}

/// Arguments of `forget`.
#[derive(Debug, Args)]
pub(super) struct Forget {
    /// Which team: `local`, `slack:T…` or `discord:…`
    #[arg(long, value_name = "TEAM")]
    team: String,
    /// Delete without asking
    #[arg(long)]
    yes: bool,
}

/// Deletes everything that is stored about a team.
pub(super) fn forget(arguments: &Forget, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let team = TeamId::parse(&arguments.team)?;
    if !arguments.yes {
        complain(&console::forget_sure(&arguments.team));
        return Ok(ExitCode::FAILURE);
    }
    let rows = with_store(database, async |store| {
        let mut tx = store.begin().await?;
        let rows = erase::install_too(&mut tx, &team).await?;
        tx.commit().await?;
        Ok(rows)
    })?;
    complain(&console::forgotten(&arguments.team, rows));
    Ok(ExitCode::SUCCESS)
}
