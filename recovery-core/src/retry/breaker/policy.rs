//! When a breaker opens, and how it closes.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use super::tally::Tally;
use crate::retry::clock;

/// Checked values.
#[derive(Clone, Copy)]
pub(super) struct BreakerPolicy {
    /// The calls in the window, where it is one of calls.
    pub(super) calls: u64,
    /// Whether neither the window nor the verdict on a call depends on the time.
    pub(super) needs_no_clock: bool,
    /// The nanoseconds of a slot of the window, where it is one of time.
    pub(super) slot: Option<NonZeroU64>,
    pub(super) minimum_calls: u64,
    pub(super) failure_ratio: f64,
    /// A call that takes longer is slow.
    pub(super) slow_nanos: Option<u64>,
    pub(super) slow_ratio: f64,
    pub(super) open_for: Duration,
    pub(super) probes: u32,
}

impl BreakerPolicy {
    /// The number of the slot of a time window.
    pub(super) fn slot_of(&self, now: Instant) -> u64 {
        self.slot
            .map_or(0, |length| clock::nanos_since_epoch(now) / length)
    }

    pub(super) fn is_slow(&self, began: u64, now: Instant) -> bool {
        self.slow_nanos
            .is_some_and(|slow| clock::nanos_since_epoch(now).saturating_sub(began) > slow)
    }

    pub(super) fn is_tripped_by(&self, tally: Tally) -> bool {
        tally.calls >= self.minimum_calls
            && (is_share(tally.failures, tally.calls, self.failure_ratio)
                || self.is_too_slow(tally))
    }

    /// Whether too many were slow, however many are known.
    pub(super) fn is_too_slow(&self, tally: Tally) -> bool {
        self.slow_nanos.is_some() && is_share(tally.slow, tally.calls, self.slow_ratio)
    }
}

/// Divided and not multiplied: 3 of 30 is then exactly the number that `0.1` is.
#[expect(
    clippy::cast_precision_loss,
    reason = "a double holds whole numbers exactly up to 2 to the 53rd"
)]
fn is_share(part: u64, whole: u64, ratio: f64) -> bool {
    part as f64 / whole as f64 >= ratio
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::breaker::builder::DEFAULT_POLICY;

    #[test]
    fn a_ratio_in_decimals_is_met_exactly() {
        for calls in 1..=1000 {
            for tenths in 1..=10u32 {
                let policy = BreakerPolicy {
                    minimum_calls: 1,
                    failure_ratio: f64::from(tenths) / 10.0,
                    ..DEFAULT_POLICY
                };
                let enough = (calls * u64::from(tenths)).div_ceil(10);
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
