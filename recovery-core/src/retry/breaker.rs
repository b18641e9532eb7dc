//! The circuit breaker: stops calling what keeps failing, and finds out by itself when it works
//! again.

mod policy;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use policy::BreakerPolicy;
pub use policy::{CircuitBreakerBuilder, InvalidBreaker};

/// Refuses calls to something that keeps failing, until it works again.
///
/// A call that is going to fail still costs its caller the wait, and the failing side the work. A
/// breaker watches the outcomes and cuts such calls off before they are made:
///
/// - **closed**, the normal state: calls pass. Of the last [`window`] outcomes at least
///   [`minimum_calls`] must be known; when the share of failures reaches [`failure_ratio`], it
///   opens.
/// - **open**: calls are refused, for [`open_for`]. The first call after that makes it half-open.
/// - **half-open**: [`probes`] calls pass, the others are refused. When all of them have
///   succeeded it closes and knows of no outcome; when one fails it opens again.
///
/// A call that ends without a verdict (cancelled, panicked, or an error that says nothing of the
/// other side's health) counts as neither; if it was a probe, another may take its place. The
/// outcome of a call that began before the last change of state is ignored. A probe that never
/// ends keeps the breaker half-open: give calls a time limit.
///
/// One breaker belongs to one thing that can fail, and is shared by all who call it.
///
/// The pattern is Michael Nygard's (*Release It!*, "Circuit Breaker"); the terms and the rules of
/// the count-based sliding window are those of resilience4j.
///
/// [`window`]: CircuitBreakerBuilder::window
/// [`minimum_calls`]: CircuitBreakerBuilder::minimum_calls
/// [`failure_ratio`]: CircuitBreakerBuilder::failure_ratio
/// [`open_for`]: CircuitBreakerBuilder::open_for
/// [`probes`]: CircuitBreakerBuilder::probes
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::{BreakerState, CircuitBreaker};
///
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new();
///
/// let search = CircuitBreaker::builder()
///     .window(50)
///     .failure_ratio(0.3)
///     .open_for(Duration::from_secs(10))
///     .build()?;
///
/// assert_eq!(PAYMENTS.state(), BreakerState::Closed);
/// assert_eq!(search.state(), BreakerState::Closed);
/// # Ok::<(), recovery_core::InvalidBreaker>(())
/// ```
pub struct CircuitBreaker {
    policy: BreakerPolicy,
    core: Mutex<Core>,
}

/// What a [`CircuitBreaker`] does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are refused, until the time is up and one comes.
    Open,
    /// A few calls pass, to find out.
    HalfOpen,
}

impl CircuitBreaker {
    /// A closed breaker with the default values: it opens when half of the last 100 calls, of
    /// which at least 20 are known, have failed; for 30 seconds; and closes after one probe.
    pub const fn new() -> Self {
        Self::with_policy(BreakerPolicy::DEFAULT)
    }

    /// Starts from the default values.
    pub const fn builder() -> CircuitBreakerBuilder {
        CircuitBreakerBuilder::DEFAULT
    }

