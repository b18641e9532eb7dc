//! The last minutes, second by second: what a page that is opened now draws.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// How often a sample is taken.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// Ten minutes.
const KEPT: usize = 600;

/// One moment's values, in the order of the series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Sample {
    /// Counted from 1, so that a reader can say which it has.
    pub(super) number: u64,
    /// Milliseconds since the beginning.
    pub(super) at_ms: u64,
    /// `None` where a source had no answer.
    pub(super) values: Vec<Option<u64>>,
}

/// The latest samples.
#[derive(Debug, Default)]
pub(super) struct Samples(Mutex<VecDeque<Sample>>);

impl Samples {
    pub(super) fn push(&self, at_ms: u64, values: Vec<Option<u64>>) {
        let mut samples = self.lock();
        let number = samples.back().map_or(1, |last| last.number + 1);
        if samples.len() == KEPT {
            samples.pop_front();
        }
        samples.push_back(Sample {
            number,
            at_ms,
            values,
        });
    }

    pub(super) fn after(&self, number: u64) -> Vec<Sample> {
        let samples = self.lock();
        let newer = samples.partition_point(|sample| sample.number <= number);
        samples.range(newer..).cloned().collect()
    }

    /// Nothing under the lock leaves it half changed.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Sample>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_sample_makes_room() {
        let samples = Samples::default();
        for at in 0..700 {
            samples.push(at, vec![Some(at)]);
        }
        let all = samples.after(0);
        assert_eq!((all.len(), all[0].number, all[599].number), (600, 101, 700));
    }

    #[test]
    fn a_reader_gets_what_it_has_not() {
        let samples = Samples::default();
        assert_eq!(samples.after(u64::MAX), []);
        samples.push(5, vec![None]);
        samples.push(6, vec![Some(u64::MAX)]);
        assert_eq!(
            samples.after(1),
            [Sample {
                number: 2,
                at_ms: 6,
                values: vec![Some(u64::MAX)]
            }]
        );
        assert_eq!(samples.after(2), []);
        assert_eq!(samples.after(u64::MAX), []);
    }
}
