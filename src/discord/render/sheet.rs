//! The cards of a message as they are filled, until there is no more room.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{
    escape,
    limits::{self, cut, length},
};
use crate::{
    answer::{
        Answer, AnswerStep, Inline, discord as said,
        reply::{Block, Choice, Row},
        words,
    },
    message::MessageRef,
};

/// The colour at the edge of an answer: npm's red.
const COLOUR: u32 = 0x00cb_3837;

/// The cards being filled.
#[derive(Default)]
pub(super) struct Sheet {
    cards: Vec<Card>,
    /// Characters in all of them.
    used: usize,
    /// Whether something did not fit; nothing is added any more then.
    full: bool,
    /// Whether the next piece stands apart from what is above it.
    apart: bool,
    /// What can be chosen beside the entries of a report.
    pub beside: Vec<Choice>,
    /// The files of the pictures that are still to come.
    pictures: VecDeque<String>,
}

#[derive(Default)]
struct Card {
    title: Option<String>,
    text: String,
    /// The file of the picture below it.
    image: Option<String>,
}

/// Room that is kept for the word about what is left out.
const KEPT: usize = 120;

impl Sheet {
    /// An empty one, with the names of the files that hold the pictures.
    pub fn with(pictures: &[String]) -> Self {
        Self { pictures: pictures.iter().cloned().collect(), ..Self::default() }
    }

