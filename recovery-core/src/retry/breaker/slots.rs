//! The outcomes of the last while, in slots of time.

use std::time::{Duration, Instant};

use super::tally::Tally;
use crate::retry::clock;

const SLOTS: usize = 10;

/// The outcomes of the last while: those of the present tenth of it, and of the nine before.
pub(super) struct TimeWindow {
    slots: [Tally; SLOTS],
    /// The number of the present slot, since the epoch of the process.
    present: u64,
}

impl TimeWindow {
    pub(super) const fn new() -> Self {
        Self {
            slots: [Tally {
                calls: 0,
                failures: 0,
                slow: 0,
            }; SLOTS],
            present: 0,
        }
    }

    /// Takes in an outcome of `now`; gives all of the last `time`.
    pub(super) fn record(
        &mut self,
        failed: bool,
        slow: bool,
        time: Duration,
        now: Instant,
    ) -> Tally {
        self.advance(time, now);
        self.slots[place(self.present)].add(failed, slow);
        self.sum()
    }

    /// What is known at `now`.
    pub(super) fn tally(&mut self, time: Duration, now: Instant) -> Tally {
        self.advance(time, now);
        self.sum()
    }

    fn advance(&mut self, time: Duration, now: Instant) {
        let slot = (clock::nanos(time) / SLOTS as u64).max(1);
        let present = clock::nanos_since_epoch(now) / slot;
        // A clock that went back adds to the latest slot.
        let passed = present.saturating_sub(self.present).min(SLOTS as u64);
        for passed in 0..passed {
            self.slots[place(present - passed)] = Tally::default();
        }
        self.present = self.present.max(present);
    }

    fn sum(&self) -> Tally {
        let add = |sum: Tally, slot: &Tally| Tally {
            calls: sum.calls.saturating_add(slot.calls),
            failures: sum.failures.saturating_add(slot.failures),
            slow: sum.slow.saturating_add(slot.slow),
        };
        self.slots.iter().fold(Tally::default(), add)
    }
}

fn place(slot: u64) -> usize {
    usize::try_from(slot % SLOTS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn outcomes_leave_a_slot_at_a_time() {
        let start = Instant::now();
        let mut window = TimeWindow::new();
        for second in 0..60 {
            window.record(second % 2 == 0, false, MINUTE, start + second * SECOND);
        }
        let calls = |window: &mut TimeWindow, seconds: u32| {
            window.tally(MINUTE, start + seconds * SECOND).calls
        };
        // A slot is six seconds long, and may have begun before the start.
        let now = calls(&mut window, 59);
        assert!((54..=60).contains(&now), "{now}");
        let mut before = now;
        for second in 60..120 {
            let left = calls(&mut window, second);
            assert!(
                left <= before && before - left <= 6,
                "{left} after {before}"
            );
            let within = 120u32.saturating_sub(second);
            assert!(
                left <= within && left + 6 >= within.saturating_sub(1),
                "{left} at {second}"
            );
            before = left;
        }
        assert_eq!(calls(&mut window, 125), 0);
    }

    #[test]
    fn a_long_pause_forgets_everything() {
        let start = Instant::now();
        let mut window = TimeWindow::new();
        for pause in [MINUTE, 3600 * SECOND, 86_400 * SECOND] {
            window.record(true, true, MINUTE, start);
            assert_eq!(window.tally(MINUTE, start + pause), Tally::default());
            window = TimeWindow::new();
        }
    }

    #[test]
    fn a_clock_that_went_back_loses_nothing() {
        let start = Instant::now();
        let mut window = TimeWindow::new();
        window.record(true, false, MINUTE, start + 30 * SECOND);
        let tally = window.record(true, false, MINUTE, start);
        assert_eq!((tally.calls, tally.failures), (2, 2));
    }

    #[test]
    fn absurd_times_are_taken_as_they_are() {
        let start = Instant::now();
        let mut window = TimeWindow::new();
        for time in [Duration::from_nanos(1), Duration::MAX] {
            assert_eq!(window.record(true, false, time, start).failures, 1);
            window = TimeWindow::new();
        }
    }
}
