//! Log lines written as JSON objects, and npm's own error object on one line.

use serde_json::Value;

use super::marker;

/// Lines longer than this are not parsed.
const LONGEST: usize = 64 * 1024;
/// Where loggers put the text.
const KEYS: &[&str] =
    &["msg", "message", "log", "text", "line", "body", "event", "MESSAGE", "@message", "payload", "textPayload"];

/// The text inside a JSON log line, if the line is an object that carries a package manager's words.
pub(super) fn message(line: &str) -> Option<String> {
    if !line.starts_with('{') || !line.ends_with('}') || line.len() > LONGEST || !line.contains('"') {
        return None;
    }
    if !marker::is_telling(line) && !line.contains("\"code\"") && !line.contains("\\u001b") {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    text_in(&value, DEEPEST).or_else(|| npm_error(value.get("error")?))
}

/// How deep loggers nest the text.
const DEEPEST: u8 = 2;

/// The first string that holds a package manager's words: under a usual key, else under any, else one level down.
fn text_in(value: &Value, depth: u8) -> Option<String> {
    let object = value.as_object()?;
    let telling = |v: &Value| {
        let text = v.as_str()?;
        let mut mended = String::new();
        super::mend::mend(text, &mut mended);
        marker::is_telling(&mended).then(|| text.to_owned())
    };
    let here =
        KEYS.iter().find_map(|key| object.get(*key).and_then(telling)).or_else(|| object.values().find_map(telling));
    here.or_else(|| object.values().filter(|_| depth > 0).find_map(|inner| text_in(inner, depth - 1)))
}

/// npm's `--json` error, written the way npm writes it over several lines.
fn npm_error(error: &Value) -> Option<String> {
    let code = error.get("code")?.as_str()?;
    let summary = error.get("summary")?.as_str()?;
    Some(format!("\"code\": {},\n\"summary\": {},", Value::from(code), Value::from(summary)))
}
