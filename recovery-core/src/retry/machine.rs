//! What happens after a failure: the one decision that the attributes and the closure API share.

use std::fmt::Display;
use std::time::Duration;

use super::brakes::Brakes;
use super::config::RetryConfig;
use super::history::History;
use super::outcome::StopReason;
use super::progress::Progress;
use crate::classify::{Classify, Effect, ErrorKind};
use crate::observe::{self, SiteStats, Told};

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
    /// All failed attempts, this one included; empty unless `history` asks for it.
    pub history: &'a History,
}

/// A retried call: its name, its policy, and which errors it retries by kind.
#[derive(Clone, Debug)]
pub struct Site {
    name: &'static str,
    /// Its counts; those of its name if it has none of its own.
    stats: Option<&'static SiteStats>,
    config: RetryConfig,
    at_most_once: bool,
    /// The kinds that are retried; what is transient if there is no list.
    listed: Option<Kinds>,
    /// The kinds that are not.
    excepted: Kinds,
}

impl Site {
    /// Retries what is transient.
    pub const fn new(name: &'static str, config: RetryConfig) -> Self {
        Self {
            name,
            stats: None,
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
    pub const fn named(name: &'static str) -> Self {
        Self::new(name, RetryConfig::DEFAULT)
    }

    /// The same call under another name.
    #[must_use]
    pub const fn with_name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The same call with counts of its own.
    #[must_use]
    pub const fn counted(self, stats: &'static SiteStats) -> Self {
        Self {
            stats: Some(stats),
            ..self
        }
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
        failure: Failure<'_>,
        verdict: Verdict,
        error: Option<&dyn Display>,
    ) -> Result<Duration, StopReason> {
        self.decide(progress, failure, verdict, error, None)
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
        failure: fn(&E) -> Failure<'_>,
        display: Option<fn(&E) -> &dyn Display>,
    ) -> Result<Duration, E> {
        let shown = display.map(|display| display(&error));
        self.decide(progress, failure(&error), verdict, shown, None)
            .map_err(|_| error)
    }

    #[inline]
    pub(super) fn decide(
        &self,
        progress: &mut Progress,
        failure: Failure<'_>,
        verdict: Verdict,
        error: Option<&dyn Display>,
        brakes: Option<&mut Brakes<'_>>,
    ) -> Result<Duration, StopReason> {
        let told = *progress;
        let told = || self.told(told, failure, error);
        let decision = self.next_delay(progress, failure, verdict, brakes);
        match decision {
            Ok(delay) => observe::scheduled(self.name, self.stats(), delay, told),
            Err(reason) => observe::gave_up(self.name, self.stats(), reason, told),
        }
        decision
    }

    /// The delay before the next attempt, to which `progress` then advances.
    fn next_delay(
        &self,
        progress: &mut Progress,
        failure: Failure<'_>,
        verdict: Verdict,
        brakes: Option<&mut Brakes<'_>>,
    ) -> Result<Duration, StopReason> {
        if !self.is_retryable(failure, verdict) {
            return Err(StopReason::NotRetryable);
        }
        if let Some(brakes) = &brakes {
            brakes.deserves_retry();
        }
        let Failure(error) = failure;
        if error.forbids_retry() {
            return Err(StopReason::ServerSaidNo);
        }
        if self.at_most_once && error.effect() != Effect::None {
            return Err(StopReason::MayHaveTakenEffect);
        }
        let attempt = progress.attempt();
        if attempt >= self.config.max_attempts {
            return Err(StopReason::Exhausted);
        }
        let mut memory = progress.memory();
        let mut delay = self
            .config
            .next_delay_after(attempt, &mut memory, error.retry_after());
        if let Some(brakes) = brakes {
            delay = brakes.allow(delay, error.kind())?;
        }
        progress.advance(delay, memory);
        Ok(delay)
    }

    /// No attempt follows that of `progress`.
    pub(super) fn gave_up(
        &self,
        progress: Progress,
        failure: Failure<'_>,
        error: Option<&dyn Display>,
        reason: StopReason,
    ) {
        let told = || self.told(progress, failure, error);
        observe::gave_up(self.name, self.stats(), reason, told);
    }

    /// What is told of the attempt that failed.
    fn told<'e>(
        &self,
        progress: Progress,
        failure: Failure<'e>,
        error: Option<&'e dyn Display>,
    ) -> Told<'e> {
        Told {
            name: self.name,
            attempt: progress.attempt(),
            max: (!self.config.is_unlimited()).then_some(self.config.max_attempts),
            waited_ms: progress.waited_ms(),
            kind: failure.kind(),
            error,
        }
    }

    /// Attempt number `progress.attempt()`, not the first, has succeeded.
    #[cold]
    #[inline(never)]
    pub(super) fn recovered(&self, progress: Progress) {
        let (attempt, waited_ms) = (progress.attempt(), progress.waited_ms());
        observe::recovered(self.name, self.stats(), attempt, waited_ms);
    }

    fn stats(&self) -> &'static SiteStats {
        self.stats.unwrap_or_else(|| SiteStats::of(self.name))
    }

    #[inline]
    fn is_retryable(&self, Failure(error): Failure<'_>, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Stop | Verdict::Except => false,
            Verdict::Retry => self.excepted.is_empty() || !self.excepted.contain(error.kind()),
            Verdict::ByKind => {
                if !self.excepted.is_empty() && self.excepted.contain(error.kind()) {
                    return false;
                }
                match self.listed {
                    None => error.is_transient(),
                    Some(kinds) => kinds.contain(error.kind()) && error.effect() != Effect::Done,
                }
            }
        }
    }

    /// What a breaker is told of the failure: nothing where it says nothing of the other side.
    pub(super) fn counts_as_failure(&self, failure: Failure<'_>, verdict: Verdict) -> bool {
        let kind = failure.kind();
        let is_excepted = verdict == Verdict::Except || self.excepted.contain(kind);
        !is_excepted && (kind.is_transient() || self.is_retryable(failure, verdict))
    }

    /// What the hook is shown of the attempt that failed after `progress`.
    pub fn attempt<'e, E>(
        &'e self,
        progress: Progress,
        failure: Failure<'_>,
        error: &'e E,
        delay: Duration,
        history: Option<&'e History>,
    ) -> Attempt<'e, E> {
        Attempt {
            name: self.name,
            number: progress.attempt(),
            max_attempts: self.config.max_attempts,
            error,
            kind: failure.kind(),
            delay,
            waited: Duration::from_millis(progress.waited_ms()),
            history: history.unwrap_or(History::EMPTY),
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

    const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn contain(self, kind: ErrorKind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

/// What an error says of itself, when it is asked.
#[derive(Clone, Copy)]
pub struct Failure<'a>(pub(super) &'a dyn Classify);

impl<'a> Failure<'a> {
    /// What [`Classify`] says.
    #[inline]
    pub fn classified<E: Classify>(error: &'a E) -> Self {
        Self(error)
    }

    /// An error of which nothing is known.
    #[inline]
    pub fn unclassified<E>(_: &'a E) -> Self {
        Self(&Unclassified)
    }

    pub(super) fn kind(self) -> ErrorKind {
        self.0.kind()
    }
}

struct Unclassified;

impl Classify for Unclassified {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
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
}
