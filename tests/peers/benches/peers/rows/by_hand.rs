//! A full loop as a careful developer writes it: attempts counted, errors told apart by kind, a
//! doubling delay with jitter that is below its cap and keeps its spread there, `retry_after` as a
//! floor with the jitter on top, a hook, no timer for a zero delay, the error dropped before the
//! wait.

use std::hint::black_box;
use std::time::Duration;

use recovery_core::{Classify, ErrorKind};

use crate::operation::{
    ATTEMPTS, ApiError, BRIEF, INITIAL, LONGEST, Plan, note, ready, suspendable,
};
use crate::peer::Peer;

pub(crate) struct ByHand;

macro_rules! by_hand {
    ($operation:path, $initial:expr, $plan:expr) => {{
        let mut attempt = 1;
        loop {
            // The error ends with its arm: what is dropped later would have a place in the future.
            let delay = match $operation($plan).await {
                Ok(value) => return Ok(value),
                Err(error) => {
                    let retryable = matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout);
                    if !retryable || attempt >= ATTEMPTS {
                        return Err(error);
                    }
                    let delay = delay($initial, attempt, error.retry_after());
                    note(&error, delay);
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
    }};
}

fn delay(initial: Duration, attempt: u32, asked: Option<Duration>) -> Duration {
    let high = initial
        .saturating_mul(2u32.saturating_pow(attempt - 1))
        .mul_f64(1.25)
        .min(LONGEST);
    let low = high.mul_f64(1.0 / 1.25);
    let jitter = high.saturating_sub(low).mul_f64(fastrand::f64());
    let delay = low + jitter;
    asked.map_or(delay, |asked| delay.max(asked.saturating_add(jitter)))
}

impl Peer for ByHand {
    const NAME: &'static str = "by hand";
    type Error = ApiError;

    async fn ready(plan: &'static Plan) -> Result<u64, ApiError> {
        by_hand!(ready, INITIAL, plan)
    }

    async fn suspendable(plan: &'static Plan) -> Result<u64, ApiError> {
        by_hand!(suspendable, INITIAL, plan)
    }

    async fn at_once(plan: &'static Plan) -> Result<u64, ApiError> {
        by_hand!(ready, Duration::ZERO, plan)
    }

    async fn briefly(plan: &'static Plan) -> Result<u64, ApiError> {
        by_hand!(ready, BRIEF, plan)
    }

    fn delays() -> Option<impl FnMut()> {
        let mut attempt = 0;
        Some(move || {
            attempt = attempt % 8 + 1;
            black_box(delay(INITIAL, black_box(attempt), None));
        })
    }
}
