//! All that a monitor counts.

use std::time::{Instant, SystemTime};

use super::crossing::Crossing;
use super::operations::Operations;
use super::sliding::Sliding;
use crate::classify::ErrorKind;

/// What the lock of a monitor guards.
pub(super) struct Tallies {
    all: Sliding,
    by_kind: [Sliding; ErrorKind::ALL.len()],
    operations: Operations,
    total: u64,
    newest: u64,
    crossing: Option<Crossing>,
    /// The number of the newest crossing that somebody has heard of.
    seen: u64,
}

impl Tallies {
    /// Counts an error; how many there are now in the window.
    pub(super) fn record(&mut self, slot: u64, operation: &str, kind: ErrorKind) -> u64 {
        let slot = self.move_to(slot);
        self.total = self.total.saturating_add(1);
        self.by_kind[kind as usize].add(slot);
        self.operations.add(slot, operation);
        self.all.add(slot)
    }

    pub(super) fn count(&mut self, slot: u64) -> u64 {
        let slot = self.move_to(slot);
        self.all.count(slot)
    }

    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// The kinds with errors in the window, the most frequent first.
    pub(super) fn by_kind(&mut self, slot: u64) -> Vec<(ErrorKind, u64)> {
        let slot = self.move_to(slot);
        let kinds = ErrorKind::ALL.iter().copied().zip(&mut self.by_kind);
        let counts = kinds.map(|(kind, sliding)| (kind, sliding.count(slot)));
        let mut counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    pub(super) fn by_operation(&mut self, slot: u64) -> Vec<(String, u64)> {
        let slot = self.move_to(slot);
        self.operations.counts(slot)
    }

    /// The errors have just become too many.
    pub(super) fn cross(&mut self, slot: u64, at: Instant) {
        let last = self.crossing.as_ref().map_or(0, |crossing| crossing.number);
        self.crossing = Some(Crossing {
            number: last.saturating_add(1),
            at,
            when: SystemTime::now(),
            before: self.total.saturating_sub(self.count(slot)),
            by_kind: self.by_kind(slot),
            by_operation: self.by_operation(slot),
        });
    }

    pub(super) fn crossing_after(&mut self, seen: u64) -> Option<Crossing> {
        let crossing = self.crossing.as_ref()?;
        self.seen = self.seen.max(crossing.number);
        (crossing.number > seen).then(|| crossing.clone())
    }

    pub(super) const fn seen_crossing(&self) -> u64 {
        self.seen
    }

    /// The newest slot, for all counts alike: a clock may go back.
    fn move_to(&mut self, slot: u64) -> u64 {
        self.newest = self.newest.max(slot);
        self.newest
    }
}

impl Default for Tallies {
    fn default() -> Self {
        Self {
            all: Sliding::EMPTY,
            by_kind: [Sliding::EMPTY; ErrorKind::ALL.len()],
            operations: Operations::default(),
            total: 0,
            newest: 0,
            crossing: None,
            seen: 0,
        }
    }
}
