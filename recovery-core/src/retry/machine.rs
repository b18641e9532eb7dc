//! What happens after a failure: the one decision that the attributes and the closure API share.

use std::fmt::Display;
use std::time::Duration;

use super::brakes::Brakes;
use super::config::RetryConfig;
use super::event::{self, Told};
use super::outcome::StopReason;
use crate::classify::{Classify, Effect, ErrorKind};

/// A failed attempt that will be followed by another, as `on_retry` sees it before the wait.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a, E: ?Sized> {
    /// The name of the retried call, as in events.
    pub name: &'a str,
    /// The number of the attempt that failed, from 1.
    pub number: u32,
    /// Attempts in all that the policy allows; `u32::MAX` is no limit.
    pub max_attempts: u32,
    /// How it failed.
    pub error: &'a E,
    /// The kind of the failure; [`ErrorKind::Other`] where the error is not classified.
    pub kind: ErrorKind,
    /// The wait that begins now.
    pub delay: Duration,
    /// The waits before it, summed up, to the millisecond; pauses that other calls were asked for
    /// meanwhile are left out.
    pub waited: Duration,
}

/// A retried call: its name, its policy, and which errors it retries by kind.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    pub(super) name: &'a str,
    pub(super) config: RetryConfig,
    at_most_once: bool,
    /// The kinds that are retried; what is transient if there is no list.
    listed: Option<Kinds>,
    /// The kinds that are not.
    excepted: Kinds,
}

impl<'a> Site<'a> {
    /// Retries what is transient.
    pub const fn new(name: &'a str, config: RetryConfig) -> Self {
        Self {
            name,
            config,
            at_most_once: false,
            listed: None,
            excepted: Kinds::of(&[]),
        }
    }

    /// The same call under another policy.
    #[must_use]
    pub const fn with_config(&self, config: RetryConfig) -> Self {
        Self { config, ..*self }
    }

    /// A call whose policy is known at run time.
    pub const fn named(name: &'a str) -> Self {
        Self::new(name, RetryConfig::DEFAULT)
    }

    /// The same call under another name.
    #[must_use]
    pub const fn with_name(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    /// Never retries a failure after which the call may already have been carried out.
    #[must_use]
    pub const fn at_most_once(mut self) -> Self {
        self.at_most_once = true;
        self
    }

    /// Retries failures of these kinds alone, unless the call surely took effect.
    #[must_use]
    pub const fn retry_on(mut self, kinds: &[ErrorKind]) -> Self {
        self.listed = Some(Kinds::of(kinds));
        self
    }

    /// Retries no failure of these kinds.
    #[must_use]
    pub const fn except(mut self, kinds: &[ErrorKind]) -> Self {
        self.excepted = Kinds::of(kinds);
        self
    }

    /// Decides what follows the failure of `progress.attempt()`: the delay before the next
    /// attempt, or the end. Emits the event of either.
    ///
    /// # Errors
    /// Why no attempt is to follow.
    #[cold]
    #[inline(never)]
    pub fn after_failure(
        &self,
        progress: &mut Progress,
        failure: Failure,
        verdict: Verdict,
        error: Option<&dyn Display>,
    ) -> Result<Duration, StopReason> {
        let mut brakes = Brakes::NONE;
        self.decide(progress, failure, verdict, error, &mut brakes)
    }

    /// The same for an error that nobody needs afterwards, unless it is the last: all of the error
    /// path but the wait, in one call.
    ///
    /// # Errors
    /// The error, if no attempt is to follow.
    #[cold]
    #[inline(never)]
    pub fn after_error<E>(
        &self,
        progress: &mut Progress,
        error: E,
        verdict: Verdict,
        failure: fn(&E) -> Failure,
        display: Option<fn(&E) -> &dyn Display>,
    ) -> Result<Duration, E> {
        let shown = display.map(|display| display(&error));
        self.after_failure(progress, failure(&error), verdict, shown)
            .map_err(|_| error)
    }

    pub(super) fn decide(
        &self,
        progress: &mut Progress,
        failure: Failure,
        verdict: Verdict,
        error: Option<&dyn Display>,
        brakes: &mut Brakes<'_>,
    ) -> Result<Duration, StopReason> {
        let is_retryable = self.is_retryable(failure, verdict);
        if is_retryable {
            brakes.deserves_retry();
        }
        let decision = if !is_retryable {
            Err(StopReason::NotRetryable)
        } else if self.at_most_once && failure.effect != Effect::None {
            Err(StopReason::MayHaveTakenEffect)
        } else if progress.attempt >= self.config.max_attempts && !self.config.is_unlimited() {
            Err(StopReason::Exhausted)
        } else {
            let delay = self.config.next_delay_after(
                progress.attempt,
                progress.previous_delay(),
                failure.retry_after,
            );
            brakes.allow(delay, failure.kind)
        };
        let told = Told {
            site: self,
            progress: *progress,
            kind: failure.kind,
            error,
        };
        match decision {
            Ok(delay) => {
                event::scheduled(&told, delay);
                progress.advance(delay);
            }
            Err(reason) => event::gave_up(&told, reason),
        }
        decision
    }

    fn is_retryable(&self, failure: Failure, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Retry => !self.excepted.contain(failure.kind),
            Verdict::Stop | Verdict::Except => false,
            Verdict::ByKind => {
                !self.excepted.contain(failure.kind)
                    && match self.listed {
                        None => failure.is_transient,
                        Some(kinds) => {
                            failure.effect != Effect::Done && kinds.contain(failure.kind)
                        }
                    }
            }
        }
    }

