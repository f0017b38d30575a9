//! The `state` that goes to Slack and comes back: signed, so that nothing has to be stored for everybody who only looks. It says until
//! when it is good, and is bound to a cookie of the browser that began.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::store::installs::BEGUN_FOR;

/// What is signed begins with this, so that the secret signs nothing else that looks alike.
const PURPOSE: &[u8] = b"npmfix install v1";

/// Knows the app's secret, which every process of this bot has.
pub(super) struct States(Option<Hmac<Sha256>>);

impl States {
    pub fn new(secret: &SecretString) -> Self {
        Self(Hmac::new_from_slice(secret.expose_secret().as_bytes()).ok())
    }

    /// A state for the browser with this cookie.
    pub fn begin(&self, cookie: &str, now: Timestamp) -> String {
        let until = (now + BEGUN_FOR).as_second().to_string();
        let hash = self.signed(&until, cookie).map(|hash| BASE64.encode(hash.finalize().into_bytes()));
        format!("{until}.{}", hash.unwrap_or_default())
    }

    /// Whether it is one of ours, for this browser, and in time.
    pub fn is_good(&self, state: &str, cookie: &str, now: Timestamp) -> bool {
        let Some((until, hash)) = state.split_once('.') else { return false };
        let Ok(hash) = BASE64.decode(hash) else { return false };
        let Some(signed) = self.signed(until, cookie) else { return false };
        let in_time = until.parse().is_ok_and(|until: i64| now.as_second() < until);
        signed.verify_slice(&hash).is_ok() && in_time
    }

    fn signed(&self, until: &str, cookie: &str) -> Option<Hmac<Sha256>> {
        let mut hash = self.0.clone()?;
        for part in [PURPOSE, b".", until.as_bytes(), b".", cookie.as_bytes()] {
            hash.update(part);
        }
        Some(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_good_for_one_browser_for_ten_minutes_and_as_it_was_signed() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let states = States::new(&"secret".into());
        let state = states.begin("cookie", at(1000));
        assert!(states.is_good(&state, "cookie", at(1000)) && states.is_good(&state, "cookie", at(1599)));
        assert!(!states.is_good(&state, "cookie", at(1600)));
        assert!(!states.is_good(&state, "another", at(1000)));
        assert!(!States::new(&"other".into()).is_good(&state, "cookie", at(1000)));
        let (_, hash) = state.split_once('.').unwrap();
        for forged in
            [format!("9999.{hash}"), format!("1600.{hash}="), hash.to_owned(), "1600.".to_owned(), String::new()]
        {
            assert!(!states.is_good(&forged, "cookie", at(1000)), "{forged}");
        }
    }
}
