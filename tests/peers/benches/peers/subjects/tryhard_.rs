//! tryhard.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tryhard::RetryPolicy;

use super::Subject;
use crate::operation::{Failure, HOOKED, Operation, Plan, is_transient};

pub(crate) struct Tryhard;

/// Its way to tell errors apart is a backoff of one's own.
#[derive(Clone, Copy)]
struct Delays {
    next: Duration,
}

impl<'a> tryhard::backoff_strategies::BackoffStrategy<'a, Failure> for Delays {
    type Output = RetryPolicy;

    fn delay(&mut self, _: u32, error: &'a Failure) -> RetryPolicy {
        if !is_transient(error) {
            return RetryPolicy::Break;
        }
        let delay = self.next;
        self.next = (self.next * 2).min(Duration::from_secs(30));
        RetryPolicy::Delay(delay.mul_f64(1.0 + fastrand::f64() * 0.25))
    }
}

impl Tryhard {
    async fn run<O: Operation>(plan: &'static Plan, initial: Duration) -> Result<u64, Failure> {
        tryhard::retry_fn(|| O::begin(plan))
            .retries(3)
            .custom_backoff(Delays { next: initial })
            .on_retry(|_, _, _: &Failure| {
                HOOKED.fetch_add(1, Relaxed);
                std::future::ready(())
            })
            .await
    }
}

impl Subject for Tryhard {
    const NAME: &'static str = "tryhard";
    const LACKS: &'static str = "jitter of its own, retry_after";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::from_millis(500)).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        Self::run::<O>(plan, Duration::ZERO).await
    }

    super::spawned!();
}
