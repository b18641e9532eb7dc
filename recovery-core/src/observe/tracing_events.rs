//! The events of the feature `tracing`.

use std::time::Duration;

use super::Told;
use crate::retry::{BreakerChange, BreakerState, StopReason};

pub(super) fn scheduled(told: &Told<'_>, delay: Duration) {
    tracing::warn!(
        target: "recovery",
        name = told.name,
        attempt = told.attempt,
        max = told.max,
        delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        waited_ms = told.waited_ms,
        kind = told.kind.as_str(),
        error = told.error.map(tracing::field::display),
        "retry.scheduled"
    );
}

pub(super) fn gave_up(told: &Told<'_>, reason: StopReason) {
    macro_rules! event_at {
        ($level:expr) => {
            tracing::event!(
                target: "recovery",
                $level,
                name = told.name,
                attempt = told.attempt,
                max = told.max,
                waited_ms = told.waited_ms,
                kind = told.kind.as_str(),
                reason = reason.as_str(),
                error = told.error.map(tracing::field::display),
                "retry.gave_up"
            )
        };
    }
    // The caller of a call that was never to be retried hears of its error by itself.
    if reason == StopReason::NotRetryable && told.attempt <= 1 {
        event_at!(tracing::Level::DEBUG);
    } else {
        event_at!(tracing::Level::WARN);
    }
}

pub(super) fn recovered(name: &str, attempt: u32, waited_ms: u64) {
    tracing::info!(target: "recovery", name, attempt, waited_ms, "retry.recovered");
}

pub(super) fn breaker_changed(change: &BreakerChange) {
    let name = change.name;
    match change.to {
        BreakerState::Closed => tracing::info!(target: "recovery", name, "breaker.closed"),
        BreakerState::HalfOpen => tracing::info!(target: "recovery", name, "breaker.half_open"),
        BreakerState::Open => tracing::warn!(
            target: "recovery",
            name,
            failures = change.failures,
            slow = change.slow,
            calls = change.calls,
            "breaker.opened"
        ),
    }
}
