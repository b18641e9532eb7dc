//! Ours: the closure API.

use std::sync::LazyLock;
use std::time::Duration;

use recovery_core::{ErrorKind, Retry, RetryConfig};

use crate::operation::{
    ATTEMPTS, ApiError, BRIEF, INITIAL, LONGEST, Plan, note, ready, suspendable,
};
use crate::peer::Peer;

pub(crate) struct Closure;

static PATIENT: LazyLock<RetryConfig> = LazyLock::new(|| policy(INITIAL));
static AT_ONCE: LazyLock<RetryConfig> = LazyLock::new(|| policy(Duration::ZERO));
static BRIEFLY: LazyLock<RetryConfig> = LazyLock::new(|| policy(BRIEF));

fn policy(initial: Duration) -> RetryConfig {
    RetryConfig::builder()
        .max_attempts(ATTEMPTS)
        .initial_delay(initial)
        .max_delay(LONGEST)
        .build()
        .expect("a policy that can be meant")
}

fn call<A>(
    policy: &RetryConfig,
    plan: &'static Plan,
    operation: impl Fn(&'static Plan) -> A,
) -> impl Future<Output = Result<u64, ApiError>>
where
    A: Future<Output = Result<u64, ApiError>>,
{
    Retry::new(policy.clone())
        .retryable_on(&[ErrorKind::Network, ErrorKind::Timeout])
        .on_retry(|attempt| note(attempt.error, attempt.delay))
        .run(move |_| operation(plan))
}

impl Peer for Closure {
    const NAME: &'static str = "Retry, closures";
    type Error = ApiError;

    fn ready(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(&PATIENT, plan, ready)
    }

    fn suspendable(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> + Send {
        call(&PATIENT, plan, suspendable)
    }

    fn at_once(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(&AT_ONCE, plan, ready)
    }

    fn briefly(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(&BRIEFLY, plan, ready)
    }
}
