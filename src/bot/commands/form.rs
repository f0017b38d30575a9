//! The form in which a fix is written down: what it offers, and what becomes of what was filled in. A form names an answer;
//! where the fix may be seen and what it can be for follow from that, whatever the form says.

use jiff::Timestamp;

use super::{Asked, Run};
use crate::{
    answer::{self, Inline, commands as words, reply::Reply},
    bot::{
        Bot, compose,
        grammar::{Saving, Sharing},
        saved,
    },
    classifier::Diagnosis,
    message::Visibility,
    redact::Tally,
    store::{
        Result,
        fixes::{Breadth, FixText, TEXT_LIMIT, TextError},
        inbox,
        replies::{self, Given},
    },
};

/// A form for a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveForm {
    /// The answer that the fix is for.
    pub reply: String,
    /// The family of its error's code.
    pub family: String,
    /// The cause that the answer names, in a few words.
    pub title: String,
    /// Who can read the channel of the answer.
    pub visibility: Visibility,
    /// What the fix can be for, the narrowest first; never empty.
    pub targets: Vec<Target>,
    /// Which of them is chosen when nobody chooses.
    pub suggested: Target,
}

/// Something that a fix can be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// How far it reaches.
    pub breadth: Breadth,
    /// The package, the scope or the registry's host.
    pub value: String,
}

/// A form that was filled in.
#[derive(Debug, Clone, Copy)]
pub struct Filled<'a> {
    /// What helped.
    pub text: &'a str,
    /// What it is for.
    pub breadth: Option<Breadth>,
    /// Who may see it.
    pub sharing: Sharing,
}

/// What became of a form.
#[derive(Debug, Clone, PartialEq)]
pub enum Saved {
    /// It is saved, or cannot be saved whatever is written.
    Said(Reply),
    /// The text cannot be taken like that.
    Wrong(Inline),
    /// The same form came twice; nothing changed.
    Again,
}

impl Bot {
    /// The form for the answer that is talked about; `None` when there is none, or nothing that a fix could be for.
    pub async fn save_form(&self, asked: &Asked<'_>, now: Timestamp) -> Result<Option<SaveForm>> {
        let mut run = Run { bot: self, asked, zone: None, tx: self.store.look().await?, now };
        let given = match asked.reply {
            Some(id) => replies::peek(&mut run.tx, asked.team, id).await?,
            None => run.last_answer().await?,
        };
        let Some((given, first)) = with_failure(given) else { return Ok(None) };
        let Some(suggested) = saved::suggested(&first.report, &self.knowledge) else { return Ok(None) };
        let (current, _) = compose::current(&first, &given.state, &self.knowledge);
        let targets = saved::keys(&first.report, &self.knowledge).into_iter();
        Ok(Some(SaveForm {
            title: answer::answer(&current, &self.knowledge).title,
            visibility: there(asked, &given),
            family: suggested.family,
            suggested: Target { breadth: suggested.breadth, value: suggested.value },
            targets: targets.map(|key| Target { breadth: key.breadth, value: key.value }).collect(),
            reply: given.id,
        }))
    }

    /// Saves what was filled into a form.
    pub async fn save_filled(&self, asked: &Asked<'_>, filled: Filled<'_>, now: Timestamp) -> Result<Saved> {
        match FixText::write(filled.text, &mut Tally::default()) {
            Ok(_) => {}
            Err(TextError::Empty) => return Ok(Saved::Wrong(words::fix_is_empty())),
            Err(TextError::TooLong) => return Ok(Saved::Wrong(words::fix_too_long(TEXT_LIMIT))),
        }
        let mut tx = self.store.begin().await?;
        if !inbox::take(&mut tx, asked.team, asked.event, now).await? {
            return Ok(Saved::Again);
        }
        let mut run = Run { bot: self, asked, zone: None, tx, now };
        let Some((given, _)) = run.answered().await? else {
            return Ok(Saved::Said(Reply::say(words::nothing_to_save_for())));
        };
        let visibility = there(asked, &given);
        let there = Asked { channel: &given.place.channel, visibility, reply: Some(&given.id), ..*asked };
        let mut run = Run { bot: self, asked: &there, zone: None, tx: run.tx, now };
        let Filled { text, breadth, sharing } = filled;
        let saving = Saving { text: Some(text.to_owned()), breadth, sharing };
        let reply = run.save(saving).await?;
        run.tx.commit().await?;
        self.wake.notify_one();
        Ok(Saved::Said(reply))
    }
}

/// Who can read the channel of an answer. People of other organisations may have come since it was given.
fn there(asked: &Asked<'_>, given: &Given) -> Visibility {
    if asked.visibility == Visibility::Shared { Visibility::Shared } else { given.visibility }
}

impl Run<'_> {
    /// The answer that is talked about, held until the transaction ends, with the failure that it answers first.
    pub(super) async fn answered(&mut self) -> Result<Option<(Given, Diagnosis)>> {
        let given = match self.asked.reply {
            Some(id) => replies::get(&mut self.tx, self.asked.team, id).await?,
            None => self.last_answer().await?,
        };
        Ok(with_failure(given))
    }
}

/// An answer with the failure that it answers first.
fn with_failure(given: Option<Given>) -> Option<(Given, Diagnosis)> {
    given.and_then(|given| given.diagnoses.first().cloned().map(|first| (given, first)))
}
