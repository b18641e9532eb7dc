//! The delays of a policy: growth, cap and jitter, saturating everywhere.

use std::time::Duration;

use super::clock::nanos;
use super::config::{Backoff, Jitter, RetryAfter, RetryConfig};
use super::progress::Memory;

impl RetryConfig {
    /// The delay after the failure of attempt number `attempt` (from 1), jitter included.
    ///
    /// Never above [`max_delay`](RetryConfig::max_delay), for any attempt. Where each delay hangs
    /// on the one before ([`Backoff::Decorrelated`]), those before are drawn too.
    pub fn next_delay(&self, attempt: u32) -> Duration {
        if self.backoff != Backoff::Decorrelated {
            return self.delay_range(attempt, Duration::ZERO).pick();
        }
        // Sixty-four draws forget where they began.
        let draws = 0..attempt.clamp(1, 64);
        draws.fold(Duration::ZERO, |previous, _| {
            self.delay_range(1, previous).pick()
        })
    }

    /// The delay after the failure of `attempt`, when the server asked to wait `asked`.
    pub(super) fn next_delay_after(
        &self,
        attempt: u32,
        memory: &mut Memory,
        asked: Option<Duration>,
    ) -> Duration {
        if let Some(asked) = asked
            && self.retry_after != RetryAfter::AtLeast
        {
            return self.instead(attempt, memory, asked);
        }
        let range = if self.backoff == Backoff::Decorrelated {
            self.delay_range(1, memory.delay())
        } else {
            // Another policy may have been at work when it began anew.
            self.delay_range(
                attempt.saturating_sub(memory.attempt()).max(1),
                Duration::ZERO,
            )
        };
        let mut delay = range.pick();
        if let Some(asked) = asked {
            let jitter = delay.saturating_sub(Duration::from_nanos(range.low));
            delay = delay.max(asked.saturating_add(jitter));
        }
        if self.backoff == Backoff::Decorrelated {
            *memory = Memory::of_delay(delay);
        }
        delay
    }

    /// What the server asked for, in place of the schedule's delay.
    #[cold]
    fn instead(&self, attempt: u32, memory: &mut Memory, asked: Duration) -> Duration {
        if self.retry_after == RetryAfter::Capped {
            return asked.min(self.max_delay);
        }
        *memory = match self.backoff {
            Backoff::Decorrelated => Memory::NONE,
            _ => Memory::of_attempt(attempt),
        };
        asked
    }

    fn delay_range(&self, attempt: u32, previous: Duration) -> DelayRange {
        let max = nanos(self.max_delay);
        let initial = nanos(self.initial_delay);
        let base = match self.backoff {
            Backoff::None => 0,
            Backoff::Constant => initial,
            Backoff::Linear => initial.saturating_mul(u64::from(attempt)),
            Backoff::Fibonacci => initial.saturating_mul(fibonacci(attempt)),
            Backoff::Exponential(factor) => grow(initial, factor, attempt),
            Backoff::Decorrelated => {
                let low = initial.min(max);
                let high = nanos(previous).saturating_mul(3).clamp(low, max);
                return DelayRange { low, high };
            }
        };
        let base = base.min(max);
        let (low, high) = match self.jitter {
            Jitter::None => (base, base),
            Jitter::Proportional(fraction) => {
                let high = base.saturating_add(part(base, fraction));
                if high <= max {
                    (base, high)
                } else {
                    (scale(max, 1.0 / (1.0 + fraction)).min(base), max)
                }
            }
            Jitter::Full => (0, base),
            Jitter::Equal => (base / 2, base),
            Jitter::Around(fraction) => {
                let part = part(base, fraction);
                (base - part, base.saturating_add(part).min(max))
            }
            Jitter::Added(most) => (base, base.saturating_add(nanos(most)).min(max)),
        };
        DelayRange { low, high }
    }
}

/// 1, 1, 2, 3, 5, 8, ...; the largest that fits where the next does not.
fn fibonacci(n: u32) -> u64 {
    let (mut last, mut next) = (0u64, 1u64);
    // The 94th is the first that does not fit.
    for _ in 1..n.min(94) {
        (last, next) = (next, last.saturating_add(next));
    }
    next
}

/// Nanoseconds from which a delay is drawn, both ends included.
#[derive(Clone, Copy)]
struct DelayRange {
    low: u64,
    high: u64,
}

