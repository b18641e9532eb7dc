//! The outcomes of the last so much time.

use super::tally::{Outcome, Tally};

const PLACES: usize = 10;
pub(super) const SLOTS: u64 = PLACES as u64;

/// Outcomes are counted in the slot of their time, and forgotten slot by slot: in its tenth slot an
/// outcome still counts, in the eleventh no longer.
///
/// The rule is resilience4j's (`SlidingTimeWindowMetrics`), where a slot is a second.
#[derive(Clone)]
pub(super) struct TimeWindow {
    slots: [Tally; PLACES],
    sum: Tally,
    /// The number of the newest slot since the clock's epoch.
    newest: u64,
}

impl TimeWindow {
    pub(super) const EMPTY: Self = Self {
        slots: [Tally::NONE; PLACES],
        sum: Tally::NONE,
        newest: 0,
    };

    /// Counts an outcome in the slot of this number, or in the newest if the clock has gone back.
    pub(super) fn record(&mut self, slot: u64, outcome: Outcome) -> Tally {
        self.move_to(slot);
        self.slot(self.newest).add(outcome);
        self.sum.add(outcome);
        self.sum
    }

    /// Whether nothing bad is remembered any more in the slot of this number.
    pub(super) fn is_all_good_at(&self, slot: u64) -> bool {
        let Tally { failures, slow, .. } = self.sum;
        failures + slow == 0 || slot.saturating_sub(self.newest) >= SLOTS
    }

    fn move_to(&mut self, slot: u64) {
        let begun = slot.saturating_sub(self.newest).min(SLOTS);
        for back in 0..begun {
            let forgotten = std::mem::take(self.slot(slot - back));
            self.sum.subtract(forgotten);
        }
        self.newest = self.newest.max(slot);
    }

    fn slot(&mut self, number: u64) -> &mut Tally {
        &mut self.slots[(number % SLOTS) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Outcome = Outcome {
        failed: true,
        slow: false,
    };
    const SLOW: Outcome = Outcome {
        failed: false,
        slow: true,
    };

    fn counts(tally: Tally) -> (u64, u64, u64) {
        (tally.calls, tally.failures, tally.slow)
    }

    #[test]
    fn an_outcome_counts_in_ten_slots_and_no_more() {
        for first in [0, 1, 9, 10, 12_345, u64::MAX - 20] {
            let mut window = TimeWindow::EMPTY;
            assert_eq!(counts(window.record(first, FAILED)), (1, 1, 0));
            assert_eq!(counts(window.record(first + 9, SLOW)), (2, 1, 1));
            assert!(!window.is_all_good_at(first + 18));
            assert_eq!(counts(window.record(first + 10, FAILED)), (2, 1, 1));
            assert!(window.is_all_good_at(first + 20));
        }
    }

    #[test]
    fn slots_are_forgotten_one_by_one() {
        let mut window = TimeWindow::EMPTY;
        for slot in 100..110 {
            window.record(slot, FAILED);
        }
        for (forgotten, slot) in (1..=10).zip(110..) {
            assert_eq!(
                counts(window.record(slot, Outcome::GOOD)),
                (10, 10 - forgotten, 0)
            );
        }
    }

    #[test]
    fn an_idle_gap_of_any_length_forgets_what_it_should() {
        for gap in 1..100 {
            let mut window = TimeWindow::EMPTY;
            for slot in 50..60 {
                window.record(slot, FAILED);
            }
            let kept = 10u64.saturating_sub(gap);
            assert_eq!(counts(window.record(59 + gap, FAILED)).0, kept + 1, "{gap}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_counts_in_the_newest_slot() {
        let mut window = TimeWindow::EMPTY;
        window.record(100, FAILED);
        assert_eq!(counts(window.record(3, FAILED)), (2, 2, 0));
        assert_eq!(counts(window.record(109, SLOW)), (3, 2, 1));
        assert_eq!(counts(window.record(110, SLOW)), (2, 0, 2));
        assert!(!window.is_all_good_at(0));
    }

    #[test]
    fn counts_what_a_list_of_all_outcomes_would_count() {
        let mut window = TimeWindow::EMPTY;
        let mut all = Vec::new();
        let mut slot = 7;
        for step in 0..5_000u64 {
            slot += step * step % 13 / 4;
            let outcome = Outcome {
                failed: step % 3 == 0,
                slow: step % 7 < 2,
            };
            // Every other outcome comes with a clock that has gone back.
            let sum = window.record(slot - step % 2, outcome);
            let newest = all.last().map_or(0, |(newest, _)| *newest);
            all.push((newest.max(slot - step % 2), outcome));
            let mut remembered = Tally::NONE;
            let newest = all.last().map_or(0, |(newest, _)| *newest);
            for (_, outcome) in all.iter().filter(|(slot, _)| newest - slot < SLOTS) {
                remembered.add(*outcome);
            }
            assert_eq!(sum, remembered);
        }
    }
}
