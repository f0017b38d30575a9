//! What is sent with a call: JSON, or JSON with files beside it.

use axum::body::Bytes;
use serde_json::Value;
use uuid::Uuid;

/// A picture that goes with a message.
#[derive(Debug, Clone)]
pub struct File {
    /// By which the message names it.
    pub name: String,
    /// A PNG.
    pub bytes: Vec<u8>,
}

/// What is sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Body<'a> {
    pub json: Option<&'a Value>,
    pub files: &'a [File],
}

impl Body<'_> {
    /// The bytes, and what kind they are of.
    pub fn encode(self) -> Result<(Bytes, Option<String>), serde_json::Error> {
        let Some(json) = self.json else { return Ok((Bytes::new(), None)) };
        let json = serde_json::to_vec(json)?;
        if self.files.is_empty() {
            return Ok((json.into(), Some("application/json".to_owned())));
        }
        // No file holds a number that was made after it.
        let boundary = format!("npmfix-{}", Uuid::now_v7().simple());
        let mut all = Vec::new();
        let mut part = |head: String, bytes: &[u8]| {
            all.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
            all.extend_from_slice(bytes);
            all.extend_from_slice(b"\r\n");
        };
        part("name=\"payload_json\"\r\nContent-Type: application/json".to_owned(), &json);
        for (index, file) in self.files.iter().enumerate() {
            let head = format!("name=\"files[{index}]\"; filename=\"{}\"\r\nContent-Type: image/png", file.name);
            part(head, &file.bytes);
        }
        all.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Ok((all.into(), Some(format!("multipart/form-data; boundary={boundary}"))))
    }
}
