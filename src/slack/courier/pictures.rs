//! Pictures: drawn, uploaded, and named by their file in the message. A picture that cannot be drawn or uploaded is said in words.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use crate::{
    answer::{
        picture::Picture,
        reply::{Block, Reply},
    },
    bot::outbox,
    slack::{
        api::{Api, ApiError},
        workspaces::Workspace,
    },
};

/// Characters of the words in place of a picture.
const ALT: usize = 1000;

/// Rows whose files are remembered. A row is tried again within minutes, and few have pictures.
const ROWS: usize = 500;

/// The files of rows that may have to be said again: a picture that is there is not uploaded once more.
#[derive(Debug, Default)]
pub(super) struct Uploaded(Mutex<VecDeque<(String, Vec<Option<String>>)>>);

impl Uploaded {
    /// The files of a reply's pictures, in order, uploaded unless they were for the row of this key before; none for a picture with
    /// which that did not work.
    pub async fn files(&self, api: &Api, workspace: &Workspace, (key, reply): (&str, &Reply)) -> Vec<Option<String>> {
        let pictures = reply.blocks.iter().filter_map(|block| match block {
            Block::Picture(picture) => Some(picture),
            _ => None,
        });
        let pictures: Vec<_> = pictures.collect();
        if pictures.is_empty() || !workspace.may("files:write") {
            return vec![None; pictures.len()];
        }
        let before = self.kept().iter().find(|(row, _)| row == key).map(|(_, files)| files.clone()).unwrap_or_default();
        let mut files = Vec::new();
        for (number, picture) in pictures.into_iter().enumerate() {
            let there = before.get(number).cloned().flatten();
            files.push(if there.is_some() { there } else { one(api, workspace, picture).await });
        }
        let mut kept = self.kept();
        kept.retain(|(row, _)| row != key);
        if kept.len() >= ROWS {
            kept.pop_front();
        }
        kept.push_back((key.to_owned(), files.clone()));
        files
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(String, Vec<Option<String>>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn one(api: &Api, workspace: &Workspace, picture: &Picture) -> Option<String> {
    let bytes = outbox::draw(picture).await?;
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