impl DelayRange {
    fn pick(self) -> Duration {
        let spread = self.high - self.low;
        let extra = if spread == 0 {
            0
        } else {
            // The high half of the product is uniform in 0..=spread, to within 2⁻⁶⁴.
            let product = u128::from(fastrand::u64(..)) * (u128::from(spread) + 1);
            (product >> 64) as u64
        };
        Duration::from_nanos(self.low + extra)
    }
}

/// `initial · factor^(attempt − 1)`; 584 years where that is more.
fn grow(initial: u64, factor: f64, attempt: u32) -> u64 {
    let steps = attempt.saturating_sub(1);
    #[expect(
        clippy::float_cmp,
        reason = "exactly 2 takes the exact path, anything else the other"
    )]
    if factor == 2.0 {
        return if initial == 0 {
            0
        } else if steps < initial.leading_zeros() {
            initial << steps
        } else {
            u64::MAX
        };
    }
    if initial == 0 {
        return 0; // and not 0 · ∞
    }
    scale(
        initial,
        factor.powi(i32::try_from(steps).unwrap_or(i32::MAX)),
    )
}

/// `base · fraction`, the fraction being within 0..=1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within 0..=2³², and the product within `base`"
)]
fn part(base: u64, fraction: f64) -> u64 {
    let fraction = (fraction * 4_294_967_296.0) as u64;
    ((u128::from(base) * u128::from(fraction)) >> 32) as u64
}

