//! How much Discord takes, from its documents on messages and components, and counting as it does.

/// Characters of a card's heading.
pub const TITLE: usize = 256;
/// Characters of a card's text.
pub const DESCRIPTION: usize = 4096;
/// Characters of all cards of a message together.
pub const ALL_CARDS: usize = 6000;
/// Cards of a message.
pub const CARDS: usize = 10;
/// Rows of buttons and menus.
pub const ROWS: usize = 5;
/// Buttons in a row.
pub const BUTTONS: usize = 5;
/// Characters on a button.
pub const LABEL: usize = 80;
/// Characters of an option in a menu or a modal.
pub const OPTION: usize = 100;
/// Options of a menu, and of what is offered while somebody types.
pub const OPTIONS: usize = 25;
/// Characters of a modal's heading, and of a label in it.
pub const MODAL_TITLE: usize = 45;
/// Characters of a text that is written into a modal.
pub const MODAL_TEXT: usize = 4000;
/// Characters of the words that stand for a picture.
pub const ALT: usize = 1024;

/// The length of a text. Discord's parts count differently, in code points or in UTF-16; this is the larger.
#[must_use]
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// As much of a text as fits, with an ellipsis if that is not all.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.len_utf16();
        if used > limit {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}
