//! Pictures: drawn, uploaded, and named by their file in the message. A picture that cannot be drawn or uploaded is said in words.

use serde_json::{Value, json};

use crate::{
    answer::{
        picture::{Picture, png},
        reply::{Block, Reply},
    },
    slack::{
        api::{Api, ApiError},
        workspaces::Workspace,
    },
};

/// Characters of the words in place of a picture.
const ALT: usize = 1000;

/// Uploads the pictures of a reply; for each, in order, the id of its file if all went well.
pub(super) async fn upload(api: &Api, workspace: &Workspace, reply: &Reply) -> Vec<Option<String>> {
    let mut files = Vec::new();
    for block in &reply.blocks {
        let Block::Picture(picture) = block else { continue };
        files.push(if workspace.may("files:write") { one(api, workspace, picture).await } else { None });
    }
    files
}

async fn one(api: &Api, workspace: &Workspace, picture: &Picture) -> Option<String> {
    let drawn = picture.clone();
    let bytes = match tokio::task::spawn_blocking(move || png(&drawn)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            tracing::warn!(%error, "cannot draw a picture");
            return None;
        }
        Err(error) => {
            tracing::error!(%error, "drawing a picture failed");
            return None;
        }
    };
    match sent(api, workspace, picture, bytes).await {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(team = %workspace.team, %error, "cannot upload a picture");
            None
        }
    }
}

async fn sent(api: &Api, workspace: &Workspace, picture: &Picture, bytes: Vec<u8>) -> Result<Option<String>, ApiError> {
    let alt: String = picture.alt.chars().take(ALT).collect();
    let length = bytes.len().to_string();
    let fields = [("filename", "npmfix.png"), ("length", length.as_str()), ("alt_txt", alt.as_str())];
    let place = api.form(Some(&workspace.token), "files.getUploadURLExternal", &fields).await?;
    let of = |name: &str| place.get(name).and_then(Value::as_str);
    let (Some(to), Some(id)) = (of("upload_url"), of("file_id")) else { return Ok(None) };
    api.upload(to, bytes).await?;
    let body = json!({ "files": [{ "id": id, "title": picture.title }] });
    api.call(&workspace.token, "files.completeUploadExternal", &body).await?;
    Ok(Some(id.to_owned()))
}
