//! relentless.

use std::time::Duration;

use relentless::clock::TokioClock;
use relentless::{RetryError, Wait, predicate, retry_async, stop, wait};

use super::Subject;
use crate::operation::{Failure, Operation, Plan, is_transient};

pub(crate) struct Relentless;

impl Relentless {
    async fn run<O: Operation>(plan: &'static Plan, initial: Duration) -> Result<u64, Failure> {
        let delays = wait::exponential(initial)
            .cap(Duration::from_secs(30))
            .full_jitter();
        let result = retry_async(|_| O::begin(plan))
            .when(predicate::error(is_transient))
            .wait(delays)
            .stop(stop::attempts(4))
            .clock(TokioClock::new())
            .call()
            .await;
        match result {
            Ok(value) => Ok(value),
            Err(RetryError::Exhausted { last }) => last,
            Err(RetryError::Aborted { last }) => Err(last),
            Err(_) => Err(Failure::Unknown),
        }
    }
}

impl Subject for Relentless {
    const NAME: &'static str = "relentless";
    const LACKS: &'static str = "hook in this row, retry_after";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::from_millis(500)).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::ZERO).await
    }

    super::spawned!();
}
