//! What is told of a change of health: in order and once, outside the lock.

use std::collections::VecDeque;
use std::sync::MutexGuard;

use super::{Health, HealthChecker, State};
use crate::observe;

#[derive(Debug, Default)]
pub(super) struct Untold {
    changes: VecDeque<Health>,
    is_telling: bool,
}

impl Untold {
    pub(super) fn push(&mut self, health: Health) {
        self.changes.push_back(health);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.is_telling
    }
}

impl HealthChecker {
    /// Tells what has not been told yet, unless somebody is at it, who then tells this too: a gauge ends at
    /// the state that holds.
    pub(super) fn tell<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        while !state.untold.is_telling {
            let Some(health) = state.untold.changes.pop_front() else {
                return;
            };
            state.untold.is_telling = true;
            drop(state);
            let told = Telling(self);
            observe::health_changed(&health);
            drop(told);
            state = self.lock();
        }
    }
}

/// However the telling ends, by a panic of a subscriber too, the next may be told.
struct Telling<'a>(&'a HealthChecker);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.lock().untold.is_telling = false;
    }
}