    const fn with_policy(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            core: Mutex::new(Core::CLOSED),
        }
    }

    /// The present state.
    ///
    /// An open breaker whose time is up is open until the next call makes it half-open.
    pub fn state(&self) -> BreakerState {
        match self.lock().phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Lets a call that would begin at `now` pass, or refuses it.
    pub(crate) fn try_acquire(&self, now: Instant) -> Option<Permit<'_>> {
        let mut core = self.lock();
        match core.phase {
            Phase::Closed => {}
            Phase::Open { since } => {
                if self.left_open(since, now).is_some() {
                    return None;
                }
                core.enter(Phase::HalfOpen {
                    running: 1,
                    succeeded: 0,
                });
            }
            Phase::HalfOpen { running, succeeded } => {
                if running + succeeded >= self.policy.probes {
                    return None;
                }
                core.phase = Phase::HalfOpen {
                    running: running + 1,
                    succeeded,
                };
            }
        }
        Some(Permit {
            breaker: self,
            generation: core.generation,
            pending: true,
        })
    }

    /// How long calls will still be refused, as seen from `now`; `None` if one would pass.
    ///
    /// Zero while all probes are out: it may end at any moment, by their verdict alone.
    pub(crate) fn reopens_in(&self, now: Instant) -> Option<Duration> {
        match self.lock().phase {
            Phase::Closed => None,
            Phase::Open { since } => self.left_open(since, now),
            Phase::HalfOpen { running, succeeded } => {
                (running + succeeded >= self.policy.probes).then_some(Duration::ZERO)
            }
        }
    }

    fn left_open(&self, since: Instant, now: Instant) -> Option<Duration> {
        let open = now.saturating_duration_since(since);
        self.policy
            .open_for
            .checked_sub(open)
            .filter(|left| !left.is_zero())
    }

    fn record(&self, generation: u64, failed: bool, now: Instant) {
        let mut core = self.lock();
        if core.generation != generation {
            return;
        }
        match core.phase {
            Phase::Closed => {
                core.outcomes.push(failed, self.policy.window);
                let Outcomes { recent, failures } = &core.outcomes;
                if self.policy.is_tripped_by(*failures, recent.len()) {
                    core.enter(Phase::Open { since: now });
                }
            }
            Phase::HalfOpen { running, succeeded } => {
                if failed {
                    core.enter(Phase::Open { since: now });
                } else if succeeded + 1 >= self.policy.probes {
                    core.enter(Phase::Closed);
                } else {
                    core.phase = Phase::HalfOpen {
                        running: running.saturating_sub(1),
                        succeeded: succeeded + 1,
                    };
                }
            }
            // Nobody is let through while it is open.
            Phase::Open { .. } => {}
        }
    }

    fn release(&self, generation: u64) {
        let mut core = self.lock();
        if core.generation == generation
            && let Phase::HalfOpen { running, .. } = &mut core.phase
        {
            *running = running.saturating_sub(1);
        }
    }

    /// Nothing under the lock leaves a state half changed, so that a panic there spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

struct Core {
    phase: Phase,
    /// Counts the changes of state, so that a permit can tell whether it is from before.
    generation: u64,
    outcomes: Outcomes,
}

#[derive(Clone, Copy)]
enum Phase {
    Closed,
    Open { since: Instant },
    HalfOpen { running: u32, succeeded: u32 },
}

/// The last outcomes; `true` is a failure.
struct Outcomes {
    recent: VecDeque<bool>,
    failures: usize,
}

impl Core {
    const CLOSED: Self = Self {
        phase: Phase::Closed,
        generation: 0,
        outcomes: Outcomes {
            recent: VecDeque::new(),
            failures: 0,
        },
    };

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
        self.outcomes.recent.clear();
        self.outcomes.failures = 0;
    }
}

impl Outcomes {
    fn push(&mut self, failed: bool, window: usize) {
        if self.recent.len() >= window && self.recent.pop_front() == Some(true) {
            self.failures -= 1;
        }
        self.recent.push_back(failed);
        self.failures += usize::from(failed);
    }
}

/// A call that may be made. Dropped without a verdict, it gives its place back and is not counted.
#[must_use = "a permit that is dropped gives its place back"]
pub(crate) struct Permit<'a> {
    breaker: &'a CircuitBreaker,
    generation: u64,
    pending: bool,
}

impl Permit<'_> {
    /// The call was answered at `now`.
    pub(crate) fn succeeded(self, now: Instant) {
        self.settle(false, now);
    }

    /// The call failed at `now`.
    pub(crate) fn failed(self, now: Instant) {
        self.settle(true, now);
    }

    fn settle(mut self, failed: bool, now: Instant) {
        self.pending = false;
        self.breaker.record(self.generation, failed, now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.pending {
            self.breaker.release(self.generation);
        }
    }
}
