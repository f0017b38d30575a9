//! The loop: a piece of input, what it leads to, what is said.

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::sync::mpsc;

use super::{
    reader::{Input, Reader},
    screen::Screen,
};
use crate::{
    answer::{
        Inline,
        reply::{Reply, words},
        text::Paint,
    },
    bot::{
        Bot, Heard,
        choices::{Chosen, Click},
        commands::{Asked, Audience},
        outbox::{Clock, Settings, Worker},
    },
    message::{
        Address, Author, ChannelId, IdError, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId,
        Visibility,
    },
    store::{StoreError, lock},
};

/// How to chat.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who speaks first.
    pub name: String,
    /// Where.
    pub channel: String,
    /// The name of this run: the same input under the same name is heard once.
    pub session: String,
    /// Where to keep the conversation.
    pub log: Option<PathBuf>,
    /// Whether somebody sits here; otherwise the input is a transcript.
    pub interactive: bool,
    /// Columns.
    pub width: usize,
    /// Whether to colour.
    pub paint: Paint,
}

/// Why the chat ended early.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The terminal or the conversation's file.
    #[error("cannot read or write the conversation: {0}")]
    Io(#[from] io::Error),
    /// A name that cannot be one.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// How many lines may wait while an answer is made.
const LINES: usize = 256;

/// Reads `input` to its end and says on `out` what it leads to.
pub async fn chat(
    bot: Arc<Bot>,
    options: Options,
    input: impl BufRead + Send + 'static,
    out: Box<dyn Write + Send>,
    clock: Clock,
) -> Result<(), ChatError> {
    let lock = lock::hold_terminal(bot.store()).await?;
    let screen = Arc::new(Screen::new(out, options.log.as_deref(), options.width, options.paint)?);
    // What was said stands in the log at once: nothing of a dead sender is still on its way.
    let settings = Settings { echo: SignedDuration::ZERO, ..Settings::default() };
    let worker = Worker::new(Arc::clone(&bot), vec![screen.clone()], settings, Arc::clone(&clock));
    let channel = ChannelId::parse(&options.channel)?;
    let mut chat = Chat {
        bot,
        screen,
        worker,
        clock,
        author: author(&options.name)?,
        channel,
        options,
        zone: zone(),
        count: 0,
        writing: None,
    };
    chat.recall().await?;
    // What an earlier run left unsaid comes first.
    chat.worker.take_over(&lock).await?;
    chat.drain().await?;
    let (lines, mut incoming) = mpsc::channel(LINES);
    std::thread::spawn(move || read(input, &lines));
    let mut reader = Reader::default();
    loop {
        let next = tokio::select! {
            line = incoming.recv() => match line {
                Some(line) => reader.line(&line?),
                None => break,
            },
            // Follow-ups and rows that waited become due while nobody types.
            () = tokio::time::sleep(IDLE), if chat.options.interactive => {
                chat.drain().await?;
                continue;
            }
        };
        if let Some(input) = next
            && !chat.take(input).await?
        {
            return Ok(());
        }
    }
    if let Some(input) = reader.end() {
        chat.take(input).await?;
    }
    if !chat.options.interactive {
        // Nobody will be there later to read what has to wait now.
        let screen = Arc::clone(&chat.screen);
        chat.worker.finish(|| screen.is_gone()).await?;
        chat.drain().await?;
    }
    Ok(())
}

/// How often the outbox is looked at while nobody types.
const IDLE: std::time::Duration = std::time::Duration::from_secs(1);

/// Hands on lines without their breaks, whatever bytes they hold.
fn read(mut input: impl BufRead, lines: &mpsc::Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut line = Vec::new();
        let handed = match input.read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => {
                while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                    line.pop();
                }
                lines.blocking_send(Ok(line))
            }
            Err(error) => lines.blocking_send(Err(error)),
        };
        if handed.is_err() {
            return;
        }
    }
}

fn author(name: &str) -> Result<Author, IdError> {
    // Names have blanks and letters that ids do not.
    let id: String = name.bytes().flat_map(|b| std::ascii::escape_default(b).map(char::from)).collect();
    let id: String = id.replace(' ', "_").chars().take(LONGEST_NAME).collect();
    Ok(Author { id: UserId::parse(&id)?, name: name.to_owned(), speaker: Speaker::Person, rights: Rights::Admin })
}

fn zone() -> Option<String> {
    TimeZone::try_system().ok()?.iana_name().map(str::to_owned)
}

/// Characters of a name that tell people apart.
const LONGEST_NAME: usize = 100;

struct Chat {
    bot: Arc<Bot>,
    screen: Arc<Screen>,
    worker: Arc<Worker>,
    clock: Clock,
    options: Options,
    author: Author,
    channel: ChannelId,
    /// This machine's time zone.
    zone: Option<String>,
    /// Pieces of input so far.
    count: u64,
    /// The reply for which somebody is writing down their fix.
    writing: Option<String>,
}

