//! What each `BotError` of botrs 0.13.0 means.
//!
//! botrs keeps the HTTP status and the message of an error, not the platform's code, and its own
//! `is_retryable` and `retry_after` are not used: they call a 503 final and invent 5, 1 and 3
//! seconds which no server asked for.

use std::time::Duration;

use botrs::BotError;

use super::codes;
use crate::classify::{Classify, Effect, ErrorKind};
use crate::retry::{NotAttempted, TimedOut};

/// Where botrs takes its access token; no request of the bot's own has been sent yet.
const TOKEN_PATH: &str = "/app/getAppAccessToken";
const TOKEN_REFUSED: &str = "Token request failed";

/// The session limit, and the two codes of a session that is over.
const SDK_SESSION_LIMIT: i32 = botrs::error::CODE_CONN_CLOSE_CANT_IDENTIFY;
const SDK_SESSION_OVER: [i32; 2] = [
    botrs::error::CODE_INVALID_SESSION,
    botrs::error::CODE_CONN_CLOSE_CANT_RESUME,
];

/// Messages of refusals that the platform hides behind a 400 or a 500, and that no retry cures.
/// The code that would tell is lost in botrs.
const REFUSALS: [(&str, ErrorKind); 4] = [
    // "reply msg exceed limit", sent as a 500: this message has had its replies.
    ("exceed limit", ErrorKind::InvalidInput),
    // 40034024: this `msg_id` may not be replied to.
    ("无效或越权", ErrorKind::InvalidInput),
    // "push channel message reach limit" and its like: quotas of the day.
    ("reach limit", ErrorKind::Forbidden),
    ("超过限制", ErrorKind::Forbidden),
];
const DEDUPLICATED: &str = "消息被去重";

/// `RateLimit` waits what was asked (60 s where botrs found no usable `Retry-After`); 5xx are
/// [`ErrorKind::Server`]; a lost connection and a timeout may have taken effect; 201 and 202 are
/// accepted and pending; refusals hidden in 400 and 500 are permanent.
impl Classify for BotError {
    fn kind(&self) -> ErrorKind {
        meaning(self).0
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimit { retry_after } => Some(Duration::from_secs(*retry_after)),
            Self::Io(error) => error.retry_after(),
            _ => None,
        }
    }

    fn effect(&self) -> Effect {
        meaning(self).1
    }
}

fn meaning(error: &BotError) -> (ErrorKind, Effect) {
    match error {
        BotError::RateLimit { .. } | BotError::SequenceNumber(_) => {
            (ErrorKind::RateLimited, Effect::None)
        }
        BotError::Timeout => (ErrorKind::Timeout, Effect::Unknown),
        BotError::Http(error) => http_meaning(error),
        BotError::Json(error) if error.is_data() => {
            // Valid JSON is read as data only behind a 200: what was sent has arrived.
            (ErrorKind::Other, Effect::Done)
        }
        // An HTML page instead of JSON: a proxy of the platform speaks, whatever the status.
        BotError::Json(_) => (ErrorKind::Server, Effect::Unknown),
        BotError::Server(message) => status_meaning(500, message),
        BotError::Api { code, .. } if *code >= codes::FIRST_CODE => codes::meaning(*code),
        BotError::Api { code, message } => status_meaning(*code, message),
        BotError::AuthenticationFailed(_) | BotError::Auth(_) => {
            (ErrorKind::Authentication, Effect::None)
        }
        BotError::Forbidden(_) => (ErrorKind::Forbidden, Effect::None),
        BotError::NotFound(_) => (ErrorKind::NotFound, Effect::None),
        // The token could not be fetched, so the call itself was never sent.
        BotError::Connection(_) => (ErrorKind::Network, Effect::None),
        BotError::WebSocket(_) | BotError::Gateway(_) | BotError::Session(_) => {
            (ErrorKind::Network, Effect::Unknown)
        }
        BotError::Sdk(error) if error.code() == SDK_SESSION_LIMIT => {
            // The day's session starts are used up, or the bot is banned: no short wait cures it.
            (ErrorKind::Forbidden, Effect::None)
        }
        BotError::Sdk(error) if SDK_SESSION_OVER.contains(&error.code()) => {
            (ErrorKind::Network, Effect::None)
        }
        BotError::Io(error) => (Classify::kind(error), error.effect()),
        BotError::MethodNotAllowed(_)
        | BotError::Url(_)
        | BotError::Config(_)
        | BotError::InvalidData(_)
        | BotError::NotImplemented(_) => (ErrorKind::InvalidInput, Effect::None),
        BotError::Sdk(_) | BotError::Internal(_) => (ErrorKind::Other, Effect::Unknown),
    }
}

