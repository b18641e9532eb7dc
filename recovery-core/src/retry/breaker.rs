//! The circuit breaker: stops calling what keeps failing, and finds out by itself when it works
//! again.

mod change;
mod policy;
mod slots;
mod tally;
#[cfg(test)]
mod tests;
mod window;

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use change::BreakerChange;
use policy::{BreakerPolicy, Hook, Window};
pub use policy::{CircuitBreakerBuilder, InvalidBreaker};
use slots::TimeWindow;
use tally::Tally;
use window::CountWindow;

use super::clock;
use super::keyed::Idle;

/// Refuses calls to something that keeps failing, until it works again.
///
/// A call that is going to fail still costs its caller the wait, and the failing side the work. A
/// breaker watches the outcomes and cuts such calls off before they are made:
///
/// - **closed**, the normal state: calls pass. Of the last [`window`] outcomes, or of those of the last
///   [`window_time`], at least [`minimum_calls`] must be known; when the share of failures reaches
///   [`failure_ratio`], or that of [slow calls](CircuitBreakerBuilder::slow_call) its
///   [`slow_ratio`], it opens.
/// - **open**: calls are refused, for [`open_for`]. The first call after that makes it half-open.
/// - **half-open**: [`probes`] calls pass, the others are refused. When all of them have
///   succeeded, and not too many were slow, it closes and knows of no outcome; when one fails it opens
///   again at once.
///
/// A call that ends without a verdict (cancelled, panicked, or an error that says nothing of the
/// other side's health) counts as neither; if it was a probe, another may take its place. The
/// outcome of a call that began before the last change of state is ignored. A probe that never
/// ends keeps the breaker half-open: give calls a time limit.
///
/// One breaker belongs to one thing that can fail, and is shared by all who call it; for many such
/// things there is [`Keyed`](crate::Keyed). While it is closed and counts by number it takes no lock and
/// reads no clock.
///
/// Each change of state is told once: by the events `breaker.opened`, `breaker.half_open` and
/// `breaker.closed` ([`observe`](crate::observe)), and to [`on_change`].
///
/// The pattern is Michael Nygard's (*Release It!*, "Circuit Breaker"); the terms, the sliding windows
/// and the slow calls are those of resilience4j.
///
/// [`window`]: CircuitBreakerBuilder::window
/// [`window_time`]: CircuitBreakerBuilder::window_time
/// [`slow_ratio`]: CircuitBreakerBuilder::slow_ratio
/// [`on_change`]: CircuitBreakerBuilder::on_change
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
    name: Option<&'static str>,
    on_change: Option<Hook>,
    /// The state, and above it the number of changes so far: by it a permit can tell whether it is from
    /// before. Written under the lock alone.
    gate: AtomicU64,
    window: CountWindow,
    phase: Mutex<Phase>,
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

impl BreakerState {
    const BITS: u64 = 0b11;

    const fn of_gate(gate: u64) -> Self {
        match gate & Self::BITS {
            0 => Self::Closed,
            1 => Self::Open,
            _ => Self::HalfOpen,
        }
    }

    const fn bits(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
        }
    }
}

impl CircuitBreaker {
    /// A closed breaker with the default values: it opens when half of the last 100 calls, of
    /// which at least 20 are known, have failed; for 30 seconds; and closes after one probe.
    pub const fn new() -> Self {
        Self::of(BreakerPolicy::DEFAULT, None, None)
    }

    /// Starts from the default values.
    pub const fn builder() -> CircuitBreakerBuilder {
        CircuitBreakerBuilder::DEFAULT
    }

    const fn of(
        policy: BreakerPolicy,
        name: Option<&'static str>,
        on_change: Option<Hook>,
    ) -> Self {
        Self {
            policy,
            name,
            on_change,
            gate: AtomicU64::new(0),
            window: CountWindow::new(),
            phase: Mutex::new(Phase::Closed(TimeWindow::new())),
        }
    }

