//! An answer as Markdown.
//!
//! What is quoted or typed stands in fences that nothing inside can close. All other text is escaped, so that no paste
//! and no entry can ping, link or format. Fences are not indented, so that a command copied from the source is a
//! command; a list that one of them cuts in two goes on with the right number.

mod conversation;

use super::{
    Answer, AnswerStep, Inline, Span,
    inline::{backtick_run, push_code},
    words,
};

pub use conversation::reply;

/// Keeps `@name`, `#1` and `:emoji:` from being read as more than text. Escapes do not help there: some platforms look
/// for them after Markdown is done.
const BREAK: char = '\u{200b}';

/// The answer as Markdown, with a line break at the end.
#[must_use]
pub fn markdown(answer: &Answer) -> String {
    let mut out = String::with_capacity(1500);
    if !answer.title.is_empty() {
        out.push_str("**");
        push_text(&mut out, &answer.title);
        out.push_str("**\n\n");
    }
    push_label(&mut out, words::lead(answer.confidence));
    push_inline(&mut out, &answer.cause);
    if let Some(seen) = words::seen(answer.count) {
        out.push(' ');
        push_text(&mut out, &seen);
    }
    out.push('\n');
    if let Some(line) = answer.evidence.as_ref().filter(|line| !line.text.is_empty()) {
        push_fence(&mut out, &line.text);
    }
    push_steps(&mut out, &answer.steps);
    out.push('\n');
    push_label(&mut out, words::check());
    push_step(&mut out, &answer.check);
    if let Some(caveat) = &answer.caveat {
        out.push('\n');
        push_label(&mut out, words::not_shown());
        push_inline(&mut out, caveat);
        out.push('\n');
    }
    if !answer.others.is_empty() {
        out.push('\n');
        push_heading(&mut out, words::could_also_be());
        // An empty item would underline the heading.
        for other in answer.others.iter().filter(|other| !other.title.trim().is_empty()) {
            // The titles alone: with the explanations an answer would not fit a phone.
            out.push_str("- ");
            push_text(&mut out, &other.title);
            out.push('\n');
        }
    }
    if let Some(url) = &answer.learn_more {
        out.push('\n');
        push_label(&mut out, words::more_on_this());
        out.extend(["<", url, ">\n"]);
    }
    out
}

fn push_heading(out: &mut String, heading: &str) {
    out.extend(["**", heading, "**\n"]);
}

fn push_label(out: &mut String, label: &str) {
    out.extend(["**", label, ":** "]);
}

fn push_steps(out: &mut String, steps: &[AnswerStep]) {
    if steps.is_empty() {
        return;
    }
    out.push('\n');
    push_heading(out, words::do_this());
    for (i, step) in steps.iter().enumerate() {
        out.extend([&(i + 1).to_string(), ". "]);
        push_step(out, step);
    }
}

/// Ends the line.
fn push_step(out: &mut String, step: &AnswerStep) {
    push_inline(out, &step.text);
    out.push('\n');
    if let Some(command) = &step.command {
        push_fence(out, command);
    }
}

/// A fenced block that ends where `text` ends, whatever it is.
fn push_fence(out: &mut String, text: &str) {
    let fence = (backtick_run(text) + 1).max(3);
    out.extend(std::iter::repeat_n('`', fence));
    out.extend(["\n", text, "\n"]);
    out.extend(std::iter::repeat_n('`', fence));
    out.push('\n');
}

/// A sentence with its code as code spans.
fn push_inline(out: &mut String, inline: &Inline) {
    for span in inline.spans() {
        match span {
            Span::Plain(text) => push_text(out, text),
            Span::Code(code) => push_code(out, code),
            Span::Channel(channel) => push_text(out, &format!("#{channel}")),
        }
    }
}

/// Text that must read as it is written. Host names and addresses, which some platforms would turn into links, become
/// code.
pub(super) fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        // Words are short: a plain loop is there before a search has started.
        let end = rest.bytes().position(|b| b == b' ').map_or(rest.len(), |blank| blank + 1);
        let (part, after) = rest.split_at(end);
        rest = after;
        if is_word(part) {
            out.push_str(part);
        } else {
            part.split_inclusive(char::is_whitespace).for_each(|part| push_word(out, part));
        }
    }
}

/// Most words: letters, with what may stand between and behind them and means nothing in Markdown.
fn is_word(part: &str) -> bool {
    let word = part.strip_suffix(' ').unwrap_or(part);
    let word = word.strip_suffix(['.', ':']).unwrap_or(word);
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b',' | b';' | b'\'' | b'"' | b'-' | b')'))
}

/// One word, perhaps with a blank behind it.
fn push_word(out: &mut String, part: &str) {
    let word = part.trim_end();
    let head = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let core = head.trim_end_matches(|c: char| !c.is_alphanumeric());
    if links(core) {
        let (before, _) = word.split_at_checked(word.len() - head.len()).unwrap_or_default();
        push_escaped(out, before);
        push_code(out, core);
        push_escaped(out, head.strip_prefix(core).unwrap_or_default());
    } else {
        push_escaped(out, word);
    }
    if word.len() < part.len() && !out.ends_with([' ', '\n']) {
        // One blank at most: several can make a code block or a line break.
        out.push(' ');
    }
}

/// Whether a platform might take a word for an address: `://`, `www`, an `@` inside, or a dot before two letters.
fn links(word: &str) -> bool {
    let ending = |part: &str| part.chars().take_while(|c| c.is_alphabetic()).count() >= 2;
    word.contains("://")
        || word.contains('@')
        || word.split('.').skip(1).any(ending)
        || word
            .split('.')
            .any(|part| part.as_bytes().last_chunk().is_some_and(|end: &[u8; 3]| end.eq_ignore_ascii_case(b"www")))
}

fn push_escaped(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.extend([c, BREAK]),
            ':' if chars.peek().is_some_and(|next| !next.is_whitespace()) => out.extend([c, BREAK]),
            '#' => out.extend(['\\', '#', BREAK]),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' | '$' => out.extend(['\\', c]),
            '+' | '-' | '=' if starts_block(out) => out.extend(['\\', c]),
            '.' | ')' if ends_number(out) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
}

/// Whether what follows might stand first in its block or list item. Escaping once too often does no harm.
fn starts_block(out: &str) -> bool {
    out.is_empty() || out.ends_with('\n') || ["** ", "**", "- ", ". "].iter().any(|mark| out.ends_with(mark))
}

/// Whether the text ends in a number that stands first, so that a dot would make a list of it.
fn ends_number(out: &str) -> bool {
    let head = out.trim_end_matches(|c: char| c.is_ascii_digit());
    head.len() < out.len() && starts_block(head)
}
