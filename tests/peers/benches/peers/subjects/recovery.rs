//! Recovery itself.

use std::sync::LazyLock;
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

/// The closure API with jitter, predicate and hook, under a policy that is shared.
pub(crate) struct Closure;

static GROWING: LazyLock<RetryConfig> = LazyLock::new(|| policy(Duration::from_millis(500)));
static AT_ONCE: LazyLock<RetryConfig> = LazyLock::new(|| policy(Duration::ZERO));

fn policy(initial: Duration) -> RetryConfig {
    let config = RetryConfig::builder().max_attempts(4);
    config.initial_delay(initial).build().expect("valid")
}

async fn run<O: Operation>(config: &RetryConfig, plan: &'static Plan) -> Result<u64, Failure> {
    Retry::new(config.clone())
        .retryable_on(&[ErrorKind::Network, ErrorKind::Timeout])
        .on_retry(|_| {
            HOOKED.fetch_add(1, Relaxed);
        })
        .run(|_| O::begin(plan))
        .await
}

impl Subject for Closure {
    const NAME: &'static str = "Retry::run, with a hook";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(&GROWING, plan).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(&AT_ONCE, plan).await
    }

    super::spawned!();
}
