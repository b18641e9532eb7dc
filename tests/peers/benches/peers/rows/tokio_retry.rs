//! tokio-retry, by `RetryIf`.

use std::hint::black_box;
use std::time::Duration;

use tokio_retry::RetryIf;
use tokio_retry::strategy::{ExponentialBackoff, jitter};

use crate::operation::{ApiError, BRIEF, INITIAL, LONGEST, Plan, is_listed, ready, suspendable};
use crate::peer::Peer;

pub(crate) struct TokioRetry;

fn delays(initial: Duration) -> impl Iterator<Item = Duration> + Send {
    let initial = u64::try_from(initial.as_millis()).unwrap_or(u64::MAX);
    ExponentialBackoff::from_millis(2)
        .factor(initial.div_ceil(2))
        .max_delay(LONGEST)
        .map(jitter)
}

fn call<A>(
    initial: Duration,
    plan: &'static Plan,
    operation: impl Fn(&'static Plan) -> A,
) -> impl Future<Output = Result<u64, ApiError>>
where
    A: Future<Output = Result<u64, ApiError>>,
{
    RetryIf::start(delays(initial).take(4), move || operation(plan), is_listed)
}

impl Peer for TokioRetry {
    const NAME: &'static str = "tokio-retry";
    const LACKS: &'static str = "no hook; no doubling from 1 ms (2 ms here); a zero delay is slept";
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

    fn delays() -> Option<impl FnMut()> {
        let mut delays = delays(INITIAL);
        Some(move || {
            black_box(delays.next());
        })
    }
}
