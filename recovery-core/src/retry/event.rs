//! What a retried call says through `tracing`: nothing without that feature.

use std::fmt::Display;
use std::time::Duration;

use super::machine::{Machine, Progress, StopReason};
use crate::classify::ErrorKind;

/// A failure, as its event tells it.
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "nobody listens"))]
pub(super) struct Told<'a> {
    pub(super) machine: &'a Machine<'a>,
    pub(super) progress: Progress,
    pub(super) kind: ErrorKind,
    pub(super) error: Option<&'a dyn Display>,
}

#[cfg(feature = "tracing")]
impl Told<'_> {
    pub(super) fn scheduled(self, delay: Duration) {
        tracing::warn!(
            target: "recovery",
            name = self.machine.name,
            attempt = self.progress.attempt,
            max = self.machine.config.max_attempts,
            delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            waited_ms = self.progress.waited_ms,
            kind = self.kind.as_str(),
            error = self.error.map(tracing::field::display),
            "retry.scheduled"
        );
    }

    pub(super) fn gave_up(self, reason: StopReason) {
        tracing::warn!(
            target: "recovery",
            name = self.machine.name,
            attempt = self.progress.attempt,
            max = self.machine.config.max_attempts,
            waited_ms = self.progress.waited_ms,
            kind = self.kind.as_str(),
            reason = reason.as_str(),
            error = self.error.map(tracing::field::display),
            "retry.gave_up"
        );
    }
}

#[cfg(feature = "tracing")]
#[cold]
#[inline(never)]
pub(super) fn recovered(name: &str, progress: Progress) {
    tracing::info!(
        target: "recovery",
        name,
        attempt = progress.attempt,
        waited_ms = progress.waited_ms,
        "retry.recovered"
    );
}

#[cfg(not(feature = "tracing"))]
impl Told<'_> {
    pub(super) fn scheduled(self, _: Duration) {}
    pub(super) fn gave_up(self, _: StopReason) {}
}

#[cfg(not(feature = "tracing"))]
pub(super) fn recovered(_: &str, _: Progress) {}
