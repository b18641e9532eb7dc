//! The delays of a policy: growth, cap and jitter, saturating everywhere, in whole nanoseconds.

use std::time::Duration;

use super::clock::nanos;
use super::config::{Backoff, Jitter, RetryAfter, RetryConfig};
use super::progress::{Memory, Progress};

impl RetryConfig {
    /// The delay after the failure of attempt number `attempt` (from 1), jitter included.
    ///
    /// Never above [`max_delay`](RetryConfig::max_delay), for any attempt. Where each delay hangs
    /// on the one before ([`Backoff::Decorrelated`]), those before are drawn too.
    pub fn next_delay(&self, attempt: u32) -> Duration {
        if self.backoff == Backoff::Decorrelated {
            self.chained_delay(attempt)
        } else {
            self.schedule.delay_range(attempt).pick()
        }
    }

    #[cold]
    #[inline(never)]
    fn chained_delay(&self, attempt: u32) -> Duration {
        // Sixty-four draws forget where they began.
        let draws = 0..attempt.clamp(1, 64);
        draws.fold(Duration::ZERO, |previous, _| {
            self.schedule.decorrelated(previous).pick()
        })
    }

    /// The delay after the failure of `progress.attempt()`, when the server asked to wait `asked`.
    #[inline]
    pub(super) fn next_delay_after(
        &self,
        progress: &mut Progress,
        asked: Option<Duration>,
    ) -> Duration {
        if asked.is_none() && !self.schedule.remembers {
            return self.schedule.delay_range(progress.attempt()).pick();
        }
        let mut memory = progress.memory();
        let delay = self.remembered_delay_after(progress.attempt(), &mut memory, asked);
        progress.remember(memory);
        delay
    }

    #[cold]
    #[inline(never)]
    fn remembered_delay_after(
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
            self.schedule.decorrelated(memory.delay())
        } else {
            // Another policy may have been at work when it began anew.
            let step = attempt.saturating_sub(memory.attempt()).max(1);
            self.schedule.delay_range(step)
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
}

/// No delay is longer: 292 years. Twice it is then no overflow.
pub(super) const LONGEST: Duration = Duration::from_nanos(u64::MAX / 2);

/// A policy, made ready for the computation of delays: after a failure nothing is converted, and every
/// jitter is the same few operations.
#[derive(Clone, Copy)]
pub(super) struct Schedule {
    initial: u64,
    max: u64,
    growth: Growth,
    /// What is drawn from, in units of 2⁻³² of the delay without jitter.
    low: u64,
    high: u64,
    /// What is drawn on top.
    added: u64,
    /// The highest low end, so that a spread that is cut off at the longest delay begins lower.
    low_at_most: u64,
    /// Whether a delay may hang on what was before.
    remembers: bool,
}

#[derive(Clone, Copy)]
enum Growth {
    Constant,
    Linear,
    Fibonacci,
    /// As often as the longest delay is not passed.
    Doubling(u32),
    Factor(f64),
}

/// The whole, in units of 2⁻³².
const WHOLE: u64 = 1 << 32;

impl Schedule {
    pub(super) const EMPTY: Self = Self {
        initial: 0,
        max: 0,
        growth: Growth::Constant,
        low: WHOLE,
        high: WHOLE,
        added: 0,
        low_at_most: u64::MAX,
        remembers: false,
    };

