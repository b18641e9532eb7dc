//! What a retried call says through `tracing`: nothing without that feature.

use std::fmt::Display;
use std::time::Duration;

use super::machine::{Progress, Site};
use super::outcome::StopReason;
use crate::classify::ErrorKind;

/// A failure, as its event tells it.
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "nobody listens"))]
pub(super) struct Told<'a> {
    pub(super) site: &'a Site<'a>,
    pub(super) progress: Progress,
    pub(super) kind: ErrorKind,
    pub(super) error: Option<&'a dyn Display>,
}

#[cfg(feature = "tracing")]
pub(super) fn scheduled(told: &Told<'_>, delay: Duration) {
    tracing::warn!(
        target: "recovery",
        name = told.site.name,
        attempt = told.progress.attempt,
        max = max(told),
        delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        waited_ms = told.progress.waited_ms,
        kind = told.kind.as_str(),
        error = told.error.map(tracing::field::display),
        "retry.scheduled"
    );
}

/// The attempts that the policy allows, if it counts them.
#[cfg(feature = "tracing")]
fn max(told: &Told<'_>) -> Option<u32> {
    let config = &told.site.config;
    (!config.is_unlimited()).then_some(config.max_attempts)
}

#[cfg(feature = "tracing")]
pub(super) fn gave_up(told: &Told<'_>, reason: StopReason) {
    macro_rules! event_at {
        ($level:expr) => {
            tracing::event!(
                target: "recovery",
                $level,
                name = told.site.name,
                attempt = told.progress.attempt,
                max = max(told),
                waited_ms = told.progress.waited_ms,
                kind = told.kind.as_str(),
                reason = reason.as_str(),
                error = told.error.map(tracing::field::display),
                "retry.gave_up"
            )
        };
    }
    // The caller of a call that was never to be retried hears of its error by itself.
    if reason == StopReason::NotRetryable && !told.progress.is_retry() {
        event_at!(tracing::Level::DEBUG);
    } else {
        event_at!(tracing::Level::WARN);
    }
}

#[cfg(feature = "tracing")]
#[cold]
#[inline(never)]
pub(super) fn recovered(site: &Site<'_>, progress: &Progress) {
    tracing::info!(
        target: "recovery",
        name = site.name,
        attempt = progress.attempt,
        waited_ms = progress.waited_ms,
        "retry.recovered"
    );
}

#[cfg(not(feature = "tracing"))]
pub(super) fn scheduled(_: &Told<'_>, _: Duration) {}

#[cfg(not(feature = "tracing"))]
pub(super) fn gave_up(_: &Told<'_>, _: StopReason) {}

#[cfg(not(feature = "tracing"))]
pub(super) fn recovered(_: &Site<'_>, _: &Progress) {}
