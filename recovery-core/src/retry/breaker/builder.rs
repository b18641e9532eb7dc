//! The values of a breaker, and their checks.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use super::change::Hook;
use super::policy::BreakerPolicy;
use super::time_window::SLOTS;
use super::{BreakerChange, CircuitBreaker, InvalidBreaker};
use crate::retry::clock;

const DEFAULT_WINDOW: u32 = 100;
const DEFAULT_MINIMUM: u32 = 20;

/// The checked default values.
pub(super) const DEFAULT_POLICY: BreakerPolicy = match Values::DEFAULT.check() {
    Ok(policy) => policy,
    Err(_) => unreachable!(),
};

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
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct CircuitBreakerBuilder {
    values: Values,
    name: Option<&'static str>,
    on_change: Option<Hook>,
}

#[derive(Clone, Copy, Debug)]
struct Values {
    window: Option<u32>,
    window_time: Option<Duration>,
    minimum_calls: Option<u32>,
    failure_ratio: f64,
    slow_call: Option<Duration>,
    slow_ratio: Option<f64>,
    open_for: Duration,
    probes: u32,
}

impl CircuitBreakerBuilder {
    pub(super) const DEFAULT: Self = Self {
        values: Values::DEFAULT,
        name: None,
        on_change: None,
    };

    /// How many of the last outcomes count. At least 1; default 100. Each takes a bit, and
    /// another where calls may be [slow](Self::slow_call).
    pub const fn window(mut self, calls: u32) -> Self {
        self.values.window = Some(calls);
        self
    }

    /// Instead of the last so many outcomes, those of the last so much time count.
    ///
    /// They are counted in ten slots and forgotten slot by slot, so that one counts for nine to ten
    /// tenths of this time. At least 10 nanoseconds. Each call then takes a lock and reads the
    /// clock.
    pub const fn window_time(mut self, time: Duration) -> Self {
        self.values.window_time = Some(time);
        self
    }

    /// How many outcomes must be known before a ratio means anything. From 1 to the window;
    /// default 20, or the window if that is smaller.
    pub const fn minimum_calls(mut self, calls: u32) -> Self {
        self.values.minimum_calls = Some(calls);
        self
    }

    /// The share of failures at which it opens. Above 0, at most 1; default 0.5.
    pub const fn failure_ratio(mut self, ratio: f64) -> Self {
        self.values.failure_ratio = ratio;
        self
    }

    /// A call that takes longer is slow, whether it succeeds or fails. Above zero; by default no
    /// call is slow.
    ///
    /// When the share of slow calls reaches [`slow_ratio`](Self::slow_ratio), it opens. A slow probe
    /// that succeeds counts so, too, as by resilience4j's rule: when all probes are known and that
    /// share of them was slow, it opens again. Each call then reads the clock twice.
    pub const fn slow_call(mut self, time: Duration) -> Self {
        self.values.slow_call = Some(time);
        self
    }

    /// The share of [slow calls](Self::slow_call) at which it opens. Above 0, at most 1; default 1,
    /// as resilience4j's.
    pub const fn slow_ratio(mut self, ratio: f64) -> Self {
        self.values.slow_ratio = Some(ratio);
        self
    }

    /// How long calls are refused before one may find out whether it works again. Above zero;
    /// default 30 seconds.
    pub const fn open_for(mut self, time: Duration) -> Self {
        self.values.open_for = time;
        self
    }

    /// How many calls must succeed to close it, and may run meanwhile. At least 1; default 1.
    ///
    /// One more may begin whenever [`open_for`](Self::open_for) has passed since the latest began.
    pub const fn probes(mut self, calls: u32) -> Self {
        self.values.probes = calls;
        self
    }

    /// A name for events and metrics. By default it has none, and no metric.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Calls `hook` with each change of state, after the event and the metric of it.
    ///
    /// Changes are told one by one in their order, by a thread that has caused one; no lock is held
    /// meanwhile, so that `hook` may use the breaker itself. It should return soon, for that
    /// thread's call waits for it. A panic of it goes on to that call, and changes nothing else.
    ///
    /// # Examples
    /// ```
    /// use std::io;
    /// use std::sync::mpsc;
    /// use recovery_core::{BreakerState, CircuitBreaker, Retry, RetryConfig};
    ///
    /// let (sender, changes) = mpsc::channel();
    /// let breaker = CircuitBreaker::builder()
    ///     .name("search")
    ///     .minimum_calls(1)
    ///     .on_change(move |change| {
    ///         let _ = sender.send(change.clone());
    ///     })
    ///     .build()
    ///     .unwrap();
    ///
    /// let config = RetryConfig::builder().max_attempts(1).build().unwrap();
    /// let answer: io::Result<()> = Retry::new(config)
    ///     .breaker(&breaker)
    ///     .run_blocking(|_| Err(io::ErrorKind::TimedOut.into()));
    /// assert!(answer.is_err());
    /// let change = changes.try_recv().unwrap();
    /// assert_eq!((change.name, change.to), (Some("search"), BreakerState::Open));
    /// assert_eq!((change.failures, change.calls), (1, 1));
    /// ```
    pub fn on_change(mut self, hook: impl Fn(&BreakerChange) + Send + Sync + 'static) -> Self {
        self.on_change = Some(Hook(Arc::new(hook)));
        self
    }

