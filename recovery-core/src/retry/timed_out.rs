//! The error of an attempt that ran out of time.

use std::time::Duration;

use crate::classify::{Classify, ErrorKind};

/// An attempt was cut off because it took longer than allowed.
///
/// An error type takes part by `From<TimedOut>`. The call may have been carried out all the same
/// ([`Effect::Unknown`](crate::Effect::Unknown)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {limit:?}")]
pub struct TimedOut {
    limit: Duration,
}

impl TimedOut {
    pub(crate) const fn after(limit: Duration) -> Self {
        Self { limit }
    }

    /// How long the attempt was given.
    pub const fn limit(&self) -> Duration {
        self.limit
    }
}

impl Classify for TimedOut {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Timeout
    }
}

impl From<TimedOut> for std::io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, error)
    }
}
