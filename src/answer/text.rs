//! An answer for a terminal.

mod conversation;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{Answer, AnswerStep, Inline, Span, words};

pub use conversation::reply;

const TITLE: Style = Style::new().bold().underline();
const LABEL: Style = Style::new().bold();
const CODE: Style = AnsiColor::Cyan.on_default();
const COMMAND: Style = AnsiColor::Green.on_default();
const QUOTE: Style = Style::new().dimmed();

/// Narrower than this, wrapped prose is harder to read than lines that run over.
const MIN_WIDTH: usize = 24;

/// Whether to write ANSI styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paint {
    /// No escape sequences; code stands in backticks.
    #[default]
    Plain,
    /// Styles as ANSI escape sequences; code is coloured.
    Ansi,
}

/// The answer as text, with a line break at the end. Prose is wrapped at `width` characters; commands and the evidence
/// are not, so that they can be copied.
#[must_use]
pub fn text(answer: &Answer, width: usize, paint: Paint) -> String {
    let mut page = Page { out: String::with_capacity(2000), width: width.max(MIN_WIDTH), paint };
    page.styled(TITLE, &answer.title);
    page.out.push('\n');
    page.labelled(words::lead(answer.confidence), &answer.cause);
    if let Some(line) = answer.evidence.as_ref().filter(|line| !line.text.is_empty()) {
        page.out.push_str("  | ");
        page.styled(QUOTE, &line.text);
        if line.number > 0 {
            let _ = write!(page.out, " ({})", words::line_number(line.number));
        }
        page.out.push('\n');
    }
    if let Some(seen) = words::seen(answer.count) {
        page.prose("  ", 2, &Inline::plain(&seen));
    }
    if !answer.steps.is_empty() {
        page.heading(words::do_this());
        for (i, step) in answer.steps.iter().enumerate() {
            page.step(&format!("  {}. ", i + 1), step);
        }
    }
    page.heading(words::check());
    page.step("  ", &answer.check);
    if let Some(caveat) = &answer.caveat {
        page.out.push('\n');
        page.labelled(words::not_shown(), caveat);
    }
    if !answer.others.is_empty() {
        page.heading(words::could_also_be());
        for other in &answer.others {
            page.prose("  - ", 4, &Inline::parse(&words::other(&other.title, &other.explanation.backticked())));
        }
    }
    if let Some(url) = &answer.learn_more {
        page.out.push('\n');
        page.styled(LABEL, words::more_on_this());
        let _ = writeln!(page.out, ": {url}");
    }
    page.out
}

struct Page {
    out: String,
    width: usize,
    paint: Paint,
}

/// A piece of prose that is never broken.
struct Atom<'a> {
    text: &'a str,
    code: bool,
    /// Whether a blank stands before it, so that a line may end there.
    loose: bool,
}

impl Page {
    fn styled(&mut self, style: Style, text: &str) {
        match self.paint {
            Paint::Plain => self.out.push_str(text),
            Paint::Ansi => {
                let _ = write!(self.out, "{style}{text}{style:#}");
            }
        }
    }

    fn heading(&mut self, text: &str) {
        self.out.push('\n');
        self.styled(LABEL, text);
        self.out.push('\n');
    }

    fn labelled(&mut self, label: &str, inline: &Inline) {
        self.styled(LABEL, label);
        self.out.push_str(": ");
        self.wrap(label.chars().count() + 2, 2, inline);
    }

    fn step(&mut self, lead: &str, step: &AnswerStep) {
        self.prose(lead, lead.len(), &step.text);
        for line in step.command.iter().flat_map(|command| command.lines()) {
            self.out.push_str("       ");
            self.styled(COMMAND, line);
            self.out.push('\n');
        }
    }

    fn prose(&mut self, lead: &str, indent: usize, inline: &Inline) {
        self.out.push_str(lead);
        self.wrap(lead.chars().count(), indent, inline);
    }

    /// Writes a sentence from column `at` on, later lines indented, and ends the line.
    fn wrap(&mut self, mut at: usize, indent: usize, inline: &Inline) {
        let atoms = atoms(inline);
        let mut fresh = true;
        let mut rest = atoms.as_slice();
        while let Some((first, tail)) = rest.split_first() {
            let glued = tail.iter().take_while(|atom| !atom.loose).count();
            let (unit, later) = rest.split_at(glued + 1);
            rest = later;
            let size: usize = unit.iter().map(|atom| self.size(atom)).sum();
            if !fresh && at + 1 + size > self.width {
                self.out.push('\n');
                self.out.extend(std::iter::repeat_n(' ', indent));
                at = indent;
            } else if !fresh && first.loose {
                self.out.push(' ');
                at += 1;
            }
            for atom in unit {
                self.atom(atom);
            }
            at += size;
            fresh = false;
        }
        self.out.push('\n');
    }

    fn size(&self, atom: &Atom) -> usize {
        let ticks = if atom.code && self.paint == Paint::Plain { 2 } else { 0 };
        atom.text.chars().count() + ticks
    }

    fn atom(&mut self, atom: &Atom) {
        match (atom.code, self.paint) {
            (false, _) => self.out.push_str(atom.text),
            (true, Paint::Plain) => self.out.extend(["`", atom.text, "`"]),
            (true, Paint::Ansi) => self.styled(CODE, atom.text),
        }
    }
}

fn atoms(inline: &Inline) -> Vec<Atom<'_>> {
    let mut atoms = Vec::with_capacity(40);
    let mut loose = true;
    for span in inline.spans() {
        match span {
            Span::Code(text) => {
                atoms.push(Atom { text, code: true, loose });
                loose = false;
            }
            Span::Channel(channel) => {
                atoms.push(Atom { text: "#", code: false, loose });
                atoms.push(Atom { text: channel.as_str(), code: false, loose: false });
                loose = false;
            }
            Span::Plain(plain) => {
                loose |= plain.starts_with(' ');
                for text in plain.split(' ').filter(|word| !word.is_empty()) {
                    atoms.push(Atom { text, code: false, loose });
                    loose = true;
                }
                loose = plain.ends_with(' ');
            }
        }
    }
    atoms
}
