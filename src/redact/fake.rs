//! Made-up secrets of the right shape, put together at run time: a literal that looks like a token would set off every
//! secret scanner that reads this source.

/// A small, fast and repeatable source of made-up text; not for cryptography.
#[derive(Debug, Clone)]
pub struct Dice(u64);

/// A made-up secret and the text around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What stands before the secret and stays.
    pub before: String,
    /// What must go.
    pub secret: String,
    /// What stands behind the secret and stays.
    pub after: String,
}

impl Example {
    /// A secret with what stands before and after it.
    #[must_use]
    pub fn new(before: impl Into<String>, secret: impl Into<String>, after: impl Into<String>) -> Self {
        Self { before: before.into(), secret: secret.into(), after: after.into() }
    }

    /// A secret alone.
    #[must_use]
    pub fn bare(secret: impl Into<String>) -> Self {
        Self::new("", secret, "")
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        [self.before.as_str(), &self.secret, &self.after].concat()
    }
}

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";

impl Dice {
    /// Dice that always fall the same way for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (the splitmix64 step).
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        let span = (high.saturating_sub(low) as u64).saturating_add(1);
        low + usize::try_from(self.next_number() % span).unwrap_or(0)
    }

    /// One of several strings.
    pub fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let last = choices.len().saturating_sub(1);
        choices.get(self.between(0, last)).copied().unwrap_or_default()
    }

    /// `count` characters out of the ASCII characters of `alphabet`.
    pub fn text(&mut self, alphabet: &str, count: usize) -> String {
        let letters = alphabet.as_bytes();
        let last = letters.len().saturating_sub(1);
        (0..count).filter_map(|_| letters.get(self.between(0, last))).map(|&letter| char::from(letter)).collect()
    }

    /// Letters of both cases and digits, with one of each in front.
    pub fn alnum(&mut self, count: usize) -> String {
        let all = [UPPER, LOWER, DIGITS].concat();
        let lead = [self.text(UPPER, 1), self.text(DIGITS, 1), self.text(LOWER, 1)].concat();
        let rest = self.text(&all, count.saturating_sub(3));
        [lead, rest].concat()
    }

    /// Like [`Dice::alnum`], with `_` and `-` as well.
    pub fn url_safe(&mut self, count: usize) -> String {
        let all = [UPPER, LOWER, DIGITS, "_-"].concat();
        let rest = self.text(&all, count.saturating_sub(4));
        [self.alnum(3), rest, self.text(LOWER, 1)].concat()
    }

    /// Lower-case hexadecimal digits.
    pub fn hex(&mut self, count: usize) -> String {
        self.text("0123456789abcdef", count)
    }

    /// Decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        self.text(DIGITS, count)
    }

    /// Capitals and the digits of base 32.
    pub fn base32(&mut self, count: usize) -> String {
        self.text(&[UPPER, "234567"].concat(), count)
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> String {
        [self.hex(8), self.hex(4), format!("4{}", self.hex(3)), format!("a{}", self.hex(3)), self.hex(12)].join("-")
    }

    /// `user:password` in base 64, about as long as `count`.
    pub fn base64_login(&mut self, count: usize) -> String {
        let login = format!("{}:{}", self.text(LOWER, 5), self.alnum(count.saturating_sub(6)));
        base64(login.as_bytes())
    }

    /// Three parts with dots between, the first a JSON object in base 64.
    pub fn jwt(&mut self, payload: usize) -> String {
        let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, self.hex(8));
        let body = format!(r#"{{"sub":"{}"}}"#, self.alnum(payload));
        let plain = |text: &str| base64(text.as_bytes()).trim_end_matches('=').to_owned();
        [plain(&header), plain(&body), self.url_safe(43)].join(".")
    }
}

/// Base 64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let index = (word >> (18 - 6 * place)) & 63;
            let letter = LETTERS.get(index as usize).copied().unwrap_or(b'=');
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
