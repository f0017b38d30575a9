//! Whether a request is Slack's: a keyed hash over its time and its body, made with a secret that only Slack and we know. Old
//! requests are refused, so that nobody sends one again that was overheard.

use std::fmt::Write as _;

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// The header with the signature.
pub(super) const SIGNATURE: &str = "x-slack-signature";
/// The header with the time at which it was signed, in seconds since 1970.
const TIME: &str = "x-slack-request-timestamp";
/// How many seconds Slack's clock may differ from ours, or a request be on its way. Slack's own advice.
const WINDOW: i64 = 5 * 60;
/// The length of the hash.
const HASH: usize = 32;

/// What a request says of itself.
pub(super) struct Signature {
    /// The time as it is signed: the very characters count.
    time: String,
    hash: [u8; HASH],
}

impl Signature {
    /// Reads the headers; `None` when they are missing, damaged or not of now.
    pub fn of(headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let time = headers.get(TIME)?.to_str().ok()?;
        let digits = !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit());
        let at: i64 = time.parse().ok().filter(|_| digits)?;
        if at.checked_sub(now.as_second())?.unsigned_abs() > WINDOW.unsigned_abs() {
            return None;
        }
        let hash = hexadecimal(headers.get(SIGNATURE)?.to_str().ok()?.strip_prefix("v0=")?)?;
        Some(Self { time: time.to_owned(), hash })
    }

    /// The name under which it is taken down.
    pub fn event(&self) -> String {
        let mut event = "signed ".to_owned();
        for byte in self.hash {
            // Writing to a string cannot fail.
            let _ = write!(event, "{byte:02x}");
        }
        event
    }
}

fn hexadecimal(text: &str) -> Option<[u8; HASH]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    (digits.len() == 2 * HASH).then(|| bytes.try_into().ok()).flatten()
}

/// Knows the secret.
pub(super) struct Signer(Option<Hmac<Sha256>>);

impl Signer {
    pub fn new(secret: &SecretString) -> Self {
        Self(Hmac::new_from_slice(secret.expose_secret().as_bytes()).ok())
    }

    /// Whether a body was signed with the secret. Takes the same time wherever a wrong signature differs.
    pub fn signed(&self, signature: &Signature, body: &[u8]) -> bool {
        let Some(mut hash) = self.0.clone() else { return false };
        for part in [b"v0:", signature.time.as_bytes(), b":", body] {
            hash.update(part);
        }
        hash.verify_slice(&signature.hash).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// The example of Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const AT: i64 = 1_531_420_618;
    const BODY: &[u8] =
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
        channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
        response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
        trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const HASHED: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn headers(time: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TIME, HeaderValue::from_str(time).unwrap());
        headers.insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
        headers
    }

    fn now(seconds: i64) -> Timestamp {
        Timestamp::from_second(AT + seconds).unwrap()
    }

    #[test]
    fn slacks_own_example_is_taken_and_nothing_beside_it() {
        let signer = Signer::new(&SecretString::from(SECRET));
        let signature = Signature::of(&headers(&AT.to_string(), HASHED), now(0)).unwrap();
        assert!(signer.signed(&signature, BODY));
        assert!(!signer.signed(&signature, b"token=other"));
        let other = Signature::of(&headers(&(AT + 1).to_string(), HASHED), now(0)).unwrap();
        assert!(!signer.signed(&other, BODY));
        assert!(!Signer::new(&SecretString::from("another")).signed(&signature, BODY));
    }

    #[test]
    fn a_request_is_of_now_or_refused() {
        for (seconds, good) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(Signature::of(&headers(&AT.to_string(), HASHED), now(seconds)).is_some(), good, "{seconds}");
        }
    }

    #[test]
    fn damaged_headers_are_no_signature() {
        let at = AT.to_string();
        let (time, hash) = (at.as_str(), HASHED);
        let wrong = ["", "v0=", "v1=00", hash.get(3..).unwrap(), hash.get(..66).unwrap(), "v0=zz", "v0=\u{e9}"];
        for signature in wrong {
            assert!(Signature::of(&headers(time, signature), now(0)).is_none(), "{signature}");
        }
        for time in ["", "-1", "+1531420618", "1531420618.0", "99999999999999999999", "9223372036854775807", "soon"] {
            assert!(Signature::of(&headers(time, hash), now(0)).is_none(), "{time}");
        }
        assert!(Signature::of(&HeaderMap::new(), now(0)).is_none());
    }
}
