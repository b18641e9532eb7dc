//! tower's retry layer, without and with its budget.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::time::Sleep;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, Retry};
use tower::util::rng::HasherRng;
use tower::{ServiceExt, service_fn};

use super::Subject;
use crate::operation::{Failure, HOOKED, Operation, Plan, is_transient};

pub(crate) struct Tower;
pub(crate) struct TowerWithBudget;

#[derive(Clone)]
struct Attempts {
    left: u32,
    /// None for no delay, which it cannot be told otherwise.
    backoff: Option<ExponentialBackoff>,
    budget: Option<Arc<TpsBudget>>,
}

impl Policy<(), u64, Failure> for Attempts {
    type Future = Sleep;

    fn retry(&mut self, (): &mut (), result: &mut Result<u64, Failure>) -> Option<Self::Future> {
        match result {
            Ok(_) => {
                if let Some(budget) = &self.budget {
                    budget.deposit();
                }
                None
            }
            Err(failure) => {
                if !is_transient(failure) || self.left == 0 {
                    return None;
                }
                if self
                    .budget
                    .as_ref()
                    .is_some_and(|budget| !budget.withdraw())
                {
                    return None;
                }
                self.left -= 1;
                HOOKED.fetch_add(1, Relaxed);
                Some(match &mut self.backoff {
                    Some(backoff) => backoff.next_backoff(),
                    None => tokio::time::sleep(Duration::ZERO),
                })
            }
        }
    }

    fn clone_request(&mut self, (): &()) -> Option<()> {
        Some(())
    }
}

static BUDGET: LazyLock<Arc<TpsBudget>> =
    LazyLock::new(|| Arc::new(TpsBudget::new(Duration::from_secs(10), 1_000_000, 0.2)));

fn growing(budget: Option<Arc<TpsBudget>>) -> Attempts {
    let delays = ExponentialBackoffMaker::new(
        Duration::from_millis(500),
        Duration::from_secs(30),
        0.25,
        HasherRng::default(),
    );
    Attempts {
        left: 3,
        backoff: delays.ok().map(|mut delays| delays.make_backoff()),
        budget,
    }
}

const fn at_once(budget: Option<Arc<TpsBudget>>) -> Attempts {
    Attempts {
        left: 3,
        backoff: None,
        budget,
    }
}

async fn run<O: Operation>(policy: Attempts, plan: &'static Plan) -> Result<u64, Failure> {
    let service = service_fn(|()| O::begin(plan));
    Retry::new(policy, service).oneshot(()).await
}

impl Subject for Tower {
    const NAME: &'static str = "tower";
    const LACKS: &'static str = "retry_after";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(growing(None), plan).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(at_once(None), plan).await
    }

    super::spawned!();
}

impl Subject for TowerWithBudget {
    const NAME: &'static str = "tower, with a budget";
    const LACKS: &'static str = "retry_after";

    async fn call<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(growing(Some(Arc::clone(&BUDGET))), plan).await
    }

    async fn at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
        run::<O>(at_once(Some(Arc::clone(&BUDGET))), plan).await
    }

    super::spawned!();
}
