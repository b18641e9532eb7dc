//! What a shared budget and a shared breaker cost each call, while another thread uses them too.

use std::hint::{self, black_box};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use recovery_core::{CircuitBreaker, NotAttempted, RetryBudget, retry, retryable_on};

use crate::operation::{ATTEMPTS, ApiError, Plan, is_listed, ready};
use crate::peer::poll_until_ready;
use crate::plain::{Brake, MutexBreaker, MutexBudget, NoBrake};

/// Many and short: most of them are not interrupted.
const ROUNDS: usize = 101;
const TIMES: u32 = 20_000;
/// How often a run is repeated until its threads are together.
const TRIES: u32 = 20;
/// Retries that are spent beforehand, so that the successes of all rounds do not fill up what they
/// give a thousandth of a token to.
const SPENT: u32 = 100_000;
const CAPACITY: u32 = 1_000_000_000;

static FULL: RetryBudget = RetryBudget::new(100);
static SPENT_BUDGET: RetryBudget = RetryBudget::new(CAPACITY).with_refund(0.001);
static BREAKER: CircuitBreaker = CircuitBreaker::new();

static FULL_MUTEX: LazyLock<MutexBudget> = LazyLock::new(|| MutexBudget::new(100, 100));
static SPENT_MUTEX: LazyLock<MutexBudget> = LazyLock::new(|| MutexBudget::new(CAPACITY.into(), 1));
static BREAKER_MUTEX: LazyLock<MutexBreaker> = LazyLock::new(MutexBreaker::new);

impl From<NotAttempted> for ApiError {
    fn from(_: NotAttempted) -> Self {
        Self::Refused("the breaker is open".to_owned())
    }
}

#[retry(max = 5, initial = 0ms)]
#[retryable_on(Network, Timeout)]
async fn unbraked(plan: &'static Plan) -> Result<u64, ApiError> {
    ready(plan).await
}

#[retry(max = 5, initial = 0ms, budget = FULL)]
#[retryable_on(Network, Timeout)]
async fn within_full(plan: &'static Plan) -> Result<u64, ApiError> {
    ready(plan).await
}

#[retry(max = 5, initial = 0ms, budget = SPENT_BUDGET)]
#[retryable_on(Network, Timeout)]
async fn within_spent(plan: &'static Plan) -> Result<u64, ApiError> {
    ready(plan).await
}

#[retry(max = 5, initial = 0ms, breaker = BREAKER)]
#[retryable_on(Network, Timeout)]
async fn behind_breaker(plan: &'static Plan) -> Result<u64, ApiError> {
    ready(plan).await
}

/// A loop by hand with the same three lines for its brake.
async fn by_hand<B: Brake>(brake: &B, plan: &'static Plan) -> Result<u64, ApiError> {
    let mut attempt = 1;
    loop {
        if !brake.admits() {
            return Err(ApiError::Refused("the breaker is open".to_owned()));
        }
        match ready(plan).await {
            Ok(value) => {
                brake.succeeded();
                return Ok(value);
            }
            Err(error) => {
                if !is_listed(&error) || attempt >= ATTEMPTS || !brake.failed() {
                    return Err(error);
                }
            }
        }
        attempt += 1;
        tokio::task::yield_now().await;
    }
}

