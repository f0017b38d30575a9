//! Snippets and text files: what is too long for a message comes as one. They are fetched from Slack's own hosts alone, piece by
//! piece, and of a long one only the lines around failures and secrets are kept.

use std::{pin::pin, time::Duration};

use axum::{
    body::{Bytes, HttpBody},
    http::header,
};
use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Slack,
    api::ApiError,
    wire::{list, text},
    workspaces::Workspace,
};
use crate::sieve::Unpacked;

/// Files of one message that are read: Slack takes ten.
const MOST: usize = 10;
/// The longest file that is fetched. A verbose log of a large install has some ten megabytes.
const LONGEST: u64 = 20 * 1024 * 1024;
/// Kinds of files that hold text, by Slack's own name for the kind.
const KINDS: [&str; 12] = [
    "text",
    "log",
    "shell",
    "javascript",
    "typescript",
    "json",
    "yaml",
    "diff",
    "markdown",
    "gzip",
    "docker",
    "plain_text",
];
/// And by the end of their names.
const ENDINGS: [&str; 11] = [".txt", ".log", ".out", ".err", ".gz", ".json", ".yml", ".yaml", ".md", ".npmrc", ".toml"];

/// What could be had of a file.
enum Content {
    /// All that there is to have.
    Whole(String),
    /// What came before the trouble that is named; another try may bring more.
    Part(String, String),
}

/// The ids of a message's files.
pub fn ids(message: &Value) -> impl Iterator<Item = &str> {
    list(message, "files").filter_map(|file| text(file, "id"))
}

/// The files of a message that hold text, as far as can be told.
pub fn readable(message: &Value) -> impl Iterator<Item = &Value> {
    list(message, "files").filter(|file| is_readable(file))
}

fn is_readable(file: &Value) -> bool {
    let mode = text(file, "mode");
    if matches!(mode, Some("tombstone" | "hidden_by_limit" | "external")) || size(file) > LONGEST {
        return false;
    }
    let name = text(file, "name").unwrap_or_default().to_ascii_lowercase();
    mode == Some("snippet")
        // Nothing but its id is told of a file from another organisation.
        || text(file, "file_access") == Some("check_file_info")
        || text(file, "mimetype").is_some_and(|kind| kind.starts_with("text/") && kind != "text/html")
        || text(file, "filetype").is_some_and(|kind| KINDS.contains(&kind))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn size(file: &Value) -> u64 {
    file.get("size").and_then(Value::as_u64).unwrap_or(0)
}

/// What could be had of the files of a message.
#[derive(Default)]
pub struct Attached {
    /// Their text, one below the other.
    pub text: String,
    /// What went wrong with some of it, where another try may bring more.
    pub trouble: Option<String>,
}

impl Slack {
    /// Reads the text files of a message, all at the same time and for no longer than `within`.
    pub(super) async fn read_files(&self, workspace: &Workspace, message: &Value, within: Duration) -> Attached {
        let files = readable(message).take(MOST);
        let read = join_all(files.map(|file| self.read_file(workspace, file, within))).await;
        read.into_iter().fold(Attached::default(), |mut all, content| {
            let (text, trouble) = match content {
                Content::Whole(text) => (text, None),
                Content::Part(text, trouble) => (text, Some(trouble)),
            };
            all.text.push('\n');
            all.text.push_str(&text);
            all.trouble = all.trouble.or(trouble);
            all
        })
    }

    /// Reads a text file. Where that is not allowed, the beginning that came with the message is all there is.
    async fn read_file(&self, workspace: &Workspace, file: &Value, within: Duration) -> Content {
        let preview = text(file, "preview").unwrap_or_default().to_owned();
        let complete = file.get("preview_is_truncated") == Some(&Value::Bool(false));
        if (complete && !preview.is_empty()) || !workspace.may("files:read") {
            return Content::Whole(preview);
        }
        let mut sieve = Unpacked::default();
        let fetched = timeout(within, self.fetch(workspace, file, &mut sieve)).await;
        let kept = sieve.finish();
        match fetched {
            // Where nothing is worth keeping, the beginning is.
            Ok(Ok(())) => Content::Whole(if kept.is_empty() { preview } else { kept }),
            Ok(Err(ApiError::Refused(why))) => {
                tracing::info!(team = %workspace.team, file = text(file, "id"), why, "a file cannot be read");
                Content::Whole(longer(kept, preview))
            }
            Ok(Err(error)) => Content::Part(longer(kept, preview), error.to_string()),
            Err(_) => Content::Part(longer(kept, preview), "it did not come in time".to_owned()),
        }
    }

    async fn fetch(&self, workspace: &Workspace, file: &Value, sieve: &mut Unpacked) -> Result<(), ApiError> {
        let address =
            |file: &Value| text(file, "url_private_download").or_else(|| text(file, "url_private")).map(str::to_owned);
        let known = address(file).filter(|_| text(file, "file_access") != Some("check_file_info"));
        let address = if let Some(address) = known {
            address
        } else {
            let id = text(file, "id").ok_or_else(|| ApiError::Refused("it has no id".to_owned()))?;
            let info = self.api.form(Some(&workspace.token), "files.info", &[("file", id)]).await?;
            let described = info.get("file").unwrap_or(&Value::Null);
            if !is_readable(described) {
                return Err(ApiError::Refused("it holds no text".to_owned()));
            }
            match (address(described), text(&info, "content").filter(|_| !truncated(&info))) {
                (Some(address), _) => address,
                (None, Some(content)) => {
                    sieve.take(content.as_bytes());
                    return Ok(());
                }
                (None, None) => return Err(ApiError::Refused("it has no address".to_owned())),
            }
        };
        let response = self.api.fetch(&workspace.token, &address).await?;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/html") {
            // The page to log in, as whoever may not read it gets.
            return Err(ApiError::Refused("a web page came in its place".to_owned()));
        }
        pour(response.into_body(), sieve).await
    }
}

