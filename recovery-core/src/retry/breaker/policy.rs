//! When a breaker opens, and how it closes: the values and their checks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::CircuitBreaker;
use super::change::BreakerChange;
use super::tally::{Tally, reaches};

/// Checked values.
#[derive(Clone, Copy)]
pub(super) struct BreakerPolicy {
    pub(super) window: Window,
    pub(super) minimum_calls: u32,
    pub(super) failure_ratio: f64,
    pub(super) slow: Option<Slow>,
    pub(super) open_for: Duration,
    pub(super) probes: u32,
}

/// Which outcomes count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Window {
    /// The last ones.
    Calls(u32),
    /// Those of the last while.
    Time(Duration),
}

/// What is slow, and how much of it is too much.
#[derive(Clone, Copy)]
pub(super) struct Slow {
    pub(super) limit: Duration,
    pub(super) ratio: f64,
}

const DEFAULT_MINIMUM: u32 = 20;

impl BreakerPolicy {
    pub(super) const DEFAULT: Self = match CircuitBreakerBuilder::DEFAULT.policy() {
        Ok(policy) => policy,
        Err(_) => unreachable!(),
    };

    pub(super) fn is_tripped_by(&self, tally: Tally) -> bool {
        tally.calls >= self.minimum_calls
            && (reaches(tally.failures, tally.calls, self.failure_ratio) || self.is_too_slow(tally))
    }

    pub(super) fn is_too_slow(&self, tally: Tally) -> bool {
        self.slow
            .is_some_and(|slow| reaches(tally.slow, tally.calls, slow.ratio))
    }
}

/// Builds a [`CircuitBreaker`]; what is not set keeps its default.
///
/// # Examples
/// ```
/// use std::sync::LazyLock;
/// use recovery_core::{BreakerState, CircuitBreaker, InvalidBreaker};
///
/// static CAUTIOUS: LazyLock<CircuitBreaker> = LazyLock::new(|| {
///     let builder = CircuitBreaker::builder().failure_ratio(0.2).probes(5);
///     builder.build().expect("a ratio from 0 to 1, and some probes")
/// });
/// assert_eq!(CAUTIOUS.state(), BreakerState::Closed);
///
/// let never = CircuitBreaker::builder().failure_ratio(50.0).build();
/// assert_eq!(never.unwrap_err(), InvalidBreaker::FailureRatio(50.0));
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct CircuitBreakerBuilder {
    name: Option<&'static str>,
    window: Window,
    minimum_calls: Option<u32>,
    failure_ratio: f64,
    slow_call: Option<Duration>,
    slow_ratio: f64,
    open_for: Duration,
    probes: u32,
    on_change: Option<Hook>,
}

/// What is called at each change of state.
pub(super) type Hook = Arc<dyn Fn(&BreakerChange) + Send + Sync>;

impl CircuitBreakerBuilder {
    pub(super) const DEFAULT: Self = Self {
        name: None,
        window: Window::Calls(100),
        minimum_calls: None,
        failure_ratio: 0.5,
        slow_call: None,
        slow_ratio: 1.0,
        open_for: Duration::from_secs(30),
        probes: 1,
        on_change: None,
    };

    /// The name in events, and of its gauge; without one it has no gauge. Default: none.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// How many of the last outcomes count. At least 1; default 100. Each takes a bit, from the first
    /// failure on.
    pub const fn window(mut self, calls: u32) -> Self {
        self.window = Window::Calls(calls);
        self
    }

    /// Counts the outcomes of the last `time` instead, in ten slots: they leave a tenth at a time. Above
    /// zero. It reads the clock at each outcome, and takes a lock.
    pub const fn window_time(mut self, time: Duration) -> Self {
        self.window = Window::Time(time);
        self
    }

    /// A call that takes at least so long is slow, whether it fails or not. Above zero; by default no
    /// call is. It reads the clock twice for each call.
    pub const fn slow_call(mut self, limit: Duration) -> Self {
        self.slow_call = Some(limit);
        self
    }

    /// The share of slow calls at which it opens. Above 0, at most 1; default 1: when all are slow.
    pub const fn slow_ratio(mut self, ratio: f64) -> Self {
        self.slow_ratio = ratio;
        self
    }

