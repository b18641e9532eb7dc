//! One count over a sliding window.

const PLACES: usize = 60;
pub(super) const SLOTS: u64 = PLACES as u64;

/// A count of what happened in the newest 60 slots. What is older is forgotten when somebody looks, so a count
/// that nobody asks for costs nothing as time goes on.
#[derive(Clone)]
pub(super) struct Sliding {
    slots: [u64; PLACES],
    sum: u64,
    newest: u64,
}

impl Sliding {
    pub(super) const EMPTY: Self = Self {
        slots: [0; PLACES],
        sum: 0,
        newest: 0,
    };

    /// Counts one in the slot of this number, which is never less than before.
    pub(super) fn add(&mut self, slot: u64) -> u64 {
        self.move_to(slot);
        let place = self.place(slot);
        *place = place.saturating_add(1);
        self.sum = self.sum.saturating_add(1);
        self.sum
    }

    pub(super) fn count(&mut self, slot: u64) -> u64 {
        self.move_to(slot);
        self.sum
    }

    fn move_to(&mut self, slot: u64) {
        let begun = slot.saturating_sub(self.newest).min(SLOTS);
        if begun == 0 {
            return;
        }
        for back in 0..begun {
            *self.place(slot - back) = 0;
        }
        // Added up anew rather than subtracted from: a sum that was saturated is right again.
        self.sum = self.slots.iter().copied().fold(0, u64::saturating_add);
        self.newest = slot;
    }

    fn place(&mut self, slot: u64) -> &mut u64 {
        &mut self.slots[(slot % SLOTS) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_counts_in_sixty_slots_and_no_more() {
        for first in [0, 1, 59, 60, 12_345, u64::MAX - 60] {
            let mut sliding = Sliding::EMPTY;
            assert_eq!(sliding.add(first), 1);
            assert_eq!(sliding.count(first + 59), 1);
            assert_eq!(sliding.count(first + 60), 0);
        }
    }

    #[test]
    fn a_full_count_saturates_and_is_right_again() {
        let mut sliding = Sliding::EMPTY;
        sliding.add(0);
        *sliding.place(0) = u64::MAX;
        sliding.sum = u64::MAX;
        assert_eq!(sliding.add(0), u64::MAX);
        assert_eq!(sliding.add(1), u64::MAX);
        assert_eq!(sliding.count(60), 1);
    }

    #[test]
    fn a_jump_to_the_end_of_time_forgets_all() {
        let mut sliding = Sliding::EMPTY;
        sliding.add(7);
        assert_eq!(sliding.count(u64::MAX), 0);
        assert_eq!(sliding.add(u64::MAX), 1);
    }
}