    /// Checks the values and gives the breaker, closed.
    ///
    /// # Errors
    /// [`InvalidBreaker`] names the first value that cannot be meant.
    pub fn build(self) -> Result<CircuitBreaker, InvalidBreaker> {
        let breaker = CircuitBreaker::with_policy(self.values.check()?);
        Ok(CircuitBreaker {
            name: self.name,
            on_change: self.on_change,
            ..breaker
        })
    }
}

impl Values {
    const DEFAULT: Self = Self {
        window: None,
        window_time: None,
        minimum_calls: None,
        failure_ratio: 0.5,
        slow_call: None,
        slow_ratio: None,
        open_for: Duration::from_secs(30),
        probes: 1,
    };

    const fn check(&self) -> Result<BreakerPolicy, InvalidBreaker> {
        let (window, slot) = match (self.window, self.window_time) {
            (Some(_), Some(_)) => return Err(InvalidBreaker::TwoWindows),
            (Some(0), None) => return Err(InvalidBreaker::NoWindow),
            (Some(calls), None) => (calls, None),
            (None, None) => (DEFAULT_WINDOW, None),
            (None, Some(time)) => match NonZeroU64::new(clock::nanos(time) / SLOTS) {
                None => return Err(InvalidBreaker::NoWindowTime),
                slot => (u32::MAX, slot),
            },
        };
        let minimum = match self.minimum_calls {
            Some(0) => return Err(InvalidBreaker::NoMinimum),
            Some(minimum) if minimum > window => {
                return Err(InvalidBreaker::MinimumAboveWindow { minimum, window });
            }
            Some(minimum) => minimum,
            None if window < DEFAULT_MINIMUM => window,
            None => DEFAULT_MINIMUM,
        };
        if !is_ratio(self.failure_ratio) {
            return Err(InvalidBreaker::FailureRatio(self.failure_ratio));
        }
        let slow_nanos = match (self.slow_call, self.slow_ratio) {
            (Some(Duration::ZERO), _) => return Err(InvalidBreaker::AllSlow),
            (None, Some(_)) => return Err(InvalidBreaker::NoneSlow),
            (Some(time), _) => Some(clock::nanos(time)),
            (None, None) => None,
        };
        let slow_ratio = match self.slow_ratio {
            Some(ratio) if !is_ratio(ratio) => return Err(InvalidBreaker::SlowRatio(ratio)),
            Some(ratio) => ratio,
            None => 1.0,
        };
        if self.open_for.is_zero() {
            return Err(InvalidBreaker::NotOpen);
        }
        if self.probes == 0 {
            return Err(InvalidBreaker::NoProbes);
        }
        Ok(BreakerPolicy {
            calls: if slot.is_some() { 0 } else { window as u64 },
            needs_no_clock: slot.is_none() && slow_nanos.is_none(),
            slot,
            minimum_calls: minimum as u64,
            failure_ratio: self.failure_ratio,
            slow_nanos,
            slow_ratio,
            open_for: self.open_for,
            probes: self.probes,
        })
    }
}

const fn is_ratio(number: f64) -> bool {
    number > 0.0 && number <= 1.0
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
        let second = Duration::from_secs(1);
        for time in [Duration::ZERO, Duration::from_nanos(9)] {
            assert_eq!(
                refusal(builder().window_time(time)),
                Some(InvalidBreaker::NoWindowTime)
            );
        }
        assert_eq!(
            refusal(builder().window(100).window_time(second)),
            Some(InvalidBreaker::TwoWindows)
        );
        assert_eq!(
            refusal(builder().slow_call(Duration::ZERO)),
            Some(InvalidBreaker::AllSlow)
        );
        assert_eq!(
            refusal(builder().slow_ratio(0.5)),
            Some(InvalidBreaker::NoneSlow)
        );
        for ratio in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
            let refused = refusal(builder().failure_ratio(ratio));
            assert!(
                matches!(refused, Some(InvalidBreaker::FailureRatio(_))),
                "{ratio}"
            );
            let refused = refusal(builder().slow_call(second).slow_ratio(ratio));
            assert!(
                matches!(refused, Some(InvalidBreaker::SlowRatio(_))),
                "{ratio}"
            );
        }
    }

    #[test]
    fn a_small_window_lowers_the_default_minimum() {
        let policy = CircuitBreaker::builder().window(7).values.check();
        assert!(policy.is_ok_and(|policy| policy.minimum_calls == 7));
        let policy = CircuitBreaker::builder().window(1000).values.check();
        assert!(policy.is_ok_and(|policy| policy.minimum_calls == 20));
        let time = CircuitBreaker::builder().window_time(Duration::MAX);
        let policy = time.minimum_calls(u32::MAX).values.check();
        assert!(policy.is_ok_and(|policy| policy.minimum_calls == u64::from(u32::MAX)));
    }
}
