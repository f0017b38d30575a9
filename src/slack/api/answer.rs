//! What Slack answered, and what that means for whoever would call again.

use std::time::Duration;

use axum::http::HeaderValue;
use serde_json::Value;

use super::ApiError;

/// The wait when Slack names none.
const WAIT: Duration = Duration::from_secs(30);
/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// Characters of an error word that are kept.
const WORD: usize = 60;

/// Reads an answer. One that cannot be read now was carried out all the same.
pub(super) fn answer(body: &[u8]) -> Result<Value, ApiError> {
    let answer: Value =
        serde_json::from_slice(body).map_err(|_| ApiError::Unclear("the answer is no JSON".to_owned()))?;
    match (answer.get("ok").and_then(Value::as_bool), answer.get("error").and_then(Value::as_str)) {
        (Some(true), _) => Ok(answer),
        (Some(false), word) => Err(refusal(word.unwrap_or("unknown_error"))),
        (None, _) => Err(ApiError::Unclear("the answer does not say whether it worked".to_owned())),
    }
}

/// How long Slack asks to wait.
pub(super) fn wait(header: Option<&HeaderValue>) -> Duration {
    let seconds = header.and_then(|value| value.to_str().ok()).and_then(|value| value.trim().parse().ok());
    seconds.map_or(WAIT, Duration::from_secs).clamp(Duration::from_secs(1), LONGEST_WAIT)
}

/// What an error word means for whoever would call again. Slack's method pages say of the first two that some of the
/// operation may have succeeded.
fn refusal(word: &str) -> ApiError {
    let word: String = word.chars().filter(char::is_ascii_graphic).take(WORD).collect();
    match word.as_str() {
        "fatal_error" | "internal_error" => ApiError::Unclear(word),
        "ratelimited" | "rate_limited" => ApiError::Limited(WAIT),
        "service_unavailable" | "team_added_to_org" | "request_timeout" | "accesslimited" => ApiError::Failed(word),
        _ => ApiError::Refused(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_believed_within_reason() {
        let wait = |text: &'static str| wait(Some(&HeaderValue::from_static(text))).as_secs();
        assert_eq!((wait("7"), wait("0"), wait("soon"), wait("99999999999")), (7, 1, 30, 86_400));
    }

    #[test]
    fn a_word_says_whether_to_try_again() {
        assert_eq!(refusal("is_archived"), ApiError::Refused("is_archived".to_owned()));
        assert!(matches!(refusal("internal_error"), ApiError::Unclear(_)));
        assert!(matches!(refusal("rate_limited"), ApiError::Limited(_)));
        assert!(matches!(refusal("service_unavailable"), ApiError::Failed(_)));
    }
}
