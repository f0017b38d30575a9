//! `npmfix fixes`: a team's saved fixes as JSON Lines, to be reviewed and put back.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{complain, database::with_store};
use crate::{
    answer::fixes as say,
    knowledge::CauseId,
    message::{ChannelId, TeamId, UserId},
    redact::{self, Tally},
    store::{
        Store,
        fixes::{self, Breadth, FixKey, FixText, Imported, Outcome, SavedFix, Writer},
    },
};

/// Bytes of a file; 10,000 of the longest fixes.
const FILE_LIMIT: u64 = 64_000_000;
/// Characters of a family, a value or a cause; a package's name has at most 214.
const FIELD_LIMIT: usize = 300;
/// The numbers of later fixes go on from the largest.
const LARGEST_ID: i64 = 1_000_000_000;
/// Who an import is in the history of a fix.
const IMPORTER: &str = "import";

/// Arguments of `fixes`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a team's saved fixes as JSON Lines, to be reviewed and put back with `import`
    Export {
        /// Whose
        #[arg(long, value_name = "TEAM", default_value = "local", value_parser = TeamId::parse)]
        team: TeamId,
        /// Add those that are kept to private channels
        #[arg(long)]
        private: bool,
    },
    /// Read fixes that were exported or written by hand; all lines or, if one is bad, none
    Import {
        /// JSON Lines; `-` for standard input
        file: String,
        /// Whose
        #[arg(long, value_name = "TEAM", default_value = "local", value_parser = TeamId::parse)]
        team: TeamId,
    },
}

/// A fix as a line of JSON. The names and their order are a promise to reviewers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    family: String,
    breadth: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    text: String,
    #[serde(default)]
    author: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Timestamp>,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, database: Option<&str>) -> anyhow::Result<ExitCode> {
    with_store(database, async |store| match &arguments.command {
        Command::Export { team, private } => export(store, team, *private).await,
        Command::Import { file, team } => import(store, team, file).await,
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn export(store: &Store, team: &TeamId, private: bool) -> anyhow::Result<()> {
    let all = fixes::export(&mut *store.read().await?, team).await?;
    let mut page = String::new();
    for fix in all.iter().filter(|fix| private || fix.channel.is_none()) {
        page.push_str(&serde_json::to_string(&Line::from(fix))?);
        page.push('\n');
    }
    let hidden = all.iter().filter(|fix| fix.channel.is_some()).count();
    if all.is_empty() {
        complain(&say::none_saved(team.as_str()));
    } else if !private && hidden > 0 {
        complain(&say::private_left_out(hidden));
    }
    match io::stdout().write_all(page.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

async fn import(store: &Store, team: &TeamId, file: &str) -> anyhow::Result<()> {
    let text = contents(file).with_context(|| format!("cannot read {file}"))?;
    let refused = |number, what: &str| anyhow!(say::nothing_imported(&say::line(number, what)));
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if !line.trim().is_empty() {
            let mut secrets = Tally::default();
            let fix = parse(line, &mut secrets).map_err(|what| refused(number, &what))?;
            warn(number, &secrets);
            lines.push((number, fix));
        }
    }
    let who = store.who(team, &UserId::parse(IMPORTER)?);
    let by = Writer { name: IMPORTER, who: &who };
    let now = Timestamp::now();
    let (mut added, mut changed, mut same) = (0, 0, 0);
    let mut tx = store.begin().await?;
    for (number, fix) in &lines {
        match fixes::import(&mut tx, team, fix, by, now).await? {
            Outcome::Added(_) => added += 1,
            Outcome::Changed(_) => changed += 1,
            Outcome::Same(_) => same += 1,
            Outcome::Taken(id) => return Err(refused(*number, &say::number_is_taken(id))),
        }
    }
    tx.commit().await?;
    complain(&say::imported(added, changed, same));
    Ok(())
}

fn contents(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    match file {
        "-" => io::stdin().lock().take(FILE_LIMIT + 1).read_to_string(&mut text)?,
        name => File::open(name)?.take(FILE_LIMIT + 1).read_to_string(&mut text)?,
    };
    if text.len() as u64 > FILE_LIMIT {
        bail!(say::file_too_long(FILE_LIMIT));
    }
    Ok(text)
}

fn warn(number: usize, secrets: &Tally) {
    for (kind, _) in secrets.iter() {
        if let Some(pattern) = redact::pattern(kind) {
            complain(&say::line(number, &say::secret_left_out(pattern.what, pattern.revoke)));
        }
    }
}

fn parse(line: &str, secrets: &mut Tally) -> Result<Imported, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| say::not_a_fix(&error.to_string()))?;
    let field = |name, text: String, expected, good: fn(&str) -> bool| {
        let fits = (1..=FIELD_LIMIT).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) && good(&text);
        if fits { Ok(text) } else { Err(say::bad_field(name, expected)) }
    };
    let id = line.id.filter(|id| (1..=LARGEST_ID).contains(id));
    if id != line.id {
        return Err(say::bad_field("id", "a number from 1 to a billion"));
    }
    let breadth =
        Breadth::stored(&line.breadth).ok_or_else(|| say::bad_field("breadth", "package, scope or registry"))?;
    let value = match breadth {
        Breadth::Package => field("value", line.value, "a package's name", |_| true),
        Breadth::Scope => {
            field("value", line.value, "a scope such as @acme", |v| v.starts_with('@') && !v.contains('/'))
        }
        Breadth::Registry => field("value", line.value.to_lowercase(), "a host without https://", |v| !v.contains('/')),
    }?;
    let code = |c: &str| c.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let family = field("family", line.family, "a code such as E401", code)?;
    let cause =
        line.cause.map(|cause| field("cause", cause, "an id of `npmfix knowledge list`", |_| true)).transpose()?;
    let channel = line.channel.map(|channel| ChannelId::parse(&channel).map_err(|e| e.to_string())).transpose()?;
    Ok(Imported {
        id,
        key: FixKey { family, breadth, value },
        cause: cause.map(|cause| CauseId::from(cause.as_str())),
        text: FixText::write(&line.text, secrets).map_err(say::bad_text)?,
        author: line.author,
        channel,
        saved_at: line.saved_at,
        edited_at: line.edited_at,
    })
}

impl From<&SavedFix> for Line {
    fn from(fix: &SavedFix) -> Self {
        Self {
            id: Some(fix.id),
            family: fix.key.family.clone(),
            breadth: fix.key.breadth.as_str().to_owned(),
            value: fix.key.value.clone(),
            cause: fix.cause.as_ref().map(|cause| cause.as_str().to_owned()),
            text: fix.text.clone(),
            author: fix.author.clone(),
            channel: fix.channel.as_ref().map(|channel| channel.as_str().to_owned()),
            saved_at: Some(fix.saved_at),
            edited_at: fix.edited_at,
        }
    }
}
