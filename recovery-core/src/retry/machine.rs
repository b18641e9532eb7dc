//! What happens after a failure: the one decision that the attributes and the closure API share.

use std::fmt::Display;
use std::time::Duration;

use super::config::RetryConfig;
use super::event::{self, Told};
use crate::classify::{Classify, Effect, ErrorKind};

/// A failed attempt that will be followed by another, as `on_retry` sees it before the wait.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a, E: ?Sized> {
    /// The name of the retried call, as in events.
    pub name: &'a str,
    /// The number of the attempt that failed, from 1.
    pub number: u32,
    /// Attempts in all that the policy allows.
    pub max_attempts: u32,
    /// How it failed.
    pub error: &'a E,
    /// The kind of the failure; [`ErrorKind::Other`] where the error is not classified.
    pub kind: ErrorKind,
    /// The wait that begins now.
    pub delay: Duration,
    /// The waits before it, summed up, to the millisecond.
    pub waited: Duration,
}

/// Why no further attempt was made.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum StopReason {
    /// All attempts that the policy allows have failed.
    Exhausted,
    /// The error is not one that deserves another try.
    NotRetryable,
    /// The call may have been carried out, and `at_most_once` forbids a second one.
    MayHaveTakenEffect,
}

/// What the decision needs to know of an error.
#[derive(Clone, Copy)]
pub struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) effect: Effect,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) retryable: bool,
}

impl Failure {
    /// Retried when the error calls itself transient.
    pub fn classified<E: Classify + ?Sized>(error: &E) -> Self {
        Self {
            kind: error.kind(),
            effect: error.effect(),
            retry_after: error.retry_after(),
            retryable: error.is_transient(),
        }
    }

    /// An error of which nothing is known; not retried unless somebody says so.
    pub(crate) const fn unclassified() -> Self {
        Self {
            kind: ErrorKind::Other,
            effect: Effect::Unknown,
            retry_after: None,
            retryable: false,
        }
    }

    /// Retried when of one of `kinds`, unless the call surely took effect.
    #[must_use]
    pub fn if_kind_in(mut self, kinds: &[ErrorKind]) -> Self {
        self.retryable = self.effect != Effect::Done && kinds.contains(&self.kind);
        self
    }

    /// Retried when `retryable`, whatever was decided before.
    #[must_use]
    pub const fn if_true(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    /// Retried also when `retryable`.
    #[must_use]
    pub const fn or_if(mut self, retryable: bool) -> Self {
        self.retryable |= retryable;
        self
    }
}

/// How far a retried call has come. All that it keeps across its waits.
#[derive(Clone, Copy)]
pub struct Progress {
    pub(super) attempt: u32,
    pub(super) waited_ms: u32,
}

impl Progress {
    /// Before the first attempt.
    pub const START: Self = Self {
        attempt: 1,
        waited_ms: 0,
    };

    /// The number of the attempt that runs, from 1.
    pub const fn attempt(self) -> u32 {
        self.attempt
    }

    /// Whether an attempt has failed before.
    pub const fn is_retry(self) -> bool {
        self.attempt != 1
    }

    /// The next attempt follows after `delay`.
    pub fn advance(&mut self, delay: Duration) {
        let waited = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
        self.waited_ms = self.waited_ms.saturating_add(waited);
        self.attempt = self.attempt.saturating_add(1);
    }

    /// To be called on success; says so if it took more than one attempt.
    #[inline]
    pub fn succeeded(self, name: &str) {
        if self.is_retry() {
            event::recovered(name, self);
        }
    }

    fn waited(self) -> Duration {
        Duration::from_millis(u64::from(self.waited_ms))
    }
}

/// A policy at its place of use.
#[derive(Clone, Copy)]
pub struct Machine<'a> {
    pub(crate) name: &'a str,
    pub(crate) config: &'a RetryConfig,
    pub(crate) at_most_once: bool,
}

impl Machine<'_> {
    /// Decides what follows the failure of `progress.attempt()`: the delay before the next
    /// attempt, or the end. Emits the event of either.
    #[cold]
    #[inline(never)]
    pub fn after_failure(
        &self,
        progress: Progress,
        failure: Failure,
        error: Option<&dyn Display>,
    ) -> Option<Duration> {
        let stop = if !failure.retryable {
            Some(StopReason::NotRetryable)
        } else if self.at_most_once && failure.effect != Effect::None {
            Some(StopReason::MayHaveTakenEffect)
        } else if progress.attempt >= self.config.max_attempts {
            Some(StopReason::Exhausted)
        } else {
            None
        };
        let told = Told {
            machine: self,
            progress,
            kind: failure.kind,
            error,
        };
        if let Some(reason) = stop {
            event::gave_up(&told, reason);
            return None;
        }
        let delay = self
            .config
            .next_delay_after(progress.attempt, failure.retry_after);
        event::scheduled(&told, delay);
        Some(delay)
    }

    /// What the hook is shown.
    pub fn attempt<'a, E>(
        &'a self,
        progress: Progress,
        failure: Failure,
        error: &'a E,
        delay: Duration,
    ) -> Attempt<'a, E> {
        Attempt {
            name: self.name,
            number: progress.attempt,
            max_attempts: self.config.max_attempts,
            error,
            kind: failure.kind,
            delay,
            waited: progress.waited(),
        }
    }
}
