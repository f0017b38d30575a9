//! Characters: colours, entities, chat links, look-alike blanks, quotes and dashes.
//!
//! One pass over the line. Sequences that end in a telling character (`;`, `>`, `m`, `)`) are recognised backwards in what
//! was already written, so that a sequence that only appears once an inner one is gone is recognised too.

/// The longest run of parameters in a colour sequence.
const COLOUR: usize = 16;
/// The longest entity, without `&` and `;`.
const ENTITY: usize = 6;
/// The longest link, label included.
const LINK: usize = 4096;
/// The longest terminal sequence that is skipped as one.
const SEQUENCE: usize = 2048;

/// Appends `line` mended. What was a line break in a damaged form (`<br>`, a carriage return) becomes `\n`.
pub(super) fn mend(line: &str, out: &mut String) {
    let line = line.strip_suffix('\r').unwrap_or(line);
    // Looking at every byte is vector code, stopping at the first odd one is not.
    if line.bytes().fold(true, |plain, b| plain & is_plain(b)) {
        out.push_str(line);
        return;
    }
    let mut pen = Pen { floor: out.len(), out, angles: Vec::new(), squares: Vec::new(), labels: Vec::new() };
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' | '\u{9b}' => rest = skip_sequence(c, rest.as_str()).chars(),
            '\r' => pen.line_break(),
            '\t' => pen.push('\t'),
            c if c.is_control() => {}
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => pen.push(' '),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ff02}' => pen.push('"'),
            '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{ff07}' => pen.push('\''),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => pen.push('-'),
            c => pen.push(c),
        }
    }
}

/// Bytes that never need mending.
fn is_plain(b: u8) -> bool {
    matches!(b, b'\t' | b' '..=b'~') && !matches!(b, b'&' | b'<' | b'>' | b'[')
}

/// What follows a terminal sequence whose first character was `first`.
fn skip_sequence(first: char, rest: &str) -> &str {
    let body = match rest.strip_prefix('[') {
        Some(body) => body,
        None if first == '\u{9b}' => rest,
        None => {
            if let Some(body) = rest.strip_prefix([']', '_', 'P', '^', 'X']) {
                let end = body.char_indices().take(SEQUENCE).find(|(_, c)| matches!(c, '\u{7}' | '\u{1b}'));
                return end
                    .and_then(|(i, c)| body.get(i + c.len_utf8()..))
                    .map_or(body, |r| r.strip_prefix('\\').unwrap_or(r));
            }
            return rest.strip_prefix("(B").unwrap_or(rest);
        }
    };
    match body.char_indices().take(COLOUR * 4).find(|(_, c)| !matches!(c, '0'..='?' | ' '..='/')) {
        Some((i, c)) if ('@'..='~').contains(&c) => body.get(i + 1..).unwrap_or_default(),
        Some((i, _)) => body.get(i..).unwrap_or_default(),
        None => "",
    }
}

/// How programs write the escape character when they show it.
const ESCAPES: &[&str] = &["^[", "\\x1b", "\\x1B", "\\033", "\\e", "\\u001b", "\\u001B", "\u{fffd}", "\u{241b}"];

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

struct Pen<'a> {
    out: &'a mut String,
    /// Where this line begins in `out`.
    floor: usize,
    /// Where each open `<` stands.
    angles: Vec<usize>,
    /// Where each open `[` stands.
    squares: Vec<usize>,
    /// Where the `](` of each possible link stands.
    labels: Vec<usize>,
}

