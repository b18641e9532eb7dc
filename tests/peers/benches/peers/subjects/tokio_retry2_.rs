//! tokio-retry2.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio_retry2::strategy::{ExponentialBackoff, jitter};
use tokio_retry2::{Retry, RetryError};

use super::Subject;
use crate::operation::{Failure, HOOKED, Operation, Plan, is_transient};

pub(crate) struct TokioRetry2;

async fn told<O: Operation>(plan: &'static Plan) -> Result<u64, RetryError<Failure>> {
    O::begin(plan).await.map_err(|failure| {
        if is_transient(&failure) {
            RetryError::transient(failure)
        } else {
            RetryError::permanent(failure)
        }
    })
}

fn hook(_: &Failure, _: Duration) {
    HOOKED.fetch_add(1, Relaxed);
}

impl Subject for TokioRetry2 {
    const NAME: &'static str = "tokio-retry2";
    const LACKS: &'static str = "retry_after with jitter on top";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        let delays = ExponentialBackoff::from_millis(2)
            .factor(250)
            .max_delay_millis(30_000)
            .map(jitter)
            .take(3);
        Retry::spawn_notify(delays, || told::<O>(plan), hook).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        let delays = ExponentialBackoff::from_millis(0).map(jitter).take(3);
        Retry::spawn_notify(delays, || told::<O>(plan), hook).await
    }

    super::spawned!();
}
