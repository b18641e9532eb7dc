//! execution-policy.

use std::sync::LazyLock;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use execution_policy::{ExecutionError, ExecutionPolicyBuilder, Jitter, Retry};

use super::Subject;
use crate::operation::{Failure, HOOKED, Operation, Plan, is_transient};

pub(crate) struct ExecutionPolicy;

type Policy = execution_policy::ExecutionPolicy<execution_policy::DefaultCore, u64, Failure>;

fn policy(initial: Duration) -> Policy {
    let retry = Retry::exponential()
        .max_attempts(4)
        .base_delay(initial)
        .max_delay(Duration::from_secs(30))
        .jitter(Jitter::Equal)
        .when(is_transient);
    ExecutionPolicyBuilder::new()
        .retry(retry)
        .on_event(|_| {
            HOOKED.fetch_add(1, Relaxed);
        })
        .build()
}

/// Its policies are shared by calls.
static GROWING: LazyLock<Policy> = LazyLock::new(|| policy(Duration::from_millis(500)));
static AT_ONCE: LazyLock<Policy> = LazyLock::new(|| policy(Duration::ZERO));

async fn run<O: Operation>(policy: &'static Policy, plan: &'static Plan) -> Result<u64, Failure> {
    let result = policy.run(move || O::begin(plan)).await;
    result.map_err(|error| match error {
        ExecutionError::Operation { source, .. } => source,
        _ => Failure::Unknown,
    })
}

impl Subject for ExecutionPolicy {
    const NAME: &'static str = "execution-policy";
    const LACKS: &'static str = "retry_after, and no future that can be spawned";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(&GROWING, plan).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(&AT_ONCE, plan).await
    }

    /// "Implementation of `Send` is not general enough" (rustc 1.95).
    fn spawn(_: &'static Plan) -> Option<tokio::task::JoinHandle<()>> {
        None
    }
}
