//! Text on its way into the sieve. A file that begins with the mark of UTF-16 becomes UTF-8 as it comes, a piece at a time; any other
//! goes through as it is.

use std::io::{self, Write};

use super::Sieve;

/// What UTF-16 begins with, the smaller byte of each unit first or last.
const MARKS: [([u8; 2], Unit); 2] = [([0xff, 0xfe], u16::from_le_bytes), ([0xfe, 0xff], u16::from_be_bytes)];
/// Bytes that are decoded at a time.
const PIECE: usize = 4096;

/// Makes a unit of two bytes.
type Unit = fn([u8; 2]) -> u16;

/// Text of a kind that its first two bytes tell.
#[derive(Default)]
pub struct Text {
    sieve: Sieve,
    kind: Kind,
    /// A first byte that waits for its second.
    odd: Option<u8>,
    /// A first half of a character that waits for its second.
    high: Option<u16>,
}

#[derive(Clone, Copy, Default)]
enum Kind {
    #[default]
    Unknown,
    Bytes,
    Utf16(Unit),
}

impl Text {
    pub fn finish(mut self) -> String {
        if let (Kind::Unknown, Some(odd)) = (self.kind, self.odd) {
            let _ = self.sieve.write_all(&[odd]);
        }
        self.sieve.finish()
    }

    fn decoded(&mut self, bytes: &[u8], unit: Unit) -> String {
        let mut text = String::new();
        for byte in bytes {
            let Some(first) = self.odd.take() else {
                self.odd = Some(*byte);
                continue;
            };
            let unit = unit([first, *byte]);
            for decoded in char::decode_utf16(self.high.take().into_iter().chain([unit])) {
                match decoded {
                    Ok(character) => text.push(character),
                    Err(error) if error.unpaired_surrogate() == unit && (0xd800..0xdc00).contains(&unit) => {
                        self.high = Some(unit);
                    }
                    Err(_) => text.push(char::REPLACEMENT_CHARACTER),
                }
            }
        }
        text
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match (self.kind, self.odd, bytes) {
            (_, _, []) => Ok(0),
            (Kind::Bytes, ..) => self.sieve.write(bytes),
            (Kind::Utf16(unit), ..) => {
                let piece = bytes.get(..bytes.len().min(PIECE)).unwrap_or_default();
                let text = self.decoded(piece, unit);
                self.sieve.write_all(text.as_bytes())?;
                Ok(piece.len())
            }
            (Kind::Unknown, None, [first, ..]) => {
                self.odd = Some(*first);
                Ok(1)
            }
            (Kind::Unknown, Some(first), [second, ..]) => {
                self.odd = None;
                let head = [first, *second];
                if let Some((_, unit)) = MARKS.iter().find(|(mark, _)| *mark == head) {
                    self.kind = Kind::Utf16(*unit);
                } else {
                    self.kind = Kind::Bytes;
                    self.sieve.write_all(&head)?;
                }
                Ok(1)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
