//! What one entry of the table holds. An entry finds the *head* of a secret with a regex of bounded length; a function then
//! says where the value begins and ends. So a value of any length costs one walk over its bytes.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::fake::{Dice, Example};
use super::value::placeholder;
use super::view::Joins;

/// So many bytes behind a head are enough to tell a secret from anything else.
const JUDGED: usize = 256;
/// So much may a value be shortened by for the punctuation at its end.
const TRIMMED: usize = 64;

/// A literal that must be in the text before a pattern is worth trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// The literal, ASCII.
    pub text: &'static str,
    /// Whether upper and lower case are the same here.
    pub any_case: bool,
    /// How many bytes of `A-Z a-z 0-9 _ -` follow it in a real secret, at least.
    pub follow: u8,
    /// How many of these bytes stand before it in a real secret, at least.
    pub lead: u8,
    pub(super) around: Around,
    /// Whether it is distinctive enough to look for in a log: seldom anything but a secret or its key.
    pub distinctive: bool,
}

impl Prefix {
    /// The beginning of a token: case matters, and so many token characters follow.
    pub(super) const fn token(text: &'static str, follow: u8) -> Self {
        Self { text, any_case: false, follow, lead: 0, around: Around::Anything, distinctive: true }
    }

    /// A word that stands before a secret and seldom anywhere else, in any case.
    pub(super) const fn key(text: &'static str) -> Self {
        Self { text, any_case: true, follow: 0, lead: 0, around: Around::Anything, distinctive: true }
    }

    /// A word that stands before secrets and in ordinary text, in any case.
    pub(super) const fn word(text: &'static str) -> Self {
        Self { text, any_case: true, follow: 0, lead: 0, around: Around::Anything, distinctive: false }
    }

    /// A word that stands before secrets where it is written in capitals.
    pub(super) const fn capitals(text: &'static str) -> Self {
        Self { any_case: false, ..Self::word(text) }
    }

    /// The same, with something around it that ordinary text seldom has there.
    pub(super) const fn with(mut self, around: Around) -> Self {
        self.around = around;
        self
    }

    /// The same, too common to look for in a log.
    pub(super) const fn common(mut self) -> Self {
        self.distinctive = false;
        self
    }

    /// Whether it is a word or a key and not a part of the secret.
    pub(super) fn is_word(&self) -> bool {
        self.follow == 0 && self.lead == 0 && self.around != Around::Login
    }

    /// Whether the literal, found at `at` without regard to case, is what it should be.
    pub(super) fn holds(&self, hay: &[u8], at: Range<usize>) -> bool {
        let found = hay.get(at.clone()).unwrap_or_default();
        if !self.any_case && found != self.text.as_bytes() {
            return false;
        }
        let behind = hay.get(at.end..).unwrap_or_default();
        let before = hay.get(..at.start).unwrap_or_default();
        long(behind.iter(), self.follow) && long(before.iter().rev(), self.lead) && self.around.fits(before, behind)
    }
}

/// What else stands around a prefix that is common by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    Anything,
    /// `user:password@` behind it, not a host alone.
    Login,
    /// A number in base 64 before it, as a Discord token begins.
    Number,
    /// `=` or `:` behind it, as behind a key.
    Assigned,
    /// Two dashes at the beginning of the word that it ends, as in a flag.
    Flag,
    /// So many token characters behind it, after a few others.
    Token(u8),
}

impl Around {
    fn fits(self, before: &[u8], behind: &[u8]) -> bool {
        match self {
            Self::Anything => true,
            Self::Login => login(behind),
            Self::Number => {
                let near = before.get(before.len().saturating_sub(40)..).unwrap_or_default();
                near.windows(2).any(|pair| matches!(pair, [b'M'..=b'O', b'D' | b'T' | b'j' | b'z' | b'\n' | b'\r']))
            }
            Self::Assigned => assigned(behind),
            Self::Flag => flag(before),
            Self::Token(count) => {
                let between = |byte: &&u8| !byte.is_ascii_alphanumeric() && **byte != b'\n';
                let skipped = behind.iter().take(JUDGED).take_while(between).count();
                skipped == JUDGED || long(behind.iter().skip(skipped), count)
            }
        }
    }
}

/// Whether `=` or `:` may follow behind quotes and blanks. Anything goes where a line break may be taken out.
fn assigned(behind: &[u8]) -> bool {
    let between = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b' ' | b'\t');
    let next = behind.iter().take(JUDGED).find(|byte| !between(byte));
    next.is_none_or(|byte| matches!(byte, b'=' | b':') || *byte == b'\n' || frame(*byte))
}

/// Whether a flag's dashes may stand in front, with a part of its name behind them.
fn flag(before: &[u8]) -> bool {
    let name = |byte: &&u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_');
    let length = before.iter().rev().take(JUDGED).take_while(name).count();
    let (above, name) = before.split_at(before.len() - length);
    name.windows(2).any(|pair| pair == b"--") || length == JUDGED || breaks(above.iter().rev())
}

/// Whether `user:password@` may follow: up to the path there is an `@`, or a colon without a port. Anything goes where the line
/// or a link's address ends.
fn login(behind: &[u8]) -> bool {
    let ends = |byte: &u8| matches!(byte, 0..=b' ' | b'/' | b'"' | b'\'' | b'<' | b'>' | b'|' | 0x7f..);
    let end = behind.iter().take(JUDGED).position(ends);
    let authority = behind.get(..end.unwrap_or(JUDGED)).unwrap_or(behind);
    let next = end.and_then(|end| behind.get(end));
    let colon = authority.iter().position(|byte| *byte == b':');
    let port = colon.and_then(|colon| authority.get(colon + 1..));
    let port = port.is_none_or(|port| port.iter().all(u8::is_ascii_digit));
    !port || authority.contains(&b'@') || matches!(next, None | Some(b'\n' | b'\r' | b'|' | 0x7f..))
}