    pub fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(heading) => {
                self.gap();
                self.line(&bold(heading));
            }
            Block::Say(sentence) => {
                self.gap();
                self.sentence("", sentence);
            }
            Block::Item(sentence) => self.sentence("- ", sentence),
            Block::Quote(text) => self.fence(text),
            Block::Answer(answer) => self.answer(answer),
            Block::Place(place) => self.line(&link(place)),
            Block::Row(row) => self.row(row),
            Block::Picture(picture) => {
                self.gap();
                self.line(&bold(&picture.title));
                match (self.pictures.pop_front(), self.cards.last_mut()) {
                    (Some(file), Some(card)) => card.image = Some(file),
                    _ => self.sentence("", &Inline::plain(&picture.alt)),
                }
            }
        }
    }

    /// One entry of a report. What can be done about it stands below all of them, under the number that it gets here.
    fn row(&mut self, row: &Row) {
        let mark = match &row.choice {
            Some(choice) => {
                let number = self.beside.len() + 1;
                self.beside.push(Choice { id: choice.id.clone(), label: format!("{number}. {}", choice.label) });
                format!("{number}. ")
            }
            None => "- ".to_owned(),
        };
        self.sentence(&mark, &row.text);
        if let Some(note) = &row.note {
            self.sentence("-# ", note);
        }
        if let Some(place) = &row.place {
            self.line(&link(place));
        }
    }

    fn answer(&mut self, answer: &Answer) {
        let mut title = String::new();
        escape::push_text(&mut title, &answer.title);
        self.card(cut(&title, limits::TITLE));
        let mut cause = label(words::lead(answer.confidence));
        escape::push(&mut cause, &answer.cause);
        if let Some(seen) = words::seen(answer.count) {
            cause.push(' ');
            escape::push_text(&mut cause, &seen);
        }
        self.line(&cause);
        if let Some(line) = answer.evidence.as_ref().filter(|line| !line.text.is_empty()) {
            self.fence(&line.text);
        }
        if !answer.steps.is_empty() {
            self.gap();
            self.line(&bold(words::do_this()));
        }
        for (number, step) in (1..).zip(&answer.steps) {
            self.step(&format!("{number}. "), step);
        }
        self.gap();
        self.step(&label(words::check()), &answer.check);
        if let Some(caveat) = &answer.caveat {
            self.gap();
            self.sentence(&label(words::not_shown()), caveat);
        }
        let others: Vec<&str> =
            answer.others.iter().map(|other| other.title.trim()).filter(|title| !title.is_empty()).collect();
        if !others.is_empty() {
            self.gap();
            self.line(&bold(words::could_also_be()));
            for title in others {
                self.sentence("- ", &Inline::plain(title));
            }
        }
        if let Some(url) = &answer.learn_more {
            self.gap();
            self.line(&format!("{}<{url}>", label(words::more_on_this())));
        }
        self.gap();
    }

    fn step(&mut self, mark: &str, step: &AnswerStep) {
        self.sentence(mark, &step.text);
        if let Some(command) = &step.command {
            self.fence(command);
        }
    }

    pub fn sentence(&mut self, mark: &str, sentence: &Inline) {
        let mut line = mark.to_owned();
        escape::push(&mut line, sentence);
        self.line(&line);
    }

    /// The next piece stands apart.
    pub fn gap(&mut self) {
        self.apart = true;
    }

    /// Begins a card with a heading, unless there is no room for one.
    fn card(&mut self, title: String) {
        self.full |= self.cards.len() == limits::CARDS || self.room() < length(&title) + KEPT;
        if !self.full {
            self.used += length(&title);
            let title = Some(title).filter(|title| !title.trim().is_empty());
            self.cards.push(Card { title, ..Card::default() });
        }
    }

    fn line(&mut self, line: &str) {
        if !self.add(line) {
            self.full = true;
        }
    }

    /// A block of code; of a long one, the lines that fit.
    fn fence(&mut self, text: &str) {
        let mut block = String::new();
        escape::push_fence(&mut block, text);
        if self.add(&block) || self.full {
            return;
        }
        self.full = true;
        let room = self.room().min(limits::DESCRIPTION / 2);
        let mut part = String::new();
        for line in text.lines() {
            if length(&part) + length(line) + KEPT > room {
                break;
            }
            part.push_str(line);
            part.push('\n');
        }
        block.clear();
        escape::push_fence(&mut block, &part);
        if !part.is_empty() {
            self.full = false;
            self.add(&block);
            self.full = true;
        }
    }

    fn room(&self) -> usize {
        (limits::ALL_CARDS - KEPT).saturating_sub(self.used)
    }

    /// Adds a piece to the card, or to a new one; says whether there was room.
    fn add(&mut self, piece: &str) -> bool {
        let long = length(piece) + 2;
        if self.full || long > self.room() {
            return false;
        }
        // What follows a picture stands below it.
        let free = |card: &Card| card.image.is_none() && length(&card.text) + long <= limits::DESCRIPTION - KEPT;
        let fits = self.cards.last().is_some_and(free);
        if !fits {
            if self.cards.len() == limits::CARDS || long > limits::DESCRIPTION - KEPT {
                return false;
            }
            self.cards.push(Card::default());
        }
        let Some(card) = self.cards.last_mut() else { return false };
        if !card.text.is_empty() {
            card.text.push_str(if self.apart { "\n\n" } else { "\n" });
        }
        self.apart = false;
        card.text.push_str(piece);
        self.used += long;
        true
    }

    pub fn cards(mut self) -> Vec<Value> {
        if self.cards.is_empty() {
            self.cards.push(Card::default());
        }
        if let Some(last) = self.cards.last_mut().filter(|_| self.full) {
            last.text.push_str("\n\n");
            escape::push(&mut last.text, &said::left_out());
        }
        let card = |card: Card| {
            let text = if card.text.trim().is_empty() { "\u{200b}".to_owned() } else { card.text };
            let mut json = json!({ "description": text, "color": COLOUR });
            if let (Some(title), Some(object)) = (card.title, json.as_object_mut()) {
                object.insert("title".to_owned(), Value::String(title));
            }
            if let (Some(file), Some(object)) = (card.image, json.as_object_mut()) {
                object.insert("image".to_owned(), json!({ "url": format!("attachment://{file}") }));
            }
            json
        };
        self.cards.into_iter().map(card).collect()
    }
}

fn bold(heading: &str) -> String {
    let mut out = "**".to_owned();
    escape::push_text(&mut out, heading);
    out.push_str("**");
    out
}

fn label(label: &str) -> String {
    format!("{}: ", bold(label))
}

/// Discord shows a link to a message as the channel's name.
fn link(place: &MessageRef) -> String {
    let guild = place.team.as_str().strip_prefix("discord:").filter(|guild| guild.bytes().all(|b| b.is_ascii_digit()));
    let channel = place.thread.as_ref().map_or(place.channel.as_str(), |thread| thread.as_str());
    format!("https://discord.com/channels/{}/{channel}/{}", guild.unwrap_or("@me"), place.id)
}
