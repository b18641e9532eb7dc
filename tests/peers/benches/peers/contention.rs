//! What it costs two threads to share a budget or a breaker, against the same behind a `Mutex`.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use recovery_core::{CircuitBreaker, NotAttempted, RetryBudget, retry};

const CALLS: u32 = 500_000;
const ROUNDS: usize = 7;

/// An error that can be refused.
#[derive(Debug)]
pub(crate) struct Refused;

impl From<NotAttempted> for Refused {
    fn from(_: NotAttempted) -> Self {
        Self
    }
}

static BREAKER: CircuitBreaker = CircuitBreaker::new();
static BUDGET: RetryBudget = RetryBudget::new(100);

#[retry(when = |_| true)]
async fn alone(n: u32) -> Result<u32, Refused> {
    std::future::ready(Ok(n)).await
}

#[retry(when = |_| true, breaker = BREAKER)]
async fn with_breaker(n: u32) -> Result<u32, Refused> {
    std::future::ready(Ok(n)).await
}

#[retry(when = |_| true, budget = BUDGET)]
async fn with_budget(n: u32) -> Result<u32, Refused> {
    std::future::ready(Ok(n)).await
}

/// A window of the last hundred outcomes, asked and told under a lock.
static LOCKED_BREAKER: Mutex<(bool, VecDeque<bool>, usize)> =
    Mutex::new((false, VecDeque::new(), 0));

async fn with_locked_breaker(n: u32) -> Result<u32, Refused> {
    if LOCKED_BREAKER.lock().expect("no panic").0 {
        return Err(Refused);
    }
    let result = alone(n).await;
    let mut breaker = LOCKED_BREAKER.lock().expect("no panic");
    if breaker.1.len() == 100 && breaker.1.pop_front() == Some(true) {
        breaker.2 -= 1;
    }
    breaker.1.push_back(result.is_err());
    breaker.2 += usize::from(result.is_err());
    breaker.0 = breaker.1.len() >= 20 && 2 * breaker.2 >= breaker.1.len();
    drop(breaker);
    result
}

/// A bucket of tokens with a refund, under a lock.
static LOCKED_BUDGET: Mutex<f64> = Mutex::new(100.0);

async fn with_locked_budget(n: u32) -> Result<u32, Refused> {
    let result = alone(n).await;
    if result.is_ok() {
        let mut tokens = LOCKED_BUDGET.lock().expect("no panic");
        *tokens = (*tokens + 0.1).min(100.0);
    }
    result
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing waits here"),
    }
}

/// Nanoseconds a call, with two threads at it.
fn time<F: Future>(call: impl Fn(u32) -> F + Sync) -> f64 {
    let barrier = Barrier::new(3);
    let elapsed = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                barrier.wait();
                for n in 0..CALLS {
                    std::hint::black_box(at_once(call(n)));
                }
                barrier.wait();
            });
        }
        barrier.wait();
        let start = Instant::now();
        barrier.wait();
        start.elapsed()
    });
    elapsed.as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// Ours and the other, in turn, so that both meet the same machine; what the call itself costs is
/// taken off.
fn compare<A: Future, B: Future>(
    name: &str,
    ours: impl Fn(u32) -> A + Sync,
    locked: impl Fn(u32) -> B + Sync,
) {
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let own = time(alone);
            (time(&ours) - own, time(&locked) - own)
        })
        .collect();
    rounds.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    let (ours, locked) = rounds[ROUNDS / 2];
    let ours_shown = if ours < 1.0 {
        "below 1".to_owned()
    } else {
        format!("{ours:.1}")
    };
    let ratio = ours.max(0.0) / locked;
    println!("{name:28}{ours_shown:>9}{locked:14.1}{ratio:11.2}");
}

/// Prints the table.
pub(crate) fn table() {
    println!(
        "\nTwo threads that share one object, nanoseconds a successful call (2 x {CALLS} calls,"
    );
    println!("median of {ROUNDS} rounds by ratio):\n");
    println!(
        "{:28}{:>9}{:>14}{:>11}",
        "", "shared", "under a lock", "ratio"
    );
    compare("circuit breaker, closed", with_breaker, with_locked_breaker);
    compare("retry budget, full", with_budget, with_locked_budget);
}
