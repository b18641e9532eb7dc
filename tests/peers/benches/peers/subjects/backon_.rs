//! backon.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::Subject;
use crate::operation::{Failure, HOOKED, Operation, Plan, is_transient};

pub(crate) struct Backon;

pub(crate) fn backoff(initial: Duration) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(initial)
        .with_max_delay(Duration::from_secs(30))
        .with_max_times(3)
        .with_jitter()
}

impl Backon {
    async fn run<O: Operation>(plan: &'static Plan, initial: Duration) -> Result<u64, Failure> {
        (|| O::begin(plan))
            .retry(backoff(initial))
            .sleep(tokio::time::sleep)
            .when(is_transient)
            .notify(|_, _| {
                HOOKED.fetch_add(1, Relaxed);
            })
            .await
    }
}

impl Subject for Backon {
    const NAME: &'static str = "backon";
    const LACKS: &'static str = "retry_after";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::from_millis(500)).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::ZERO).await
    }

    super::spawned!();
}
