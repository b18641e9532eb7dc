//! backon, the extension trait.

use std::hint::black_box;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};

use crate::operation::{
    ApiError, BRIEF, INITIAL, LONGEST, Plan, is_listed, note, ready, suspendable,
};
use crate::peer::Peer;

pub(crate) struct Backon;

pub(super) const fn policy(initial: Duration) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(initial)
        .with_max_delay(LONGEST)
        .with_max_times(4)
        .with_jitter()
}

fn call<A>(
    initial: Duration,
    plan: &'static Plan,
    operation: impl Fn(&'static Plan) -> A,
) -> impl Future<Output = Result<u64, ApiError>>
where
    A: Future<Output = Result<u64, ApiError>>,
{
    (move || operation(plan))
        .retry(policy(initial))
        .sleep(tokio::time::sleep)
        .when(is_listed)
        .notify(note)
}

impl Peer for Backon {
    const NAME: &'static str = "backon";
    const LACKS: &'static str = "jitter goes above the cap, up to twice; a zero delay is slept";
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
        let mut delays = policy(INITIAL).without_max_times().build();
        Some(move || {
            black_box(delays.next());
        })
    }
}
