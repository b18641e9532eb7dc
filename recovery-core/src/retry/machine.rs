//! What happens after a failure: the one decision that the attributes and the closure API share.

use std::fmt::Display;
use std::time::Duration;

use super::ask::{Ask, Kinds};
use super::brakes::Brakes;
use super::config::RetryConfig;
use super::history::History;
use super::outcome::StopReason;
use super::progress::Progress;
use crate::classify::{Effect, ErrorKind};
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
    pub fn after_failure<E>(
        &self,
        progress: &mut Progress,
        error: &E,
        verdict: Verdict,
        ask: impl Ask<E>,
    ) -> Result<Duration, StopReason> {
        if self.is_retryable(error, verdict, ask) {
            self.after_retryable(progress, error, ask, None)
        } else {
            self.gave_up(*progress, error, ask, StopReason::NotRetryable);
            Err(StopReason::NotRetryable)
        }
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
        ask: impl Ask<E>,
    ) -> Result<Duration, E> {
        if !self.is_retryable(&error, verdict, ask) {
            self.gave_up(*progress, &error, ask, StopReason::NotRetryable);
            return Err(error);
        }
        match self.after_retryable(progress, &error, ask, None) {
            Ok(delay) => Ok(delay),
            Err(_) => Err(error),
        }
    }

    /// What follows an error that deserves another try.
    #[inline(never)]
    pub(super) fn after_retryable<E>(
        &self,
        progress: &mut Progress,
        error: &E,
        ask: impl Ask<E>,
        brakes: Option<&mut Brakes<'_>>,
    ) -> Result<Duration, StopReason> {
        let failed = *progress;
        match self.next_delay(progress, error, ask, brakes) {
            Ok(delay) => {
                let told = || self.told(failed, ask.kind(error), ask.text(error));
                observe::scheduled(self.name, self.stats(), delay, told);
                Ok(delay)
            }
            Err(reason) => {
                self.gave_up(failed, error, ask, reason);
                Err(reason)
            }
        }
    }

    /// The delay before the next attempt, to which `progress` then advances.
    #[inline]
    fn next_delay<E>(
        &self,
        progress: &mut Progress,
        error: &E,
        ask: impl Ask<E>,
        brakes: Option<&mut Brakes<'_>>,
    ) -> Result<Duration, StopReason> {
        if ask.forbids_retry(error) {
            return Err(StopReason::ServerSaidNo);
        }
        if self.at_most_once && ask.effect(error) != Effect::None {
            return Err(StopReason::MayHaveTakenEffect);
        }
        if progress.attempt() >= self.config.max_attempts {
            return Err(StopReason::Exhausted);
        }
        let asked = ask.retry_after(error);
        let mut delay = self.config.next_delay_after(progress, asked);
        if let Some(brakes) = brakes {
            delay = brakes.allow(delay, ask.kind(error))?;
        }
        progress.advance(delay);
        Ok(delay)
    }

    /// No attempt follows that of `progress`.
    #[inline]
    pub(super) fn gave_up<E>(
        &self,
        progress: Progress,
        error: &E,
        ask: impl Ask<E>,
        reason: StopReason,
    ) {
        let told = || self.told(progress, ask.kind(error), ask.text(error));
        observe::gave_up(self.name, self.stats(), reason, told);
    }

    /// What is told of the attempt that failed.
    fn told<'e>(
        &self,
        progress: Progress,
        kind: ErrorKind,
        error: Option<&'e dyn Display>,
    ) -> Told<'e> {
        Told {
            name: self.name,
            attempt: progress.attempt(),
            max: (!self.config.is_unlimited()).then_some(self.config.max_attempts),
            waited_ms: progress.waited_ms(),
            kind,
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

    #[inline]
    fn stats(&self) -> &'static SiteStats {
        self.stats.unwrap_or_else(|| SiteStats::of(self.name))
    }

    #[inline]
    pub(super) fn is_retryable<E>(&self, error: &E, verdict: Verdict, ask: impl Ask<E>) -> bool {
        if verdict.stop_reason().is_some() {
            return false;
        }
        if !self.excepted.is_empty() && self.excepted.contain(ask.kind(error)) {
            return false;
        }
        match (verdict, self.listed) {
            (Verdict::Retry, _) => true,
            (_, None) => ask.is_transient(error),
            (_, Some(kinds)) => kinds.contain(ask.kind(error)) && ask.effect(error) != Effect::Done,
        }
    }

    /// What a breaker is told of the failure: nothing where it says nothing of the other side.
    pub(super) fn counts_as_failure<E>(
        &self,
        error: &E,
        verdict: Verdict,
        ask: impl Ask<E>,
    ) -> bool {
        let kind = ask.kind(error);
        let is_excepted = verdict == Verdict::Except || self.excepted.contain(kind);
        !is_excepted && (kind.is_transient() || self.is_retryable(error, verdict, ask))
    }

    /// What the hook is shown of the attempt that failed after `progress`.
    pub fn attempt<'e, E>(
        &'e self,
        progress: Progress,
        error: &'e E,
        ask: impl Ask<E>,
        delay: Duration,
        history: Option<&'e History>,
    ) -> Attempt<'e, E> {
        Attempt {
            name: self.name,
            number: progress.attempt(),
            max_attempts: self.config.max_attempts,
            error,
            kind: ask.kind(error),
            delay,
            waited: Duration::from_millis(progress.waited_ms()),
            history: history.unwrap_or(History::EMPTY),
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
    /// Would be retried, if this did not keep it from that.
    Prevented(StopReason),
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

    /// Why there is no retry, if there is to be none.
    #[inline]
    pub(super) const fn stop_reason(self) -> Option<StopReason> {
        match self {
            Self::ByKind | Self::Retry => None,
            Self::Stop | Self::Except => Some(StopReason::NotRetryable),
            Self::Prevented(reason) => Some(reason),
        }
    }
}
