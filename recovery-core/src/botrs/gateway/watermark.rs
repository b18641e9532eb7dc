//! Up to where everything has been handled.

use std::collections::BTreeSet;

use crate::botrs::ranges::Ranges;

/// The events of one session: which came, and which of them are still in hand.
///
/// Handlers run side by side, so event 7 may be done before event 5. What a later RESUME may begin
/// with is the newest number below which nothing is open: 4.
#[derive(Debug, Default)]
pub(crate) struct Watermark {
    newest: u64,
    open: BTreeSet<u64>,
    /// Numbers above `newest` that an earlier process has handled.
    handled_before: Ranges,
}

impl Watermark {
    /// A session whose events up to `handled` are done, and some above it too.
    pub(crate) fn new(handled: u64, handled_before: Ranges) -> Self {
        Self {
            newest: handled,
            open: BTreeSet::new(),
            handled_before,
        }
    }

    /// Notes that number `sequence` has come; false if it has come before.
    pub(crate) fn begin(&mut self, sequence: u64) -> bool {
        if sequence <= self.newest {
            return false;
        }
        self.newest = sequence;
        let is_new = !self.handled_before.contains(sequence);
        self.handled_before.forget_up_to(sequence);
        if is_new {
            self.open.insert(sequence);
        }
        is_new
    }

    pub(crate) fn done(&mut self, sequence: u64) {
        self.open.remove(&sequence);
    }

    /// The newest number that has come.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Everything up to this number has been handled.
    pub(crate) fn handled(&self) -> u64 {
        self.open.first().map_or(self.newest, |first| first - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_below_the_first_that_is_open() {
        let mut watermark = Watermark::default();
        for sequence in 1..=4 {
            assert!(watermark.begin(sequence));
        }
        assert_eq!(watermark.handled(), 0);
        watermark.done(3);
        watermark.done(1);
        assert_eq!(watermark.handled(), 1);
        watermark.done(2);
        assert_eq!(watermark.handled(), 3);
        watermark.done(4);
        assert_eq!((watermark.handled(), watermark.newest()), (4, 4));
    }

    #[test]
    fn what_has_come_before_is_not_new() {
        let mut before = Ranges::default();
        before.insert(12..=12);
        before.insert(15..=16);
        let mut watermark = Watermark::new(10, before);
        assert!(!watermark.begin(9) && !watermark.begin(10));
        assert!(watermark.begin(11));
        assert!(!watermark.begin(12), "an earlier process has handled it");
        assert!(watermark.begin(13));
        watermark.done(13);
        assert_eq!(watermark.handled(), 10);
        watermark.done(11);
        assert_eq!(watermark.handled(), 13);
    }

    proptest::proptest! {
        #[test]
        fn never_passes_what_is_open(actions in proptest::collection::vec((0u64..40, proptest::bool::ANY), 0..200)) {
            let mut watermark = Watermark::default();
            let mut open = BTreeSet::new();
            for (sequence, is_done) in actions {
                if is_done {
                    watermark.done(sequence);
                    open.remove(&sequence);
                } else if watermark.begin(sequence) {
                    open.insert(sequence);
                }
                let handled = watermark.handled();
                proptest::prop_assert!(open.iter().all(|open| *open > handled));
                proptest::prop_assert!(handled <= watermark.newest());
                proptest::prop_assert_eq!(handled + 1, open.first().copied().unwrap_or(watermark.newest() + 1));
            }
        }
    }
}