    /// Calls `hook` after each change of state, in the thread that brought it about, and before that
    /// thread's call goes on: to raise an alert, to switch to a reserve. The breaker may be used in it.
    ///
    /// ```
    /// use recovery_core::{BreakerState, CircuitBreaker};
    ///
    /// let breaker = CircuitBreaker::builder()
    ///     .name("payments")
    ///     .on_change(|change| {
    ///         if change.to == BreakerState::Open {
    ///             eprintln!("{:?}: {} of {} failed", change.name, change.failures, change.calls);
    ///         }
    ///     })
    ///     .build()?;
    /// assert_eq!(breaker.state(), BreakerState::Closed);
    /// # Ok::<(), recovery_core::InvalidBreaker>(())
    /// ```
    pub fn on_change(mut self, hook: impl Fn(&BreakerChange) + Send + Sync + 'static) -> Self {
        self.on_change = Some(Arc::new(hook));
        self
    }

    /// How many outcomes must be known before a ratio means anything. At least 1, at most the window;
    /// default 20, or the window if that is smaller.
    pub const fn minimum_calls(mut self, calls: u32) -> Self {
        self.minimum_calls = Some(calls);
        self
    }

    /// The share of failures at which it opens. Above 0, at most 1; default 0.5.
    pub const fn failure_ratio(mut self, ratio: f64) -> Self {
        self.failure_ratio = ratio;
        self
    }

    /// How long calls are refused before one may find out whether it works again. Above zero;
    /// default 30 seconds.
    pub const fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }

    /// How many calls must succeed to close it, and may run meanwhile. At least 1; default 1.
    pub const fn probes(mut self, calls: u32) -> Self {
        self.probes = calls;
        self
    }

    /// Checks the values and gives the breaker, closed.
    ///
    /// # Errors
    /// [`InvalidBreaker`] names the first value that cannot be meant.
    pub fn build(self) -> Result<CircuitBreaker, InvalidBreaker> {
        let policy = self.policy()?;
        Ok(CircuitBreaker::of(policy, self.name, self.on_change))
    }

    const fn policy(&self) -> Result<BreakerPolicy, InvalidBreaker> {
        let minimum = match (self.minimum_calls, self.window) {
            (Some(minimum), _) => minimum,
            (None, Window::Calls(window)) if window < DEFAULT_MINIMUM => window,
            (None, _) => DEFAULT_MINIMUM,
        };
        match self.window {
            Window::Calls(0) => return Err(InvalidBreaker::NoWindow),
            Window::Time(Duration::ZERO) => return Err(InvalidBreaker::NoWindowTime),
            _ => {}
        }
        if minimum == 0 {
            return Err(InvalidBreaker::NoMinimum);
        }
        if let Window::Calls(window) = self.window
            && minimum > window
        {
            return Err(InvalidBreaker::MinimumAboveWindow { minimum, window });
        }
        if !(self.failure_ratio > 0.0 && self.failure_ratio <= 1.0) {
            return Err(InvalidBreaker::FailureRatio(self.failure_ratio));
        }
        if !(self.slow_ratio > 0.0 && self.slow_ratio <= 1.0) {
            return Err(InvalidBreaker::SlowRatio(self.slow_ratio));
        }
        let slow = match self.slow_call {
            None => None,
            Some(Duration::ZERO) => return Err(InvalidBreaker::NoSlowCall),
            Some(limit) => Some(Slow {
                limit,
                ratio: self.slow_ratio,
            }),
        };
        if self.open_for.is_zero() {
            return Err(InvalidBreaker::NotOpen);
        }
        if self.probes == 0 {
            return Err(InvalidBreaker::NoProbes);
        }
        Ok(BreakerPolicy {
            window: self.window,
            minimum_calls: minimum,
            failure_ratio: self.failure_ratio,
            slow,
            open_for: self.open_for,
            probes: self.probes,
        })
    }
}

impl fmt::Debug for CircuitBreakerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerBuilder")
            .field("name", &self.name)
            .field("window", &self.window)
            .field("minimum_calls", &self.minimum_calls)
            .field("failure_ratio", &self.failure_ratio)
            .field("slow_call", &self.slow_call)
            .field("slow_ratio", &self.slow_ratio)
            .field("open_for", &self.open_for)
            .field("probes", &self.probes)
            .finish_non_exhaustive()
    }
}

