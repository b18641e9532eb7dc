//! What a webhook answers.

use std::time::SystemTime;

use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use super::Accepts;
use super::error::PostError;

/// More than any answer needs.
const LONGEST_ANSWER: usize = 64 << 10;

/// Whether the alert was taken.
pub(super) async fn check(mut response: Response, accepts: &Accepts) -> Result<(), PostError> {
    let status = response.status();
    if !status.is_success() {
        let header = response.headers().get(RETRY_AFTER);
        let header = header.and_then(|value| value.to_str().ok());
        let retry_after =
            header.and_then(|value| crate::http::retry_after(value, SystemTime::now()));
        return Err(PostError::Status {
            status: status.as_u16(),
            retry_after,
        });
    }
    let mut text = Vec::new();
    while text.len() < LONGEST_ANSWER
        && let Some(chunk) = response.chunk().await?
    {
        text.extend_from_slice(&chunk);
    }
    text.truncate(LONGEST_ANSWER);
    if accepts(&String::from_utf8_lossy(&text)) {
        return Ok(());
    }
    Err(PostError::NotTaken {
        status: status.as_u16(),
    })
}

/// Chat services refuse with status 200, and say so by `errcode`.
pub(super) fn is_accepted(answer: &str) -> bool {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    answer["errcode"].as_i64().is_none_or(|code| code == 0)
}
