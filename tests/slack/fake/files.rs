//! Files: what people upload, and what the app does.

use axum::{
    body::Bytes,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    Fake,
    state::File,
    web::{Asked, refusal},
};

pub fn call(fake: &Fake, asked: &Asked<'_>) -> Value {
    match asked.method {
        "files.info" => {
            let state = fake.state();
            let Some(file) = state.files.get(asked.text("file")) else { return refusal("file_not_found") };
            let content = String::from_utf8_lossy(&file.bytes).into_owned();
            json!({"ok": true, "file": fake.described(file), "content": content, "is_truncated": false})
        }
        "files.getUploadURLExternal" => {
            let length = asked.text("length").parse().ok().filter(|length| *length > 0);
            let name = asked.text("filename").to_owned();
            if length.is_none() || name.is_empty() {
                return refusal("invalid_arguments");
            }
            let mut state = fake.state();
            let id = state.fresh("F");
            let team = asked.known.as_ref().and_then(|t| t.team.clone()).unwrap_or_default();
            let alt = Some(asked.text("alt_txt").to_owned()).filter(|alt| !alt.is_empty());
            let file = File { id: id.clone(), name, team, expected: length, alt, ..File::default() };
            state.files.insert(id.clone(), file);
            drop(state);
            json!({"ok": true, "upload_url": fake.url(&format!("/upload/{id}")), "file_id": id})
        }
        _ => complete(fake, asked),
    }
}

fn complete(fake: &Fake, asked: &Asked<'_>) -> Value {
    let mut state = fake.state();
    let ids: Vec<String> = asked.body["files"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|file| file["id"].as_str().map(str::to_owned))
        .collect();
    if ids.is_empty() {
        return refusal("invalid_arguments");
    }
    for id in &ids {
        let Some(file) = state.files.get_mut(id) else { return refusal("file_not_found") };
        if Some(file.bytes.len()) != file.expected {
            return refusal("file_upload_size_mismatch");
        }
        file.complete = true;
    }
    let files: Vec<Value> = ids.iter().map(|id| json!({"id": id, "title": state.files[id].name})).collect();
    json!({"ok": true, "files": files})
}

/// The bytes of a file that the app uploads.
pub async fn upload(Shared(fake): Shared<Fake>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = if kind.starts_with("multipart/") { part(&body) } else { body.to_vec() };
    let length = bytes.len();
    let mut state = fake.state();
    let Some(file) = state.files.get_mut(&id) else { return StatusCode::NOT_FOUND.into_response() };
    file.bytes = bytes;
    format!("OK - {length}").into_response()
}

/// The one part of a multipart body.
fn part(body: &[u8]) -> Vec<u8> {
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
    let Some(start) = find(body, b"\r\n\r\n") else { return Vec::new() };
    let content = body.get(start + 4..).unwrap_or_default();
    let end = find(content, b"\r\n--").unwrap_or(content.len());
    content.get(..end).unwrap_or_default().to_vec()
}

/// What people uploaded, for whoever has a token that may read files; anybody else gets the page to log in.
pub async fn download(
    Shared(fake): Shared<Fake>,
    Path((id, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
    let state = fake.state();
    let known = token.strip_prefix("Bearer ").and_then(|token| state.tokens.get(token));
    let Some(file) = state.files.get(&id) else { return StatusCode::NOT_FOUND.into_response() };
    if !known.is_some_and(|t| t.scopes.contains("files:read")) {
        return Html("<!DOCTYPE html><html><title>Sign in</title></html>").into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain")], file.bytes.clone()).into_response()
}

impl Fake {
    /// Somebody uploads a text; returns the file as messages name it.
    pub fn upload_text(&self, name: &str, bytes: &[u8]) -> Value {
        let mut state = self.state();
        let id = state.fresh("F");
        let team = super::TEAM.to_owned();
        let file = File {
            id: id.clone(),
            name: name.to_owned(),
            team,
            bytes: bytes.to_vec(),
            complete: true,
            ..File::default()
        };
        let described = self.described(&file);
        state.files.insert(id, file);
        described
    }

    fn described(&self, file: &File) -> Value {
        let address = self.url(&format!("/files-pri/{}/{}", file.id, file.name));
        let preview: String = String::from_utf8_lossy(&file.bytes).chars().take(200).collect();
        json!({
            "id": file.id, "name": file.name, "title": file.name, "mode": "snippet", "filetype": "text",
            "pretty_type": "Plain Text", "mimetype": "text/plain", "size": file.bytes.len(), "url_private": address,
            "url_private_download": address, "preview": preview, "is_external": false, "permalink": "",
            "file_access": "visible",
        })
    }
}
