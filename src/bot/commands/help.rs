//! What can be asked for, and what was not understood.

use crate::{
    answer::{
        help as words,
        reply::{Block, Reply},
    },
    bot::{
        grammar::{COMMANDS, Misread, Problem},
        schedule,
    },
};

/// All commands, or one of them.
pub(super) fn help(topic: Option<&str>) -> Reply {
    let wanted = |usage: &str| topic.is_none_or(|topic| usage.split(' ').next() == Some(topic));
    let lines = COMMANDS.iter().filter(|(usage, _)| wanted(usage));
    let mut blocks: Vec<Block> = lines.map(|(usage, what)| Block::Item(words::command(usage, what))).collect();
    blocks.push(Block::Say(words::choices()));
    Reply { blocks, rows: Vec::new() }
}

/// Letters of a city from which on its time zone is looked for.
const CITY: usize = 3;

/// What is wrong with a command, and how it is written.
pub(super) fn misread(misread: &Misread) -> Reply {
    let mut blocks = vec![Block::Say(words::misread(misread))];
    blocks.extend(misread.nearest.map(|nearest| Block::Say(words::nearest(nearest))));
    // Whoever names a city means its time zone.
    if misread.problem == Problem::When && misread.word.len() >= CITY {
        blocks.extend(schedule::zones(&misread.word, 1).iter().map(|zone| Block::Say(words::nearest(zone))));
    }
    blocks.extend(misread.usage.map(|usage| Block::Say(words::usage(usage))));
    if misread.nearest.is_none() && misread.usage.is_none() {
        blocks.extend(help(None).blocks);
    }
    Reply { blocks, rows: Vec::new() }
}
