//! The circuit breaker: stops calling what keeps failing, and finds out by itself when it works
//! again.

mod builder;
mod change;
mod count_window;
mod invalid;
mod permit;
mod phase;
mod policy;
mod tally;
#[cfg(test)]
mod tests;
mod time_window;
mod word;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clock;
pub use builder::CircuitBreakerBuilder;
use builder::DEFAULT_POLICY;
pub use change::BreakerChange;
use change::Hook;
use count_window::CountWindow;
pub use invalid::InvalidBreaker;
pub(crate) use permit::Permit;
use phase::{Core, Phase, Probes};
use policy::BreakerPolicy;
use tally::{Outcome, Tally};
use time_window::TimeWindow;
use word::Word;

/// Refuses calls to something that keeps failing, until it works again.
///
/// A call that is going to fail still costs its caller the wait, and the failing side the work. A
/// breaker watches the outcomes and cuts such calls off before they are made:
///
/// - **closed**, the normal state: calls pass. Of the outcomes in the window, which is the last
///   [`window`] calls or the last [`window_time`], at least [`minimum_calls`] must be known; when
///   the share of failures reaches [`failure_ratio`], or that of [slow calls][`slow_call`]
///   [`slow_ratio`], it opens.
/// - **open**: calls are refused, for [`open_for`]. The first call after that makes it half-open.
/// - **half-open**: [`probes`] calls pass, the others are refused. When all of them have
///   succeeded it closes and knows of no outcome; when one fails, or too many were slow, it opens
///   again.
///
/// A call that ends without a verdict (cancelled, panicked, or an error that says nothing of the
/// other side's health) counts as neither; if it was a probe, another may take its place. The
/// outcome of a call that began before the last change of state is ignored. Probes that do not end
/// keep nobody out for ever: whenever [`open_for`] has passed since the latest was let through, one
/// more is, and whichever ends counts.
///
/// One breaker belongs to one thing that can fail, and is shared by all who call it. With a window
/// of calls, and no slow ones to tell apart, it takes no lock while it is closed and reads the clock
/// only to open; while all in a full window is good, a call writes nothing either.
///
/// The pattern is Michael Nygard's (*Release It!*, "Circuit Breaker"); the terms and the rules of
/// the sliding windows and of slow calls are those of resilience4j; one more probe in each interval
/// is Hystrix's rule (`allowSingleTest`).
///
/// [`window`]: CircuitBreakerBuilder::window
/// [`window_time`]: CircuitBreakerBuilder::window_time
/// [`minimum_calls`]: CircuitBreakerBuilder::minimum_calls
/// [`failure_ratio`]: CircuitBreakerBuilder::failure_ratio
/// [`slow_call`]: CircuitBreakerBuilder::slow_call
/// [`slow_ratio`]: CircuitBreakerBuilder::slow_ratio
/// [`open_for`]: CircuitBreakerBuilder::open_for
/// [`probes`]: CircuitBreakerBuilder::probes
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::{BreakerState, CircuitBreaker};
///
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new().with_name("payments");
///
/// let search = CircuitBreaker::builder()
///     .name("search")
///     .window_time(Duration::from_secs(60))
///     .failure_ratio(0.3)
///     .slow_call(Duration::from_secs(5))
///     .open_for(Duration::from_secs(10))
///     .on_change(|change| println!("{:?} is now {:?}", change.name, change.to))
///     .build()?;
///
/// assert_eq!(PAYMENTS.state(), BreakerState::Closed);
/// assert_eq!(search.state(), BreakerState::Closed);
/// # Ok::<(), recovery_core::InvalidBreaker>(())
/// ```
pub struct CircuitBreaker {
    /// The state, as a [`Word`]. Changed under the lock only.
    word: AtomicU64,
    policy: BreakerPolicy,
    /// The window, where it is one of calls.
    calls: CountWindow,
    name: Option<&'static str>,
    on_change: Option<Hook>,
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
        Self {
            word: AtomicU64::new(Word::FIRST.0),
            policy: DEFAULT_POLICY,
            calls: CountWindow::small(),
            name: None,
            on_change: None,
            core: Mutex::new(Core::CLOSED),
        }
    }

    /// Starts from the default values.
    pub const fn builder() -> CircuitBreakerBuilder {
        CircuitBreakerBuilder::DEFAULT
    }

    /// Gives it a name for events and metrics.
    ///
    /// # Examples
    /// ```
    /// use recovery_core::CircuitBreaker;
    ///
    /// static MAIL: CircuitBreaker = CircuitBreaker::new().with_name("mail");
    ///
    /// assert!(format!("{MAIL:?}").contains("mail"));
    /// ```
    #[must_use]
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    fn with_policy(policy: BreakerPolicy) -> Self {
        let breaker = Self {
            calls: CountWindow::new(policy.calls, policy.slow_nanos.is_some()),
            policy,
            ..Self::new()
        };
        if policy.slot.is_some() {
            breaker.lock().time = Some(Box::new(TimeWindow::EMPTY));
        }
        breaker
    }

    /// The present state.
    ///
    /// An open breaker whose time is up is open until the next call makes it half-open.
    pub fn state(&self) -> BreakerState {
        self.word().state()
    }

    /// Whether it is closed and remembers nothing bad.
    pub(crate) fn is_idle(&self) -> bool {
        if !self.word().is_closed() {
            return false;
        }
        match (&self.lock().time, self.policy.slot) {
            (Some(time), Some(_)) => time.is_all_good_at(self.policy.slot_of(clock::now())),
            _ => self.calls.is_all_good(),
        }
    }

    /// Lets a call that would begin at `now` pass, or refuses it.
    ///
    /// A call may be let through just when another opens it: it began before, that is all.
    #[inline]
    pub(crate) fn try_acquire(&self, now: impl FnOnce() -> Instant) -> Option<Permit<'_>> {
        let word = self.word();
        if word.is_closed() && self.policy.slow_nanos.is_none() {
            return Some(self.permit(word, 0));
        }
        self.try_acquire_at(now())
    }

    #[inline(never)]
    fn try_acquire_at(&self, now: Instant) -> Option<Permit<'_>> {
        let word = self.word();
        if word.is_closed() {
            return Some(self.permit(word, clock::nanos_since_epoch(now)));
        }
        let mut core = self.lock();
        match &mut core.phase {
            Phase::Closed => {}
            Phase::Open { since } => {
                if self.left_open(*since, now).is_some() {
                    return None;
                }
                self.enter(&mut core, Phase::HalfOpen(Probes::first(now)), Tally::NONE);
            }
            Phase::HalfOpen(probes) => {
                if self.are_out(*probes, now) {
                    return None;
                }
                probes.begin(now);
            }
        }
        // Before anybody is told, so that a listener that panics takes no place with it.
        let permit = self.permit(self.word(), clock::nanos_since_epoch(now));
        self.tell_changes(core);
        Some(permit)
    }

    #[inline]
    fn permit(&self, word: Word, began: u64) -> Permit<'_> {
        Permit {
            breaker: self,
            word,
            began,
        }
    }

    /// How long calls will still be refused, as seen from `now`; `None` if one would pass.
    ///
    /// Zero while all probes are out: it may end at any moment, by their verdict alone.
    #[inline]
    pub(crate) fn reopens_in(&self, now: impl FnOnce() -> Instant) -> Option<Duration> {
        if self.word().is_closed() {
            return None;
        }
        self.left_at(now())
    }

    #[cold]
    fn left_at(&self, now: Instant) -> Option<Duration> {
        match self.lock().phase {
            Phase::Closed => None,
            Phase::Open { since } => self.left_open(since, now),
            Phase::HalfOpen(probes) => self.are_out(probes, now).then_some(Duration::ZERO),
        }
    }

    fn are_out(&self, probes: Probes, now: Instant) -> bool {
        probes.are_out(self.policy.probes, self.policy.open_for, now)
    }

    fn left_open(&self, since: Instant, now: Instant) -> Option<Duration> {
        let open = now.saturating_duration_since(since);
        self.policy
            .open_for
            .checked_sub(open)
            .filter(|left| !left.is_zero())
    }

    /// The outcome of a call that began in the state `word`.
    ///
    /// Between the check of the state and the booking, others may open the breaker and close it
    /// again: an outcome from before then counts as one of the new window. That takes a thread that
    /// is held up here for all of [`open_for`](CircuitBreakerBuilder::open_for), it is one outcome,
    /// and it leaves the window like all others.
    #[inline]
    fn record(&self, word: Word, began: u64, failed: bool, now: impl FnOnce() -> Instant) {
        if self.word() != word {
            return;
        }
        if !(word.is_closed() && self.policy.needs_no_clock) {
            return self.record_at(word, began, failed, now());
        }
        let outcome = Outcome {
            failed,
            slow: false,
        };
        if let Some(tally) = self.calls.record(self.policy.calls, outcome) {
            self.judge(word, tally, now);
        }
    }

    #[inline(never)]
    fn judge(&self, word: Word, tally: Tally, now: impl FnOnce() -> Instant) {
        if self.policy.is_tripped_by(tally) {
            self.open(word, tally, now());
        }
    }

    #[inline(never)]
    fn record_at(&self, word: Word, began: u64, failed: bool, now: Instant) {
        let outcome = Outcome {
            failed,
            slow: self.policy.is_slow(began, now),
        };
        if word.is_closed() && self.policy.slot.is_none() {
            if let Some(tally) = self.calls.record(self.policy.calls, outcome) {
                self.judge(word, tally, || now);
            }
            return;
        }
        let mut core = self.lock();
        if self.word() != word {
            return;
        }
        let Core { phase, time, .. } = &mut *core;
        match (phase, time) {
            (Phase::Closed, Some(time)) => {
                let tally = time.record(self.policy.slot_of(now), outcome);
                if !self.policy.is_tripped_by(tally) {
                    return;
                }
                self.enter(&mut core, Phase::Open { since: now }, tally);
            }
            (Phase::HalfOpen(probes), _) => {
                let known = probes.add(outcome);
                let next = if failed {
                    Phase::Open { since: now }
                } else if probes.succeeded < self.policy.probes {
                    return;
                } else if self.policy.is_too_slow(known) {
                    Phase::Open { since: now }
                } else {
                    Phase::Closed
                };
                self.enter(&mut core, next, known);
            }
            // Nobody is let through while it is open.
            (Phase::Open { .. } | Phase::Closed, _) => return,
        }
        self.tell_changes(core);
    }

    /// Opens it, unless somebody else has been quicker.
    #[cold]
    fn open(&self, word: Word, tally: Tally, now: Instant) {
        let mut core = self.lock();
        if self.word() == word {
            self.enter(&mut core, Phase::Open { since: now }, tally);
            self.tell_changes(core);
        }
    }

    fn enter(&self, core: &mut Core, phase: Phase, tally: Tally) {
        let word = self.word();
        let to = phase.state();
        core.phase = phase;
        if to == BreakerState::Closed {
            // Forgotten now and not when it opened: the last outcomes of the time before it opened
            // may still have been on their way.
            self.calls.forget();
            if let Some(time) = &mut core.time {
                **time = TimeWindow::EMPTY;
            }
        }
        self.word.store(word.next(to).0, Ordering::Release);
        core.untold.push_back(BreakerChange {
            name: self.name,
            from: word.state(),
            to,
            failures: tally.failures,
            slow: tally.slow,
            calls: tally.calls,
        });
    }

    #[cold]
    fn release(&self, word: Word) {
        let mut core = self.lock();
        if self.word() == word
            && let Phase::HalfOpen(probes) = &mut core.phase
        {
            probes.running = probes.running.saturating_sub(1);
        }
    }

    #[inline]
    fn word(&self) -> Word {
        // What was forgotten before a change is seen by whoever sees the change.
        Word(self.word.load(Ordering::Acquire))
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

// A hook that panics leaves no state behind, whatever it has captured.
impl UnwindSafe for CircuitBreaker {}
impl RefUnwindSafe for CircuitBreaker {}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CircuitBreaker");
        if let Some(name) = self.name {
            shown.field("name", &name);
        }
        shown.field("state", &self.state()).finish_non_exhaustive()
    }
}
