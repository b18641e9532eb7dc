//! tokio-retry.

use std::time::Duration;

use tokio_retry::RetryIf;
use tokio_retry::strategy::{ExponentialBackoff, jitter};

use super::Subject;
use crate::operation::{Failure, Operation, Plan, is_transient};

pub(crate) struct TokioRetry;

impl Subject for TokioRetry {
    const NAME: &'static str = "tokio-retry";
    const LACKS: &'static str = "hook, retry_after";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        let delays = ExponentialBackoff::from_millis(2)
            .factor(250)
            .max_delay(Duration::from_secs(30))
            .map(jitter)
            .take(3);
        RetryIf::start(delays, || O::begin(plan), is_transient).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        let delays = ExponentialBackoff::from_millis(0).map(jitter).take(3);
        RetryIf::start(delays, || O::begin(plan), is_transient).await
    }

    super::spawned!();
}
