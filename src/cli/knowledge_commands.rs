//! `npmfix knowledge`: looking at the knowledge and checking it.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::{Zoned, civil::Date};

use crate::knowledge::{Applies, Cause, Knowledge, check};

use super::complain;

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
    Check {
        /// Judge dates as of this day [default: today]
        #[arg(long, value_name = "YYYY-MM-DD")]
        today: Option<Date>,
    },
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, knowledge: &Knowledge) -> anyhow::Result<ExitCode> {
    let page = match &arguments.command {
        Command::List => list(knowledge),
        Command::Show { id } => show(knowledge.cause(id).ok_or_else(|| unknown(id, knowledge))?, knowledge),
        Command::Check { today } => {
            let today = today.unwrap_or_else(|| Zoned::now().date());
            let problems = check::check(knowledge, today);
            for problem in &problems {
                complain(&problem.to_string());
            }
            if !problems.is_empty() {
                complain(&format!("{} problems", problems.len()));
                return Ok(ExitCode::FAILURE);
            }
            let samples: usize =
                knowledge.causes.iter().map(|c| c.samples.matches.len() + c.samples.no_match.len()).sum();
            format!(
                "{} causes, {} registries, {samples} samples: all well\n",
                knowledge.causes.len(),
                knowledge.registries.len()
            )
        }
    };
    match io::stdout().write_all(page.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn list(knowledge: &Knowledge) -> String {
    let width = knowledge.causes.iter().map(|c| c.id.as_str().len()).max().unwrap_or_default();
    knowledge.causes.iter().fold(String::new(), |mut page, cause| {
        let _ = writeln!(page, "{:width$}  {}", cause.id, cause.title);
        page
    })
}

/// Names the entries that share the most words with what was asked for.
fn unknown(id: &str, knowledge: &Knowledge) -> anyhow::Error {
    let shared = |cause: &&Cause| {
        cause.id.as_str().split('_').filter(|word| id.split(['_', '-', ' ']).any(|w| w == *word)).count()
    };
    let near: Vec<&str> = match knowledge.causes.iter().map(|c| shared(&c)).max() {
        Some(most) if most > 0 => {
            knowledge.causes.iter().filter(|c| shared(c) == most).map(|c| c.id.as_str()).take(3).collect()
        }
        _ => Vec::new(),
    };
    if near.is_empty() {
        anyhow!("there is no cause `{id}`; `npmfix knowledge list` names them all")
    } else {
        anyhow!("there is no cause `{id}`; did you mean {}?", near.join(" or "))
    }
}

fn show(cause: &Cause, knowledge: &Knowledge) -> String {
    let mut page = String::new();
    let mut line = |text: &str| {
        page.push_str(text);
        page.push('\n');
    };
    line(&format!("{}\n{}\n", cause.id, cause.title));
    line(&cause.explanation);
    line(&format!("{}\n", cause.is_not));
    line(&format!("Codes: {}", any(&cause.codes)));
    line(&format!("Clients: {}", any(&cause.clients)));
    line(&format!("Registries: {}", any(&cause.registries)));
    line(&format!("Operations: {}\n", any(&cause.operations)));
    for (index, step) in cause.steps.iter().enumerate() {
        line(&format!("{}. {}{}", index + 1, step.text, step.when.as_ref().map(applies).unwrap_or_default()));
        step.command.iter().flat_map(|c| c.lines()).for_each(|c| line(&format!("   {c}")));
    }
    line(&format!("\nCheck: {}", cause.check.text));
    cause.check.command.iter().flat_map(|c| c.lines()).for_each(|c| line(&format!("   {c}")));
    for (id, options) in &cause.holds {
        line(&format!("Only if: {}", holds(id, options, knowledge)));
    }
    line(&format!("\nPrevention: {}\n", cause.prevention));
    cause.sources.iter().for_each(|source| line(&format!("Source: {source}")));
    let until = cause.valid_until.map(|d| format!(", right until {d}")).unwrap_or_default();
    line(&format!("Reviewed: {}{until}", cause.reviewed));
    page
}

fn any(list: &[String]) -> String {
    if list.is_empty() { "any".to_owned() } else { list.join(", ") }
}

/// `Where did this run? On my machine (place = laptop)`; what `questions.toml` lacks is shown by its id alone.
fn holds(id: &str, options: &[String], knowledge: &Knowledge) -> String {
    let ids = format!("{id} = {}", options.join(", "));
    let Some(question) = knowledge.question(id) else { return ids };
    let labels: Vec<&str> = options.iter().filter_map(|o| question.option(o)).map(|o| o.label.as_str()).collect();
    format!("{} {} ({ids})", question.text, labels.join(" / "))
}

fn applies(when: &Applies) -> String {
    let status: Vec<String> = when.status.iter().map(ToString::to_string).collect();
    let parts: Vec<&str> = [&when.place, &when.registry, &when.client, &when.operation, &status]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    format!(" ({})", parts.join(", "))
}
