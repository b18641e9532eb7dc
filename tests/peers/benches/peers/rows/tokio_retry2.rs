//! tokio-retry2, by `RetryIf`: `Retry` would box the hook.

use std::hint::black_box;
use std::time::Duration;

use tokio_retry2::strategy::{ExponentialFactorBackoff, jitter};
use tokio_retry2::{MapErr, RetryIf};

use crate::operation::{
    ApiError, BRIEF, INITIAL, LONGEST, Plan, is_listed, note, ready, suspendable,
};
use crate::peer::Peer;

pub(crate) struct TokioRetry2;

fn delays(initial: Duration) -> impl Iterator<Item = Duration> + Send {
    let initial = u64::try_from(initial.as_millis()).unwrap_or(u64::MAX);
    ExponentialFactorBackoff::from_millis(initial, 2.0)
        .max_delay(LONGEST)
        .map(jitter)
}

fn call<A>(
    initial: Duration,
    plan: &'static Plan,
    operation: impl Fn(&'static Plan) -> A + Copy,
) -> impl Future<Output = Result<u64, ApiError>>
where
    A: Future<Output = Result<u64, ApiError>>,
{
    RetryIf::spawn(
        delays(initial).take(4),
        move || async move { operation(plan).await.map_transient_err() },
        is_listed,
        note,
    )
}

impl Peer for TokioRetry2 {
    const NAME: &'static str = "tokio-retry2";
    const LACKS: &'static str = "jitter goes above the cap, by half; `retry_after` reaches the hook alone, \
which else is told the delay before; a zero delay is slept";
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
