//! `npmfix digest`: a team's digest here, or on its way to the team.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::{
    answer::{
        digest::{Digest, words},
        markdown,
        picture::png,
        text::{self, Paint},
    },
    bot::{Bot, Limits, digest::Until, schedule::Week},
    knowledge::Knowledge,
    message::{ChannelId, TeamId},
    store::{Store, digests},
};

use super::{complain, database::with_store};

/// Prose wider than this is hard to read.
const WIDTH: usize = 100;

/// Arguments of `digest`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which team: `local`, `slack:T…` or `discord:…`
    #[arg(long, value_name = "TEAM")]
    team: String,
    /// The week from Monday to Sunday that it is about, as 2026-W47 [default: the last seven full days, in UTC]
    #[arg(long, value_name = "WEEK")]
    week: Option<Week>,
    /// How it is written; `png` is its picture alone
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, conflicts_with = "send")]
    format: Format,
    /// As this channel may see it: what it met itself, if it is private [default: the team's digest channel]
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Post it to the channel, besides the weekly one
    #[arg(long)]
    send: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
    Png,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, knowledge: Knowledge, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let team = TeamId::parse(&arguments.team)?;
    let channel = arguments.channel.as_deref().map(ChannelId::parse).transpose()?;
    with_store(database, async |store| work(arguments, knowledge, store, (&team, channel)).await)
}

async fn work(
    arguments: &Arguments,
    knowledge: Knowledge,
    store: &Store,
    (team, channel): (&TeamId, Option<ChannelId>),
) -> anyhow::Result<ExitCode> {
    let bot = Bot::new(knowledge, store.clone(), Limits::default());
    let now = Timestamp::now();
    let until = arguments.week.map_or_else(|| Until::before(now), Until::end_of);
    let channel = match channel {
        Some(channel) => Some(channel),
        None => digests::setting(&mut *store.read().await?, team).await?.map(|setting| setting.channel),
    };
    if arguments.send {
        let Some(channel) = channel else { bail!(words::no_channel(team.as_str())) };
        let mut tx = store.begin().await?;
        let posted = bot.post_digest(&mut tx, (team, &channel), until, now).await?;
        tx.commit().await?;
        if !posted {
            complain(&words::nothing_in(until.first(), until.last()));
            return Ok(ExitCode::FAILURE);
        }
        complain(&words::queued(channel.as_str()));
        return Ok(ExitCode::SUCCESS);
    }
    // Without a channel only what public ones met is shown: no channel is called that.
    let channel = channel.map_or_else(|| ChannelId::parse("-"), Ok)?;
    let digest = bot.digest(&mut *store.read().await?, (team, &channel), until).await?;
    if digest.is_empty() {
        complain(&words::nothing_in(until.first(), until.last()));
        return Ok(ExitCode::FAILURE);
    }
    print(&digest, arguments.format)
}

fn print(digest: &Digest, format: Format) -> anyhow::Result<ExitCode> {
    let page = match format {
        Format::Text => {
            let paint = match AutoStream::choice(&io::stdout()) {
                ColorChoice::Never => Paint::Plain,
                _ => Paint::Ansi,
            };
            text::reply(&shown(digest), WIDTH, paint).into_bytes()
        }
        Format::Markdown => markdown::reply(&shown(digest)).into_bytes(),
        Format::Json => {
            let mut json = serde_json::to_vec(digest)?;
            json.push(b'\n');
            json
        }
        Format::Png => {
            if io::stdout().is_terminal() {
                bail!(words::png_to_a_file());
            }
            png(&digest.picture().context(words::no_picture())?)?
        }
    };
    match io::stdout().write_all(&page) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// What is read outside of a chat has nothing to choose.
fn shown(digest: &Digest) -> crate::answer::reply::Reply {
    digest.reply().without_choices()
}
