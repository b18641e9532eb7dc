//! relentless, the builder for async closures.

use std::hint::black_box;
use std::time::Duration;

use relentless::clock::TokioClock;
use relentless::{AttemptState, RetryError, RetryState, Wait, predicate, retry_async, stop, wait};

use crate::operation::{
    ATTEMPTS, ApiError, BRIEF, INITIAL, LONGEST, Plan, is_listed, note, ready, suspendable,
};
use crate::peer::Peer;

pub(crate) struct Relentless;

type Outcome = Result<u64, ApiError>;
type Error = RetryError<ApiError, Outcome>;

fn delays(initial: Duration) -> impl Wait + Send {
    wait::exponential(initial).full_jitter().cap(LONGEST)
}

fn call<A>(
    initial: Duration,
    plan: &'static Plan,
    operation: impl Fn(&'static Plan) -> A,
) -> impl Future<Output = Result<u64, Error>>
where
    A: Future<Output = Outcome>,
{
    retry_async(move |_| operation(plan))
        .when(predicate::error(is_listed))
        .wait(delays(initial))
        .stop(stop::attempts(ATTEMPTS))
        .after_attempt(hook)
        .clock(TokioClock::new())
        .call()
}

/// Called after each attempt, the last and those that succeed included.
fn hook(attempt: &AttemptState<'_, Outcome>) {
    if let Err(error) = attempt.outcome {
        note(error, Duration::ZERO);
    }
}

impl Peer for Relentless {
    const NAME: &'static str = "relentless";
    const LACKS: &'static str =
        "the hook is told no delay, and is called after each attempt; the error comes wrapped";
    type Error = Error;

    fn ready(plan: &'static Plan) -> impl Future<Output = Result<u64, Error>> {
        call(INITIAL, plan, ready)
    }

    fn suspendable(plan: &'static Plan) -> impl Future<Output = Result<u64, Error>> + Send {
        call(INITIAL, plan, suspendable)
    }

    fn at_once(plan: &'static Plan) -> impl Future<Output = Result<u64, Error>> {
        call(Duration::ZERO, plan, ready)
    }

    fn briefly(plan: &'static Plan) -> impl Future<Output = Result<u64, Error>> {
        call(BRIEF, plan, ready)
    }

    fn delays() -> Option<impl FnMut()> {
        let wait = delays(INITIAL);
        let mut attempt = 0;
        Some(move || {
            attempt = attempt % 8 + 1;
            black_box(wait.next_wait(&RetryState::for_attempt(black_box(attempt))));
        })
    }
}