fn truncated(info: &Value) -> bool {
    info.get("is_truncated").is_some_and(|truncated| *truncated != Value::Bool(false))
}

/// Whatever shows more.
fn longer(kept: String, preview: String) -> String {
    if kept.len() >= preview.len() { kept } else { preview }
}

/// Reads a body to its end, or to where it is too long.
async fn pour<B>(body: B, sieve: &mut Unpacked) -> Result<(), ApiError>
where
    B: HttpBody<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::Failed("the file broke off".to_owned()))?;
        let Ok(bytes) = frame.into_data() else { continue };
        read += bytes.len() as u64;
        if read > LONGEST || !sieve.take(&bytes) {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_with_text_are_read_and_others_left_alone() {
        let message = json!({"files": [
            {"id": "F1", "mode": "snippet"},
            {"id": "F2", "mode": "hosted", "mimetype": "image/png", "name": "screen.png", "url_private": ""},
            {"id": "F3", "mode": "hosted", "mimetype": "application/x-gzip", "name": "Npm.LOG.gz"},
            {"id": "F4", "file_access": "check_file_info"},
            {"id": "F5", "mode": "tombstone", "name": "gone.txt"},
            {"id": "F6", "mode": "external", "filetype": "text", "url_private": "https://elsewhere.example/x"},
            {"id": "F7", "mode": "hosted", "mimetype": "text/html", "filetype": "html", "name": "page.html"},
            {"id": "F8", "mode": "hosted", "name": "huge.log", "size": 1_000_000_000},
            {"id": "F9", "mode": "hosted", "filetype": "log", "size": null},
            {"id": 10, "mode": 3}, "F11", null,
        ]});
        let read: Vec<_> = readable(&message).filter_map(|file| text(file, "id")).collect();
        assert_eq!(read, ["F1", "F3", "F4", "F9"]);
        assert_eq!(ids(&message).count(), 9);
        assert_eq!(readable(&json!({"files": {}})).count(), 0);
    }
}
