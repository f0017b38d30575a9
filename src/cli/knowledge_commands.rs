//! `npmfix knowledge`: looking at the knowledge and checking it.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::knowledge::Knowledge;

/// Arguments of `knowledge`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every cause
    List,
    /// Show one cause with all that is known about it
    Show {
        /// As in `knowledge list`
        id: String,
    },
    /// Run every sample and look for entries that cannot be right
    Check,
}

/// Runs the subcommand.
pub(super) fn run(_arguments: &Arguments, _knowledge: &Knowledge) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