/// Whether so many token characters come first, or a line break cuts them short.
fn long<'a>(mut bytes: impl Iterator<Item = &'a u8>, count: u8) -> bool {
    let cut = bytes.by_ref().take(usize::from(count)).find(|&&byte| !super::value::url_safe(byte));
    cut.is_none_or(|byte| *byte == b'\n' || (frame(*byte) && breaks(bytes)))
}

/// Whether a line break comes next, perhaps after a frame's border or an indent.
fn breaks<'a>(bytes: impl Iterator<Item = &'a u8>) -> bool {
    bytes.take(JUDGED).find(|byte| !frame(**byte)) == Some(&b'\n')
}

/// A frame's border or an indent, which may stand at a line break.
fn frame(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'|' | b'>' | 0x80..)
}

/// The head of a possible secret, as a pattern's regex found it.
pub(super) struct Hit<'a> {
    /// The whole text searched.
    pub all: &'a [u8],
    /// The text up to so far behind the head as it takes to tell a secret from anything else.
    pub hay: &'a [u8],
    /// Where the head begins and ends. With a capture group the value begins at the group.
    pub head: Range<usize>,
    /// Where the value begins.
    pub from: usize,
    /// How far a value of unknown length may go: to the next line break that need not be a wrap, or the end of the text.
    pub limit: usize,
}

/// A head in its text, and the next joined line break that need not be a wrap.
struct Spot<'a> {
    hay: &'a [u8],
    head: Range<usize>,
    from: usize,
    seam: usize,
}

/// Which part of the regex's match is the value's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Starts {
    /// The match itself is the value's beginning.
    Here,
    /// The value comes after the match.
    After,
    /// The value begins at the first capture group.
    Group,
}

/// One kind of secret.
pub struct Pattern {
    /// The kind: the word in `[redacted <kind>]` and in the tally.
    pub kind: &'static str,
    /// What it is, in plain words, to complete "this looks like …".
    pub what: &'static str,
    /// How its owner makes it worthless, in one sentence.
    pub revoke: &'static str,
    /// One of these is in every text that the pattern matches.
    pub prefixes: &'static [Prefix],
    /// Made-up secrets of this kind in the text around them.
    pub examples: &'static [fn(&mut Dice) -> Example],
    pub(super) source: &'static str,
    pub(super) starts: Starts,
    pub(super) value: fn(&Hit) -> Option<Range<usize>>,
    pub(super) compiled: OnceLock<Option<Regex>>,
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pattern").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Pattern {
    /// The compiled regex. `None` only if the source does not compile, which a test rules out.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| RegexBuilder::new(self.source).unicode(false).build().ok()).as_ref()
    }

    /// Reports the range of every value in `hay`, a text with line breaks taken out at `joins`. Only a head may lie across a
    /// break that need not have been a wrap; a value of unknown length ends there.
    pub(super) fn find(&self, hay: &[u8], joins: &Joins, mut report: impl FnMut(Range<usize>)) {
        let Some(regex) = self.regex() else { return };
        let mut at = 0;
        while let Some((head, from)) = self.head(regex, hay, at) {
            let seam = joins.loose_after(head.end).unwrap_or(hay.len());
            let retry = if self.starts == Starts::Here { head.end } else { from };
            let start = head.start;
            let value = self.judge(&Spot { hay, head, from, seam }).filter(|value| {
                // A placeholder at the end of a line is not made a secret by the next line.
                let join = joins.after(value.start + 1).filter(|join| *join < value.end);
                let above = join.and_then(|join| hay.get(value.start..join));
                value.start < value.end && !above.is_some_and(|above| placeholder(above, None))
            });
            // Every regex takes at least one byte, but a loop must not depend on that.
            at = value.as_ref().map_or(retry, |value| value.end.max(retry)).max(start + 1);
            if let Some(value) = value {
                report(value);
            }
            if at > hay.len() {
                break;
            }
        }
    }

    /// The value at a head. What is not a secret is told by its beginning, so that text which is full of heads is not read
    /// again and again; only the value of a secret is read to its end, and then skipped.
    fn judge(&self, spot: &Spot) -> Option<Range<usize>> {
        let hit = |reach: usize| Hit {
            all: spot.hay,
            hay: spot.hay.get(..reach).unwrap_or(spot.hay),
            head: spot.head.clone(),
            from: spot.from,
            limit: spot.seam.min(reach),
        };
        let reach = spot.hay.len().min(spot.head.end + JUDGED);
        let value = (self.value)(&hit(reach))?;
        let cut = reach < spot.seam && value.end + TRIMMED >= reach;
        let whole = cut.then(|| (self.value)(&hit(spot.hay.len()))).flatten();
        Some(whole.unwrap_or(value))
    }

    fn head(&self, regex: &Regex, hay: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
        if self.starts == Starts::Group {
            let captures = regex.captures_at(hay, at)?;
            let (all, group) = (captures.get(0)?, captures.get(1)?);
            return Some((all.range(), group.start()));
        }
        let found = regex.find_at(hay, at)?;
        let from = if self.starts == Starts::Here { found.start() } else { found.end() };
        Some((found.range(), from))
    }
}
