//! The log as a whole: jobs one after the other, each printed the way one CI system prints, and the planted errors spread
//! evenly over the length.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{
    decoys,
    errors::{self, Error},
    noise,
    rng::Rng,
};

/// The size that the figures in the issues speak of.
pub const DEFAULT_MEGABYTES: u64 = 100;

/// Any other seed gives another log of the same kind; changing it makes older measurements incomparable.
const SEED: u64 = 0x6e70_6d66_6978;

/// 2026-03-04T08:00:00Z, where the log begins, as milliseconds within that March.
const START: u64 = (3 * 24 + 8) * 3_600_000;

/// How one CI system prints a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The command's own output: Travis, `CodeBuild`, a classic `docker build`, a log file.
    Plain,
    /// `2026-03-04T10:45:59.0858306Z text`, also Azure Pipelines.
    GithubActions,
    /// `build⇥Run npm ci⇥2026-03-04T10:45:59.0858306Z text`, what `gh run view --log` prints.
    GhRunView,
    /// `2026-03-04T10:45:59.085830Z 01O text`.
    Gitlab,
    /// `[2026-03-04T10:45:59.085Z] text`.
    Jenkins,
    /// `#12 5.800 text`.
    BuildKit,
    /// `@acme/web:build: text`.
    Turbo,
}

const STYLES: &[Style] = &[
    Style::Plain,
    Style::Plain,
    Style::GithubActions,
    Style::GithubActions,
    Style::GhRunView,
    Style::Gitlab,
    Style::Jenkins,
    Style::BuildKit,
    Style::Turbo,
];

/// What was written.
pub struct Summary {
    pub bytes: u64,
    pub lines: u64,
    /// In the order of their lines.
    pub planted: Vec<Planted>,
    /// How often each kind of section stands in the log.
    pub sections: BTreeMap<&'static str, u64>,
}

/// One real error and the line of its `code`, counted from 1.
pub struct Planted {
    pub line: u64,
    pub error: &'static Error,
}

/// Writes a log of `size` bytes, or a little more: the last section is not cut.
pub fn write(out: &mut dyn Write, size: u64) -> io::Result<Summary> {
    let mut log = Log::new(out);
    let slice = size / (errors::ALL.len() as u64 + 1);
    for (n, error) in errors::ALL.iter().enumerate() {
        let jitter = log.rng.range(0, slice / 2 + 1);
        log.fill_to(slice * n as u64 + slice / 2 + jitter)?;
        log.start_job(error.style)?;
        let line = errors::plant(&mut log, error)?;
        log.planted.push(Planted { line, error });
        log.end_job("1")?;
    }
    log.fill_to(size)?;
    log.end_job("0")?;
    Ok(Summary { bytes: log.bytes, lines: log.lines, planted: log.planted, sections: log.sections })
}

/// Where the log stands and how its lines look just now.
pub struct Log<'a> {
    pub rng: Rng,
    /// The public registry's host, which no file of this project spells out.
    pub npm: String,
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
    style: Style,
    sections_left: u64,
    step: u64,
    clock: u64,
    bytes: u64,
    lines: u64,
    planted: Vec<Planted>,
    sections: BTreeMap<&'static str, u64>,
}