    pub(super) const fn of(config: &RetryConfig) -> Self {
        let longest = nanos(LONGEST);
        let max = nanos(config.max_delay);
        let max = if max < longest { max } else { longest };
        let initial = nanos(config.initial_delay);
        let mut schedule = Self {
            initial: if initial < max { initial } else { max },
            max,
            remembers: matches!(config.backoff, Backoff::Decorrelated)
                || matches!(config.retry_after, RetryAfter::Exact),
            ..Self::EMPTY
        };
        match config.backoff {
            Backoff::None => schedule.initial = 0,
            Backoff::Constant | Backoff::Decorrelated => {}
            Backoff::Linear => schedule.growth = Growth::Linear,
            Backoff::Fibonacci => schedule.growth = Growth::Fibonacci,
            // Exactly so; anything else takes the general path.
            Backoff::Exponential(2.0) => schedule.growth = schedule.doubling(),
            Backoff::Exponential(factor) => schedule.growth = Growth::Factor(factor),
        }
        match config.jitter {
            Jitter::None => {}
            Jitter::Proportional(fraction) => {
                schedule.high = part_below(1.0 + fraction);
                schedule.low_at_most = scale(schedule.max, 1.0 / (1.0 + fraction));
            }
            Jitter::Full => schedule.low = 0,
            Jitter::Equal => schedule.low = WHOLE / 2,
            Jitter::Around(fraction) => {
                schedule.low = part_above(1.0 - fraction);
                schedule.high = part_below(1.0 + fraction);
            }
            Jitter::Added(most) => schedule.added = nanos(most),
        }
        schedule
    }

    #[inline]
    fn delay_range(&self, attempt: u32) -> DelayRange {
        let base = match self.growth {
            Growth::Doubling(times) => {
                let steps = attempt.saturating_sub(1);
                if steps <= times {
                    self.initial << steps
                } else {
                    self.max
                }
            }
            Growth::Constant => self.initial,
            _ => self.grown(attempt),
        };
        DelayRange {
            low: part_of(base, self.low).min(self.low_at_most),
            high: part_of(base, self.high)
                .saturating_add(self.added)
                .min(self.max),
        }
    }

    const fn doubling(&self) -> Growth {
        if self.initial == 0 {
            return Growth::Constant;
        }
        let mut times = 0;
        while self.initial <= self.max >> (times + 1) {
            times += 1;
        }
        Growth::Doubling(times)
    }

    #[inline(never)]
    fn grown(&self, attempt: u32) -> u64 {
        let delay = match self.growth {
            Growth::Constant | Growth::Doubling(_) => self.initial,
            Growth::Linear => self.initial.saturating_mul(u64::from(attempt)),
            Growth::Fibonacci => self.initial.saturating_mul(fibonacci(attempt)),
            Growth::Factor(factor) => grow(self.initial, factor, attempt),
        };
        delay.min(self.max)
    }

    fn decorrelated(&self, previous: Duration) -> DelayRange {
        let low = self.initial;
        let high = nanos(previous).saturating_mul(3).clamp(low, self.max);
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
        if spread == 0 {
            return Duration::from_nanos(self.low);
        }
        self.pick_by(fastrand::u64(..))
    }

    /// The high half of the product is uniform in 0..=spread, to within 2⁻⁶⁴.
    fn pick_by(self, random: u64) -> Duration {
        let product = u128::from(random) * u128::from(self.high - self.low + 1);
        Duration::from_nanos(self.low + (product >> 64) as u64)
    }
}

/// `initial · factor^(attempt − 1)`; 584 years where that is more.
fn grow(initial: u64, factor: f64, attempt: u32) -> u64 {
    if initial == 0 {
        return 0; // and not 0 · ∞
    }
    let steps = attempt.saturating_sub(1);
    let steps = i32::try_from(steps).unwrap_or(i32::MAX);
    // Rounding may not shorten it.
    scale(initial, factor.powi(steps)).max(initial)
}

/// A factor within 0..=2 in units of 2⁻³², rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within 0..=2³³"
)]
const fn part_below(factor: f64) -> u64 {
    (factor * 4_294_967_296.0) as u64
}

/// The same, rounded up.
const fn part_above(factor: f64) -> u64 {
    WHOLE - part_below(1.0 - factor)
}

/// `part` of `base`, which is at most half of what fits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most twice the base, which fits"
)]
fn part_of(base: u64, part: u64) -> u64 {
    ((u128::from(base) * u128::from(part)) >> 32) as u64
}

/// `nanos · factor`, rounded, saturating.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "53 bits of nanoseconds are exact up to 104 days, and `as` saturates beyond u64"
)]
const fn scale(nanos: u64, factor: f64) -> u64 {
    (nanos as f64 * factor + 0.5) as u64
}

#[cfg(test)]
mod tests;
