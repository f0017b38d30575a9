//! Bodies in parts, as messages with files come.

use axum::http::HeaderMap;
use serde_json::Value;

/// A file that came with a message.
#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The JSON of a body, and the files beside it; what is wrong with the parts otherwise.
pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<(Value, Vec<File>), String> {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") else {
        return Ok((serde_json::from_slice(body).unwrap_or_default(), Vec::new()));
    };
    let mark = format!("\r\n--{boundary}");
    let body = [b"\r\n", body].concat();
    let mut rest = body.strip_prefix(mark.as_bytes()).ok_or("it does not begin with a part")?;
    let (mut json, mut files) = (Value::Null, Vec::new());
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = memchr::memmem::find(part, mark.as_bytes()).ok_or("a part does not end")?;
        let head = memchr::memmem::find(&part[..end], b"\r\n\r\n").ok_or("a part without a head")?;
        let (head, bytes) = (String::from_utf8_lossy(&part[..head]), &part[head + 4..end]);
        let of = |name: &str| head.split_once(&format!("{name}=\"")).and_then(|(_, tail)| tail.split('"').next());
        match of("; name") {
            Some("payload_json") => json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?,
            Some(name) if name == format!("files[{}]", files.len()) => {
                let name = of("filename").ok_or("a file without a name")?.to_owned();
                files.push(File { name, bytes: bytes.to_vec() });
            }
            other => return Err(format!("a part {other:?}")),
        }
        rest = &part[end + mark.len()..];
    }
    if rest != b"--\r\n" {
        return Err("it does not end".to_owned());
    }
    let told: Vec<&str> =
        json["attachments"].as_array().into_iter().flatten().filter_map(|a| a["filename"].as_str()).collect();
    if !files.iter().map(|file| file.name.as_str()).eq(told.iter().copied()) {
        return Err(format!("{told:?} are told"));
    }
    Ok((json, files))
}