/// Why a breaker was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBreaker {
    /// No outcome would count.
    #[error("window is 0: give the number of outcomes that count, at least 1")]
    NoWindow,
    /// No time would count.
    #[error("window_time is zero: give the time whose outcomes count")]
    NoWindowTime,
    /// Every call would be slow.
    #[error("slow_call is zero: give the time from which on a call is slow, or leave it out")]
    NoSlowCall,
    /// A ratio that every call or none would reach, or no number.
    #[error("slow_ratio is {0}: give a number above 0 and at most 1")]
    SlowRatio(f64),
    /// A ratio of nothing.
    #[error("minimum_calls is 0: a ratio needs at least 1 outcome")]
    NoMinimum,
    /// The window can never hold as many outcomes as must be known.
    #[error("minimum_calls ({minimum}) is more than the window holds ({window})")]
    MinimumAboveWindow {
        /// The outcomes that must be known.
        minimum: u32,
        /// The outcomes that count.
        window: u32,
    },
    /// A ratio that every call or none would reach, or no number.
    #[error("failure_ratio is {0}: give a number above 0 and at most 1")]
    FailureRatio(f64),
    /// It would refuse no call.
    #[error("open_for is zero: give the time for which calls are refused")]
    NotOpen,
    /// It would never close again.
    #[error("probes is 0: at least 1 call must find out whether it works again")]
    NoProbes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(builder: CircuitBreakerBuilder) -> Option<InvalidBreaker> {
        builder.build().err()
    }

    #[test]
    fn refuses_what_cannot_be_meant() {
        let builder = CircuitBreaker::builder;
        assert_eq!(refusal(builder().window(0)), Some(InvalidBreaker::NoWindow));
        assert_eq!(
            refusal(builder().window_time(Duration::ZERO)),
            Some(InvalidBreaker::NoWindowTime)
        );
        assert_eq!(
            refusal(builder().slow_call(Duration::ZERO)),
            Some(InvalidBreaker::NoSlowCall)
        );
        assert_eq!(
            refusal(builder().minimum_calls(0)),
            Some(InvalidBreaker::NoMinimum)
        );
        assert_eq!(
            refusal(builder().window(5).minimum_calls(6)),
            Some(InvalidBreaker::MinimumAboveWindow {
                minimum: 6,
                window: 5
            })
        );
        assert_eq!(
            refusal(builder().open_for(Duration::ZERO)),
            Some(InvalidBreaker::NotOpen)
        );
        assert_eq!(refusal(builder().probes(0)), Some(InvalidBreaker::NoProbes));
        for ratio in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
            let refused = refusal(builder().failure_ratio(ratio));
            assert!(
                matches!(refused, Some(InvalidBreaker::FailureRatio(_))),
                "{ratio}"
            );
            let refused = refusal(builder().slow_ratio(ratio));
            assert!(
                matches!(refused, Some(InvalidBreaker::SlowRatio(_))),
                "{ratio}"
            );
        }
    }

    #[test]
    fn a_small_window_lowers_the_default_minimum() {
        let policy = CircuitBreaker::builder().window(7).policy();
        assert!(policy.is_ok_and(|policy| policy.minimum_calls == 7));
        let policy = CircuitBreaker::builder().window(1000).policy();
        assert!(policy.is_ok_and(|policy| policy.minimum_calls == 20));
    }

    #[test]
    fn a_ratio_in_decimals_is_met_exactly() {
        for calls in 1..=1000 {
            for tenths in 1..=10u32 {
                let policy = BreakerPolicy {
                    minimum_calls: 1,
                    failure_ratio: f64::from(tenths) / 10.0,
                    ..BreakerPolicy::DEFAULT
                };
                let enough = (calls * tenths).div_ceil(10);
                let tally = |failures| Tally {
                    calls,
                    failures,
                    slow: 0,
                };
                assert!(policy.is_tripped_by(tally(enough)));
                assert!(!policy.is_tripped_by(tally(enough - 1)));
            }
        }
    }
}
