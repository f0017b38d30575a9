//! The text of a message: what was written, what was forwarded, and what bots put into cards and components instead.

use std::borrow::Cow;

use super::wire::{Attachment, Component, Embed, Message};

/// Bytes of a message that are read. Discord allows 6,000 characters of cards and 4,000 of text; this is for what it may allow
/// one day.
const LIMIT: usize = 64 * 1024;
/// Components inside components that are followed.
const DEPTH: usize = 8;

/// All text of a message, each piece on lines of its own. What is written alone is not copied.
#[must_use]
pub fn text<'m>(message: &'m Message<'_>) -> Cow<'m, str> {
    let only = message.embeds.0.is_empty() && message.components.0.is_empty() && message.message_snapshots.0.is_empty();
    if only {
        return Cow::Borrowed(message.content.as_str());
    }
    let mut all = Pieces(String::new());
    all.message(message);
    for snapshot in &message.message_snapshots.0 {
        if let Some(forwarded) = snapshot.message.get() {
            all.message(forwarded);
        }
    }
    Cow::Owned(all.0)
}

/// The files of a message and of what it forwards, as far as they may be logs.
pub fn logs<'m, 'a>(message: &'m Message<'a>) -> impl Iterator<Item = &'m Attachment<'a>> {
    let forwarded = message.message_snapshots.0.iter().filter_map(|snapshot| snapshot.message.get());
    std::iter::once(message).chain(forwarded).flat_map(|m| &m.attachments.0).filter(|file| may_be_log(file))
}

/// Whether a file may hold a log: by its name, as Discord often does not know what it is; a name that tells nothing is left to
/// what Discord says.
#[must_use]
pub fn may_be_log(file: &Attachment<'_>) -> bool {
    const ENDINGS: [&str; 9] = ["txt", "log", "out", "err", "md", "json", "yml", "yaml", "gz"];
    let name = file.filename.as_str().to_ascii_lowercase();
    let kind = file.content_type.as_str();
    // The name is in lower case by now.
    match name.rsplit_once('.') {
        Some((_, ending)) if ENDINGS.contains(&ending) => true,
        // `npm-debug.log.1`
        Some((head, ending)) if ending.bytes().all(|b| b.is_ascii_digit()) => head.rsplit('.').next() == Some("log"),
        Some(_) => kind.starts_with("text/plain"),
        None => kind.is_empty() || kind.starts_with("text/"),
    }
}

struct Pieces(String);

impl Pieces {
    fn message(&mut self, message: &Message<'_>) {
        self.add(message.content.as_str());
        message.embeds.0.iter().for_each(|embed| self.embed(embed));
        message.components.0.iter().for_each(|component| self.component(component, DEPTH));
    }

    fn embed(&mut self, embed: &Embed<'_>) {
        // The preview of a link is the text of a page, not of the message.
        if embed.kind.some().is_some_and(|kind| kind != "rich") {
            return;
        }
        self.add(embed.title.as_str());
        self.add(embed.description.as_str());
        for field in &embed.fields.0 {
            self.add(field.name.as_str());
            self.add(field.value.as_str());
        }
        if let Some(footer) = embed.footer.get() {
            self.add(footer.text.as_str());
        }
    }

    fn component(&mut self, component: &Component<'_>, depth: usize) {
        if depth == 0 {
            return;
        }
        self.add(component.content.as_str());
        component.components.0.iter().for_each(|inner| self.component(inner, depth - 1));
        for inner in [&component.component, &component.accessory] {
            if let Some(inner) = inner.get() {
                self.component(inner, depth - 1);
            }
        }
    }

    fn add(&mut self, piece: &str) {
        let room = LIMIT.saturating_sub(self.0.len() + 1);
        if piece.is_empty() || room == 0 {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(piece.get(..piece.floor_char_boundary(room)).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Message<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_written_alone_is_borrowed() {
        let message = read(r#"{"content":"npm ERR! code E401","attachments":[]}"#);
        assert!(matches!(text(&message), Cow::Borrowed("npm ERR! code E401")));
    }

    #[test]
    fn a_forwarded_message_is_read_from_its_snapshot() {
        let message = read(
            r#"{"content":"","message_reference":{"type":1,"message_id":"5"},"message_snapshots":[
            {"message":{"content":"npm ERR! code E403","attachments":[{"filename":"build.log","url":"u"}]}}]}"#,
        );
        assert_eq!(text(&message), "npm ERR! code E403");
        assert_eq!(logs(&message).map(|file| file.filename.as_str()).collect::<Vec<_>>(), ["build.log"]);
    }

    #[test]
    fn cards_and_components_of_bots_are_read() {
        let message = read(
            r#"{"content":"Build failed","embeds":[{"type":"rich","title":"main","description":"npm ERR! code E401",
            "fields":[{"name":"job","value":"publish"}],"footer":{"text":"run 7"}},
            {"type":"article","title":"a preview","description":"npm ERR! code E404"}]}"#,
        );
        assert_eq!(text(&message), "Build failed\nmain\nnpm ERR! code E401\njob\npublish\nrun 7");
        let message = read(
            r#"{"flags":32768,"content":"","components":[{"type":17,"components":[
            {"type":10,"content":"**CI**"},{"type":9,"components":[{"type":10,"content":"npm ERR! code E401"}],
            "accessory":{"type":2,"label":"open"}},{"type":99,"what":[1]}]}]}"#,
        );
        assert_eq!(text(&message), "**CI**\nnpm ERR! code E401");
    }

    #[test]
    fn a_message_beyond_all_limits_is_cut_between_characters() {
        let long = "ä".repeat(LIMIT);
        let message = format!(r#"{{"content":"{long}","embeds":[{{"title":"x"}}]}}"#);
        let message = read(&message);
        let text = text(&message);
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert!(text.trim_end_matches("\nx").chars().all(|c| c == 'ä'), "{:?}", text.chars().next_back());
    }

    #[test]
    fn files_that_may_be_logs_are_told_from_others() {
        for (name, kind, log) in [
            ("message.txt", "", true),
            ("message.txt", "text/plain; charset=utf-8", true),
            ("npm-debug.LOG", "application/octet-stream", true),
            ("2025-06-01T10_00_00_000Z-debug-0.log", "", true),
            ("npm-debug.log.1", "", true),
            ("output", "", true),
            ("output", "image/png", false),
            ("log.gz", "application/gzip", true),
            ("screenshot.png", "image/png", false),
            ("app.exe", "", false),
            ("notes.odd", "text/plain", true),
            ("v1.2", "", false),
        ] {
            let json = format!(r#"{{"filename":"{name}","content_type":"{kind}"}}"#);
            let file: Attachment<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(may_be_log(&file), log, "{name} {kind}");
        }
    }
}
