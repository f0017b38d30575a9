//! What people write, as Slack hands it over: `text` with entities and links in angle brackets, and `rich_text` blocks.

use serde_json::{Value, json};

/// A message's `text`.
pub fn mrkdwn(text: &str) -> String {
    pieces(text)
        .map(|piece| if piece.is_link { format!("<{}>", escape(piece.text)) } else { escape(piece.text) })
        .collect()
}

/// The same as `blocks`.
pub fn blocks(text: &str) -> Value {
    let elements: Vec<Value> =
        pieces(text)
            .map(|p| {
                if p.is_link { json!({"type": "link", "url": p.text}) } else { json!({"type": "text", "text": p.text}) }
            })
            .collect();
    json!([{"type": "rich_text", "block_id": "typed", "elements": [{"type": "rich_text_section", "elements": elements}]}])
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

struct Piece<'a> {
    text: &'a str,
    is_link: bool,
}

/// Addresses and what stands between them.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let link = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min();
        let (piece, is_link) = match link {
            Some(0) => (rest.find(char::is_whitespace).map_or(rest, |end| rest.get(..end).unwrap_or(rest)), true),
            Some(at) => (rest.get(..at).unwrap_or(rest), false),
            None => (rest, false),
        };
        rest = rest.get(piece.len()..).unwrap_or_default();
        (!piece.is_empty()).then_some(Piece { text: piece, is_link })
    })
}
