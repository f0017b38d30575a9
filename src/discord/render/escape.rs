//! Text for Discord's Markdown. What people and knowledge wrote is shown as it is: no mention, link, emoji or mark-up of theirs
//! comes alive, and nothing ends a code block early.

use crate::{
    answer::{Inline, Span},
    message::Platform,
};

/// Between characters that together would mean something; nobody sees it.
const BREAK: char = '\u{200b}';

/// Adds a sentence.
pub(super) fn push(out: &mut String, sentence: &Inline) {
    for span in sentence.spans() {
        match span {
            Span::Plain(text) => push_text(out, text),
            Span::Code(code) => push_code(out, code),
            Span::Channel(channel) if Platform::Discord.could_name(channel) => {
                out.extend(["<#", channel.as_str(), ">"]);
            }
            Span::Channel(channel) => push_text(out, &format!("#{channel}")),
        }
    }
}

/// Adds words. What Discord would turn into a link becomes code.
pub(super) fn push_text(out: &mut String, text: &str) {
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end();
        let head = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let core = head.trim_end_matches(|c: char| !c.is_alphanumeric());
        if links(core) {
            push_escaped(out, word.get(..word.len() - head.len()).unwrap_or_default());
            push_code(out, core);
            push_escaped(out, head.strip_prefix(core).unwrap_or_default());
        } else {
            push_escaped(out, word);
        }
        if word.len() < part.len() {
            out.push(' ');
        }
    }
}

/// Adds code that stands in a line.
pub(super) fn push_code(out: &mut String, code: &str) {
    if code.trim().is_empty() {
        return;
    }
    if out.ends_with('`') {
        out.push(BREAK);
    }
    if code.contains('`') {
        // Two backticks around it, and never two of them inside or at its ends.
        out.push_str("`` ");
        push_broken(out, code, 2);
        out.push_str(" ``");
    } else {
        out.extend(["`", code, "`"]);
    }
}

/// Adds a block of code on lines of its own.
pub(super) fn push_fence(out: &mut String, text: &str) {
    out.push_str("```\n");
    push_broken(out, text, 3);
    out.push_str(if text.ends_with('\n') { "```" } else { "\n```" });
}

/// Adds text without a run of this many backticks.
fn push_broken(out: &mut String, text: &str, longest: usize) {
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        if run == longest {
            out.push(BREAK);
            run = 1;
        }
        out.push(c);
    }
}

/// Whether Discord might take a word for an address: `://`, an `@` inside, or a dot before letters.
fn links(word: &str) -> bool {
    let name = |part: &str| part.chars().take_while(|c| c.is_alphabetic()).count() >= 2;
    word.contains("://") || word.contains('@') || word.split('.').skip(1).any(name)
}

fn push_escaped(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '@' => out.extend([c, BREAK]),
            // `:smile:`
            ':' if chars.peek().is_some_and(|next| !next.is_whitespace()) => out.extend(['\\', c]),
            '\\' | '`' | '*' | '_' | '~' | '|' | '<' | '>' | '[' | ']' | '#' => out.extend(['\\', c]),
            '-' | '+' if starts_line(out) => out.extend(['\\', c]),
            '.' | ')' if ends_number(out) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
}

/// Whether what follows might begin a list or a heading. Escaping once too often does no harm.
fn starts_line(out: &str) -> bool {
    out.is_empty() || out.ends_with('\n') || ["- ", ". ", "** "].iter().any(|mark| out.ends_with(mark))
}

fn ends_number(out: &str) -> bool {
    let head = out.trim_end_matches(|c: char| c.is_ascii_digit());
    head.len() < out.len() && starts_line(head)
}
