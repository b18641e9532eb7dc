//! The last so many outcomes, without a lock.

use std::sync::atomic::Ordering::{AcqRel, Relaxed, SeqCst};
use std::sync::atomic::{AtomicI64, AtomicU64};

use super::tally::{Outcome, Tally};

/// A ring of outcomes: one bit says that it was a failure, another that it was slow.
///
/// Each outcome takes a place of its own, marks it or clears it, and books what the bits were
/// before. So the counts are those of the bits whatever comes between the steps, and once nobody is
/// at it they are exact. Meanwhile a count may lack what is just being recorded, or still have what
/// that displaces: at the very edge of the ratio it may open by as many marks too early as calls end
/// at this moment. Whoever records last sees all of it, so that no opening is missed; the counts are
/// read before the position, so that none is compared with too few calls.
///
/// While all that is remembered is good, one more good outcome clears no bit; and once the window
/// is full, it changes nothing at all.
pub(super) struct CountWindow {
    /// How many outcomes have taken a place; the next one's is the remainder by the size.
    position: AtomicU64,
    failed: Marks,
    slow: Marks,
}

impl CountWindow {
    /// For windows of up to [`FEW`] calls, which need no memory of their own.
    pub(super) const fn small() -> Self {
        Self {
            position: AtomicU64::new(0),
            failed: Marks::few(),
            slow: Marks::few(),
        }
    }

    pub(super) fn new(size: u64, knows_slow_calls: bool) -> Self {
        Self {
            failed: Marks::new(size),
            slow: Marks::new(if knows_slow_calls { size } else { 0 }),
            ..Self::small()
        }
    }

    /// What is remembered then, unless all of it is good.
    #[inline]
    pub(super) fn record(&self, size: u64, outcome: Outcome) -> Option<Tally> {
        if outcome == Outcome::GOOD && self.is_all_good() && self.position.load(Relaxed) >= size {
            return None;
        }
        let position = self.position.fetch_add(1, SeqCst);
        if outcome == Outcome::GOOD && self.is_all_good() {
            return None;
        }
        Some(self.replace(position, size, outcome))
    }

    #[inline]
    pub(super) fn is_all_good(&self) -> bool {
        self.failed.count.load(SeqCst) == 0 && self.slow.count.load(SeqCst) == 0
    }

    #[inline(never)]
    fn replace(&self, position: u64, size: u64, outcome: Outcome) -> Tally {
        let place = position % size;
        self.failed.put(place, outcome.failed);
        self.slow.put(place, outcome.slow);
        self.tally(size)
    }

    fn tally(&self, size: u64) -> Tally {
        let (failures, slow) = (self.failed.count(), self.slow.count());
        let calls = self.position.load(SeqCst).min(size);
        Tally {
            calls,
            failures: failures.min(calls),
            slow: slow.min(calls),
        }
    }

    pub(super) fn forget(&self) {
        self.failed.clear();
        self.slow.clear();
        self.position.store(0, SeqCst);
    }
}

const WORDS: usize = 2;
const FEW: u64 = WORDS as u64 * BITS;
const BITS: u64 = u64::BITS as u64;

/// One bit for each place, and how many of them are set.
struct Marks {
    /// Signed: a bit may be cleared, and that be booked, before its setting is.
    count: AtomicI64,
    few: [AtomicU64; WORDS],
    /// Instead of `few`, unless it is empty.
    more: Vec<AtomicU64>,
}

impl Marks {
    const fn few() -> Self {
        Self {
            count: AtomicI64::new(0),
            few: [const { AtomicU64::new(0) }; WORDS],
            more: Vec::new(),
        }
    }

    fn new(size: u64) -> Self {
        let words = if size > FEW { size.div_ceil(BITS) } else { 0 };
        Self {
            more: (0..words).map(|_| AtomicU64::new(0)).collect(),
            ..Self::few()
        }
    }

    fn words(&self) -> &[AtomicU64] {
        if self.more.is_empty() {
            &self.few
        } else {
            &self.more
        }
    }

    fn put(&self, place: u64, mark: bool) {
        let bit = 1 << (place % BITS);
        let Some(word) = usize::try_from(place / BITS)
            .ok()
            .and_then(|word| self.words().get(word))
        else {
            // Where no call is slow, there is nothing to clear.
            return;
        };
        if mark {
            if word.fetch_or(bit, AcqRel) & bit == 0 {
                self.count.fetch_add(1, SeqCst);
            }
        } else if word.load(Relaxed) & bit != 0 && word.fetch_and(!bit, AcqRel) & bit != 0 {
            self.count.fetch_sub(1, SeqCst);
        }
    }

    fn count(&self) -> u64 {
        self.count.load(SeqCst).max(0).unsigned_abs()
    }

    fn clear(&self) {
        for word in self.words() {
            let cleared = word.swap(0, AcqRel).count_ones();
            if cleared > 0 {
                self.count.fetch_sub(cleared.into(), SeqCst);
            }
        }
    }
}

#[cfg(test)]
impl CountWindow {
    /// What the bits say, once nobody is at it.
    pub(super) fn marked(&self) -> (u64, u64) {
        let marked = |marks: &Marks| {
            let ones = marks
                .words()
                .iter()
                .map(|word| word.load(Relaxed).count_ones());
            u64::from(ones.sum::<u32>())
        };
        (marked(&self.failed), marked(&self.slow))
    }

    pub(super) fn known(&self, size: u64) -> Tally {
        self.tally(size)
    }
}