fn http_meaning(error: &reqwest::Error) -> (ErrorKind, Effect) {
    let is_for_token = |url: &reqwest::Url| url.path() == TOKEN_PATH;
    // A connection that could not be made, in time or at all, has carried nothing.
    let effect = if error.is_connect() || error.url().is_some_and(is_for_token) {
        Effect::None
    } else {
        Effect::Unknown
    };
    if error.is_timeout() {
        (ErrorKind::Timeout, effect)
    } else if error.is_builder() {
        (ErrorKind::InvalidInput, Effect::None)
    } else if error.is_decode() && effect == Effect::None {
        (ErrorKind::Server, effect) // a page instead of a token
    } else {
        (ErrorKind::Network, effect)
    }
}

fn status_meaning(status: u32, message: &str) -> (ErrorKind, Effect) {
    if message.contains(DEDUPLICATED) {
        return codes::meaning(codes::DEDUPLICATED);
    }
    if matches!(status, 400 | 500)
        && let Some((_, kind)) = REFUSALS.iter().find(|(text, _)| message.contains(text))
    {
        return (*kind, Effect::None);
    }
    match status {
        200..=299 => (ErrorKind::Other, Effect::Done), // 201, 202: accepted, pending
        401 => (ErrorKind::Authentication, Effect::None),
        403 => (ErrorKind::Forbidden, Effect::None),
        404 => (ErrorKind::NotFound, Effect::None),
        408 => (ErrorKind::Timeout, Effect::Unknown),
        409 => (ErrorKind::Conflict, Effect::None),
        429 => (ErrorKind::RateLimited, Effect::None),
        400..=499 => (ErrorKind::InvalidInput, Effect::None),
        500..=599 if message.starts_with(TOKEN_REFUSED) => (ErrorKind::Server, Effect::None),
        500..=599 => (ErrorKind::Server, Effect::Unknown),
        _ => (ErrorKind::Other, Effect::Unknown),
    }
}

/// Whether another try may succeed: [`Classify::is_transient`] as a plain function.
///
/// ```
/// use botrs::BotError;
/// use recovery_core::botrs::is_retryable_error;
///
/// assert!(is_retryable_error(&BotError::Timeout));
/// assert!(is_retryable_error(&BotError::api(503, "unavailable")));
/// assert!(!is_retryable_error(&BotError::Forbidden("muted".into())));
/// ```
pub fn is_retryable_error(error: &BotError) -> bool {
    error.is_transient()
}

/// Whether the platform refused a reply because one with the same `msg_id` and `msg_seq` has
/// arrived before (code 40054005). After one's own retry that is success.
pub fn is_already_delivered(error: &BotError) -> bool {
    match error {
        BotError::Api { code, message } => {
            *code == codes::DEDUPLICATED || message.contains(DEDUPLICATED)
        }
        BotError::Server(message) => message.contains(DEDUPLICATED),
        _ => false,
    }
}

/// Whether the platform has taken the message and audits it first (HTTP 201 or 202). It must not
/// be sent again; the outcome comes as the event `MESSAGE_AUDIT_PASS` or `MESSAGE_AUDIT_REJECT`.
pub fn is_pending(error: &BotError) -> bool {
    matches!(
        error,
        BotError::Api {
            code: 201 | 202,
            ..
        }
    ) || matches!(error, BotError::Api { code, .. } if codes::AUDITED.contains(code))
}

/// Whether the platform no longer accepts the access token. A `botrs::Token` keeps it until it
/// expires by its own count, so a retry needs a `BotApi` with a fresh `Token`.
pub fn is_token_expired(error: &BotError) -> bool {
    match error {
        BotError::AuthenticationFailed(message) => message.contains("token not exist or expire"),
        BotError::Api { code, .. } => *code == codes::TOKEN_EXPIRED,
        _ => false,
    }
}

impl From<TimedOut> for BotError {
    fn from(_: TimedOut) -> Self {
        Self::Timeout
    }
}

/// The refusal is the source of a `BotError::Io`, and is classified as what it is.
impl From<NotAttempted> for BotError {
    fn from(error: NotAttempted) -> Self {
        Self::Io(error.into())
    }
}
