//! Why an alert cannot be posted. No error shows the URL, which is a secret.

use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

use crate::classify::{Classify, ErrorKind};

/// A URL that no alert is posted to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWebhook {
    /// It is none.
    #[error("the webhook must be a URL such as `https://example.com/hook`: {reason}")]
    NotAUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// It would send its key over the network in the clear.
    #[error(
        "the webhook at `{host}` must be called by `https`, since its URL is a secret; if you must, use `WebhookAlerts::unencrypted`"
    )]
    NotEncrypted {
        /// The host.
        host: String,
    },
    /// There can be no HTTP client.
    #[error("no HTTP client can be made: {reason}; check the variables of the proxy")]
    NoClient {
        /// What is wrong.
        reason: String,
    },
}

/// Why one attempt failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error(
        "the webhook cannot be reached: {reason}; check the network, and HTTPS_PROXY if there is one"
    )]
    Unreachable { reason: String },
    #[error("the webhook did not answer in time")]
    TimedOut,
    #[error("the webhook answered with HTTP status {status}{}", advice(*status))]
    Status {
        status: u16,
        retry_after: Option<Duration>,
    },
    #[error(
        "the webhook answered with HTTP status {status}, but did not take the alert: check the form of its body"
    )]
    NotTaken { status: u16 },
}

impl From<reqwest::Error> for PostError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::TimedOut;
        }
        Self::Unreachable {
            reason: chain(&error.without_url()),
        }
    }
}

impl Classify for PostError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } => ErrorKind::Network,
            Self::TimedOut => ErrorKind::Timeout,
            Self::NotTaken { .. } => ErrorKind::Server,
            Self::Status { status, .. } => match status {
                408 | 425 => ErrorKind::Timeout,
                429 => ErrorKind::RateLimited,
                401 => ErrorKind::Authentication,
                403 => ErrorKind::Forbidden,
                404 => ErrorKind::NotFound,
                500.. => ErrorKind::Server,
                _ => ErrorKind::InvalidInput,
            },
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

const fn advice(status: u16) -> &'static str {
    match status {
        300..400 => ": give the URL that it redirects to",
        401 | 403 | 404 | 410 => ": check its URL and the key in it",
        400 | 413 | 415 | 422 => ": check the form of its body",
        _ => "",
    }
}

/// The error and what led to it, in one line: reqwest's own text tells little.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let _ = write!(text, ": {error}");
        next = error.source();
    }
    text
}