impl Chat {
    /// Carries out a piece of input and says what is due; `false` to end.
    async fn take(&mut self, input: Input) -> Result<bool, ChatError> {
        self.count += 1;
        // Whoever goes on to something else does not write down a fix any more.
        let writing = self.writing.take();
        match input {
            Input::Quit => return Ok(false),
            Input::As(name) => match author(&name) {
                Ok(author) => self.author = author,
                Err(error) => self.screen.show(&Reply::say(Inline::plain(&error.to_string())))?,
            },
            Input::In(channel) => match ChannelId::parse(&channel) {
                Ok(channel) => {
                    self.channel = channel;
                    self.recall().await?;
                }
                Err(error) => self.screen.show(&Reply::say(Inline::plain(&error.to_string())))?,
            },
            Input::Number(number) => self.choose(number).await?,
            Input::Command(command) => self.command(&command).await?,
            Input::Message(text) => match writing {
                Some(reply) if self.bot.is_chatter(&text) => self.save(&reply, &text).await?,
                _ => self.say(&text).await?,
            },
        }
        self.drain().await?;
        Ok(true)
    }

    /// Says what is due, unless there is nobody left to say it to.
    async fn drain(&self) -> Result<(), ChatError> {
        match self.worker.drain().await {
            Ok(_) => {}
            // What waits is said once the database answers again.
            Err(error) if error.passes() => tracing::warn!(%error, "the outbox waits"),
            Err(error) => return Err(error.into()),
        }
        if self.screen.is_gone() { Err(io::Error::from(io::ErrorKind::BrokenPipe).into()) } else { Ok(()) }
    }

    fn place(&self) -> Result<MessageRef, IdError> {
        let id = MessageId::parse(&format!("{}-{}", self.options.session, self.count))?;
        Ok(MessageRef { team: TeamId::local(), channel: self.channel.clone(), thread: None, id })
    }

    async fn say(&mut self, text: &[u8]) -> Result<(), ChatError> {
        let message = Message {
            place: self.place()?,
            visibility: Visibility::Public,
            author: self.author.clone(),
            address: Address::Overheard,
            text,
        };
        match self.bot.hear(&message, self.now()).await {
            Ok(Heard::Chatter | Heard::Again | Heard::Silent(_) | Heard::Answered(_)) => Ok(()),
            Err(error) => self.trouble(error),
        }
    }

    async fn choose(&mut self, number: usize) -> Result<(), ChatError> {
        let Some(choice) = self.screen.choice(number) else {
            return Ok(self.screen.show(&Reply::say(words::no_such_number(number)))?);
        };
        let event = self.event();
        let click = Click { team: &TeamId::local(), event: &event, author: &self.author, choice: &choice };
        match self.bot.choose(&click, self.now()).await {
            Ok(Chosen::Said(reply)) => Ok(self.screen.show(&reply)?),
            Ok(Chosen::Done | Chosen::Again) => Ok(()),
            Ok(Chosen::Write(reply)) => {
                self.writing = Some(reply);
                Ok(self.screen.show(&Reply::say(words::write_your_fix()))?)
            }
            Err(error) => self.trouble(error),
        }
    }

    async fn command(&mut self, text: &str) -> Result<(), ChatError> {
        self.ask(text, None).await
    }

    async fn save(&mut self, reply: &str, text: &[u8]) -> Result<(), ChatError> {
        let text = format!("save {}", String::from_utf8_lossy(text));
        self.ask(&text, Some(reply)).await
    }

    async fn ask(&mut self, text: &str, reply: Option<&str>) -> Result<(), ChatError> {
        let event = self.event();
        let asked = Asked {
            team: &TeamId::local(),
            channel: &self.channel,
            visibility: Visibility::Public,
            author: &self.author,
            event: &event,
            reply,
            about: None,
            audience: Audience::Everybody,
        };
        match self.bot.command_from(&asked, self.zone.as_deref(), text, self.now()).await {
            Ok(Some(reply)) => Ok(self.screen.show(&reply)?),
            Ok(None) => Ok(()),
            Err(error) => self.trouble(error),
        }
    }

    /// Takes up the choices of the channel's last answer, so that a number still works after a restart.
    async fn recall(&mut self) -> Result<(), ChatError> {
        if let Some(reply) = self.bot.last_answer(&TeamId::local(), &self.channel).await? {
            self.screen.recall(&reply);
        }
        Ok(())
    }

    fn event(&self) -> String {
        format!("{}-{}", self.options.session, self.count)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What passes is said and waited for; the rest ends the chat.
    fn trouble(&self, error: StoreError) -> Result<(), ChatError> {
        if !error.passes() {
            return Err(error.into());
        }
        tracing::warn!(%error, "not stored");
        Ok(self.screen.show(&Reply::say(words::trouble()))?)
    }
}
