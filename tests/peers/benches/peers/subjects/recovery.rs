//! Recovery itself.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use recovery_core::{ErrorKind, Retry, RetryConfig, retry, retryable_on};

use super::Subject;
use crate::operation::{Failure, HOOKED, Operation, Plan};

/// The attribute with jitter, predicate and hook.
pub(crate) struct Hooked;

impl Subject for Hooked {
    const NAME: &'static str = "#[retry], with a hook";

    #[retry(max = 4, jitter, on_retry = |_| { HOOKED.fetch_add(1, Relaxed); })]
    #[retryable_on(Network, Timeout)]
    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        O::begin(plan).await
    }

    #[retry(max = 4, initial = 0s, jitter, on_retry = |_| { HOOKED.fetch_add(1, Relaxed); })]
    #[retryable_on(Network, Timeout)]
    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        O::begin(plan).await
    }

    super::spawned!();
}

/// The attribute with jitter and predicate.
pub(crate) struct Annotated;

impl Subject for Annotated {
    const NAME: &'static str = "#[retry]";
    const LACKS: &'static str = "hook";

    #[retry(max = 4, jitter)]
    #[retryable_on(Network, Timeout)]
    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        O::begin(plan).await
    }

    #[retry(max = 4, initial = 0s, jitter)]
    #[retryable_on(Network, Timeout)]
    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        O::begin(plan).await
    }

    super::spawned!();
}

/// The closure API with jitter, predicate and hook, made anew for each call.
pub(crate) struct Closure;

impl Closure {
    async fn run<O: Operation>(plan: &'static Plan, initial: Duration) -> Result<u64, Failure> {
        let config = RetryConfig::builder()
            .max_attempts(4)
            .initial_delay(initial);
        let Ok(config) = config.build() else {
            return Err(Failure::Unknown);
        };
        Retry::new(config)
            .retryable_on(&[ErrorKind::Network, ErrorKind::Timeout])
            .on_retry(|_| {
                HOOKED.fetch_add(1, Relaxed);
            })
            .run(|_| O::begin(plan))
            .await
    }
}

impl Subject for Closure {
    const NAME: &'static str = "Retry::run, with a hook";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::from_millis(500)).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::ZERO).await
    }

    super::spawned!();
}
