//! How far a retried call has come: all that it keeps across its waits, in seven bytes.

use std::time::Duration;

use super::machine::Site;

/// The attempt that runs, the waits before it summed up, and what the schedule remembers.
///
/// With the byte in which a future keeps its own state it fills one word, so that a retried call is no
/// larger than one with a loop by hand.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Progress {
    low: u32,
    middle: u16,
    high: u8,
}

const ATTEMPT_BITS: u32 = 20;
const WAITED_BITS: u32 = Rounded::EXPONENT_BITS + WAITED_PRECISION;
/// Exact up to nine minutes of milliseconds.
const WAITED_PRECISION: u32 = 19;

/// Attempts beyond a million are not told apart.
pub(super) const MAX_ATTEMPT: u32 = (1 << ATTEMPT_BITS) - 1;

impl Progress {
    /// Before the first attempt.
    pub const START: Self = Self::at(1);

    /// Of a call that was refused before it.
    pub(super) const NONE: Self = Self::at(0);

    const fn at(attempt: u32) -> Self {
        Self {
            low: attempt,
            middle: 0,
            high: 0,
        }
    }

    /// The number of the attempt that runs, from 1.
    #[inline]
    pub const fn attempt(self) -> u32 {
        self.low & MAX_ATTEMPT
    }

    /// Whether an attempt has failed before.
    #[inline]
    pub const fn is_retry(self) -> bool {
        self.attempt() > 1
    }

    /// The waits before this attempt, summed up, in milliseconds.
    pub(super) fn waited_ms(self) -> u64 {
        let waited = self.word() >> ATTEMPT_BITS & ((1 << WAITED_BITS) - 1);
        Rounded(waited).value(WAITED_PRECISION)
    }

    pub(super) fn memory(self) -> Memory {
        Memory(Rounded(self.word() >> (ATTEMPT_BITS + WAITED_BITS)))
    }

    pub(super) fn remember(&mut self, memory: Memory) {
        *self = Self::new(self.attempt(), self.waited_ms(), memory);
    }

    /// The next attempt follows after `delay`.
    #[inline]
    pub(super) fn advance(&mut self, delay: Duration) {
        let delay = millis(delay);
        let word = self.word();
        let waited = (word >> ATTEMPT_BITS & ((1 << WAITED_BITS) - 1)).saturating_add(delay);
        if waited < 1 << WAITED_PRECISION && self.attempt() < MAX_ATTEMPT {
            // Nothing is left out of so small a number, and nothing carried over.
            *self = Self::of_word(word + (delay << ATTEMPT_BITS) + 1);
        } else {
            self.advance_far(delay);
        }
    }

    #[cold]
    #[inline(never)]
    fn advance_far(&mut self, delay_ms: u64) {
        let attempt = (self.attempt() + 1).min(MAX_ATTEMPT);
        let waited = self.waited_ms().saturating_add(delay_ms);
        *self = Self::new(attempt, waited, self.memory());
    }

    /// Of the last attempt, where none follows its wait of `delay`, of which `waited` counts.
    pub(super) fn ended_in_wait(self, delay: Duration, waited: Duration) -> Self {
        let before = self.waited_ms().saturating_sub(millis(delay));
        let waited = before.saturating_add(millis(waited));
        Self::new(self.attempt() - 1, waited, self.memory())
    }

    fn new(attempt: u32, waited_ms: u64, Memory(memory): Memory) -> Self {
        let waited = Rounded::fair(waited_ms, WAITED_PRECISION);
        let word = memory.0 << (ATTEMPT_BITS + WAITED_BITS)
            | waited.0 << ATTEMPT_BITS
            | u64::from(attempt);
        Self::of_word(word)
    }

    #[expect(clippy::cast_possible_truncation, reason = "taken apart")]
    const fn of_word(word: u64) -> Self {
        Self {
            low: word as u32,
            middle: (word >> 32) as u16,
            high: (word >> 48) as u8,
        }
    }

    fn word(self) -> u64 {
        u64::from(self.low) | u64::from(self.middle) << 32 | u64::from(self.high) << 48
    }

    /// To be called on success; says so if it took more than one attempt.
    #[inline]
    pub fn succeeded(&self, site: &Site) {
        if self.is_retry() {
            site.recovered(*self);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1000);
    seconds.saturating_add(duration.subsec_millis().into())
}

/// What a schedule has to know of the delays before: where each hangs on the one before
/// ([`Backoff::Decorrelated`](crate::Backoff::Decorrelated)), that delay in microseconds; elsewhere
/// the attempt at which it began anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory(Rounded);

/// Within one part in 64.
const MEMORY_PRECISION: u32 = 7;

impl Memory {
    pub(super) const NONE: Self = Self(Rounded(0));

