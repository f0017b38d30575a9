//! A file of any length goes in, and what deserves reading comes out: the lines around failures and secrets, each on the line
//! where it stood. Compressed files are unpacked on the way, and UTF-16, which PowerShell writes, becomes UTF-8.
//!
//! - `utf16`: that.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use crate::classifier::scan::{Scanner, Window};

mod utf16;

use utf16::Text;

/// The most that is kept of one file. An answer looks at the first failures; more of the same says nothing new.
const KEPT: usize = 256 * 1024;
/// The most that may come out of a compressed file, so that a small one cannot keep us busy.
const UNPACKED: u64 = 64 * 1024 * 1024;
/// Breaks that keep later lines at their places.
const BREAKS: usize = 512 * 1024;
/// What every gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Keeps what deserves reading of the bytes that are written to it.
#[derive(Default)]
struct Sieve {
    scanner: Scanner,
    kept: Vec<u8>,
    /// The line that `kept` ends in, counted from 0.
    line: u64,
    passed: u64,
}

impl Sieve {
    fn keep(kept: &mut Vec<u8>, line: &mut u64, window: Window<'_>) {
        if kept.len() >= KEPT + BREAKS {
            return;
        }
        let missing = window.first_line.saturating_sub(1).saturating_sub(*line);
        let breaks = usize::try_from(missing).unwrap_or(BREAKS).min(BREAKS).max(usize::from(!kept.is_empty()));
        kept.extend(std::iter::repeat_n(b'\n', breaks));
        let taken = window.bytes.get(..window.bytes.len().min(KEPT)).unwrap_or_default();
        kept.extend_from_slice(taken);
        let within = memchr::memchr_iter(b'\n', taken).count();
        *line += u64::try_from(breaks + within).unwrap_or(u64::MAX);
    }

    fn finish(mut self) -> String {
        let Self { scanner, kept, line, .. } = &mut self;
        scanner.finish(|window| Self::keep(kept, line, window));
        String::from_utf8_lossy(&self.kept).into_owned()
    }
}

impl Write for Sieve {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self { scanner, kept, line, passed } = self;
        let space = scanner.space();
        let count = space.len().min(bytes.len());
        if let (Some(to), Some(from)) = (space.get_mut(..count), bytes.get(..count)) {
            to.copy_from_slice(from);
        }
        scanner.advance(count, |window| Self::keep(kept, line, window));
        *passed += count as u64;
        if *passed > UNPACKED || kept.len() >= KEPT + BREAKS {
            return Err(io::Error::other("enough"));
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file, compressed or not.
#[derive(Default)]
pub enum Unpacked {
    /// Nothing has come yet.
    #[default]
    Unknown,
    /// The first byte, which does not say yet what follows.
    Begun(u8),
    /// It is text.
    Plain(Box<Text>),
    /// It is packed text.
    Gzip(Box<MultiGzDecoder<Text>>),
}

impl Unpacked {
    /// Takes the next bytes; `false` when more would change nothing.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        let begin = |head: [u8; 2], rest: &[u8]| {
            let mut begun = if head == GZIP {
                Self::Gzip(Box::new(MultiGzDecoder::new(Text::default())))
            } else {
                Self::Plain(Box::default())
            };
            let more = begun.take(&head) && begun.take(rest);
            (begun, more)
        };
        let (begun, more) = match (&mut *self, bytes) {
            (Self::Unknown | Self::Begun(_), []) => return true,
            (Self::Unknown, [first]) => (Self::Begun(*first), true),
            (Self::Unknown, [first, second, rest @ ..]) => begin([*first, *second], rest),
            (Self::Begun(first), [second, rest @ ..]) => begin([*first, *second], rest),
            (Self::Plain(text), bytes) => return text.write_all(bytes).is_ok(),
            (Self::Gzip(unpacking), bytes) => return unpacking.write_all(bytes).is_ok(),
        };
        *self = begun;
        more
    }

    /// What was kept. Of a damaged file, what came before the damage.
    pub fn finish(self) -> String {
        match self {
            // One byte says nothing that deserves reading.
            Self::Unknown | Self::Begun(_) => String::new(),
            Self::Plain(text) => text.finish(),
            Self::Gzip(mut unpacking) => {
                let _ = unpacking.try_finish();
                std::mem::take(unpacking.get_mut()).finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// A log with its failure far down.
    fn log() -> String {
        let chatter: String = (1..=40_000).map(|n| format!("{n} silly placeDep ROOT lodash\n")).collect();
        format!("{chatter}npm error code E401\nnpm error Incorrect or missing password.\n{chatter}")
    }

    fn sifted(bytes: &[u8], piece: usize) -> String {
        let mut unpacked = Unpacked::default();
        for bytes in bytes.chunks(piece) {
            unpacked.take(bytes);
        }
        unpacked.finish()
    }

    #[test]
    fn a_failure_stays_on_its_line_and_chatter_goes() {
        for piece in [17, 4096, 10_000_000] {
            let kept = sifted(log().as_bytes(), piece);
            let at = kept.lines().position(|line| line.contains("code E401"));
            assert_eq!(at, Some(40_000), "in pieces of {piece}");
            assert!(kept.len() < 80_000, "{} bytes are kept", kept.len());
        }
    }

    #[test]
    fn a_compressed_file_is_unpacked_as_far_as_it_is_sound() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(log().as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(sifted(&packed, 1000), sifted(log().as_bytes(), 1000));
        let (sound, _) = packed.split_at(packed.len() * 3 / 4);
        assert!(sifted(sound, 1000).contains("code E401"));
    }

    #[test]
    fn what_powershell_writes_is_read_as_if_it_were_utf_8() {
        let chatter: String = (1..=2000).map(|n| format!("{n} silly placeDep ROOT lodash\n")).collect();
        let log = format!("{chatter}npm error code E401\nnpm error Incorrect or missing password 🔑 é.\n{chatter}");
        let read = sifted(log.as_bytes(), 4096);
        for (mark, unit) in [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xfe, 0xff], u16::to_be_bytes)] {
            let written: Vec<u8> = mark.into_iter().chain(log.encode_utf16().flat_map(unit)).collect();
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&written).unwrap();
            for bytes in [written, packed.finish().unwrap()] {
                for piece in [1, 4095, 10_000_000] {
                    assert_eq!(sifted(&bytes, piece), read, "in pieces of {piece}");
                }
            }
        }
    }

    #[test]
    fn a_small_file_that_unpacks_without_end_is_left() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..100 {
            packed.write_all(&vec![b'a'; 1024 * 1024]).unwrap();
        }
        let mut unpacked = Unpacked::default();
        assert!(!unpacked.take(&packed.finish().unwrap()));
    }

    #[test]
    fn nothing_comes_out_of_nothing() {
        for bytes in [&b""[..], &GZIP, b"\x1f\x8b\x08 damaged", b"\xff\xfe\x00"] {
            assert!(!sifted(bytes, 1).contains("npm"));
        }
    }
}