impl<'a> Log<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self {
            rng: Rng::new(SEED),
            npm: ["registry", "npmjs", "org"].join("."),
            out,
            buffer: Vec::new(),
            style: Style::Plain,
            sections_left: 0,
            step: 1,
            clock: START,
            bytes: 0,
            lines: 0,
            planted: Vec::new(),
            sections: BTreeMap::new(),
        }
    }

    /// Prints one line, with what the job's CI system puts before it.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.raw(text.as_bytes())
    }

    /// The same for bytes that need not be UTF-8. There is no line feed among them.
    pub fn raw(&mut self, text: &[u8]) -> io::Result<()> {
        self.clock += self.rng.next() % 64;
        self.buffer.clear();
        self.prefix()?;
        self.buffer.extend_from_slice(text);
        self.buffer.push(b'\n');
        self.bytes += self.buffer.len() as u64;
        self.lines += 1;
        self.out.write_all(&self.buffer)
    }

    /// Prints each of `lines`, `{{npm}}` replaced by the public registry's host.
    pub fn all(&mut self, lines: &[&str]) -> io::Result<()> {
        for line in lines {
            let text = line.replace("{{npm}}", &self.npm);
            self.line(&text)?;
        }
        Ok(())
    }

    /// The number of the line that comes next, counted from 1.
    pub fn next_line(&self) -> u64 {
        self.lines + 1
    }

    /// The time as `2026-03-04T10:45:59`, and the milliseconds.
    pub fn now(&self) -> (String, u64) {
        let (seconds, millis) = (self.clock / 1000, self.clock % 1000);
        let (day, hour) = (1 + seconds / 86_400 % 31, seconds / 3600 % 24);
        (format!("2026-03-{day:02}T{hour:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60), millis)
    }

    fn prefix(&mut self) -> io::Result<()> {
        if self.style == Style::Plain {
            return Ok(());
        }
        let (second, millis) = self.now();
        let micros = self.rng.range(0, 10_000);
        let (step, since) = (self.step, self.clock % 300_000);
        let buffer = &mut self.buffer;
        match self.style {
            Style::Plain => Ok(()),
            Style::GithubActions => write!(buffer, "{second}.{millis:03}{micros:04}Z "),
            Style::GhRunView => write!(buffer, "build\tRun npm ci\t{second}.{millis:03}{micros:04}Z "),
            Style::Gitlab => write!(buffer, "{second}.{millis:03}{:03}Z 01O ", micros % 1000),
            Style::Jenkins => write!(buffer, "[{second}.{millis:03}Z] "),
            Style::BuildKit => write!(buffer, "#{step} {}.{:03} ", since / 1000, since % 1000),
            Style::Turbo => write!(buffer, "@acme/web:build: "),
        }
    }

    fn fill_to(&mut self, bytes: u64) -> io::Result<()> {
        while self.bytes < bytes {
            if self.sections_left == 0 {
                let style = *self.rng.pick(STYLES);
                self.start_job(style)?;
            }
            self.section()?;
            self.sections_left -= 1;
            if self.sections_left == 0 {
                self.end_job("0")?;
            }
        }
        Ok(())
    }

    fn section(&mut self) -> io::Result<()> {
        // Per 100 MB some 6,000 sections with a 401 or 403 of something else, and 700 with npm's own words.
        let table = match self.rng.range(0, 40) {
            0 => decoys::NPM_WORDS,
            1..=8 => decoys::NUMBERS,
            _ => noise::SECTIONS,
        };
        let (name, print) = *self.rng.pick(table);
        *self.sections.entry(name).or_default() += 1;
        print(self)
    }

    fn start_job(&mut self, style: Style) -> io::Result<()> {
        self.style = style;
        self.sections_left = self.rng.range(8, 30);
        self.step = self.rng.range(5, 30);
        self.clock += 2_000;
        let id = self.rng.hex(40);
        match style {
            Style::GithubActions | Style::GhRunView => self.all(&[
                "##[group]Operating System",
                "Ubuntu",
                "24.04.3",
                "LTS",
                "##[endgroup]",
                "##[group]Run npm ci",
                "shell: /usr/bin/bash -e {0}",
                "env:",
                "  NODE_AUTH_TOKEN: ***",
                "##[endgroup]",
            ]),
            Style::Gitlab => self.all(&[
                "Running with gitlab-runner 18.2.0 (3fd27a22)",
                "  on runner-4031 acme, system ID: s_401c403e1",
                "Preparing the \"docker\" executor",
                "\u{1b}[0Ksection_start:1772613842:step_script\r\u{1b}[0K\u{1b}[0K\u{1b}[36;1mExecuting \"step_script\" stage of the job script\u{1b}[0;m",
            ]),
            Style::Jenkins => self.all(&["[Pipeline] stage", "[Pipeline] { (Build)", "[Pipeline] sh"]),
            Style::BuildKit => self.line("[deps 4/5] RUN npm ci"),
            Style::Turbo => self.line(&format!("cache miss, executing {}", id.get(..16).unwrap_or_default())),
            Style::Plain => self.line(&format!("HEAD is now at {id}")),
        }
    }

    fn end_job(&mut self, status: &str) -> io::Result<()> {
        self.sections_left = 0;
        if status == "0" {
            return match self.style {
                Style::Gitlab => self.line("\u{1b}[32;1mJob succeeded\u{1b}[0;m"),
                Style::Jenkins => self.all(&["[Pipeline] }", "[Pipeline] // stage", "Finished: SUCCESS"]),
                _ => self.line(&format!("Done with exit code {status}")),
            };
        }
        match self.style {
            Style::GithubActions | Style::GhRunView => self.line("##[error]Process completed with exit code 1."),
            Style::Gitlab => self.line("\u{1b}[31;1mERROR: Job failed: exit code 1"),
            Style::Jenkins => self.all(&["[Pipeline] }", "ERROR: script returned exit code 1", "Finished: FAILURE"]),
            Style::BuildKit => {
                self.line("ERROR: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 1")
            }
            Style::Turbo => self.line("ERROR: command finished with error: command (/app/apps/web) npm ci exited (1)"),
            Style::Plain => self.line("The command \"npm ci\" exited with 1."),
        }
    }
}
