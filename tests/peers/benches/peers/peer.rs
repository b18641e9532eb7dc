//! What each row of the table must be able to do, and what can be measured of it.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::operation::{ATTEMPTS, Plan};
use crate::scenario::Counted;

/// A way to call the operation.
///
/// The policy is the same for all, as far as each has it: 5 attempts in all, a delay of 100 ms
/// that doubles up to 10 s, jitter, a predicate, a hook.
pub(crate) trait Peer: 'static {
    const NAME: &'static str;
    /// What of the policy it lacks, and what else a reader must know; nothing if it has all.
    const LACKS: &'static str = "";
    const RETRIES: bool = true;
    /// Its own type where it wraps the operation's.
    type Error: Send + 'static;

    fn ready(plan: &'static Plan) -> impl Future<Output = Result<u64, Self::Error>>;

    /// The one that is spawned.
    fn suspendable(
        plan: &'static Plan,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send + 'static;

    /// The ready operation under a policy without delay.
    fn at_once(plan: &'static Plan) -> impl Future<Output = Result<u64, Self::Error>>;

    /// The ready operation under a policy whose first delay is 1 ms.
    fn briefly(plan: &'static Plan) -> impl Future<Output = Result<u64, Self::Error>>;

    /// Draws the next jittered delay each time; on tokio's clock, since one of them begins to wait.
    fn delays() -> Option<impl FnMut()> {
        None::<fn()>
    }
}

/// The measurements of one row.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) lacks: &'static str,
    pub(crate) has: fn(Counted) -> bool,
    pub(crate) check: fn() -> Result<()>,
    /// So many times; a crowd is of so many calls.
    pub(crate) repeat: fn(Counted, u64, u32),
    pub(crate) future_size: fn() -> usize,
    /// Allocations of a call that succeeds, and of one that fails once before.
    pub(crate) allocations: fn() -> (u64, Option<u64>),
    /// The most memory that a crowd of so many takes, in bytes a call.
    pub(crate) peak: fn(u32) -> Option<u64>,
}

impl Row {
    pub(crate) const fn of<P: Peer>() -> Self {
        Self {
            name: P::NAME,
            lacks: P::LACKS,
            has: has::<P>,
            check: check::<P>,
            repeat: repeat::<P>,
            future_size: future_size::<P>,
            allocations: allocations::<P>,
            peak: peak::<P>,
        }
    }
}

fn has<P: Peer>(counted: Counted) -> bool {
    match counted {
        Counted::Success | Counted::Suspendable => true,
        Counted::Refused | Counted::AtOnce | Counted::Briefly | Counted::Crowd => P::RETRIES,
        Counted::Delay => P::delays().is_some(),
    }
}

fn plan() -> &'static Plan {
    static PLAN: Plan = Plan::new(0);
    black_box(&PLAN)
}

/// One thread, and a clock that leaps to the next timer when nothing else is to be done.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without input and output")
}

/// That it does what is going to be measured.
fn check<P: Peer>() -> Result<()> {
    runtime().block_on(async {
        for (call, failures, succeeds, failed) in [
            ("success", 0, true, 0),
            ("success after a wait", Plan::SUSPENDS, true, 0),
            ("not retryable", Plan::REFUSED, false, 1),
            ("one failure", 1, true, 1),
            ("always failing", 100, false, ATTEMPTS),
        ] {
            if failed > 0 && !P::RETRIES {
                continue;
            }
            plan().set(failures);
            plan().take_failed();
            ensure!(
                P::suspendable(plan()).await.is_ok() == succeeds,
                "{}: {call}: another result",
                P::NAME
            );
            let told = plan().take_failed();
            ensure!(
                told == failed,
                "{}: {call}: {told} failed attempts instead of {failed}",
                P::NAME
            );
        }
        if P::RETRIES {
            plan().set(1);
            let began = Instant::now();
            let succeeded = P::briefly(plan()).await.is_ok();
            ensure!(
                succeeded && began.elapsed() > Duration::ZERO,
                "{}: one failure and 1 ms: another result, or no wait",
                P::NAME
            );
        }
        Ok(())
    })
}

