//! A service that fails as a test wants it to.
#![allow(dead_code, reason = "each test file uses the part that it needs")]

pub(crate) mod log;
pub(crate) mod policies;
pub(crate) mod recorded;

use std::fmt;
use std::time::Duration;

use recovery_core::{Classify, Effect, ErrorKind, NotAttempted, TimedOut};

/// A failure that says of itself what the test wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) effect: Effect,
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) const fn of(kind: ErrorKind) -> Self {
        Self {
            kind,
            effect: Effect::Unknown,
            retry_after: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failure", self.kind)
    }
}

impl Classify for Failure {
    fn kind(&self) -> ErrorKind {
        self.kind
    }
    fn effect(&self) -> Effect {
        self.effect
    }
    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// A rate limit, after which the server asks to wait.
pub(crate) fn asked(seconds: u64) -> Failure {
    Failure {
        retry_after: Some(Duration::from_secs(seconds)),
        effect: Effect::None,
        ..Failure::of(ErrorKind::RateLimited)
    }
}

/// An error that can say that no attempt was made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Failed(Failure),
    Refused(NotAttempted),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<NotAttempted> for Outcome {
    fn from(refused: NotAttempted) -> Self {
        Self::Refused(refused)
    }
}

impl From<TimedOut> for Outcome {
    fn from(_: TimedOut) -> Self {
        Self::Failed(Failure::of(ErrorKind::Timeout))
    }
}

impl Classify for Outcome {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Failed(failure) => failure.kind(),
            Self::Refused(refused) => refused.kind(),
        }
    }
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed(failure) => failure.retry_after(),
            Self::Refused(refused) => refused.retry_after(),
        }
    }
    fn effect(&self) -> Effect {
        match self {
            Self::Failed(failure) => failure.effect(),
            Self::Refused(refused) => refused.effect(),
        }
    }
}

pub(crate) const NETWORK: Failure = Failure::of(ErrorKind::Network);

/// Fails with `failure` the first `failures` times, counting the calls.
pub(crate) struct Service {
    pub(crate) calls: u32,
    pub(crate) failures: u32,
    pub(crate) failure: Failure,
}

impl Service {
    pub(crate) const fn failing(failures: u32, failure: Failure) -> Self {
        Self {
            calls: 0,
            failures,
            failure,
        }
    }

    pub(crate) async fn call(&mut self) -> Result<u32, Failure> {
        tokio::task::yield_now().await;
        self.call_blocking()
    }

    pub(crate) fn call_blocking(&mut self) -> Result<u32, Failure> {
        self.calls += 1;
        if self.calls <= self.failures {
            Err(self.failure.clone())
        } else {
            Ok(self.calls)
        }
    }
}
