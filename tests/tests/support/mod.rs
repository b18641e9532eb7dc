//! A service that fails as a test wants it to.
#![allow(dead_code, reason = "each test file uses the part that it needs")]

use std::fmt;
use std::time::Duration;

use recovery_core::{Classify, Effect, ErrorKind};

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
        self.calls += 1;
        tokio::task::yield_now().await;
        if self.calls <= self.failures {
            Err(self.failure.clone())
        } else {
            Ok(self.calls)
        }
    }
}
