//! Lines of input → what somebody means by them.

/// What a piece of input means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Something said in the channel.
    Message(Vec<u8>),
    /// `/npmfix …`, without the name.
    Command(String),
    /// A number under an answer.
    Number(usize),
    /// `/as NAME`: somebody else speaks from here on.
    As(String),
    /// `/in CHANNEL`: what follows is said there.
    In(String),
    /// `/quit`.
    Quit,
}

/// A paste grows no further than this; what is more begins a new one.
const LONGEST: usize = 16 * 1024 * 1024;

/// Gathers lines. A paste ends with an empty line or the end of the input; commands and numbers take a line.
#[derive(Debug, Default)]
pub struct Reader {
    paste: Vec<u8>,
    /// A command whose text goes on until an empty line.
    open: Option<String>,
}

impl Reader {
    /// Whether a paste has begun and not ended.
    pub fn is_open(&self) -> bool {
        !self.paste.is_empty() || self.open.is_some()
    }

    /// Takes a line without its break; returns what it completes.
    pub fn line(&mut self, line: &[u8]) -> Option<Input> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return self.end();
        }
        if !self.is_open() {
            if let Some(input) = single(line) {
                return Some(input);
            }
            if let Some(command) = command(line) {
                if takes_lines(&command) {
                    self.open = Some(command);
                    return None;
                }
                return Some(Input::Command(command));
            }
        }
        self.paste.extend_from_slice(line);
        self.paste.push(b'\n');
        (self.paste.len() >= LONGEST).then(|| self.end()).flatten()
    }

    /// Ends what is open.
    pub fn end(&mut self) -> Option<Input> {
        let paste = std::mem::take(&mut self.paste);
        if let Some(mut command) = self.open.take() {
            command.push('\n');
            command.push_str(&String::from_utf8_lossy(&paste));
            return Some(Input::Command(command));
        }
        (!paste.is_empty()).then_some(Input::Message(paste))
    }
}

fn command(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let rest = line.trim_start().strip_prefix("/npmfix")?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim().to_owned())
}

/// Commands whose text may have several lines.
fn takes_lines(command: &str) -> bool {
    let mut words = command.split_whitespace().map(str::to_lowercase);
    match words.next().as_deref() {
        Some("save" | "explain") => true,
        Some("fix") => words.nth(1).as_deref() == Some("edit"),
        _ => false,
    }
}

fn single(line: &[u8]) -> Option<Input> {
    let line = std::str::from_utf8(line).ok()?.trim();
    if let Ok(number) = line.parse::<usize>() {
        return (number < 100).then_some(Input::Number(number));
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match word {
        "/as" => Some(Input::As(rest.trim().to_owned())),
        "/in" => Some(Input::In(rest.trim().to_owned())),
        "/quit" | "/exit" => Some(Input::Quit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Input> {
        let mut reader = Reader::default();
        let mut all: Vec<Input> = text.lines().filter_map(|line| reader.line(line.as_bytes())).collect();
        all.extend(reader.end());
        all
    }

    #[test]
    fn a_paste_ends_with_an_empty_line_and_a_number_inside_it_is_part_of_it() {
        let all = read("npm error code E401\n401\n\n2\nhello");
        assert_eq!(
            all,
            [
                Input::Message(b"npm error code E401\n401\n".to_vec()),
                Input::Number(2),
                Input::Message(b"hello\n".to_vec())
            ]
        );
    }

    #[test]
    fn commands_take_a_line_and_texts_go_on() {
        let all = read("/npmfix stats\n/npmfix save scope do this\nand that\n\n/as bob\n/npmfixer no");
        assert_eq!(
            all,
            [
                Input::Command("stats".into()),
                Input::Command("save scope do this\nand that\n".into()),
                Input::As("bob".into()),
                Input::Message(b"/npmfixer no\n".to_vec())
            ]
        );
    }
}
