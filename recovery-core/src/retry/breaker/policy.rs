//! When a breaker opens, and how it closes: the values and their checks.

use std::time::Duration;

use super::CircuitBreaker;

/// Checked values.
#[derive(Clone, Copy)]
pub(super) struct BreakerPolicy {
    pub(super) window: usize,
    pub(super) minimum_calls: usize,
    pub(super) failure_ratio: f64,
    pub(super) open_for: Duration,
    pub(super) probes: u32,
}

const DEFAULT_MINIMUM: u32 = 20;

impl BreakerPolicy {
    pub(super) const DEFAULT: Self = match CircuitBreakerBuilder::DEFAULT.policy() {
        Ok(policy) => policy,
        Err(_) => unreachable!(),
    };

    /// Divided and not multiplied: 3 of 30 is then exactly the number that `0.1` is.
    #[expect(
        clippy::cast_precision_loss,
        reason = "both are at most a u32, which a double holds exactly"
    )]
    pub(super) fn is_tripped_by(&self, failures: usize, calls: usize) -> bool {
        calls >= self.minimum_calls && failures as f64 / calls as f64 >= self.failure_ratio
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
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct CircuitBreakerBuilder {
    window: u32,
    minimum_calls: Option<u32>,
    failure_ratio: f64,
    open_for: Duration,
    probes: u32,
}

impl CircuitBreakerBuilder {
    pub(super) const DEFAULT: Self = Self {
        window: 100,
        minimum_calls: None,
        failure_ratio: 0.5,
        open_for: Duration::from_secs(30),
        probes: 1,
    };

    /// How many of the last outcomes count. At least 1; default 100. Each takes a byte.
    pub const fn window(mut self, calls: u32) -> Self {
        self.window = calls;
        self
    }

    /// How many outcomes must be known before the ratio means anything. From 1 to the window;
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
        self.policy().map(CircuitBreaker::with_policy)
    }

    const fn policy(&self) -> Result<BreakerPolicy, InvalidBreaker> {
        let window = self.window;
        let minimum = match self.minimum_calls {
            Some(minimum) => minimum,
            None if window < DEFAULT_MINIMUM => window,
            None => DEFAULT_MINIMUM,
        };
        if window == 0 {
            return Err(InvalidBreaker::NoWindow);
        }
        if minimum == 0 {
            return Err(InvalidBreaker::NoMinimum);
        }
        if minimum > window {
            return Err(InvalidBreaker::MinimumAboveWindow { minimum, window });
        }
        if !(self.failure_ratio > 0.0 && self.failure_ratio <= 1.0) {
            return Err(InvalidBreaker::FailureRatio(self.failure_ratio));
        }
        if self.open_for.is_zero() {
            return Err(InvalidBreaker::NotOpen);
        }
        if self.probes == 0 {
            return Err(InvalidBreaker::NoProbes);
        }
        Ok(BreakerPolicy {
            window: window as usize,
            minimum_calls: minimum as usize,
            failure_ratio: self.failure_ratio,
            open_for: self.open_for,
            probes: self.probes,
        })
    }
}

/// Why a breaker was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBreaker {
    /// No outcome would count.
    #[error("window is 0: give the number of outcomes that count, at least 1")]
    NoWindow,
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
                let enough = (calls * tenths as usize).div_ceil(10);
                assert!(policy.is_tripped_by(enough, calls));
                assert!(!policy.is_tripped_by(enough - 1, calls));
            }
        }
    }
}
