//! No library: nothing at all, and the loop that a careful developer writes.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use recovery_core::{Classify, Effect, ErrorKind};

use super::Subject;
use crate::operation::{Failure, HOOKED, Operation, Plan};

/// The operation alone.
pub(crate) struct Bare;

impl Subject for Bare {
    const NAME: &'static str = "bare await";
    const LACKS: &'static str = "everything";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        O::begin(plan).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        O::begin(plan).await
    }

    super::spawned!();
}

/// A full loop that does the same job as the attribute with its hook: attempts counted, errors told
/// apart by kind and effect, a growing delay with jitter that stays below its cap and keeps its spread
/// there, `retry_after` as a floor with the jitter on top, no timer for no delay, no error over the wait.
pub(crate) struct ByHand;

impl ByHand {
    #[inline]
    async fn run<O: Operation>(plan: &'static Plan, initial: Duration) -> Result<u64, Failure> {
        let longest = Duration::from_secs(30);
        let mut attempt = 1u32;
        let mut waited = Duration::ZERO;
        loop {
            let delay = match O::begin(plan).await {
                Ok(value) => return Ok(value),
                Err(error) => {
                    let listed = matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout);
                    if !listed || error.effect() == Effect::Done || attempt >= 4 {
                        return Err(error);
                    }
                    let base = initial
                        .saturating_mul(1 << (attempt - 1).min(16))
                        .min(longest);
                    let high = base.mul_f64(1.25).min(longest);
                    let low = high.mul_f64(0.8);
                    let jitter = high.saturating_sub(low).mul_f64(fastrand::f64());
                    let mut delay = low + jitter;
                    if let Some(asked) = error.retry_after() {
                        delay = delay.max(asked.saturating_add(jitter));
                    }
                    HOOKED.fetch_add(1, Relaxed);
                    waited += delay;
                    delay
                }
            };
            attempt += 1;
            if delay.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(delay).await;
            }
        }
    }
}

impl Subject for ByHand {
    const NAME: &'static str = "a full loop by hand";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::from_millis(500)).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::ZERO).await
    }

    super::spawned!();
}
