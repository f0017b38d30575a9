//! Sealing what the database may not show: the tokens of installed bots. The keys come from outside, so that a copy of the
//! database alone opens nothing.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    Key as CipherKey, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use secrecy::{ExposeSecret as _, SecretBox, SecretString, zeroize::Zeroize as _};
use sha2::{Digest as _, Sha256};

/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of the number that is used once. So many can be drawn by chance without meeting one twice.
const NONCE: usize = 24;
/// Bytes of a key's name.
const NAME: usize = 4;

/// What is wrong with `NPMFIX_SECRET_KEY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("NPMFIX_SECRET_KEY is empty: `npmfix slack key` makes one")]
    Empty,
    /// One of them is no key.
    #[error("key {0} in NPMFIX_SECRET_KEY is not 32 bytes in base64: `npmfix slack key` makes one")]
    Shape(usize),
}

/// Why something sealed cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// None of the keys is the one it was sealed with.
    #[error("it was sealed with another NPMFIX_SECRET_KEY: add that one behind a comma, or install the bot again")]
    OtherKey,
    /// It was changed, or stands where it does not belong.
    #[error("it was changed after it had been sealed: install the bot again")]
    Changed,
}

/// What something sealed belongs to. It opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The team.
    pub team: &'a str,
    /// The column.
    pub column: &'static str,
}

impl Place<'_> {
    fn data(self) -> Vec<u8> {
        format!("npmfix:install:{}:{}", self.column, self.team).into_bytes()
    }
}

/// The keys: the first one seals, all of them open.
pub struct Keys {
    keys: Vec<Key>,
}

struct Key {
    /// Tells which key opens what, and nothing about the key.
    name: String,
    bytes: SecretBox<[u8; KEY]>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.name)).finish()
    }
}

impl Keys {
    /// Reads keys as `NPMFIX_SECRET_KEY` holds them: 32 bytes in base64 each, commas between, the newest first.
    pub fn parse(keys: &SecretString) -> Result<Self, KeyError> {
        let texts = keys.expose_secret().split(',').map(str::trim).filter(|text| !text.is_empty());
        let keys: Vec<_> = texts.zip(1..).map(|(text, number)| Key::parse(text, number)).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(Self { keys }) }
    }

    /// Seals a text for its place.
    #[must_use]
    pub fn seal(&self, text: &SecretString, place: Place<'_>) -> Option<String> {
        let key = self.keys.first()?;
        let nonce = rand::random::<[u8; NONCE]>();
        let payload = Payload { msg: text.expose_secret().as_bytes(), aad: &place.data() };
        let mut sealed = nonce.to_vec();
        sealed.extend(key.cipher().encrypt(&XNonce::from(nonce), payload).ok()?);
        Some(format!("{}.{}", key.name, BASE64.encode(sealed)))
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, sealed: &str, place: Place<'_>) -> Result<SecretString, SealError> {
        let (name, sealed) = sealed.split_once('.').ok_or(SealError::Changed)?;
        let key = self.keys.iter().find(|key| key.name == name).ok_or(SealError::OtherKey)?;
        let sealed = BASE64.decode(sealed).map_err(|_| SealError::Changed)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(SealError::Changed)?;
        let payload = Payload { msg: sealed, aad: &place.data() };
        let text = key.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Changed)?;
        String::from_utf8(text).map(SecretString::from).map_err(|_| SealError::Changed)
    }

    /// Whether it was sealed with a key that no longer seals.
    #[must_use]
    pub fn is_old(&self, sealed: &str) -> bool {
        let first = self.keys.first().map(|key| key.name.as_str());
        sealed.split_once('.').map(|(name, _)| name) != first
    }
}

impl Key {
    fn parse(text: &str, number: usize) -> Result<Self, KeyError> {
        let mut decoded = BASE64.decode(text).map_err(|_| KeyError::Shape(number))?;
        let bytes = <[u8; KEY]>::try_from(decoded.as_slice());
        decoded.zeroize();
        let bytes = bytes.map_err(|_| KeyError::Shape(number))?;
        let hash = Sha256::new().chain_update(b"npmfix key name").chain_update(bytes).finalize();
        let name = hash.iter().take(NAME).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { name, bytes: SecretBox::new(Box::new(bytes)) })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&CipherKey::from(*self.bytes.expose_secret()))
    }
}

/// A fresh key, as `NPMFIX_SECRET_KEY` takes it.
#[must_use]
pub fn fresh_key() -> String {
    BASE64.encode(rand::random::<[u8; KEY]>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(list: &[&str]) -> Keys {
        Keys::parse(&SecretString::from(list.join(","))).expect("keys")
    }

    const PLACE: Place<'static> = Place { team: "slack:T1", column: "token" };

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, new) = (fresh_key(), fresh_key());
        let sealed = keys(&[&old]).seal(&"hello".into(), PLACE).expect("sealed");
        let both = keys(&[&new, &old]);
        assert_eq!(both.open(&sealed, PLACE).expect("opened").expose_secret(), "hello");
        assert!(both.is_old(&sealed));
        let again = both.seal(&"hello".into(), PLACE).expect("sealed");
        assert!(!both.is_old(&again));
        assert_eq!(keys(&[&old]).open(&again, PLACE).err(), Some(SealError::OtherKey));
    }

    #[test]
    fn nothing_sealed_opens_elsewhere() {
        let keys = keys(&[&fresh_key()]);
        let sealed = keys.seal(&"hello".into(), PLACE).expect("sealed");
        for place in [Place { team: "slack:T2", ..PLACE }, Place { column: "refresh", ..PLACE }] {
            assert_eq!(keys.open(&sealed, place).err(), Some(SealError::Changed));
        }
        assert_ne!(sealed, keys.seal(&"hello".into(), PLACE).expect("sealed"), "a number was used twice");
    }

    #[test]
    fn a_key_that_is_none_is_named_and_not_shown() {
        let parse = |text: &str| Keys::parse(&SecretString::from(text)).err();
        assert_eq!(parse(""), Some(KeyError::Empty));
        assert_eq!(parse(" , "), Some(KeyError::Empty));
        let good = fresh_key();
        assert_eq!(parse(&format!("{good},c2hvcnQ=")), Some(KeyError::Shape(2)));
        assert_eq!(parse("not base64!"), Some(KeyError::Shape(1)));
        assert_eq!(parse(&format!(" {good} ,\n{good},")), None);
        assert!(!format!("{:?}", keys(&[&good])).contains(good.get(..8).expect("eight characters")));
    }

    proptest! {
        #[test]
        fn what_was_changed_does_not_open(at in 0_usize..200, to in "[ -~é]", text in ".*") {
            let keys = keys(&[&fresh_key()]);
            let sealed = keys.seal(&SecretString::from(text.clone()), PLACE).expect("sealed");
            let opened = keys.open(&sealed, PLACE).expect("opened");
            prop_assert_eq!(opened.expose_secret(), text.as_str());
            let changed: String = sealed.chars().enumerate().map(|(i, c)| if i == at % sealed.len() { to.clone() } else { c.to_string() }).collect();
            if changed != sealed {
                prop_assert!(keys.open(&changed, PLACE).is_err());
            }
        }
    }
}
