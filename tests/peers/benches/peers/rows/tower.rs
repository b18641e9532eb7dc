//! tower's retry layer around a function, without a budget and with its `TpsBudget`.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tower::ServiceExt;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, Retry};
use tower::service_fn;
use tower::util::rng::HasherRng;

use crate::operation::{
    ATTEMPTS, ApiError, BRIEF, INITIAL, LONGEST, Plan, is_listed, note, ready, suspendable,
};
use crate::peer::Peer;

/// The policy that each user of tower writes.
#[derive(Clone)]
struct Patient<B> {
    retries_left: u32,
    backoff: ExponentialBackoff,
    budget: B,
}

impl<B: Allowance> Policy<&'static Plan, u64, ApiError> for Patient<B> {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _: &mut &'static Plan,
        result: &mut Result<u64, ApiError>,
    ) -> Option<Self::Future> {
        match result {
            Ok(_) => {
                self.budget.deposit();
                None
            }
            Err(error) => {
                if !is_listed(error) || self.retries_left == 0 || !self.budget.withdraw() {
                    return None;
                }
                self.retries_left -= 1;
                let wait = self.backoff.next_backoff();
                // The policy does not learn the delay that its backoff has drawn.
                note(error, Duration::ZERO);
                Some(wait)
            }
        }
    }

    fn clone_request(&mut self, plan: &&'static Plan) -> Option<&'static Plan> {
        Some(plan)
    }
}

trait Allowance: Clone {
    fn deposit(&self);
    fn withdraw(&self) -> bool;
}

#[derive(Clone)]
struct Unlimited;

impl Allowance for Unlimited {
    fn deposit(&self) {}

    fn withdraw(&self) -> bool {
        true
    }
}

impl Allowance for Arc<TpsBudget> {
    fn deposit(&self) {
        Budget::deposit(self.as_ref());
    }

    fn withdraw(&self) -> bool {
        Budget::withdraw(self.as_ref())
    }
}

fn backoff(initial: Duration) -> ExponentialBackoff {
    ExponentialBackoffMaker::new(initial, LONGEST, 0.25, HasherRng::default())
        .expect("a backoff that can be meant")
        .make_backoff()
}

fn policy<B>(initial: Duration, budget: B) -> Patient<B> {
    Patient {
        retries_left: ATTEMPTS - 1,
        backoff: backoff(initial),
        budget,
    }
}

/// What a clone of the service that an application keeps costs is the policy's clone.
fn call<B, A>(
    policy: &Patient<B>,
    plan: &'static Plan,
    operation: impl Fn(&'static Plan) -> A + Clone,
) -> impl Future<Output = Result<u64, ApiError>>
where
    B: Allowance,
    A: Future<Output = Result<u64, ApiError>>,
{
    Retry::new(policy.clone(), service_fn(operation)).oneshot(plan)
}

pub(crate) struct Tower;

static PATIENT: LazyLock<Patient<Unlimited>> = LazyLock::new(|| policy(INITIAL, Unlimited));
static AT_ONCE: LazyLock<Patient<Unlimited>> = LazyLock::new(|| policy(Duration::ZERO, Unlimited));
static BRIEFLY: LazyLock<Patient<Unlimited>> = LazyLock::new(|| policy(BRIEF, Unlimited));

impl Peer for Tower {
    const NAME: &'static str = "tower";
    const LACKS: &'static str = "predicate, count and hook are the caller's code; each clone of a service \
draws the same jitter; a zero delay is slept";
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

    fn delays() -> Option<impl FnMut()> {
        let mut backoff = backoff(INITIAL);
        Some(move || {
            // The timer that it comes with is not started.
            black_box(backoff.next_backoff().deadline());
        })
    }
}

pub(crate) struct WithBudget;

static BUDGET: LazyLock<Arc<TpsBudget>> =
    LazyLock::new(|| Arc::new(TpsBudget::new(Duration::from_secs(60), 1_000_000, 0.1)));
static PATIENT_WITHIN: LazyLock<Patient<Arc<TpsBudget>>> =
    LazyLock::new(|| policy(INITIAL, Arc::clone(&BUDGET)));
static AT_ONCE_WITHIN: LazyLock<Patient<Arc<TpsBudget>>> =
    LazyLock::new(|| policy(Duration::ZERO, Arc::clone(&BUDGET)));
static BRIEFLY_WITHIN: LazyLock<Patient<Arc<TpsBudget>>> =
    LazyLock::new(|| policy(BRIEF, Arc::clone(&BUDGET)));

impl Peer for WithBudget {
    const NAME: &'static str = "tower, TpsBudget";
    const LACKS: &'static str = "as tower; more than the others, which have no budget here";
    type Error = ApiError;

    fn ready(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(&PATIENT_WITHIN, plan, ready)
    }

    fn suspendable(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> + Send {
        call(&PATIENT_WITHIN, plan, suspendable)
    }

    fn at_once(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(&AT_ONCE_WITHIN, plan, ready)
    }

    fn briefly(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        call(&BRIEFLY_WITHIN, plan, ready)
    }
}
