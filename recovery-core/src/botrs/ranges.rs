//! A set of numbers that come nearly in order, kept as ranges.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Takes the place of its gaps, not of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// From the first number of each range to its last; no two of them touch.
    ends: BTreeMap<u64, u64>,
}

impl Ranges {
    pub(crate) fn insert(&mut self, range: RangeInclusive<u64>) {
        let (mut start, mut end) = range.into_inner();
        if start > end {
            return;
        }
        if let Some((before, last)) = self.ends.range(..=start).next_back()
            && last.saturating_add(1) >= start
        {
            start = *before;
            end = end.max(*last);
        }
        while let Some((next, last)) = self.ends.range(start..).next()
            && *next <= end.saturating_add(1)
        {
            let (next, last) = (*next, *last);
            end = end.max(last);
            self.ends.remove(&next);
        }
        self.ends.insert(start, end);
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        let range = self.ends.range(..=number).next_back();
        range.is_some_and(|(_, last)| *last >= number)
    }

    /// Forgets all numbers up to this one.
    pub(crate) fn forget_up_to(&mut self, number: u64) {
        while let Some(entry) = self.ends.first_entry()
            && *entry.key() <= number
        {
            let last = entry.remove();
            if last > number {
                self.ends.insert(number + 1, last);
                return;
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        self.ends.iter().map(|(start, end)| *start..=*end)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::{prop_assert, prop_assert_eq};

    use super::*;

    #[test]
    fn a_run_of_numbers_is_one_range() {
        let mut ranges = Ranges::default();
        (1..=1_000).for_each(|number| ranges.insert(number..=number));
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [1..=1_000]);
        ranges.insert(1_002..=u64::MAX);
        ranges.insert(1_001..=1_001);
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [1..=u64::MAX]);
    }

    proptest::proptest! {
        #[test]
        fn is_a_set(actions in vec((0u64..60, 0u64..6, proptest::bool::weighted(0.1)), 0..120)) {
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            for (number, length, forget) in actions {
                if forget {
                    ranges.forget_up_to(number);
                    set = set.split_off(&(number + 1));
                } else {
                    ranges.insert(number..=number + length);
                    set.extend(number..=number + length);
                }
                let members: BTreeSet<u64> = ranges.iter().flatten().collect();
                prop_assert_eq!(&members, &set);
                prop_assert!((0..70).all(|number| ranges.contains(number) == set.contains(&number)));
                let all: Vec<_> = ranges.iter().collect();
                prop_assert!(all.windows(2).all(|pair| *pair[0].end() + 1 < *pair[1].start()));
            }
        }
    }
}
