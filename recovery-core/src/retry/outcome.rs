//! Why a retried call ended without success, and the error of one that was never made.

use std::fmt;
use std::time::Duration;

use crate::classify::{Classify, Effect, ErrorKind};

/// Why no further attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// All attempts that the policy allows have failed.
    Exhausted,
    /// The error is not one that deserves another try.
    NotRetryable,
    /// The other side forbids another try
    /// ([`Classify::forbids_retry`](crate::Classify::forbids_retry)).
    ServerSaidNo,
    /// The call may have been carried out, and `at_most_once` forbids a second one.
    MayHaveTakenEffect,
    /// The next attempt would have begun after the deadline.
    WouldExceedDeadline,
    /// The [`RetryBudget`](crate::RetryBudget) has no retry left.
    BudgetEmpty,
    /// The [`CircuitBreaker`](crate::CircuitBreaker) admits no call at present.
    BreakerOpen,
    /// The caller's token was cancelled.
    Cancelled,
}

impl StopReason {
    /// All there are.
    pub const ALL: &'static [Self] = &[
        Self::Exhausted,
        Self::NotRetryable,
        Self::ServerSaidNo,
        Self::MayHaveTakenEffect,
        Self::WouldExceedDeadline,
        Self::BudgetEmpty,
        Self::BreakerOpen,
        Self::Cancelled,
    ];

    /// The name as events give it, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::NotRetryable => "not_retryable",
            Self::ServerSaidNo => "server_said_no",
            Self::MayHaveTakenEffect => "may_have_taken_effect",
            Self::WouldExceedDeadline => "would_exceed_deadline",
            Self::BudgetEmpty => "budget_empty",
            Self::BreakerOpen => "breaker_open",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No attempt was made at all, so that there is no error of the call itself.
///
/// An error type takes part by `From<NotAttempted>`. It is asked for where a call can be refused
/// before its first attempt: with `breaker`, and with `pushback` beside `deadline` or `cancel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call was not made: {}", self.because())]
pub struct NotAttempted {
    reason: StopReason,
    retry_after: Option<Duration>,
}

impl NotAttempted {
    pub(crate) const fn new(reason: StopReason, retry_after: Option<Duration>) -> Self {
        Self {
            reason,
            retry_after,
        }
    }

    /// Why no attempt was made.
    pub const fn reason(&self) -> StopReason {
        self.reason
    }

    const fn because(&self) -> &'static str {
        match self.reason {
            StopReason::BreakerOpen => "its circuit breaker is open",
            StopReason::WouldExceedDeadline => {
                "the server asked to wait for longer than its deadline allows"
            }
            StopReason::Cancelled => "it was cancelled before it could be made",
            _ => "it was refused",
        }
    }
}

/// An open breaker speaks of an ailing server; nothing has taken effect.
impl Classify for NotAttempted {
    fn kind(&self) -> ErrorKind {
        match self.reason {
            StopReason::BreakerOpen => ErrorKind::Server,
            StopReason::WouldExceedDeadline => ErrorKind::RateLimited,
            StopReason::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Other,
        }
    }

    /// How long the breaker stays open, or what is left of the pause that the server asked for.
    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

impl From<NotAttempted> for std::io::Error {
    fn from(error: NotAttempted) -> Self {
        Self::other(error)
    }
}
