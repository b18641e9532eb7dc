//! A change of state, and who is told of it.

use super::BreakerState;
use super::tally::Tally;
use crate::observe;

/// A breaker's change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerChange {
    /// The breaker's name, if it has one.
    pub name: Option<&'static str>,
    /// What it was.
    pub from: BreakerState,
    /// What it is.
    pub to: BreakerState,
    /// The calls of the window, or the probes, by which this was decided.
    pub calls: u32,
    /// Those of them that failed.
    pub failures: u32,
    /// Those of them that were slow.
    pub slow: u32,
}

impl BreakerChange {
    pub(super) const fn new(
        name: Option<&'static str>,
        from: BreakerState,
        to: BreakerState,
        by: Tally,
    ) -> Self {
        Self {
            name,
            from,
            to,
            calls: by.calls,
            failures: by.failures,
            slow: by.slow,
        }
    }
}

/// Tells of a change that has been made: under no lock, so that a hook may do what it likes.
#[cold]
pub(super) fn tell(change: BreakerChange, hook: Option<&dyn Fn(&BreakerChange)>) {
    observe::breaker_changed(&change);
    if let Some(hook) = hook {
        hook(&change);
    }
}