    /// The name in events, and of its gauge; for a `static`.
    ///
    /// ```
    /// use recovery_core::CircuitBreaker;
    ///
    /// static PAYMENTS: CircuitBreaker = CircuitBreaker::new().with_name("payments");
    /// assert!(format!("{PAYMENTS:?}").contains("payments"));
    /// ```
    #[must_use]
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The present state.
    ///
    /// An open breaker whose time is up is open until the next call makes it half-open.
    pub fn state(&self) -> BreakerState {
        BreakerState::of_gate(self.gate.load(Acquire))
    }

    /// Lets a call that would begin now pass, or refuses it.
    #[inline]
    pub(crate) fn try_acquire(&self, now: impl Fn() -> Instant) -> Option<Permit<'_>> {
        let gate = self.gate.load(Acquire);
        if BreakerState::of_gate(gate) == BreakerState::Closed {
            Some(self.permit(gate, now))
        } else {
            self.try_probe(now)
        }
    }

    #[inline]
    fn permit(&self, gate: u64, now: impl Fn() -> Instant) -> Permit<'_> {
        Permit {
            breaker: self,
            gate,
            begun: self.policy.slow.map(|_| now()),
        }
    }

    #[cold]
    #[inline(never)]
    fn try_probe(&self, now: impl Fn() -> Instant) -> Option<Permit<'_>> {
        let mut phase = self.lock();
        let mut change = None;
        match &mut *phase {
            // It has closed meanwhile.
            Phase::Closed(_) => {}
            Phase::Open { since } => {
                if self.left_open(*since, now()).is_some() {
                    return None;
                }
                let next = Phase::HalfOpen {
                    running: 1,
                    done: Tally::default(),
                };
                change = Some(self.enter(&mut phase, next, Tally::default()));
            }
            Phase::HalfOpen { running, done } => {
                if *running + done.calls >= self.policy.probes {
                    return None;
                }
                *running += 1;
            }
        }
        let permit = self.permit(self.gate.load(Acquire), now);
        self.tell(phase, change);
        Some(permit)
    }

    /// How long calls will still be refused; `None` if one would pass.
    ///
    /// Zero while all probes are out: it may end at any moment, by their verdict alone.
    pub(crate) fn reopens_in(&self, now: impl Fn() -> Instant) -> Option<Duration> {
        if self.state() == BreakerState::Closed {
            return None;
        }
        match &*self.lock() {
            Phase::Closed(_) => None,
            Phase::Open { since } => self.left_open(*since, now()),
            Phase::HalfOpen { running, done } => {
                (running + done.calls >= self.policy.probes).then_some(Duration::ZERO)
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

    /// A call with leave of `gate` has ended.
    #[inline]
    fn record(&self, gate: u64, failed: bool, slow: bool, now: impl Fn() -> Instant) {
        // An outcome from before the last change says nothing of what is now. Should it change between
        // this and the next lines, one outcome more or less is known, as if the call had ended a moment
        // before or after.
        if self.gate.load(Acquire) != gate {
            return;
        }
        if let Window::Calls(size) = self.policy.window
            && BreakerState::of_gate(gate) == BreakerState::Closed
        {
            if let Some(tally) = self.window.record(failed, slow, size)
                && self.policy.is_tripped_by(tally)
            {
                self.trip(gate, tally, now);
            }
        } else {
            self.record_under_lock(gate, failed, slow, now);
        }
    }

    #[cold]
    #[inline(never)]
    fn trip(&self, gate: u64, tally: Tally, now: impl Fn() -> Instant) {
        let mut phase = self.lock();
        // Two may have come to it at once.
        if self.gate.load(Acquire) == gate {
            let change = self.enter(&mut phase, Phase::Open { since: now() }, tally);
            self.tell(phase, Some(change));
        }
    }

    #[inline(never)]
    fn record_under_lock(&self, gate: u64, failed: bool, slow: bool, now: impl Fn() -> Instant) {
        let mut phase = self.lock();
        if self.gate.load(Acquire) != gate {
            return;
        }
        let (next, tally) = match (&mut *phase, self.policy.window) {
            (Phase::Closed(window), Window::Time(time)) => {
                let now = now();
                let tally = window.record(failed, slow, time, now);
                if !self.policy.is_tripped_by(tally) {
                    return;
                }
                (Phase::Open { since: now }, tally)
            }
            (Phase::HalfOpen { running, done }, _) => {
                *running = running.saturating_sub(1);
                done.add(failed, slow);
                let all_done = done.calls >= self.policy.probes;
                if failed || all_done && self.policy.is_too_slow(*done) {
                    (Phase::Open { since: now() }, *done)
                } else if all_done {
                    (Phase::Closed(TimeWindow::new()), *done)
                } else {
                    return;
                }
            }
            // Nobody is let through while it is open; what is counted by number needs no lock.
            (Phase::Open { .. } | Phase::Closed(_), _) => return,
        };
        let change = self.enter(&mut phase, next, tally);
        self.tell(phase, Some(change));
    }

    #[cold]
    fn release(&self, gate: u64) {
        let mut phase = self.lock();
        if self.gate.load(Acquire) == gate
            && let Phase::HalfOpen { running, .. } = &mut *phase
        {
            *running = running.saturating_sub(1);
        }
    }

    /// Changes the state, because of `tally`.
    fn enter(&self, phase: &mut Phase, next: Phase, tally: Tally) -> BreakerChange {
        let gate = self.gate.load(Acquire);
        let (from, to) = (BreakerState::of_gate(gate), next.state());
        if to == BreakerState::Closed {
            self.window.clear();
        }
        *phase = next;
        let changes = (gate >> 2).wrapping_add(1) << 2;
        self.gate.store(changes | to.bits(), Release);
        BreakerChange::new(self.name, from, to, tally)
    }

    fn tell(&self, phase: MutexGuard<'_, Phase>, change: Option<BreakerChange>) {
        drop(phase);
        if let Some(change) = change {
            let hook = self.on_change.as_deref();
            change::tell(change, hook.map(|hook| hook as &dyn Fn(&BreakerChange)));
        }
    }

    /// Nothing under the lock leaves a state half changed, so that a panic there spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CircuitBreaker");
        if let Some(name) = self.name {
            shown.field("name", &name);
        }
        shown.field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Idle for CircuitBreaker {
    /// Whether it is closed and remembers no failure, and no slow call.
    fn is_idle(&self) -> bool {
        if self.state() != BreakerState::Closed || !self.window.is_clear() {
            return false;
        }
        match (&mut *self.lock(), self.policy.window) {
            (Phase::Closed(window), Window::Time(time)) => {
                let tally = window.tally(time, clock::now());
                tally.failures == 0 && tally.slow == 0
            }
            (phase, _) => phase.state() == BreakerState::Closed,
        }
    }
}

enum Phase {
    /// With the outcomes of the last while, where they count by time.
    Closed(TimeWindow),
    Open {
        since: Instant,
    },
    HalfOpen {
        running: u32,
        done: Tally,
    },
}

impl Phase {
    const fn state(&self) -> BreakerState {
        match self {
            Self::Closed(_) => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

/// A call that may be made. Dropped without a verdict, it gives its place back and is not counted.
#[must_use = "a permit that is dropped gives its place back"]
pub(crate) struct Permit<'a> {
    breaker: &'a CircuitBreaker,
    gate: u64,
    /// When, where it matters how long it takes.
    begun: Option<Instant>,
}

impl Permit<'_> {
    /// The call was answered.
    #[inline]
    pub(crate) fn succeeded(self, now: impl Fn() -> Instant) {
        self.settle(false, now);
    }

    /// The call failed.
    pub(crate) fn failed(self, now: impl Fn() -> Instant) {
        self.settle(true, now);
    }

    #[inline]
    fn settle(self, failed: bool, now: impl Fn() -> Instant) {
        let Self {
            breaker,
            gate,
            begun,
        } = *ManuallyDrop::new(self);
        let is_slow = || {
            let (begun, slow) = begun.zip(breaker.policy.slow)?;
            Some(now().saturating_duration_since(begun) >= slow.limit)
        };
        breaker.record(gate, failed, is_slow().unwrap_or(false), &now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if BreakerState::of_gate(self.gate) == BreakerState::HalfOpen {
            self.breaker.release(self.gate);
        }
    }
}
