//! What the published rules do not allow.

use std::time::Duration;

const MAX_TOKENS: &str = "gRPC's rule takes max_tokens from 0.001 to 1000";
const TOKEN_RATIO: &str = "gRPC's rule takes a finite token_ratio of at least 0.001";
const TTL: &str = "tower's rule takes a ttl from 1 to 60 seconds";
const MIN_PER_SEC: &str = "tower's rule takes a min_per_sec below 2147483647";
const RETRY_PERCENT: &str = "tower's rule takes a retry_percent from 0 to 1000, 0.2 being a fifth";

/// Parameters that a published rule does not allow.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBudget {
    /// Of [`grpc_throttling`](crate::RetryBudget::grpc_throttling): no tokens, or too many.
    #[error("{rule}, not {0}", rule = MAX_TOKENS)]
    MaxTokens(f64),
    /// Of [`grpc_throttling`](crate::RetryBudget::grpc_throttling): a success that gives nothing.
    #[error("{rule}, not {0}", rule = TOKEN_RATIO)]
    TokenRatio(f64),
    /// Of [`tower`](crate::RetryBudget::tower): deposits that live too short or too long.
    #[error("{rule}, not {0:?}", rule = TTL)]
    Ttl(Duration),
    /// Of [`tower`](crate::RetryBudget::tower): a reserve that is none.
    #[error("{rule}, not {0}", rule = MIN_PER_SEC)]
    MinPerSec(u32),
    /// Of [`tower`](crate::RetryBudget::tower): a share that is none.
    #[error("{rule}, not {0}", rule = RETRY_PERCENT)]
    RetryPercent(f32),
}

impl InvalidBudget {
    /// For a panic in a `static`, where no number can be formatted.
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::MaxTokens(_) => MAX_TOKENS,
            Self::TokenRatio(_) => TOKEN_RATIO,
            Self::Ttl(_) => TTL,
            Self::MinPerSec(_) => MIN_PER_SEC,
            Self::RetryPercent(_) => RETRY_PERCENT,
        }
    }
}
