//! tryhard. Its predicate is part of the backoff, so that the doubling is the caller's.

use std::future::Ready;
use std::time::Duration;

use tryhard::RetryPolicy;

use crate::operation::{
    ApiError, BRIEF, INITIAL, LONGEST, Plan, is_listed, note, ready, suspendable,
};
use crate::peer::Peer;

pub(crate) struct Tryhard;

fn call<A>(
    initial: Duration,
    plan: &'static Plan,
    operation: impl Fn(&'static Plan) -> A,
) -> impl Future<Output = Result<u64, ApiError>>
where
    A: Future<Output = Result<u64, ApiError>>,
{
    tryhard::retry_fn(move || operation(plan))
        .retries(4)
        .custom_backoff(move |attempt: u32, error: &ApiError| {
            if is_listed(error) {
                let times = 2u32.saturating_pow(attempt.saturating_sub(1));
                RetryPolicy::Delay(initial.saturating_mul(times))
            } else {
                RetryPolicy::Break
            }
        })
        .max_delay(LONGEST)
        .on_retry(hook)
}

/// Spawned, not awaited.
fn hook(_attempt: u32, delay: Option<Duration>, error: &ApiError) -> Ready<()> {
    note(error, delay.unwrap_or_default());
    std::future::ready(())
}

impl Peer for Tryhard {
    const NAME: &'static str = "tryhard";
    const LACKS: &'static str = "no jitter; the predicate only inside a backoff of the caller's; the hook is \
spawned as a task, for the last error too; a zero delay is slept";
    type Error = ApiError;

    fn ready(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(INITIAL, plan, ready)
    }

    fn suspendable(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> + Send {
        call(INITIAL, plan, suspendable)
    }

    fn at_once(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(Duration::ZERO, plan, ready)
    }

    fn briefly(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(BRIEF, plan, ready)
    }
}
