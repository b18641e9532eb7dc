//! What the platform answers, read by its code first and its HTTP status second.

use std::time::{Duration, SystemTime};

use botrs::BotError;
use botrs::models::api::{GatewayResponse, MessageResponse, SessionStartLimit};
use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::codes;
use crate::classify::ErrorKind;
use crate::http;

/// An answer as it came, read to its end.
pub(super) struct Raw {
    pub(super) status: StatusCode,
    /// The header `Retry-After`.
    pub(super) retry_after: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What became of a message.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was sent. Where the body of a 200 cannot be read there is no id, but the platform has the
    /// message: it must not be sent again.
    Sent(MessageResponse),
    /// The platform has it and audits it first.
    Pending {
        /// The id that the event of the audit's outcome names.
        audit_id: Option<String>,
    },
}

impl Raw {
    pub(super) fn json(&self) -> Option<Map<String, Value>> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(body)) => Some(body),
            _ => None,
        }
    }

    /// What was asked for in `Retry-After`. [`http::retry_after`] and, since servers write it, a
    /// number with a fraction.
    pub(super) fn asked_wait(&self) -> Option<Duration> {
        let header = self.retry_after.as_deref()?;
        http::retry_after(header, SystemTime::now()).or_else(|| fraction(header))
    }

    /// The answer to a message.
    pub(super) fn sent(&self) -> Result<Answer, BotError> {
        let body = self.json();
        let code = body.as_ref().and_then(code);
        if code.is_some_and(|code| codes::AUDITED.contains(&code)) {
            let audit_id = body.as_ref().and_then(audit_id);
            return Ok(Answer::Pending { audit_id });
        }
        let has_id = body.as_ref().is_some_and(|body| body.contains_key("id"));
        if !self.status.is_success() || (code.is_some() && !has_id) {
            return Err(self.refusal(body));
        }
        let answer = body.map(message_response).unwrap_or_default();
        let is_async = matches!(self.status.as_u16(), 201 | 202);
        if is_async && answer.id.is_none() {
            return Ok(Answer::Pending { audit_id: None });
        }
        Ok(Answer::Sent(answer))
    }

    /// The answer of `/gateway/bot`.
    pub(super) fn gateway(&self) -> Result<GatewayResponse, BotError> {
        let body = self.json();
        if !self.status.is_success() || body.as_ref().and_then(code).is_some() {
            return Err(self.refusal(body));
        }
        // Of the kinds of `BotError`, the one that passes: the platform may do better next time.
        body.as_ref()
            .and_then(gateway_response)
            .ok_or_else(|| BotError::gateway("the answer of /gateway/bot cannot be read"))
    }

    fn refusal(&self, body: Option<Map<String, Value>>) -> BotError {
        let status = self.status.as_u16();
        let body = body.unwrap_or_default();
        let code = code(&body);
        let meaning = code.and_then(codes::known);
        let may_pass = meaning.is_none_or(|(kind, _)| kind == ErrorKind::RateLimited);
        if status == 429
            && may_pass
            && let Some(wait) = self.asked_wait()
        {
            return BotError::rate_limit(whole_seconds(wait));
        }
        let message = body.get("message").and_then(Value::as_str);
        let message = message.unwrap_or("refused without a message").to_owned();
        match code {
            Some(code) if meaning.is_some() => BotError::Api { code, message },
            // An unknown code counts as a request that stays wrong. These statuses say that it is not.
            Some(code) if matches!(status, 408 | 429 | 500..=599) => {
                BotError::api(status.into(), format!("{message} (code {code})"))
            }
            Some(code) => BotError::Api { code, message },
            None => BotError::api(status.into(), message),
        }
    }
}

/// The platform's code in a body: where `err_code` and `code` differ, the one that is known.
pub(super) fn code(body: &Map<String, Value>) -> Option<u32> {
    let codes = ["err_code", "code"].map(|key| number(body.get(key)?).filter(|code| *code != 0));
    let mut codes = codes.into_iter().flatten();
    let first = codes.next()?;
    match codes::known(first) {
        Some(_) => Some(first),
        None => codes
            .find(|code| codes::known(*code).is_some())
            .or(Some(first)),
    }
}

fn audit_id(body: &Map<String, Value>) -> Option<String> {
    text(body.get("data")?.get("message_audit")?.get("audit_id")?)
}

/// A text, or the text of a number.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// By hand: the message was sent, so that no field of a strange type may make an error of it.
fn message_response(mut body: Map<String, Value>) -> MessageResponse {
    let mut take = |key| {
        let value = body.get(key).and_then(text)?;
        body.remove(key);
        Some(value)
    };
    MessageResponse {
        id: take("id"),
        timestamp: take("timestamp"),
        extra: body.into_iter().collect(),
    }
}

fn gateway_response(body: &Map<String, Value>) -> Option<GatewayResponse> {
    let limit = body.get("session_start_limit")?;
    let limit = |key| number(limit.get(key)?);
    Some(GatewayResponse {
        url: body.get("url")?.as_str()?.to_owned(),
        shards: number(body.get("shards")?)?,
        session_start_limit: SessionStartLimit {
            total: limit("total")?,
            remaining: limit("remaining")?,
            reset_after: limit("reset_after")?,
            max_concurrency: limit("max_concurrency")?,
        },
    })
}

fn number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Digits with a fraction, such as `0.5`, rounded up.
fn fraction(header: &str) -> Option<Duration> {
    let (whole, rest) = header.trim_matches([' ', '\t']).split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.is_empty() || !digits(whole) || !digits(rest) {
        return None;
    }
    let more = u64::from(rest.bytes().any(|digit| digit != b'0'));
    let seconds = whole.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds.saturating_add(more)))
}

/// Rounded up: to come back too early counts against the limit once more.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// Turns the answer that botrs takes for success, although the platform refused, into the error
/// that it is: HTTP 200 with an error body becomes `BotError::Api` with the platform's code.
///
/// # Errors
/// The refusal, with the platform's code and message.
///
/// ```
/// use botrs::{BotError, models::api::MessageResponse};
/// use recovery_core::{Classify, ErrorKind, botrs::accepted};
///
/// let mut answer = MessageResponse::default();
/// answer.extra.insert("code".into(), 50_055_001.into());
/// answer.extra.insert("message".into(), "system busy".into());
///
/// let error = accepted(answer).unwrap_err();
/// assert!(matches!(&error, BotError::Api { code: 50_055_001, .. }));
/// assert_eq!(error.kind(), ErrorKind::Server);
/// ```
pub fn accepted(answer: MessageResponse) -> Result<MessageResponse, BotError> {
    if answer.id.is_some() {
        return Ok(answer);
    }
    let code = ["err_code", "code"]
        .iter()
        .find_map(|key| answer.extra.get(*key)?.as_u64());
    match code {
        None | Some(0) => Ok(answer),
        Some(code) => {
            let message = answer
                .extra
                .get("message")
                .and_then(|message| message.as_str());
            Err(BotError::Api {
                code: u32::try_from(code).unwrap_or(u32::MAX),
                message: message.unwrap_or("refused without a message").to_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests;
