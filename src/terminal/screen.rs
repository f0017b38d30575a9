//! What the terminal shows, and which number stands for which choice.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::SignedDuration;

use crate::{
    answer::{
        reply::{Block, Choice, Reply, words},
        text::{Paint, reply},
    },
    bot::{
        outbox::{Courier, Delivery, LookUp, Soon},
        say::Say,
    },
    message::Platform,
    store::outbox::{Kind, Parcel},
};

/// The end of the conversation file that is searched for a post.
const REACH: u64 = 4 * 1024 * 1024;

/// A terminal, or a pipe, and the file that keeps the conversation.
pub(super) struct Screen {
    state: Mutex<State>,
    width: usize,
    paint: Paint,
}

struct State {
    out: Box<dyn Write + Send>,
    log: Option<File>,
    choices: Vec<Choice>,
    /// The last answers as they were shown: of a change, only what is new is shown.
    shown: VecDeque<(String, Vec<Block>)>,
    /// Whoever read has gone.
    gone: bool,
}

/// Answers that are remembered on the screen.
const SHOWN: usize = 50;

impl State {
    /// What a change brings, and nothing of what stands above already.
    fn news(&mut self, reply: Option<&str>, content: &Reply) -> Reply {
        let Some(reply) = reply else { return content.clone() };
        let before = self.shown.iter().position(|(id, _)| id == reply).and_then(|at| self.shown.remove(at));
        let before = before.map(|(_, blocks)| blocks).unwrap_or_default();
        self.shown.push_back((reply.to_owned(), content.blocks.clone()));
        if self.shown.len() > SHOWN {
            self.shown.pop_front();
        }
        let new = content.blocks.iter().filter(|block| !before.contains(block)).cloned();
        Reply { blocks: new.collect(), rows: content.rows.clone() }
    }
}