impl Pen<'_> {
    fn line_break(&mut self) {
        self.out.push('\n');
        self.floor = self.out.len();
        self.angles.clear();
        self.squares.clear();
        self.labels.clear();
    }

    fn push(&mut self, c: char) {
        let at = self.out.len();
        match c {
            '<' => self.angles.push(at),
            '[' => self.squares.push(at),
            '(' if self.tail().ends_with(']') => self.labels.push(at - 1),
            '>' if self.close_angle() => return,
            ')' if self.close_link() => return,
            ';' if self.close_entity() => return,
            'm' | 'K' if self.close_colour() => return,
            _ => {}
        }
        self.out.push(c);
    }

    fn tail(&self) -> &str {
        self.out.get(self.floor..).unwrap_or_default()
    }

    fn cut(&mut self, at: usize) {
        self.out.truncate(at);
        for marks in [&mut self.angles, &mut self.squares, &mut self.labels] {
            marks.truncate(marks.partition_point(|mark| *mark < at));
        }
    }

    /// `[0;31m` whose escape character a chat has swallowed.
    fn close_colour(&mut self) -> bool {
        let Some(open) = self.squares.last().copied().filter(|open| self.out.len() - open <= COLOUR) else {
            return false;
        };
        let parameters = self.out.get(open + 1..).unwrap_or_default();
        if !parameters.bytes().all(|b| b.is_ascii_digit() || b == b';') {
            return false;
        }
        let lead = self.out.get(self.floor..open).unwrap_or_default();
        let written = ESCAPES.iter().find(|written| lead.ends_with(**written)).map_or(0, |written| written.len());
        self.cut(open - written);
        true
    }

    /// `&lt;`; `&amp;lt;` resolves in two goes, the second when its own `;` arrives.
    fn close_entity(&mut self) -> bool {
        let tail = self.tail();
        let Some(at) = tail.bytes().rev().take(ENTITY + 1).position(|b| b == b'&') else { return false };
        let start = tail.len() - at - 1;
        let c = match tail.get(start + 1..).unwrap_or_default() {
            "lt" | "#60" | "#x3C" | "#x3c" => '<',
            "gt" | "#62" | "#x3E" | "#x3e" => '>',
            "amp" | "#38" | "#x26" => '&',
            "quot" | "#34" | "#x22" => '"',
            "apos" | "#39" | "#039" | "#x27" => '\'',
            "nbsp" | "#160" | "#xA0" | "#xa0" => ' ',
            "#47" | "#x2F" | "#x2f" => '/',
            "#64" | "#x40" => '@',
            _ => return false,
        };
        let start = self.floor + start;
        self.cut(start);
        self.push(c);
        true
    }

    /// `<https://…|label>`, `<https://…>`, and the tags in which logs are pasted.
    fn close_angle(&mut self) -> bool {
        let Some(open) = self.angles.pop() else { return false };
        let inner = self.out.get(open + 1..).unwrap_or_default();
        if (inner.starts_with("http://") || inner.starts_with("https://")) && inner.len() <= LINK {
            let url = inner.split('|').next().unwrap_or_default().trim().to_owned();
            self.cut(open);
            self.out.push_str(&url);
            return true;
        }
        let tag = inner.trim_matches('/').split([' ', '/']).next().unwrap_or_default();
        let breaks = ["br", "p", "div", "li", "pre", "tr"].iter().any(|t| tag.eq_ignore_ascii_case(t));
        // `--otp=<code>` is npm's own; a tag stands at a line's beginning, has attributes, or closes.
        let code = tag.eq_ignore_ascii_case("code")
            && (inner.starts_with('/')
                || inner.len() > tag.len()
                || self.out.get(self.floor..open).is_some_and(is_blank));
        let vanishes = code || ["span", "font", "b", "i", "samp", "tt"].iter().any(|t| tag.eq_ignore_ascii_case(t));
        if breaks {
            self.cut(open);
            self.line_break();
        } else if vanishes {
            self.cut(open);
        }
        breaks || vanishes
    }

    /// `[label](https://…)` becomes the address.
    fn close_link(&mut self) -> bool {
        let Some(mid) = self.labels.pop() else { return false };
        let Some(open) = self.squares.iter().rev().copied().find(|open| *open < mid) else { return false };
        let url = self.out.get(mid + 2..).unwrap_or_default();
        if self.out.len() - open > LINK
            || !(url.starts_with("http://") || url.starts_with("https://"))
            || url.contains(' ')
        {
            return false;
        }
        let url = url.to_owned();
        self.cut(open);
        // It may end what stands around it.
        url.chars().for_each(|c| self.push(c));
        true
    }
}
