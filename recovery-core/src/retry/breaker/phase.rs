//! What a breaker keeps under its lock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::tally::{Outcome, Tally};
use super::time_window::TimeWindow;
use super::{BreakerChange, BreakerState};

pub(super) struct Core {
    pub(super) phase: Phase,
    /// The window, where it is one of time.
    pub(super) time: Option<Box<TimeWindow>>,
    /// Changes that nobody has been told of yet.
    pub(super) untold: VecDeque<BreakerChange>,
    pub(super) is_telling: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Phase {
    Closed,
    Open { since: Instant },
    HalfOpen(Probes),
}

#[derive(Clone, Copy)]
pub(super) struct Probes {
    pub(super) running: u32,
    pub(super) succeeded: u32,
    /// How many of those that succeeded were slow.
    pub(super) slow: u32,
    /// When the latest was let through.
    pub(super) latest: Instant,
}

impl Core {
    pub(super) const CLOSED: Self = Self {
        phase: Phase::Closed,
        time: None,
        untold: VecDeque::new(),
        is_telling: false,
    };
}

impl Phase {
    pub(super) const fn state(self) -> BreakerState {
        match self {
            Self::Closed => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen(_) => BreakerState::HalfOpen,
        }
    }
}

impl Probes {
    pub(super) const fn first(now: Instant) -> Self {
        Self {
            running: 1,
            succeeded: 0,
            slow: 0,
            latest: now,
        }
    }

    /// Whether no more of so many may begin: a success frees no place. Those that have been out for
    /// `patience` are not waited for any longer, or one that never ends would be the last.
    pub(super) fn are_out(self, allowed: u32, patience: Duration, now: Instant) -> bool {
        self.running.saturating_add(self.succeeded) >= allowed
            && now.saturating_duration_since(self.latest) < patience
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.running = self.running.saturating_add(1);
        self.latest = now;
    }

    /// One that ran is known; gives what is known of all.
    pub(super) fn add(&mut self, outcome: Outcome) -> Tally {
        let mut known = Tally {
            calls: self.succeeded.into(),
            failures: 0,
            slow: self.slow.into(),
        };
        known.add(outcome);
        self.running = self.running.saturating_sub(1);
        if !outcome.failed {
            self.succeeded += 1;
            self.slow += u32::from(outcome.slow);
        }
        known
    }
}
