//! What is told of a change of state, in order and once, outside the lock.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, MutexGuard};

use super::{BreakerState, CircuitBreaker, Core};
use crate::observe;

/// A change of the state of a [`CircuitBreaker`].
///
/// The counts are those that led to it: of the window where it opened from closed, of the probes
/// where a half-open one closed or opened again, and 0 where it became half-open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerChange {
    /// The name of the breaker, if it has one.
    pub name: Option<&'static str>,
    /// The state that it left.
    pub from: BreakerState,
    /// The state that it entered.
    pub to: BreakerState,
    /// How many of the calls failed.
    pub failures: u64,
    /// How many of the calls were slow, failed or not.
    pub slow: u64,
    /// How many outcomes were known.
    pub calls: u64,
}

/// What the program wants to be called with each change.
#[derive(Clone)]
pub(super) struct Hook(pub(super) Arc<dyn Fn(&BreakerChange) + Send + Sync>);

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

impl CircuitBreaker {
    /// Tells what has not been told yet, unless somebody is at it, who then tells this too: so
    /// changes are told in their order, and a gauge ends at the state that holds.
    ///
    /// A listener that panics keeps nobody from being told. The first panic goes on to the caller.
    #[cold]
    pub(super) fn tell_changes<'a>(&'a self, mut core: MutexGuard<'a, Core>) {
        if core.is_telling {
            return;
        }
        core.is_telling = true;
        let mut panic = None;
        while let Some(change) = core.untold.pop_front() {
            drop(core);
            // Whatever a listener leaves half done, nothing of the breaker is in its hands.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.tell(&change))) {
                panic.get_or_insert(payload);
            }
            core = self.lock();
        }
        core.is_telling = false;
        drop(core);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    fn tell(&self, change: &BreakerChange) {
        observe::breaker_changed(change);
        if let Some(Hook(hook)) = &self.on_change {
            hook(change);
        }
    }
}
