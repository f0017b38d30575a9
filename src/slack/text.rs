//! The text of a message, as its reader saw it: from its blocks where it has some, else from its mark-up, and from the
//! attachments of CI apps. Pure; whatever the message looks like, something comes out.

use memchr::memchr2;
use serde_json::Value;

use super::wire::{list, text as field};

/// What a message says, attachments included. What Slack or an app shows of a link is not the author's word and is left out.
#[must_use]
pub fn of(message: &Value) -> String {
    let mut out = String::new();
    for block in list(message, "blocks") {
        put_block(block, &mut out);
    }
    // Where there are blocks, `text` is only what a notification shows.
    if is_blank(&out) {
        out.clear();
        put_mrkdwn(field(message, "text").unwrap_or_default(), &mut out);
    }
    for attachment in list(message, "attachments") {
        put_attachment(attachment, &mut out);
    }
    out
}

/// What mark-up shows: sequences become what stands in their place, and entities the characters they stand for.
#[must_use]
pub fn mrkdwn(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    put_mrkdwn(markup, &mut out);
    out
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn begin_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Whether an attachment is a preview that was made from a link or another message.
fn is_preview(attachment: &Value) -> bool {
    ["from_url", "original_url", "is_msg_unfurl", "is_share"]
        .iter()
        .any(|name| attachment.get(name).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false))))
}

fn put_attachment(attachment: &Value, out: &mut String) {
    if is_preview(attachment) {
        return;
    }
    let mut shown = String::new();
    for block in list(attachment, "blocks") {
        put_block(block, &mut shown);
    }
    for name in ["pretext", "title", "text"] {
        if let Some(markup) = field(attachment, name) {
            begin_line(&mut shown);
            put_mrkdwn(markup, &mut shown);
        }
    }
    for entry in list(attachment, "fields") {
        for name in ["title", "value"] {
            if let Some(markup) = field(entry, name) {
                begin_line(&mut shown);
                put_mrkdwn(markup, &mut shown);
            }
        }
    }
    if is_blank(&shown) {
        shown.clear();
        put_mrkdwn(field(attachment, "fallback").unwrap_or_default(), &mut shown);
    }
    begin_line(out);
    out.push_str(&shown);
}

fn put_block(block: &Value, out: &mut String) {
    match field(block, "type") {
        Some("rich_text") => put_parts(block, out),
        // The labels of buttons say nothing about a failure.
        Some("actions" | "image" | "video" | "file" | "input") => {}
        Some("markdown") => {
            // It has no sequences.
            begin_line(out);
            out.push_str(field(block, "text").unwrap_or_default());
        }
        _ => put_layout(block, out),
    }
}

/// A section, a header, a context, a table or what comes after them: text objects, wherever they stand.
fn put_layout(block: &Value, out: &mut String) {
    put_text_object(block.get("text").unwrap_or(&Value::Null), out);
    for object in list(block, "fields").chain(list(block, "elements")) {
        put_text_object(object, out);
    }
    for row in list(block, "rows") {
        begin_line(out);
        for cell in row.as_array().into_iter().flatten() {
            match field(cell, "type") {
                Some("rich_text") => put_parts(cell, out),
                _ => out.push_str(field(cell, "text").unwrap_or_default()),
            }
            out.push(' ');
        }
    }
}

fn put_text_object(object: &Value, out: &mut String) {
    let Some(text) = field(object, "text") else { return };
    begin_line(out);
    if field(object, "type") == Some("mrkdwn") { put_mrkdwn(text, out) } else { put_entities(text, out) }
}

/// The parts of a rich text, each on lines of its own.
fn put_parts(rich_text: &Value, out: &mut String) {
    for part in list(rich_text, "elements") {
        begin_line(out);
        if field(part, "type") == Some("rich_text_list") {
            for item in list(part, "elements") {
                begin_line(out);
                put_element(item, out);
            }
        } else {
            put_element(part, out);
        }
    }
}

/// An element of a rich text. Its text is what was typed: no sequences, no entities.
fn put_element(element: &Value, out: &mut String) {
    let marked = |mark: &str, name: &str, out: &mut String| {
        out.push_str(mark);
        out.push_str(field(element, name).unwrap_or_default());
    };
    match field(element, "type") {
        Some("text") => out.push_str(field(element, "text").unwrap_or_default()),
        Some("link") => out.push_str(field(element, "text").or_else(|| field(element, "url")).unwrap_or_default()),
        // As it is typed: a pasted `file.js:100:12` holds one, too.
        Some("emoji") => {
            marked(":", "name", out);
            out.push(':');
        }
        Some("user") => marked("@", "user_id", out),
        Some("usergroup") => marked("@", "usergroup_id", out),
        Some("channel") => marked("#", "channel_id", out),
        Some("broadcast") => marked("@", "range", out),
        Some("date") => marked("", "fallback", out),
        Some("color") => marked("", "value", out),
        _ => {
            out.push_str(field(element, "text").unwrap_or_default());
            for inner in list(element, "elements") {
                put_element(inner, out);
            }
        }
    }
}

/// Sequences before entities: what an entity stands for never opens a sequence.
fn put_mrkdwn(markup: &str, out: &mut String) {
    let mut rest = markup;
    while let Some((before, mark, after)) = at_mark(rest) {
        out.push_str(before);
        rest = after;
        if mark == '&' {
            rest = put_entity(after, out);
        } else if let Some((sequence, after)) = after.split_once('>').filter(|(sequence, _)| !sequence.contains('\n')) {
            put_sequence(sequence, out);
            rest = after;
        } else {
            out.push('<');
        }
    }
    out.push_str(rest);
}

fn put_entities(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        rest = put_entity(after, out);
    }
    out.push_str(rest);
}

/// Splits at the first character that begins a sequence or an entity.
fn at_mark(text: &str) -> Option<(&str, char, &str)> {
    let (before, at) = text.split_at_checked(memchr2(b'<', b'&', text.as_bytes())?)?;
    let mark = at.chars().next()?;
    Some((before, mark, at.strip_prefix(mark)?))
}

/// Puts what an entity stands for, given what follows its `&`; returns what follows the entity.
fn put_entity<'a>(after: &'a str, out: &mut String) -> &'a str {
    for (name, character) in [("lt;", '<'), ("gt;", '>'), ("amp;", '&')] {
        if let Some(rest) = after.strip_prefix(name) {
            out.push(character);
            return rest;
        }
    }
    out.push('&');
    after
}

/// What a sequence shows: its label, else its target.
fn put_sequence(sequence: &str, out: &mut String) {
    let (target, label) = sequence.split_once('|').unwrap_or((sequence, ""));
    let label = Some(label).filter(|label| !label.is_empty());
    if let Some(user) = target.strip_prefix('@') {
        out.push('@');
        put_entities(label.map_or(user, |label| label.trim_start_matches('@')), out);
    } else if let Some(channel) = target.strip_prefix('#') {
        out.push('#');
        put_entities(label.map_or(channel, |label| label.trim_start_matches('#')), out);
    } else if let Some(command) = target.strip_prefix('!') {
        if let Some(label) = label {
            put_entities(label, out);
        } else {
            out.push('@');
            out.push_str(command.split('^').next().unwrap_or(command));
        }
    } else if target.contains(':') {
        put_entities(label.unwrap_or(target), out);
    } else {
        // No link is without a scheme: an app forgot to escape what it said, `<TOKEN>` for one.
        out.push('<');
        put_entities(sequence, out);
        out.push('>');
    }
}

#[cfg(test)]
mod tests;
