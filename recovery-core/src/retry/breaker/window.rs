//! The last outcomes of a closed breaker, by number: no lock, and no memory until one of them counts.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::tally::Tally;

/// The last outcomes.
pub(super) struct CountWindow {
    /// Outcomes in all.
    outcomes: AtomicU64,
    failed: Marks,
    slow: Marks,
}

impl CountWindow {
    pub(super) const fn new() -> Self {
        Self {
            outcomes: AtomicU64::new(0),
            failed: Marks::new(),
            slow: Marks::new(),
        }
    }

    /// Takes in one outcome; gives those of the last `size` if any of them counts against the breaker.
    #[inline]
    pub(super) fn record(&self, failed: bool, slow: bool, size: u32) -> Option<Tally> {
        // Where nothing is marked there is no mark to take back; and once as many are known as count,
        // one success more says nothing. So threads that succeed write nothing.
        let says_nothing = !failed && !slow && self.is_clear();
        if says_nothing && self.outcomes.load(Relaxed) >= u64::from(size) {
            return None;
        }
        let place = self.outcomes.fetch_add(1, Relaxed);
        (!says_nothing).then(|| self.mark(place, failed, slow, size))
    }

    #[cold]
    #[inline(never)]
    fn mark(&self, place: u64, failed: bool, slow: bool, size: u32) -> Tally {
        let at = place % u64::from(size);
        self.failed.set(at, failed, size);
        self.slow.set(at, slow, size);
        Tally {
            calls: u32::try_from(place + 1).unwrap_or(size).min(size),
            failures: self.failed.count(),
            slow: self.slow.count(),
        }
    }

    /// Whether no outcome counts against the breaker.
    #[inline]
    pub(super) fn is_clear(&self) -> bool {
        self.failed.is_clear() && self.slow.is_clear()
    }

    /// Forgets everything. Who is in the midst of an outcome meanwhile may leave one mark behind.
    pub(super) fn clear(&self) {
        self.outcomes.store(0, Relaxed);
        self.failed.clear();
        self.slow.clear();
    }
}

/// One bit for each outcome, and how many are set. The count follows the changes of bits, each of which
/// one thread sees, so that it stays exact however many take part.
struct Marks {
    words: OnceLock<Box<[AtomicU64]>>,
    count: AtomicU32,
}

impl Marks {
    const fn new() -> Self {
        Self {
            words: OnceLock::new(),
            count: AtomicU32::new(0),
        }
    }

    fn set(&self, at: u64, marked: bool, size: u32) {
        if !marked && self.is_clear() {
            return;
        }
        let words = self.words.get_or_init(|| {
            let words = size.div_ceil(u64::BITS);
            (0..words).map(|_| AtomicU64::new(0)).collect()
        });
        let Some(word) = usize::try_from(at / 64)
            .ok()
            .and_then(|word| words.get(word))
        else {
            return;
        };
        let bit = 1 << (at % 64);
        if marked {
            if word.fetch_or(bit, Relaxed) & bit == 0 {
                self.count.fetch_add(1, Relaxed);
            }
        } else if word.fetch_and(!bit, Relaxed) & bit != 0 {
            let less = |count: u32| count.checked_sub(1);
            let _ = self.count.fetch_update(Relaxed, Relaxed, less);
        }
    }

    #[inline]
    fn is_clear(&self) -> bool {
        self.count() == 0
    }

    #[inline]
    fn count(&self) -> u32 {
        self.count.load(Relaxed)
    }

    fn clear(&self) {
        for word in self.words.get().into_iter().flatten() {
            word.store(0, Relaxed);
        }
        self.count.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_last_ones_exactly() {
        let window = CountWindow::new();
        let mut random = fastrand::Rng::with_seed(4);
        let mut outcomes = Vec::new();
        for _ in 0..2000 {
            let (failed, slow) = (random.u8(..10) == 0, random.u8(..7) == 0);
            outcomes.push((failed, slow));
            let recent = &outcomes[outcomes.len().saturating_sub(70)..];
            let expected = Tally {
                calls: u32::try_from(recent.len()).unwrap(),
                failures: recent.iter().map(|(failed, _)| u32::from(*failed)).sum(),
                slow: recent.iter().map(|(_, slow)| u32::from(*slow)).sum(),
            };
            let tally = window.record(failed, slow, 70).unwrap_or(Tally {
                failures: 0,
                slow: 0,
                ..expected
            });
            assert_eq!(tally, expected);
        }
    }

    #[test]
    fn takes_no_memory_for_successes() {
        let window = CountWindow::new();
        for _ in 0..100 {
            assert!(window.record(false, false, 10).is_none());
        }
        assert!(window.failed.words.get().is_none());
        assert_eq!(window.record(true, false, 10).unwrap().calls, 10);
        assert!(window.slow.words.get().is_none());
    }

    #[test]
    fn threads_lose_no_mark() {
        let window = CountWindow::new();
        std::thread::scope(|scope| {
            for seed in 0..4 {
                let window = &window;
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(seed);
                    for _ in 0..50_000 {
                        window.record(random.bool(), random.bool(), 100);
                    }
                });
            }
        });
        // The count is that of the bits, and a full round of successes leaves none.
        for marks in [&window.failed, &window.slow] {
            let words = marks.words.get().unwrap();
            let bits: u32 = words
                .iter()
                .map(|word| word.load(Relaxed).count_ones())
                .sum();
            assert_eq!(bits, marks.count());
        }
        for _ in 0..100 {
            window.record(false, false, 100);
        }
        assert!(window.is_clear());
    }
}
