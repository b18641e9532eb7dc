//! execution-policy, a policy that is built once.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Duration;

use execution_policy::{DefaultCore, ExecutionError, ExecutionPolicyBuilder, Jitter, Retry};

use crate::operation::{
    ATTEMPTS, ApiError, BRIEF, INITIAL, LONGEST, Plan, is_listed, ready, suspendable,
};
use crate::peer::Peer;

pub(crate) struct ExecutionPolicy;

type Policy = execution_policy::ExecutionPolicy<DefaultCore, u64, ApiError>;
type Error = ExecutionError<ApiError>;

static PATIENT: LazyLock<Policy> = LazyLock::new(|| policy(INITIAL));
static AT_ONCE: LazyLock<Policy> = LazyLock::new(|| policy(Duration::ZERO));
static BRIEFLY: LazyLock<Policy> = LazyLock::new(|| policy(BRIEF));

fn policy(initial: Duration) -> Policy {
    let retry = Retry::exponential()
        .max_attempts(ATTEMPTS)
        .base_delay(initial)
        .max_delay(LONGEST)
        .jitter(Jitter::Full)
        .when(is_listed);
    ExecutionPolicyBuilder::new()
        .retry(retry)
        .on_event(|event| {
            black_box(event);
        })
        .build()
}

impl Peer for ExecutionPolicy {
    const NAME: &'static str = "execution-policy";
    const LACKS: &'static str = "the hook is told no error; the error comes wrapped; a zero delay does not \
yield; the futures of `run` are not `Send` behind a trait: suspendable and \
crowd by `run_boxed`, a box each attempt, and another each wait";
    type Error = Error;

    async fn ready(plan: &'static Plan) -> Result<u64, Error> {
        PATIENT.run(async || ready(plan).await).await
    }

    async fn suspendable(plan: &'static Plan) -> Result<u64, Error> {
        PATIENT.run_boxed(move || Box::pin(suspendable(plan))).await
    }

    async fn at_once(plan: &'static Plan) -> Result<u64, Error> {
        AT_ONCE.run(async || ready(plan).await).await
    }

    async fn briefly(plan: &'static Plan) -> Result<u64, Error> {
        BRIEFLY.run(async || ready(plan).await).await
    }
}