/// Makes one call.
type Call = fn(&'static Plan) -> Result<u64, ApiError>;

/// Calls with a brake and the same without.
struct Pair {
    braked: Call,
    unbraked: Call,
}

struct Case {
    title: &'static str,
    failures: u32,
    ours: Pair,
    mutex: Pair,
}

const fn ours(braked: Call) -> Pair {
    Pair {
        braked,
        unbraked: |plan| poll_until_ready(unbraked(plan)),
    }
}

const fn mutex(braked: Call) -> Pair {
    Pair {
        braked,
        unbraked: |plan| poll_until_ready(by_hand(&NoBrake, plan)),
    }
}

const CASES: [Case; 4] = [
    Case {
        title: "full budget, success",
        failures: 0,
        ours: ours(|plan| poll_until_ready(within_full(plan))),
        mutex: mutex(|plan| poll_until_ready(by_hand(&*FULL_MUTEX, plan))),
    },
    Case {
        title: "spent budget, success",
        failures: 0,
        ours: ours(|plan| poll_until_ready(within_spent(plan))),
        mutex: mutex(|plan| poll_until_ready(by_hand(&*SPENT_MUTEX, plan))),
    },
    Case {
        title: "spent budget, 1 retry",
        failures: 1,
        ours: ours(|plan| poll_until_ready(within_spent(plan))),
        mutex: mutex(|plan| poll_until_ready(by_hand(&*SPENT_MUTEX, plan))),
    },
    Case {
        title: "closed breaker, success",
        failures: 0,
        ours: ours(|plan| poll_until_ready(behind_breaker(plan))),
        mutex: mutex(|plan| poll_until_ready(by_hand(&*BREAKER_MUTEX, plan))),
    },
];

/// Alone in its cache lines: what the threads share is the brake.
#[repr(align(128))]
struct Apart(Plan);

static PLANS: [Apart; 2] = [Apart(Plan::new(0)), Apart(Plan::new(0))];

/// Prints the table, in nanoseconds a call.
pub(crate) fn print() {
    for call in [CASES[1].ours.braked, CASES[1].mutex.braked] {
        for _ in 0..SPENT {
            PLANS[0].0.set(1);
            let _ = call(&PLANS[0].0);
        }
    }
    println!("ns a call                       1 thread                 2 threads");
    println!("                           ours    Mutex  ratio     ours    Mutex  ratio");
    for case in &CASES {
        print!("{:<22}", case.title);
        for threads in [1, 2] {
            // In turn, so that all suffer alike from what else the machine does.
            let mut rounds: [Vec<f64>; 2] = Default::default();
            for _ in 0..ROUNDS {
                for (pair, costs) in [&case.ours, &case.mutex].into_iter().zip(&mut rounds) {
                    let braked = nanos_each(pair.braked, case.failures, threads);
                    costs.push(braked - nanos_each(pair.unbraked, case.failures, threads));
                }
            }
            let [ours, mutex] = rounds.map(median);
            print!("{ours:>9.1}{mutex:>9.1}{:>7.2}", ours / mutex);
        }
        println!();
    }
}

/// The mean of so many threads that call at the same time.
fn nanos_each(call: Call, failures: u32, threads: usize) -> f64 {
    // On a busy machine one thread may run before the other: that is no contention.
    let mut run = Run::of(call, failures, threads);
    for _ in 0..TRIES {
        if run.is_together() {
            break;
        }
        run = Run::of(call, failures, threads);
    }
    run.nanos_each()
}

/// When each thread began and ended.
struct Run(Vec<(Instant, Instant)>);

impl Run {
    fn of(call: Call, failures: u32, threads: usize) -> Self {
        let arrived = AtomicUsize::new(0);
        thread::scope(|scope| {
            let running: Vec<_> = PLANS[..threads]
                .iter()
                .map(|Apart(plan)| {
                    scope.spawn(|| {
                        // Spinning, since threads that are woken begin one after the other.
                        arrived.fetch_add(1, Ordering::AcqRel);
                        while arrived.load(Ordering::Acquire) < threads {
                            hint::spin_loop();
                        }
                        let began = Instant::now();
                        for _ in 0..TIMES {
                            plan.set(failures);
                            let _ = black_box(call(black_box(plan)));
                        }
                        (began, Instant::now())
                    })
                })
                .collect();
            let ended = running.into_iter().map(thread::ScopedJoinHandle::join);
            Self(ended.map(|times| times.expect("no call panics")).collect())
        })
    }

    /// Whether all threads ran for most of the time.
    fn is_together(&self) -> bool {
        let last_began = self.0.iter().map(|(began, _)| *began).max();
        let first_ended = self.0.iter().map(|(_, ended)| *ended).min();
        let first_began = self.0.iter().map(|(began, _)| *began).min();
        let last_ended = self.0.iter().map(|(_, ended)| *ended).max();
        let length = |from: Option<Instant>, to: Option<Instant>| {
            let time = to
                .zip(from)
                .map(|(to, from)| to.saturating_duration_since(from));
            time.unwrap_or_default().as_secs_f64()
        };
        length(last_began, first_ended) >= 0.8 * length(first_began, last_ended)
    }

    fn nanos_each(&self) -> f64 {
        let calls: f64 = self.0.iter().map(|_| f64::from(TIMES)).sum();
        let times = self
            .0
            .iter()
            .map(|(began, ended)| ended.duration_since(*began));
        times.sum::<Duration>().as_secs_f64() * 1e9 / calls
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
