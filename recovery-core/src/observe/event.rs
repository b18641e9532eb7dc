//! The one place where something is told of a call, to whoever listens.

use std::fmt::Display;
use std::time::Duration;

#[cfg(feature = "metrics")]
use super::metric_events;
use super::sites::SiteStats;
#[cfg(feature = "tracing")]
use super::tracing_events;
use crate::classify::ErrorKind;
use crate::retry::{BreakerChange, RetryBudget, StopReason};

/// Else nobody asks the error for what is told.
const IS_HEARD: bool = cfg!(any(feature = "tracing", feature = "metrics"));

/// A failed attempt, or a call that was refused.
#[cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(dead_code, reason = "not everybody listens")
)]
pub(crate) struct Told<'a> {
    pub(crate) name: &'static str,
    pub(crate) attempt: u32,
    /// The attempts that the policy allows, if it counts them.
    pub(crate) max: Option<u32>,
    pub(crate) waited_ms: u64,
    pub(crate) kind: ErrorKind,
    pub(crate) error: Option<&'a dyn Display>,
}

/// Another attempt of `name` follows after `delay`.
#[inline]
pub(crate) fn scheduled<'a>(
    name: &'static str,
    stats: &'static SiteStats,
    delay: Duration,
    told: impl FnOnce() -> Told<'a>,
) {
    stats.scheduled(name, delay);
    if IS_HEARD {
        let told = told();
        #[cfg(feature = "metrics")]
        stats.keys(name).scheduled(&told, delay);
        #[cfg(feature = "tracing")]
        tracing_events::scheduled(&told, delay);
        let _ = told;
    }
}

/// No attempt of `name` follows.
#[inline]
pub(crate) fn gave_up<'a>(
    name: &'static str,
    stats: &'static SiteStats,
    reason: StopReason,
    told: impl FnOnce() -> Told<'a>,
) {
    stats.gave_up(name, reason);
    if IS_HEARD {
        let told = told();
        #[cfg(feature = "metrics")]
        stats.keys(name).gave_up(&told, reason);
        #[cfg(feature = "tracing")]
        tracing_events::gave_up(&told, reason);
        let _ = told;
    }
}

/// Attempt number `attempt`, not the first, has succeeded.
pub(crate) fn recovered(name: &'static str, stats: &SiteStats, attempt: u32, waited_ms: u64) {
    stats.recovered();
    #[cfg(feature = "metrics")]
    stats.keys(name).recovered();
    #[cfg(feature = "tracing")]
    tracing_events::recovered(name, attempt, waited_ms);
    #[cfg(not(feature = "tracing"))]
    let _ = (name, attempt, waited_ms);
}

/// A breaker has changed its state.
pub(crate) fn breaker_changed(change: &BreakerChange) {
    #[cfg(feature = "metrics")]
    metric_events::breaker_changed(change);
    #[cfg(feature = "tracing")]
    tracing_events::breaker_changed(change);
    let _ = change;
}

/// A budget has been asked for a retry.
#[inline]
pub(crate) fn budget_asked(budget: &RetryBudget) {
    #[cfg(feature = "metrics")]
    metric_events::budget_asked(budget);
    let _ = budget;
}
