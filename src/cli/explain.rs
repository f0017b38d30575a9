//! `npmfix explain`: logs in, answers out.

use std::{
    io::{self, IsTerminal as _, Write},
    ops::Deref,
    process::ExitCode,
};

use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};

use crate::{
    answer::{self, console, markdown, text},
    classifier::{Explainer, Findings},
    knowledge::Knowledge,
    redact,
};

use super::{TROUBLE, complain, input, record::Record};

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 something was explained, 1 nothing was found, 2 an input could not be read.")]
pub(super) struct Arguments {
    /// How to write the answers
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Logs to read, plain or gzip; `-` is standard input [default: -]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For reading in a terminal
    Text,
    /// For pasting into an issue or a chat
    Markdown,
    /// One object per input, one line each
    Json,
}

/// Prose wider than this is hard to read.
const WIDTH: usize = 100;

/// Explains each input in order; what cannot be read is named on standard error and the rest is still done.
pub(super) fn run<K: Deref<Target = Knowledge>>(arguments: &Arguments, knowledge: &K) -> ExitCode {
    let standard = ["-".to_owned()];
    let files = if arguments.files.is_empty() { &standard[..] } else { &arguments.files };
    if files.iter().any(|f| f == "-") && io::stdin().is_terminal() {
        complain(console::waiting());
    }
    let mut explainer = Explainer::new(knowledge);
    let paint = match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => text::Paint::Plain,
        _ => text::Paint::Ansi,
    };
    let mut out = io::stdout().lock();
    let (mut answered, mut unreadable) = (false, false);
    for (index, name) in files.iter().enumerate() {
        let findings = match input::explain(name, &mut explainer) {
            Ok(findings) => findings,
            Err(error) => {
                unreadable = true;
                complain(&format!("cannot read {name}: {error}"));
                continue;
            }
        };
        answered |= !findings.diagnoses.is_empty();
        let heading = (files.len() > 1).then_some(name.as_str());
        let page = match arguments.format {
            Format::Json => json(name, &findings, knowledge),
            Format::Markdown => page(heading, &findings, knowledge, index > 0, markdown::markdown),
            Format::Text => page(heading, &findings, knowledge, index > 0, |a| text::text(a, WIDTH, paint)),
        };
        if let Err(error) = out.write_all(page.as_bytes()).and_then(|()| out.flush()) {
            if error.kind() != io::ErrorKind::BrokenPipe {
                complain(&format!("cannot write the answer: {error}"));
            }
            return ExitCode::from(TROUBLE);
        }
        if findings.diagnoses.is_empty() && !matches!(arguments.format, Format::Json) {
            complain(&console::nothing_found(name));
        }
        for (kind, count) in findings.secrets.iter() {
            if !matches!(arguments.format, Format::Json) {
                let (what, revoke) = redact::pattern(kind).map_or((kind, ""), |p| (p.what, p.revoke));
                complain(&console::secret(name, what, count, revoke));
            }
        }
    }
    match (unreadable, answered) {
        (true, _) => ExitCode::from(TROUBLE),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    }
}

fn json<K: Deref<Target = Knowledge>>(name: &str, findings: &Findings, knowledge: &K) -> String {
    // Without a finding the knowledge is not needed, and not loaded.
    let none = Knowledge::default();
    let knowledge = if findings.diagnoses.is_empty() { &none } else { &**knowledge };
    let mut line = serde_json::to_string(&Record::new(name, findings, knowledge)).unwrap_or_default();
    line.push('\n');
    line
}

fn page<K: Deref<Target = Knowledge>>(
    heading: Option<&str>,
    findings: &Findings,
    knowledge: &K,
    follows: bool,
    render: impl Fn(&answer::Answer) -> String,
) -> String {
    let mut page = String::new();
    for (index, diagnosis) in findings.diagnoses.iter().enumerate() {
        if follows || index > 0 {
            page.push('\n');
        }
        if let Some(name) = heading.filter(|_| index == 0) {
            page.push_str(&console::heading(name));
        }
        page.push_str(&render(&answer::answer(diagnosis, knowledge)));
    }
    if findings.truncated {
        page.push_str(&console::truncated(findings.diagnoses.len()));
    }
    page
}