    /// What a breaker is told of the failure: nothing where it says nothing of the other side.
    pub(super) fn counts_as_failure(&self, failure: Failure, verdict: Verdict) -> bool {
        let is_excepted = verdict == Verdict::Except || self.excepted.contain(failure.kind);
        !is_excepted && (failure.kind.is_transient() || self.is_retryable(failure, verdict))
    }

    /// What the hook is shown of the attempt that failed after `progress`.
    pub fn attempt<'e, E>(
        &'e self,
        progress: Progress,
        failure: Failure,
        error: &'e E,
        delay: Duration,
    ) -> Attempt<'e, E> {
        Attempt {
            name: self.name,
            number: progress.attempt,
            max_attempts: self.config.max_attempts,
            error,
            kind: failure.kind,
            delay,
            waited: Duration::from_millis(u64::from(progress.waited_ms)),
        }
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug)]
struct Kinds(u16);

impl Kinds {
    const fn of(mut kinds: &[ErrorKind]) -> Self {
        let mut bits = 0;
        while let [kind, others @ ..] = kinds {
            bits |= 1 << *kind as u16;
            kinds = others;
        }
        Self(bits)
    }

    const fn contain(self, kind: ErrorKind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

/// What an error says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    pub(super) kind: ErrorKind,
    pub(super) effect: Effect,
    pub(super) retry_after: Option<Duration>,
    pub(super) is_transient: bool,
}

impl Failure {
    /// What [`Classify`] says.
    pub fn classified<E: Classify + ?Sized>(error: &E) -> Self {
        Self {
            kind: error.kind(),
            effect: error.effect(),
            retry_after: error.retry_after(),
            is_transient: error.is_transient(),
        }
    }

    /// An error of which nothing is known.
    pub const fn unclassified() -> Self {
        Self {
            kind: ErrorKind::Other,
            effect: Effect::Unknown,
            retry_after: None,
            is_transient: false,
        }
    }
}

/// What patterns or a predicate say of an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing: its kind decides.
    ByKind,
    /// To be retried.
    Retry,
    /// Not to be retried.
    Stop,
    /// Named by `except(..)`: not to be retried, and no business of a breaker's.
    Except,
}

impl Verdict {
    /// The word of a predicate.
    pub const fn when(is_retryable: bool) -> Self {
        if is_retryable {
            Self::Retry
        } else {
            Self::Stop
        }
    }
}

/// How far a retried call has come. All that it keeps across its waits.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub(super) attempt: u32,
    pub(super) waited_ms: u32,
    /// The delay before this attempt, up to 71 minutes.
    previous_us: u32,
}

impl Progress {
    /// Before the first attempt.
    pub const START: Self = Self {
        attempt: 1,
        waited_ms: 0,
        previous_us: 0,
    };

    /// Of a call that was refused before it.
    pub(super) const NONE: Self = Self {
        attempt: 0,
        ..Self::START
    };

    /// The number of the attempt that runs, from 1.
    pub const fn attempt(self) -> u32 {
        self.attempt
    }

    /// Whether an attempt has failed before.
    pub const fn is_retry(self) -> bool {
        self.attempt > 1
    }

    fn previous_delay(self) -> Duration {
        Duration::from_micros(u64::from(self.previous_us))
    }

    /// Of the last attempt, where none follows its wait of `delay`, of which `waited` counts.
    pub(super) fn ended_in_wait(mut self, delay: Duration, waited: Duration) -> Self {
        self.attempt -= 1;
        self.waited_ms = self.waited_ms.saturating_sub(millis(delay));
        self.waited_ms = self.waited_ms.saturating_add(millis(waited));
        self
    }

    /// The next attempt follows after `delay`.
    fn advance(&mut self, delay: Duration) {
        self.waited_ms = self.waited_ms.saturating_add(millis(delay));
        self.previous_us = u32::try_from(delay.as_micros()).unwrap_or(u32::MAX);
        self.attempt = self.attempt.saturating_add(1);
    }

    /// To be called on success; says so if it took more than one attempt.
    #[inline]
    pub fn succeeded(&self, site: &Site<'_>) {
        if self.is_retry() {
            event::recovered(site, self);
        }
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        let all = [
            ErrorKind::Network,
            ErrorKind::Timeout,
            ErrorKind::RateLimited,
            ErrorKind::Server,
            ErrorKind::Authentication,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            ErrorKind::InvalidInput,
            ErrorKind::Conflict,
            ErrorKind::Cancelled,
            ErrorKind::Other,
        ];
        for kind in all {
            assert!(Kinds::of(&all).contain(kind));
            assert!(!Kinds::of(&[]).contain(kind));
            for other in all {
                assert_eq!(Kinds::of(&[kind]).contain(other), kind == other);
            }
        }
    }

    #[test]
    fn progress_saturates() {
        let mut progress = Progress::START;
        for _ in 0..3 {
            progress.advance(Duration::MAX);
        }
        assert_eq!((progress.attempt, progress.waited_ms), (4, u32::MAX));
        assert_eq!(progress.previous_delay().as_micros(), u128::from(u32::MAX));
    }
}
