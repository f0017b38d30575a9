//! Saving fixes, and looking after those that are saved.

use super::{Run, removed};
use crate::{
    answer::{
        commands as words,
        reply::{Block, Reply},
    },
    bot::{
        compose,
        grammar::{FixAction, Saving, Sharing},
        saved,
    },
    classifier::Confidence,
    message::Visibility,
    redact::Tally,
    store::{
        Result,
        fixes::{self, Breadth, FixText, NewFix, SavedFix, TEXT_LIMIT, TextError, Writer, may_change},
        replies::{self, Given},
    },
};

/// Fixes that a list shows.
const LISTED: u32 = 20;

impl Run<'_> {
    pub(super) async fn save(&mut self, saving: Saving) -> Result<Reply> {
        let Saving { text, breadth, sharing } = saving;
        let (team, channel) = (self.asked.team, self.asked.channel);
        let Some((given, first)) = self.answered().await? else {
            return Ok(Reply::say(words::nothing_to_save_for()));
        };
        let Some(text) = text else { return Ok(Reply::say(words::say_what_helped())) };
        let mut secrets = Tally::default();
        let text = match FixText::write(&text, &mut secrets) {
            Ok(text) => text,
            Err(error) => return Ok(refused(error)),
        };
        let knowledge = &self.bot.knowledge;
        let key = match breadth {
            None => saved::suggested(&first.report, knowledge),
            Some(breadth) => saved::keys(&first.report, knowledge).into_iter().find(|key| key.breadth == breadth),
        };
        let Some(key) = key else {
            return Ok(Reply::say(words::no_such_breadth(breadth.map_or("registry", Breadth::as_str))));
        };
        // What the text names for certain stays what it is about, whatever was tried since: the same text will name it again.
        let certain = first.causes.first().filter(|cause| cause.confidence == Confidence::Certain);
        let (current, _) = compose::current(&first, &given.state, knowledge);
        let who = self.bot.store.who(team, &self.asked.author.id);
        let kept_here = match self.asked.visibility {
            Visibility::Public => false,
            Visibility::Private => sharing == Sharing::Channel,
            // People of other organisations do not write for the team.
            Visibility::Shared => true,
        };
        let new = NewFix {
            key: &key,
            cause: certain.or(current.causes.first()).map(|cause| &cause.id),
            text: &text,
            author: Writer { name: &self.asked.author.name, who: &who },
            channel: kept_here.then_some(channel),
        };
        let id = fixes::save(&mut self.tx, team, &new, self.now).await?;
        fixes::reachable(&mut self.tx, team, id, &self.asked.author.id).await?;
        let mut reply = Reply::say(words::saved(id, key.breadth.as_str(), &key.value, &key.family));
        if kept_here {
            let could_be_shared = self.asked.visibility == Visibility::Private;
            reply.blocks.push(Block::Say(words::kept_to_the_channel()));
            reply.blocks.extend(could_be_shared.then(|| Block::Say(words::save_team_wide())));
        }
        reply.blocks.extend(removed(&secrets));
        Ok(reply)
    }

    pub(super) async fn fixes(&mut self, search: Option<&str>) -> Result<Reply> {
        let view = fixes::View::From(self.asked.channel);
        let all = fixes::search(&mut self.tx, self.asked.team, search.unwrap_or_default(), view, LISTED).await?;
        if all.is_empty() {
            return Ok(Reply::say(search.map_or_else(words::no_fixes, words::no_fixes_with)));
        }
        let line = |f: &SavedFix| Block::Item(words::fix_line(f.id, &f.key.family, &f.key.value, &f.text));
        Ok(Reply { blocks: all.iter().map(line).collect(), rows: Vec::new() })
    }

    pub(super) async fn fix(&mut self, id: i64, action: FixAction) -> Result<Reply> {
        let team = self.asked.team;
        let fix = fixes::get(&mut self.tx, team, id, fixes::View::From(self.asked.channel)).await?;
        let Some(fix) = fix else { return Ok(Reply::say(words::no_such_fix(id))) };
        match action {
            FixAction::Show => Ok(shown(&fix)),
            FixAction::History => self.former(id).await,
            FixAction::Edit(text) => self.edit(&fix, text).await,
            FixAction::Delete => {
                if !self.may_change(&fix).await? {
                    return Ok(Reply::say(words::not_your_fix()));
                }
                fixes::delete(&mut self.tx, team, id).await?;
                Ok(Reply::say(words::fix_deleted(id)))
            }
        }
    }

    /// The answer that is talked about: the last one of the thread or, outside of any, of the channel.
    pub(super) async fn last_answer(&mut self) -> Result<Option<Given>> {
        let there = match self.asked.about {
            Some(about) => replies::last_under(&mut self.tx, about).await?,
            None => None,
        };
        match there {
            Some(given) => Ok(Some(given)),
            None => replies::last_in(&mut self.tx, self.asked.team, self.asked.channel).await,
        }
    }

    async fn may_change(&mut self, fix: &SavedFix) -> Result<bool> {
        let rights = self.rights().await?;
        Ok(may_change(fix, &self.bot.store.who(self.asked.team, &self.asked.author.id), rights))
    }

    async fn edit(&mut self, fix: &SavedFix, text: Option<String>) -> Result<Reply> {
        if !self.may_change(fix).await? {
            return Ok(Reply::say(words::not_your_fix()));
        }
        let mut secrets = Tally::default();
        let text = match FixText::write(&text.unwrap_or_default(), &mut secrets) {
            Ok(text) => text,
            Err(TextError::Empty) => return Ok(Reply::say(words::say_how_to_change(fix.id))),
            Err(error) => return Ok(refused(error)),
        };
        let team = self.asked.team;
        let who = self.bot.store.who(team, &self.asked.author.id);
        let by = Writer { name: &self.asked.author.name, who: &who };
        let changed = fixes::edit(&mut self.tx, team, fix.id, &text, by, self.now).await?;
        let mut reply = Reply::say(if changed { words::fix_changed(fix.id) } else { words::fix_unchanged(fix.id) });
        reply.blocks.extend(removed(&secrets));
        Ok(reply)
    }

    async fn former(&mut self, id: i64) -> Result<Reply> {
        let view = fixes::View::From(self.asked.channel);
        let editions = fixes::history(&mut self.tx, self.asked.team, id, view).await?;
        if editions.is_empty() {
            return Ok(Reply::say(words::never_changed(id)));
        }
        let blocks = editions
            .into_iter()
            .flat_map(|e| [Block::Say(words::edition(&e.editor, e.edited_at)), Block::Quote(e.text)])
            .collect();
        Ok(Reply { blocks, rows: Vec::new() })
    }
}

fn shown(fix: &SavedFix) -> Reply {
    let key = &fix.key;
    let mut blocks = vec![
        Block::Say(words::fix_is_for(fix.id, &key.family, key.breadth.as_str(), &key.value)),
        Block::Quote(fix.text.clone()),
        Block::Say(crate::answer::reply::words::saved_by(fix.id, &fix.author, fix.saved_at, fix.helped)),
        Block::Say(words::fix_record(fix.uses, fix.helped, fix.failed)),
    ];
    if fix.channel.is_some() {
        blocks.push(Block::Say(words::fix_is_private()));
    }
    Reply { blocks, rows: Vec::new() }
}

fn refused(error: TextError) -> Reply {
    Reply::say(match error {
        TextError::Empty => words::say_what_helped(),
        TextError::TooLong => words::fix_too_long(TEXT_LIMIT),
    })
}
