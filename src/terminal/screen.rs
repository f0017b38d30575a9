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
        Ok(Self { state: Mutex::new(State { out, log, choices: Vec::new(), shown: VecDeque::new() }), width, paint })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows something to whoever sits here.
    pub(super) fn show(&self, content: &Reply) -> io::Result<()> {
        let page = reply(content, self.width, self.paint);
        let mut state = self.state();
        if !content.rows.is_empty() {
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
        let content = state.news(parcel.reply.as_deref(), &say.content);
        let page = reply(&content, self.width, self.paint);
        let page = match parcel.kind {
            Kind::Remove => words::removed_here().to_owned(),
            Kind::Post => page,
            Kind::Edit => format!("{}\n{page}", words::changed_here()),
            Kind::Notice => format!("{}\n{page}", words::only_you()),
        };
        match parcel.kind {
            Kind::Post | Kind::Edit => state.choices = choices(&say.content),
            Kind::Remove => state.choices.clear(),
            Kind::Notice => {}
        }
        let entry = format!("[{} to {} {}]\n{page}\n", parcel.key, say.to.channel, say.to.id);
        // One write, so that the file holds all of a post or nothing of it.
        let logged = state.log.as_mut().map_or(Ok(()), |log| log.write_all(entry.as_bytes()));
        let shown = logged.and_then(|()| writeln!(state.out, "{page}")).and_then(|()| state.out.flush());
        match shown {
            Ok(()) => Delivery::Done(Some(parcel.key.clone())),
            Err(error) => Delivery::Unclear(format!("cannot write: {error}")),
        }
    }

    fn find(&self, key: &str) -> io::Result<LookUp> {
        let mut state = self.state();
        let Some(log) = &mut state.log else { return Ok(LookUp::Unknown) };
        let length = log.seek(SeekFrom::End(0))?;
        log.seek(SeekFrom::Start(length.saturating_sub(REACH)))?;
        let mut end = Vec::new();
        log.take(REACH).read_to_end(&mut end)?;
        let found = memchr::memmem::find(&end, format!("[{key} to ").as_bytes()).is_some();
        Ok(if found { LookUp::Found(Some(key.to_owned())) } else { LookUp::Absent })
    }
}

fn choices(content: &Reply) -> Vec<Choice> {
    content.rows.iter().flat_map(|row| row.choices.iter().cloned()).collect()
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
        Box::pin(async move { self.find(&parcel.key).unwrap_or(LookUp::Unknown) })
    }
}