fn repeat<P: Peer>(counted: Counted, times: u64, crowd: u32) {
    // The same delays each time, for those who draw from here.
    fastrand::seed(7);
    match counted {
        Counted::Success => runtime().block_on(async {
            for _ in 0..times {
                let _ = black_box(P::ready(plan()).await);
            }
        }),
        Counted::Suspendable => runtime().block_on(async {
            for _ in 0..times {
                let _ = black_box(P::suspendable(plan()).await);
            }
        }),
        Counted::Refused => runtime().block_on(async {
            plan().set(Plan::REFUSED);
            for _ in 0..times {
                let _ = black_box(P::ready(plan()).await);
            }
        }),
        Counted::AtOnce => {
            // Not run by the runtime, whose way to a task that gave way costs more than a retry.
            let runtime = runtime();
            let _entered = runtime.enter();
            for _ in 0..times {
                plan().set(1);
                let _ = black_box(poll_until_ready(P::at_once(plan())));
            }
        }
        Counted::Briefly => runtime().block_on(async {
            for _ in 0..times {
                plan().set(1);
                let _ = black_box(P::briefly(plan()).await);
            }
        }),
        Counted::Crowd => {
            let mut crowd = Crowd::new(crowd);
            for _ in 0..times {
                crowd.call::<P>();
            }
        }
        Counted::Delay => runtime().block_on(async {
            if let Some(mut next) = P::delays() {
                for _ in 0..times {
                    next();
                }
            }
        }),
    }
}

/// Without a runtime of its own: what is pending is polled again at once.
pub(crate) fn poll_until_ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("waits for something that does not come");
}

fn future_size<P: Peer>() -> usize {
    size_of_val(&P::suspendable(plan()))
}

fn allocations<P: Peer>() -> (u64, Option<u64>) {
    /// The difference between one call and so many more: a run of the runtime allocates too.
    const MORE: u64 = 10;
    let runtime = runtime();
    let count = |calls, failures| {
        let run = || {
            runtime.block_on(async {
                for _ in 0..calls {
                    plan().set(failures);
                    let _ = black_box(P::at_once(plan()).await);
                }
            });
        };
        allocation_counter::measure(run).count_total
    };
    let each = |failures| {
        // What is made once does not count.
        count(1, failures);
        (count(1 + MORE, failures) - count(1, failures)) / MORE
    };
    (each(0), P::RETRIES.then(|| each(1)))
}

fn peak<P: Peer>(calls: u32) -> Option<u64> {
    P::RETRIES.then(|| {
        let mut crowd = Crowd::<P::Error>::new(calls);
        crowd.call::<P>();
        allocation_counter::measure(|| crowd.call::<P>()).bytes_max / u64::from(calls)
    })
}

/// Calls that all fail three times, spawned on one runtime.
struct Crowd<E> {
    runtime: Runtime,
    plans: &'static [Plan],
    running: Vec<JoinHandle<Result<u64, E>>>,
}

impl<E: Send + 'static> Crowd<E> {
    fn new(calls: u32) -> Self {
        let plans: Vec<Plan> = (0..calls).map(|_| Plan::new(0)).collect();
        Self {
            runtime: runtime(),
            running: Vec::with_capacity(plans.len()),
            // Spawned futures live as long as they like.
            plans: plans.leak(),
        }
    }

    fn call<P: Peer<Error = E>>(&mut self) {
        self.runtime.block_on(async {
            for plan in self.plans {
                plan.set(3);
                self.running.push(tokio::spawn(P::suspendable(plan)));
            }
            for call in self.running.drain(..) {
                let result = call.await.expect("no call panics");
                assert!(result.is_ok(), "{}: a call has failed", P::NAME);
            }
        });
    }
}
