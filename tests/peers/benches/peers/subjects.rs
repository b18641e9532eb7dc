//! Who is measured: each does the same job with as much of jitter, predicate and hook as it has.

mod backon_;
mod backon_macros_;
mod by_hand;
mod execution_policy_;
mod recovery;
mod relentless_;
mod tokio_retry2_;
mod tokio_retry_;
mod tower_;
mod tryhard_;

use tokio::task::JoinHandle;

use crate::operation::{Failure, Operation, Plan};

pub(crate) use self::backon_::Backon;
pub(crate) use self::backon_macros_::BackonMacros;
pub(crate) use self::by_hand::{Bare, ByHand};
pub(crate) use self::execution_policy_::ExecutionPolicy;
pub(crate) use self::recovery::{Annotated, Closure, Hooked};
pub(crate) use self::relentless_::Relentless;
pub(crate) use self::tokio_retry_::TokioRetry;
pub(crate) use self::tokio_retry2_::TokioRetry2;
pub(crate) use self::tower_::{Tower, TowerWithBudget};
pub(crate) use self::tryhard_::Tryhard;

/// Three attempts in all; delays that double from 500 ms up to 30 s.
pub(crate) trait Subject: Send + 'static {
    const NAME: &'static str;
    /// What it has not of the job.
    const LACKS: &'static str = "";

    fn call<O: Operation>(plan: &'static Plan) -> impl Future<Output = Result<u64, Failure>>;

    /// The same with a first delay of zero.
    fn at_once<O: Operation>(plan: &'static Plan) -> impl Future<Output = Result<u64, Failure>>;

    /// `call` in a task of its own, if it can be: `spawned!()`.
    fn spawn(plan: &'static Plan) -> Option<JoinHandle<()>>;
}

/// Written into each implementation, where the compiler knows whether the future may go to another
/// thread.
macro_rules! spawned {
    () => {
        fn spawn(plan: &'static crate::operation::Plan) -> Option<tokio::task::JoinHandle<()>> {
            Some(tokio::spawn(async move {
                let result = Self::call::<crate::operation::Suspendable>(plan).await;
                assert!(result.is_ok());
            }))
        }
    };
}
use spawned;
