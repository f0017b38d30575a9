//! Reads the knowledge: the copy inside the binary, or a folder laid out the same way
//! (`causes/<id>.toml`, `registries.toml`, and `questions.toml`, which may be absent).

use std::{fs, io, path::Path};

use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Cause, Knowledge, Question, RegistryKind};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/knowledge");

const CAUSES: &str = "causes";
const REGISTRIES: &str = "registries.toml";
const QUESTIONS: &str = "questions.toml";

/// Why the knowledge could not be read. Each message names the file and, for a mistake inside one, the line.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder or a file in it is not readable.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Not TOML, an unknown key, a missing key, or a value of the wrong kind.
    #[error("{path}:{line}: {message}")]
    Parse {
        /// Which file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// The entry's id is not the file's name.
    #[error("{path}: the id is `{id}`, but the file's name says `{name}`; make them the same")]
    Name {
        /// Which file.
        path: String,
        /// What the entry says.
        id: String,
        /// What the file's name says.
        name: String,
    },
}

/// The public registry's host, which no file of this project spells out: files write `{{npm}}`.
#[must_use]
pub fn public_host() -> String {
    ["registry", "npmjs", "org"].join(".")
}

/// Replaces `{{npm}}` with the public registry's host, and `{{mirror}}` and `{{yarn}}` with those of its best-known mirror
/// and alias.
#[must_use]
pub fn expand(text: &str) -> String {
    text.replace("{{npm}}", &public_host())
        .replace("{{mirror}}", &["registry", "npmmirror", "com"].join("."))
        .replace("{{yarn}}", &["registry", "yarnpkg", "com"].join("."))
}

/// The knowledge inside the binary.
///
/// # Errors
/// Only if the binary was built from a folder that `knowledge check` refuses.
pub fn load_embedded() -> Result<Knowledge, LoadError> {
    let files = EMBEDDED
        .get_dir(CAUSES)
        .into_iter()
        .flat_map(Dir::files)
        .map(|file| (file.path().display().to_string(), file.contents_utf8().unwrap_or_default().to_owned()));
    let table = |name: &str| EMBEDDED.get_file(name).and_then(|f| f.contents_utf8()).unwrap_or_default();
    let tables = Tables { registries: (REGISTRIES, table(REGISTRIES)), questions: (QUESTIONS, table(QUESTIONS)) };
    assemble(files.filter(|(path, _)| is_toml(Path::new(path))), &tables)
}

/// The knowledge in `dir`.
pub fn load_dir(dir: &Path) -> Result<Knowledge, LoadError> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|source| LoadError::Read { path: path.display().to_string(), source })
    };
    let causes = dir.join(CAUSES);
    let entries =
        fs::read_dir(&causes).map_err(|source| LoadError::Read { path: causes.display().to_string(), source })?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| LoadError::Read { path: causes.display().to_string(), source })?.path();
        if is_toml(&path) {
            files.push((path.display().to_string(), read(&path)?));
        }
    }
    let (registries, questions) = (dir.join(REGISTRIES), dir.join(QUESTIONS));
    let asked = if questions.exists() { read(&questions)? } else { String::new() };
    let tables = Tables {
        registries: (&registries.display().to_string(), &read(&registries)?),
        questions: (&questions.display().to_string(), &asked),
    };
    assemble(files.into_iter(), &tables)
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "toml")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryTable {
    registries: Vec<RegistryKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionTable {
    #[serde(default)]
    question: Vec<Question>,
}

/// The path and the text of each file that holds a table.
struct Tables<'a> {
    registries: (&'a str, &'a str),
    questions: (&'a str, &'a str),
}

fn assemble(files: impl Iterator<Item = (String, String)>, tables: &Tables<'_>) -> Result<Knowledge, LoadError> {
    let mut causes = Vec::new();
    for (path, text) in files {
        let cause: Cause = parse(&path, &text)?;
        let name = Path::new(&path).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if cause.id.as_str() != name {
            return Err(LoadError::Name { path, id: cause.id.to_string(), name });
        }
        causes.push(cause);
    }
    let RegistryTable { registries } = parse(tables.registries.0, tables.registries.1)?;
    let QuestionTable { question: questions } = parse(tables.questions.0, tables.questions.1)?;
    Ok(Knowledge { questions, ..Knowledge::new(causes, registries) })
}

fn parse<T: serde::de::DeserializeOwned>(path: &str, text: &str) -> Result<T, LoadError> {
    let text = expand(text);
    toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(at).filter(|b| *b == b'\n').count() + 1;
        LoadError::Parse { path: path.to_owned(), line, message: error.message().to_owned() }
    })
}

/// A date as TOML writes it, without quotes.
pub(super) fn date<'de, D: Deserializer<'de>>(source: D) -> Result<Date, D::Error> {
    let written = toml::value::Datetime::deserialize(source)?;
    let (Some(date), None) = (written.date, written.time) else {
        return Err(D::Error::custom("expected a date without a time, such as 2026-11-22"));
    };
    let part = |n: u8| i8::try_from(n).map_err(D::Error::custom);
    let year = i16::try_from(date.year).map_err(D::Error::custom)?;
    Date::new(year, part(date.month)?, part(date.day)?).map_err(D::Error::custom)
}

/// As [`date`], for a key that may be absent.
pub(super) fn optional_date<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Date>, D::Error> {
    date(source).map(Some)
}
