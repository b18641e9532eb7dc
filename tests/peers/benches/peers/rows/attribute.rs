//! Ours: `#[retry]`, with a hook and without.

use std::hint::black_box;

use recovery_core::{Jitter, RetryConfig, retry, retryable_on};

use crate::operation::{self, ApiError, INITIAL, LONGEST, Plan, note};
use crate::peer::Peer;

pub(crate) struct Attribute;

impl Peer for Attribute {
    const NAME: &'static str = "#[retry]";
    type Error = ApiError;

    #[retry(max = 5, initial = 100ms, max_delay = 10s, jitter,
            on_retry = |attempt| note(attempt.error, attempt.delay))]
    #[retryable_on(Network, Timeout)]
    async fn ready(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }

    #[retry(max = 5, initial = 100ms, max_delay = 10s, jitter,
            on_retry = |attempt| note(attempt.error, attempt.delay))]
    #[retryable_on(Network, Timeout)]
    async fn suspendable(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::suspendable(plan).await
    }

    #[retry(max = 5, initial = 0ms, jitter,
            on_retry = |attempt| note(attempt.error, attempt.delay))]
    #[retryable_on(Network, Timeout)]
    async fn at_once(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }

    #[retry(max = 5, initial = 1ms, max_delay = 10s, jitter,
            on_retry = |attempt| note(attempt.error, attempt.delay))]
    #[retryable_on(Network, Timeout)]
    async fn briefly(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }

    fn delays() -> Option<impl FnMut()> {
        let policy = RetryConfig::builder()
            .initial_delay(INITIAL)
            .max_delay(LONGEST)
            .jitter(Jitter::default())
            .build()
            .ok()?;
        let mut attempt = 0;
        Some(move || {
            attempt = attempt % 8 + 1;
            black_box(policy.next_delay(black_box(attempt)));
        })
    }
}

pub(crate) struct WithoutHook;

impl Peer for WithoutHook {
    const NAME: &'static str = "#[retry], no hook";
    const LACKS: &'static str = "the same without the hook";
    type Error = ApiError;

    #[retry(max = 5, initial = 100ms, max_delay = 10s, jitter)]
    #[retryable_on(Network, Timeout)]
    async fn ready(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }

    #[retry(max = 5, initial = 100ms, max_delay = 10s, jitter)]
    #[retryable_on(Network, Timeout)]
    async fn suspendable(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::suspendable(plan).await
    }

    #[retry(max = 5, initial = 0ms, jitter)]
    #[retryable_on(Network, Timeout)]
    async fn at_once(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }

    #[retry(max = 5, initial = 1ms, max_delay = 10s, jitter)]
    #[retryable_on(Network, Timeout)]
    async fn briefly(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }
}