    pub(super) fn of_delay(delay: Duration) -> Self {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        // Down: no delay is then longer than three times the one before.
        Self(Rounded::down(micros, MEMORY_PRECISION))
    }

    pub(super) fn of_attempt(attempt: u32) -> Self {
        // Up: a schedule that begins anew does so at its beginning.
        Self(Rounded::up(attempt.into(), MEMORY_PRECISION))
    }

    pub(super) fn delay(self) -> Duration {
        Duration::from_micros(self.0.value(MEMORY_PRECISION))
    }

    pub(super) fn attempt(self) -> u32 {
        u32::try_from(self.0.value(MEMORY_PRECISION)).unwrap_or(u32::MAX)
    }
}

/// A number of which only the first binary digits are kept, and how many were left out.
#[derive(Clone, Copy, Debug)]
struct Rounded(u64);

impl Rounded {
    const EXPONENT_BITS: u32 = 5;

    fn down(value: u64, precision: u32) -> Self {
        let left_out = Self::left_out(value, precision);
        if left_out < 1 << Self::EXPONENT_BITS {
            Self(u64::from(left_out) << precision | value >> left_out)
        } else {
            Self((1 << (Self::EXPONENT_BITS + precision)) - 1)
        }
    }

    fn up(value: u64, precision: u32) -> Self {
        let left_out = Self::left_out(value, precision);
        Self::down(value.saturating_add((1 << left_out) - 1), precision)
    }

    /// Up or down at random, by how near it is: a sum of many is then as good as its first digits.
    fn fair(value: u64, precision: u32) -> Self {
        match Self::left_out(value, precision) {
            0 => Self(value),
            left_out => Self::down(
                value.saturating_add(fastrand::u64(..1 << left_out)),
                precision,
            ),
        }
    }

    fn left_out(value: u64, precision: u32) -> u32 {
        (u64::BITS - value.leading_zeros()).saturating_sub(precision)
    }

    fn value(self, precision: u32) -> u64 {
        (self.0 & ((1 << precision) - 1)) << (self.0 >> precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_the_first_attempt_and_counts() {
        let mut progress = Progress::START;
        assert_eq!((progress.attempt(), progress.waited_ms()), (1, 0));
        assert!(!progress.is_retry());
        for attempt in 2..=3000 {
            progress.advance(Duration::from_millis(150));
            assert_eq!(progress.attempt(), attempt);
            assert_eq!(progress.waited_ms(), u64::from(attempt - 1) * 150);
            assert!(progress.is_retry());
        }
    }

    #[test]
    fn saturates() {
        let mut progress = Progress::START;
        for _ in 0..3 {
            progress.advance(Duration::MAX);
        }
        assert_eq!(progress.attempt(), 4);
        assert!(progress.waited_ms() > 1 << 49, "many thousand years");
        progress.remember(Memory::of_delay(Duration::MAX));
        assert!(progress.memory().delay() > Duration::from_secs(3600 * 24));
        let mut progress = Progress::new(MAX_ATTEMPT, 0, Memory::NONE);
        progress.advance(Duration::ZERO);
        assert_eq!(progress.attempt(), MAX_ATTEMPT);
    }

    #[test]
    fn long_waits_are_summed_to_a_thousandth() {
        fastrand::seed(11);
        let mut progress = Progress::START;
        for n in 1..100_000u64 {
            progress.advance(Duration::from_millis(30_017));
            let waited = n * 30_017;
            let error = waited.abs_diff(progress.waited_ms());
            assert!(error <= waited / 1000, "{error} after {n}");
        }
    }

    #[test]
    fn a_wait_that_did_not_lead_to_an_attempt_is_taken_back() {
        let second = Duration::from_secs(1);
        let mut progress = Progress::START;
        progress.remember(Memory::of_attempt(1));
        progress.advance(second);
        progress.advance(4 * second);
        let ended = progress.ended_in_wait(4 * second, second);
        assert_eq!((ended.attempt(), ended.waited_ms()), (2, 2000));
        assert_eq!(ended.memory().attempt(), 1);
    }

    #[test]
    fn memories_are_rounded_to_the_safe_side() {
        for micros in (0..200_000_000_000u64).step_by(9_999_999_967) {
            let delay = Duration::from_micros(micros);
            let kept = Memory::of_delay(delay).delay();
            assert!(kept <= delay && kept + delay / 64 >= delay, "{delay:?}");
        }
        for attempt in (1..128).chain([1000, 1001, 65_535, 1_048_575]) {
            let kept = Memory::of_attempt(attempt).attempt();
            assert!(
                kept >= attempt && kept - attempt <= attempt / 64,
                "{attempt}"
            );
        }
    }
}