impl Screen {
    /// Shows on `out`. With `log`, what is posted is also appended there, so that after a crash it can be looked up.
    pub(super) fn new(out: Box<dyn Write + Send>, log: Option<&Path>, width: usize, paint: Paint) -> io::Result<Self> {
        let open = |path| OpenOptions::new().create(true).append(true).read(true).open(path);
        let log = log.map(open).transpose()?;
        Ok(Self {
            state: Mutex::new(State { out, log, choices: Vec::new(), shown: VecDeque::new(), gone: false }),
            width,
            paint,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows something to whoever sits here.
    pub(super) fn show(&self, content: &Reply) -> io::Result<()> {
        let page = reply(content, self.width, self.paint);
        let mut state = self.state();
        if content.choices().next().is_some() {
            state.choices = choices(content);
        }
        writeln!(state.out, "{page}")?;
        state.out.flush()
    }

    /// Takes up the choices of an answer given before.
    pub(super) fn recall(&self, content: &Reply) {
        self.state().choices = choices(content);
    }

    /// The id of the choice with this number under the last answer.
    pub(super) fn choice(&self, number: usize) -> Option<String> {
        self.state().choices.get(number.checked_sub(1)?).map(|choice| choice.id.clone())
    }

    fn post(&self, parcel: &Parcel) -> Delivery {
        let say: Say = match serde_json::from_str(&parcel.body) {
            Ok(say) => say,
            Err(error) => return Delivery::Refused(format!("cannot read what to say: {error}")),
        };
        let mut state = self.state();
        let page = self.page(parcel.kind, &state.news(parcel.reply.as_deref(), &say.content), self.paint);
        match parcel.kind {
            // One line that points to an earlier answer leaves that one's choices where they are.
            Kind::Post | Kind::Edit if say.content.choices().next().is_none() => {}
            Kind::Post | Kind::Edit => state.choices = choices(&say.content),
            Kind::Remove => state.choices.clear(),
            Kind::Notice => {}
        }
        let entry = entry(parcel, &say, &self.page(parcel.kind, &say.content, Paint::Plain));
        // One write, so that a crash hardly ever leaves a part of a post; see `find` for when it does.
        let logged = state.log.as_mut().map_or(Ok(()), |log| append(log, &entry));
        let shown = logged.and_then(|()| writeln!(state.out, "{page}")).and_then(|()| state.out.flush());
        match shown {
            Ok(()) => Delivery::Done(Some(parcel.key.clone())),
            Err(error) => {
                state.gone |= error.kind() == io::ErrorKind::BrokenPipe;
                Delivery::Unclear(format!("cannot write: {error}"))
            }
        }
    }

    fn page(&self, kind: Kind, content: &Reply, paint: Paint) -> String {
        let page = || reply(content, self.width, paint);
        match kind {
            Kind::Remove => words::removed_here().to_owned(),
            Kind::Post => page(),
            Kind::Edit => format!("{}\n{}", words::changed_here(), page()),
            Kind::Notice => format!("{}\n{}", words::only_you(), page()),
        }
    }

    /// Whether whoever read the answers has gone.
    pub(super) fn is_gone(&self) -> bool {
        self.state().gone
    }

    /// Looks for a post in the file. The system stops a write between two pages when it kills a process, so the end of the file
    /// may hold a part of the post: that is cut off, and the post was not said.
    fn find(&self, parcel: &Parcel) -> io::Result<LookUp> {
        let Ok(say) = serde_json::from_str::<Say>(&parcel.body) else { return Ok(LookUp::Unknown) };
        let entry = entry(parcel, &say, &self.page(parcel.kind, &say.content, Paint::Plain));
        let mut state = self.state();
        let Some(log) = &mut state.log else { return Ok(LookUp::Unknown) };
        let length = log.seek(SeekFrom::End(0))?;
        log.seek(SeekFrom::Start(length.saturating_sub(REACH)))?;
        let mut end = Vec::new();
        (&mut *log).take(REACH).read_to_end(&mut end)?;
        if memchr::memmem::find(&end, entry.as_bytes()).is_some() {
            return Ok(LookUp::Found(Some(parcel.key.clone())));
        }
        if let Some(part) = torn(&end, entry.as_bytes()) {
            log.set_len(length - part)?;
        }
        Ok(LookUp::Absent)
    }
}

/// A post as the file keeps it.
fn entry(parcel: &Parcel, say: &Say, page: &str) -> String {
    let about = say.to.message().map_or("-", |message| message.id.as_str());
    format!("[{} to {} {about}]\n{page}\n", parcel.key, say.to.channel())
}

/// Appends a post, on a line of its own even when what stands before it is torn.
fn append(log: &mut File, entry: &str) -> io::Result<()> {
    let mut last = [b'\n'];
    if log.seek(SeekFrom::End(0))? > 0 {
        log.seek(SeekFrom::End(-1))?;
        log.read_exact(&mut last)?;
    }
    if last == *b"\n" { log.write_all(entry.as_bytes()) } else { log.write_all(format!("\n{entry}").as_bytes()) }
}

/// How many bytes at the end of a text are the beginning of an entry.
fn torn(text: &[u8], entry: &[u8]) -> Option<u64> {
    let start = text.len().saturating_sub(entry.len());
    let parts = (start..text.len()).filter_map(|at| text.get(at..).map(|part| (at, part)));
    let whole_line = |at: usize| at == 0 || text.get(at - 1) == Some(&b'\n');
    parts.filter(|(at, part)| whole_line(*at) && entry.starts_with(part)).map(|(_, part)| part.len() as u64).next()
}

fn choices(content: &Reply) -> Vec<Choice> {
    content.choices().cloned().collect()
}

impl Courier for Screen {
    fn platform(&self) -> Platform {
        Platform::Terminal
    }

    fn pace(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(async move { self.post(parcel) })
    }

    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(async move { self.find(parcel).unwrap_or(LookUp::Unknown) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_entry_at_the_end_is_told_from_other_text() {
        let entry = b"[k1 to general m1]\nfirst\nsecond\n";
        assert_eq!(torn(b"[k0 to general m0]\nfirst\n[k1 to general m1]\nfi", entry), Some(21));
        assert_eq!(torn(b"[k1 to general m1]\nfirst\n", entry), Some(25));
        assert_eq!(torn(b"a note\n[k", entry), Some(2));
        assert_eq!(torn(b"a note [k", entry), None);
        assert_eq!(torn(b"a note\n", entry), None);
        assert_eq!(torn(b"", entry), None);
    }
}
