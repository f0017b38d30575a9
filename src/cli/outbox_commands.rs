//! `npmfix outbox`: what waits to be said, and trying again what was set aside.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::{
    answer::outbox as words,
    store::{
        Store,
        outbox::{self, Listed},
    },
};

use super::{complain, database::with_store};

/// More rows than this are not listed.
const SHOWN: usize = 500;

/// Arguments of `outbox`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what waits and what was set aside; what it says is not shown
    List,
    /// Say what was set aside after all; it may have been said already
    Retry(Which),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// As in `outbox list`
    key: Option<String>,
    /// Everything that was set aside
    #[arg(long)]
    all: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, database: Option<&str>) -> anyhow::Result<ExitCode> {
    with_store(database, async |store| work(arguments, store).await)
}

async fn work(arguments: &Arguments, store: &Store) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::List => {
            let rows = outbox::list(&mut *store.read().await?, i64::try_from(SHOWN + 1)?).await?;
            print(&page(&rows))
        }
        Command::Retry(which) => {
            let now = Timestamp::now();
            let mut tx = store.begin().await?;
            let again = match &which.key {
                Some(key) => usize::from(outbox::unpark(&mut tx, key, now).await?),
                None => outbox::unpark_all(&mut tx, now).await?,
            };
            tx.commit().await?;
            match &which.key {
                Some(key) if again == 0 => {
                    complain(&words::no_such(key));
                    Ok(ExitCode::FAILURE)
                }
                _ => print(&words::again(again)),
            }
        }
    }
}

fn page(rows: &[Listed]) -> String {
    if rows.is_empty() {
        return words::empty().to_owned();
    }
    let mut page: String = rows.iter().take(SHOWN).map(|listed| words::row(&row(listed))).collect();
    if rows.len() > SHOWN {
        page.push_str(&words::more(SHOWN));
    }
    page
}

fn row(listed: &Listed) -> words::Row<'_> {
    words::Row {
        key: &listed.key,
        team: &listed.team,
        lane: &listed.lane,
        kind: &listed.kind,
        due: listed.due,
        attempts: listed.attempts,
        parked: listed.parked,
        error: listed.error.as_deref(),
    }
}

fn print(page: &str) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(page.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