/// `nanos · factor`, rounded, saturating.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "53 bits of nanoseconds are exact up to 104 days, and `as` saturates beyond u64"
)]
fn scale(nanos: u64, factor: f64) -> u64 {
    (nanos as f64 * factor).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(initial_ms: u64, factor: f64, max: Duration) -> RetryConfig {
        RetryConfig {
            max_attempts: 10,
            initial_delay: Duration::from_millis(initial_ms),
            max_delay: max,
            backoff: Backoff::Exponential(factor),
            jitter: Jitter::None,
            retry_after: RetryAfter::AtLeast,
        }
    }

    #[test]
    fn doubling_agrees_with_the_general_path() {
        for attempt in 1..=20 {
            let doubled = grow(500_000_000, 2.0, attempt);
            let powered = scale(500_000_000, 2f64.powi(attempt.cast_signed() - 1));
            assert_eq!(doubled, powered, "attempt {attempt}");
        }
    }

    #[test]
    fn saturates_at_every_extreme() {
        let forever = exact(1, 1e300, Duration::MAX);
        for attempt in [2, 3, 33, 1_000_000, u32::MAX] {
            assert_eq!(forever.next_delay(attempt), Duration::from_nanos(u64::MAX));
        }
        assert_eq!(
            exact(0, 1e300, Duration::MAX).next_delay(u32::MAX),
            Duration::ZERO
        );
        assert_eq!(
            exact(1, 1.0, Duration::MAX).next_delay(u32::MAX),
            Duration::from_millis(1)
        );
    }

    #[test]
    fn both_ends_of_the_range_are_reached() {
        let range = DelayRange { low: 5, high: 6 };
        fastrand::seed(7);
        let drawn: Vec<u128> = (0..64).map(|_| range.pick().as_nanos()).collect();
        assert!(
            drawn.contains(&5) && drawn.contains(&6) && drawn.iter().all(|n| (5..=6).contains(n))
        );
    }

    #[test]
    fn push_back_is_a_floor_with_jitter_on_top() {
        let config = RetryConfig {
            jitter: Jitter::Full,
            ..exact(100, 2.0, Duration::from_secs(1))
        };
        let asked = Duration::from_secs(60);
        for attempt in 1..50 {
            let delay = config.next_delay_after(attempt, &mut { Memory::NONE }, Some(asked));
            assert!(delay >= asked, "never below what was asked: {delay:?}");
            assert!(
                delay <= asked + Duration::from_secs(1),
                "the jitter is the schedule's: {delay:?}"
            );
        }
        assert!(
            config.next_delay_after(5, &mut { Memory::NONE }, Some(Duration::ZERO))
                <= Duration::from_secs(1)
        );
    }

    fn first_six(backoff: Backoff) -> Vec<u128> {
        let config = RetryConfig {
            backoff,
            ..exact(10, 1.0, Duration::from_millis(65))
        };
        (1..=6)
            .map(|attempt| config.next_delay(attempt).as_millis())
            .collect()
    }

    #[test]
    fn each_growth_is_the_one_its_name_says() {
        assert_eq!(first_six(Backoff::None), [0, 0, 0, 0, 0, 0]);
        assert_eq!(first_six(Backoff::Constant), [10, 10, 10, 10, 10, 10]);
        assert_eq!(first_six(Backoff::Linear), [10, 20, 30, 40, 50, 60]);
        assert_eq!(first_six(Backoff::Fibonacci), [10, 10, 20, 30, 50, 65]);
        assert_eq!(
            first_six(Backoff::Exponential(1.5)),
            [10, 15, 22, 33, 50, 65]
        );
    }

    #[test]
    fn every_growth_saturates() {
        assert_eq!(fibonacci(93), 12_200_160_415_121_876_738);
        for n in [94, 95, u32::MAX] {
            assert_eq!(fibonacci(n), u64::MAX, "{n}");
        }
        for backoff in [Backoff::Linear, Backoff::Fibonacci] {
            let config = RetryConfig {
                backoff,
                ..exact(u64::MAX / 1_000_000, 1.0, Duration::MAX)
            };
            assert_eq!(config.next_delay(u32::MAX), Duration::from_nanos(u64::MAX));
        }
    }

    #[test]
    fn decorrelated_delays_are_between_the_first_and_thrice_the_last() {
        let config = RetryConfig {
            backoff: Backoff::Decorrelated,
            jitter: Jitter::Full, // not added
            ..exact(10, 1.0, Duration::from_millis(500))
        };
        fastrand::seed(5);
        let mut longest = Duration::ZERO;
        for _ in 0..200 {
            let mut previous = Duration::ZERO;
            let mut memory = Memory::NONE;
            for attempt in 1..=8 {
                let delay = config.next_delay_after(attempt, &mut memory, None);
                assert!(delay >= config.initial_delay);
                assert!(
                    delay
                        <= config
                            .max_delay
                            .min((previous * 3).max(config.initial_delay))
                );
                previous = delay;
            }
            longest = longest.max(previous).max(config.next_delay(8));
        }
        assert!(
            longest > Duration::from_millis(400),
            "it grows: {longest:?}"
        );
    }

    fn with_jitter(jitter: Jitter) -> RetryConfig {
        RetryConfig {
            jitter,
            ..exact(1000, 2.0, Duration::from_secs(10))
        }
    }

    fn range(config: &RetryConfig, attempt: u32) -> (u64, u64) {
        let range = config.delay_range(attempt, Duration::ZERO);
        (range.low / 1_000_000, range.high / 1_000_000)
    }

    #[test]
    fn each_jitter_is_the_one_its_name_says() {
        for (jitter, first, fourth, fifth) in [
            (Jitter::None, (1000, 1000), (8000, 8000), (10_000, 10_000)),
            (
                Jitter::Proportional(0.25),
                (1000, 1250),
                (8000, 10_000),
                (8000, 10_000),
            ),
            (Jitter::Full, (0, 1000), (0, 8000), (0, 10_000)),
            (Jitter::Equal, (500, 1000), (4000, 8000), (5000, 10_000)),
            (
                Jitter::Around(0.5),
                (500, 1500),
                (4000, 10_000),
                (5000, 10_000),
            ),
            (
                Jitter::Added(Duration::from_secs(1)),
                (1000, 2000),
                (8000, 9000),
                (10_000, 10_000),
            ),
        ] {
            let config = with_jitter(jitter);
            let ranges = [1, 4, 5].map(|attempt| range(&config, attempt));
            assert_eq!(ranges, [first, fourth, fifth], "{jitter:?}");
        }
    }

    #[test]
    fn what_is_asked_for_can_be_capped() {
        let config = RetryConfig {
            retry_after: RetryAfter::Capped,
            ..with_jitter(Jitter::Full)
        };
        let mut memory = Memory::NONE;
        for (asked, delay) in [(30, 10), (10, 10), (3, 3), (0, 0)] {
            let asked = Some(Duration::from_secs(asked));
            let delay = Duration::from_secs(delay);
            assert_eq!(config.next_delay_after(4, &mut memory, asked), delay);
        }
    }

    #[test]
    fn what_is_asked_for_can_begin_the_schedule_anew() {
        let config = RetryConfig {
            retry_after: RetryAfter::Exact,
            ..with_jitter(Jitter::None)
        };
        let mut memory = Memory::NONE;
        let delays: Vec<u128> = [None, None, Some(60), None, None, Some(1), None]
            .into_iter()
            .zip(1..)
            .map(|(asked, attempt)| {
                let asked = asked.map(Duration::from_secs);
                config
                    .next_delay_after(attempt, &mut memory, asked)
                    .as_secs()
                    .into()
            })
            .collect();
        assert_eq!(delays, [1, 2, 60, 1, 2, 1, 1]);
    }
}
