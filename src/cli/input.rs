//! Bytes from a file or standard input: plain, gzip, or UTF-16 as Windows PowerShell writes it.

use std::{
    fs::File,
    io::{self, Cursor, Read},
    ops::Deref,
};

use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    classifier::{CHUNK, Explainer, Findings},
    knowledge::Knowledge,
};

const GZIP: &[u8] = &[0x1f, 0x8b];
const UTF16_LITTLE: &[u8] = &[0xff, 0xfe];
const UTF16_BIG: &[u8] = &[0xfe, 0xff];
/// Inputs shorter than this are done before a bar could be read.
const WORTH_A_BAR: u64 = 256 * 1024 * 1024;
/// The bar moves once in this many bytes.
const BAR_STEP: u64 = 8 * 1024 * 1024;

/// Reads `name` (`-` for standard input) to its end and explains it.
pub(super) fn explain<K: Deref<Target = Knowledge>>(
    name: &str,
    explainer: &mut Explainer<'_, K>,
) -> io::Result<Findings> {
    if name == "-" {
        let stdin = io::stdin();
        return decode(stdin.lock(), explainer, None);
    }
    let file = File::open(name)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::other("it is a folder; name the files in it"));
    }
    let bar = (metadata.len() >= WORTH_A_BAR).then(|| bar(metadata.len()));
    let findings = decode(file, explainer, bar.as_ref());
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    findings
}

/// A bar on standard error; hidden by its library unless that is a terminal.
fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// Looks at the first bytes to see how the rest is written.
fn decode<K: Deref<Target = Knowledge>>(
    mut source: impl Read,
    explainer: &mut Explainer<'_, K>,
    bar: Option<&ProgressBar>,
) -> io::Result<Findings> {
    // A whole chunk at once: what follows in a file then lies at multiples of it, which the system copies fastest.
    let mut first = vec![0; CHUNK];
    let mut known = 0;
    while known < GZIP.len() {
        match source.read(first.get_mut(known..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => known += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    first.truncate(known);
    let head = [first.first().copied().unwrap_or_default(), first.get(1).copied().unwrap_or_default()];
    let whole = Cursor::new(first).chain(source);
    match &head[..] {
        GZIP => pump(MultiGzDecoder::new(whole), explainer, bar),
        UTF16_LITTLE => pump(Utf16::new(whole, u16::from_le_bytes), explainer, bar),
        UTF16_BIG => pump(Utf16::new(whole, u16::from_be_bytes), explainer, bar),
        _ => pump(whole, explainer, bar),
    }
}

fn pump<K: Deref<Target = Knowledge>>(
    mut source: impl Read,
    explainer: &mut Explainer<'_, K>,
    bar: Option<&ProgressBar>,
) -> io::Result<Findings> {
    let mut since = 0;
    loop {
        match source.read(explainer.space()) {
            Ok(0) => return Ok(explainer.finish()),
            Ok(read) => {
                explainer.advance(read);
                since += read as u64;
                if let Some(bar) = bar.filter(|_| since >= BAR_STEP) {
                    bar.inc(std::mem::take(&mut since));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                explainer.finish();
                return Err(error);
            }
        }
    }
}

/// UTF-16 read as UTF-8. What is no character becomes U+FFFD.
struct Utf16<R> {
    source: R,
    unit: fn([u8; 2]) -> u16,
    /// Bytes that are decoded and not yet handed out.
    ready: Vec<u8>,
    given: usize,
    /// A byte or a high surrogate whose other half has not come yet.
    half: Option<u8>,
    high: Option<u16>,
}

impl<R: Read> Utf16<R> {
    fn new(source: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self { source, unit, ready: Vec::new(), given: 0, half: None, high: None }
    }

    fn refill(&mut self) -> io::Result<bool> {
        let mut raw = [0; 16 * 1024];
        let read = self.source.read(&mut raw)?;
        self.ready.clear();
        self.given = 0;
        let mut units: Vec<u16> = self.high.take().into_iter().collect();
        for byte in raw.get(..read).unwrap_or_default() {
            match self.half.take() {
                Some(first) => units.push((self.unit)([first, *byte])),
                None => self.half = Some(*byte),
            }
        }
        if read > 0 && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = units.pop();
        }
        for c in char::decode_utf16(units) {
            let mut buffer = [0; 4];
            self.ready.extend(c.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut buffer).as_bytes());
        }
        Ok(read > 0)
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            if !self.refill()? {
                return Ok(0);
            }
        }
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_read_whatever_the_pieces() {
        let text = "npm error code E401 📦 ünï";
        for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            let back = if unit(1) == [1, 0] { u16::from_le_bytes } else { u16::from_be_bytes };
            let mut out = String::new();
            let (a, b) = bytes.split_at(41);
            Utf16::new(a.chain(b), back).read_to_string(&mut out).unwrap();
            assert_eq!(out, text);
        }
    }
}
