//! Blocks as people read them, in the shape in which the terminal shows the same: so that one scenario fits all platforms.

use serde_json::Value;

/// A message or a view from top to bottom, without what can be chosen.
pub fn page(blocks: &Value) -> String {
    let lines: Vec<String> = blocks.as_array().into_iter().flatten().filter_map(block).collect();
    lines.join("\n")
}

fn block(block: &Value) -> Option<String> {
    match block["type"].as_str()? {
        "header" => block["text"]["text"].as_str().map(str::to_owned),
        "section" => {
            let fields = block["fields"].as_array().into_iter().flatten();
            let texts = std::iter::once(&block["text"]).chain(fields).filter_map(text);
            Some(texts.collect::<Vec<_>>().join("\n"))
        }
        "context" => {
            let texts = block["elements"].as_array().into_iter().flatten().filter_map(text);
            Some(texts.collect::<Vec<_>>().join("\n"))
        }
        "rich_text" => {
            let parts = block["elements"].as_array().into_iter().flatten().map(rich);
            Some(parts.collect::<Vec<_>>().join("\n"))
        }
        "markdown" => block["text"].as_str().map(str::to_owned),
        "input" => text(&block["label"]),
        "image" => Some(format!("[picture: {}]", block["alt_text"].as_str().unwrap_or_default())),
        _ => None,
    }
}

fn text(object: &Value) -> Option<String> {
    let text = object["text"].as_str()?;
    Some(if object["type"] == "mrkdwn" { unescape(text) } else { text.to_owned() })
}

/// Links show their label, and entities what they stand for.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        plain.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at + 1..).unwrap_or_default();
        let end = tail.find('>').unwrap_or(tail.len());
        let link = tail.get(..end).unwrap_or_default();
        plain.push_str(link.split_once('|').map_or(link, |(_, label)| label));
        rest = tail.get(end + 1..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn rich(element: &Value) -> String {
    let inner = element["elements"].as_array().into_iter().flatten();
    match element["type"].as_str().unwrap_or_default() {
        "rich_text_list" => inner.map(|item| format!("  - {}", rich(item))).collect::<Vec<_>>().join("\n"),
        "rich_text_quote" => {
            let text: String = inner.map(rich).collect();
            text.lines().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
        }
        "rich_text_preformatted" | "rich_text_section" => inner.map(rich).collect(),
        "link" => element["text"].as_str().or(element["url"].as_str()).unwrap_or_default().to_owned(),
        "channel" => format!("<#{}>", element["channel_id"].as_str().unwrap_or_default()),
        "emoji" => format!(":{}:", element["name"].as_str().unwrap_or_default()),
        _ => {
            let text = element["text"].as_str().unwrap_or_default();
            if element["style"]["code"] == true { format!("`{text}`") } else { text.to_owned() }
        }
    }
}
