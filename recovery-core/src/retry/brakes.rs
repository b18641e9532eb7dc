//! What holds a call back beside its policy: its deadline, and the objects it shares with others.

use std::pin::Pin;
use std::time::{Duration, Instant};

use super::ask::{Ask, Classified, Displayed};
use super::breaker::{CircuitBreaker, Permit};
use super::budget::{RetryBudget, Withdrawal};
use super::clock;
use super::machine::{Site, Verdict};
use super::outcome::{NotAttempted, StopReason};
use super::progress::Progress;
use super::pushback::Pushback;
use super::wait;
use crate::classify::ErrorKind;
use crate::observe;

/// The brakes of one call.
#[derive(Clone, Copy, Debug)]
pub struct Brakes<'a> {
    now: fn() -> Instant,
    deadline: Option<Instant>,
    budget: Option<&'a RetryBudget>,
    breaker: Option<&'a CircuitBreaker>,
    pushback: Option<&'a Pushback>,
    /// What the last retry took from the budget.
    spent: Option<Withdrawal>,
}

/// Leave to make one attempt. Dropped without a verdict, it counts as neither.
pub struct Admission<'a>(Option<Permit<'a>>);

impl Admission<'_> {
    /// Leave that nobody has to give.
    pub const FREE: Self = Self(None);
}

impl<'a> Brakes<'a> {
    /// None at all, by the clock of async calls.
    pub const NONE: Self = Self {
        now: clock::now,
        deadline: None,
        budget: None,
        breaker: None,
        pushback: None,
        spent: None,
    };

    /// None at all, by the clock that a blocked thread waits on.
    pub const BLOCKING: Self = Self {
        now: Instant::now,
        ..Self::NONE
    };

    /// No attempt begins later than `limit` from now.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        // A limit beyond all clocks is none.
        self.deadline = (self.now)().checked_add(limit);
        self
    }

    /// Each retry takes a token.
    #[must_use]
    pub const fn budget(mut self, budget: &'a RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Each attempt needs the breaker's leave.
    #[must_use]
    pub const fn breaker(mut self, breaker: &'a CircuitBreaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Each attempt waits while the server has asked anyone to wait.
    #[must_use]
    pub const fn pushback(mut self, pushback: &'a Pushback) -> Self {
        self.pushback = Some(pushback);
        self
    }

    /// To be called on success.
    pub fn succeeded(&self, admission: Admission<'_>) {
        if let Admission(Some(permit)) = admission {
            permit.succeeded(self.now);
        }
        if let Some(budget) = self.budget {
            budget.succeeded(self.spent, self.now);
        }
    }

    /// [`Site::after_failure`], under these brakes.
    ///
    /// # Errors
    /// Why no attempt is to follow.
    #[cold]
    #[inline(never)]
    pub fn after_failure<E>(
        &mut self,
        site: &Site,
        progress: &mut Progress,
        error: &E,
        verdict: Verdict,
        ask: impl Ask<E>,
        admission: Admission<'_>,
    ) -> Result<Duration, StopReason> {
        // Dropped, a permit counts as neither.
        if let Admission(Some(permit)) = admission
            && site.counts_as_failure(error, verdict, ask)
        {
            permit.failed(self.now);
        }
        if let Some(pushback) = self.pushback
            && let Some(asked) = ask.retry_after(error)
        {
            pushback.close_for(asked, (self.now)());
        }
        if !site.is_retryable(error, verdict, ask) {
            let reason = verdict.stop_reason().unwrap_or(StopReason::NotRetryable);
            site.gave_up(*progress, error, ask, reason);
            return Err(reason);
        }
        if let Some(budget) = self.budget {
            budget.failed(self.now);
        }
        site.after_retryable(progress, error, ask, Some(self))
    }

    /// The wait before a retry, if one may follow: `delay`, or what is left of a pause if that is
    /// longer. The budget is asked last, for it is spent by the answer.
    pub(super) fn allow(
        &mut self,
        delay: Duration,
        kind: ErrorKind,
    ) -> Result<Duration, StopReason> {
        let delay = delay.max(self.pause().unwrap_or_default());
        if self.is_past_deadline(delay) {
            return Err(StopReason::WouldExceedDeadline);
        }
        if let Some(breaker) = self.breaker
            && breaker
                .reopens_in(self.now)
                .is_some_and(|refused| refused > delay)
        {
            return Err(StopReason::BreakerOpen);
        }
        if let Some(budget) = self.budget {
            self.spent = budget.try_withdraw(kind, self.now);
            observe::budget_asked(budget);
            if self.spent.is_none() {
                return Err(StopReason::BudgetEmpty);
            }
        }
        Ok(delay)
    }

    /// What is left of the pause that the server asked anyone for.
    fn pause(&self) -> Option<Duration> {
        // The clock is read only where there was a pause.
        let pushback = self.pushback.filter(|pushback| !pushback.is_idle())?;
        pushback.remaining((self.now)())
    }

    fn is_past_deadline(&self, delay: Duration) -> bool {
        self.deadline.is_some_and(|deadline| {
            (self.now)()
                .checked_add(delay)
                .is_none_or(|next| next > deadline)
        })
    }

    /// Leave for the first attempt, if nothing stands in its way: then there is no need to wait for it.
    #[inline]
    pub fn admit_at_once(&self) -> Option<Admission<'a>> {
        if self.pushback.is_some_and(|pushback| !pushback.is_idle()) {
            return None;
        }
        match self.breaker {
            None => Some(Admission::FREE),
            Some(breaker) => Some(Admission(Some(breaker.try_acquire(self.now)?))),
        }
    }

    /// Leave for the first attempt, when the push-back has passed.
    ///
    /// # Errors
    /// Why there is to be none.
    #[cfg(feature = "tokio")]
    pub async fn admit(
        &self,
        site: &Site,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Admission<'a>, NotAttempted> {
        let mut cancelled = std::pin::pin!(cancelled);
        let admitted = match self.pushed_back(cancelled.as_mut()).await {
            Ok(()) => self.permit(),
            Err(reason) => Err(reason),
        };
        admitted.map_err(|reason| self.refused(site, reason))
    }

    /// The wait before a further attempt, and leave for it.
    ///
    /// # Errors
    /// Why there is to be none.
    #[cfg(feature = "tokio")]
    pub async fn wait(
        &self,
        delay: Duration,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Admission<'a>, StopReason> {
        let mut cancelled = std::pin::pin!(cancelled);
        if wait::wait_unless(delay, cancelled.as_mut()).await {
            return Err(StopReason::Cancelled);
        }
        self.pushed_back(cancelled).await?;
        self.permit()
    }

    /// Stands in for the leave that has to be waited for.
    ///
    /// # Errors
    /// None: the wait says what is missing.
    #[cfg(not(feature = "tokio"))]
    pub fn admit<C>(
        &self,
        _: &Site,
        _: C,
    ) -> std::future::Ready<Result<Admission<'a>, NotAttempted>> {
        std::future::ready(Ok(Admission::FREE))
    }

    /// Stands in for the wait, to say what is missing.
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "tokio"))]
    pub fn wait<D: crate::__private::AsyncDelay, C>(
        &self,
        _: D,
        _: C,
    ) -> std::future::Ready<Result<Admission<'a>, StopReason>> {
        std::future::ready(Ok(Admission::FREE))
    }

    #[cfg(feature = "tokio")]
    async fn pushed_back(
        &self,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), StopReason> {
        while let Some(delay) = self.pushback_delay()? {
            if wait::wait_unless(delay, cancelled.as_mut()).await {
                return Err(StopReason::Cancelled);
            }
        }
        Ok(())
    }

    /// [`admit`](Self::admit) for a blocking call.
    ///
    /// # Errors
    /// Why there is to be no attempt.
    pub fn admit_blocking(
        &self,
        site: &Site,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Admission<'a>, NotAttempted> {
        let admitted = self
            .pushed_back_blocking(std::pin::pin!(cancelled))
            .and_then(|()| self.permit());
        admitted.map_err(|reason| self.refused(site, reason))
    }

    /// [`wait`](Self::wait) for a blocking call.
    ///
    /// # Errors
    /// Why there is to be no attempt.
    pub fn wait_blocking(
        &self,
        delay: Duration,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Admission<'a>, StopReason> {
        let mut cancelled = std::pin::pin!(cancelled);
        if wait::wait_blocking_unless(delay, cancelled.as_mut()) {
            return Err(StopReason::Cancelled);
        }
        self.pushed_back_blocking(cancelled)?;
        self.permit()
    }

    fn pushed_back_blocking(
        &self,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), StopReason> {
        while let Some(delay) = self.pushback_delay()? {
            if wait::wait_blocking_unless(delay, cancelled.as_mut()) {
                return Err(StopReason::Cancelled);
            }
        }
        Ok(())
    }

    /// How long the server's wish still holds this call back, if that is within its deadline.
    fn pushback_delay(&self) -> Result<Option<Duration>, StopReason> {
        match self.pause() {
            Some(delay) if self.is_past_deadline(delay) => Err(StopReason::WouldExceedDeadline),
            pause => Ok(pause),
        }
    }

    fn permit(&self) -> Result<Admission<'a>, StopReason> {
        match self.breaker {
            None => Ok(Admission::FREE),
            Some(breaker) => match breaker.try_acquire(self.now) {
                None => Err(StopReason::BreakerOpen),
                permit => Ok(Admission(permit)),
            },
        }
    }

    /// To be called where no attempt follows the wait that was decided on after a failure.
    #[cold]
    #[inline(never)]
    pub fn ended<E>(
        &self,
        site: &Site,
        progress: Progress,
        delay: Duration,
        error: &E,
        ask: impl Ask<E>,
        reason: StopReason,
    ) {
        if let (Some(budget), Some(spent)) = (self.budget, self.spent) {
            budget.give_back(spent);
        }
        // A wait that was cancelled is not counted, however long it was.
        let waited = if reason == StopReason::Cancelled {
            Duration::ZERO
        } else {
            delay
        };
        site.gave_up(progress.ended_in_wait(delay, waited), error, ask, reason);
    }

    #[cold]
    fn refused(&self, site: &Site, reason: StopReason) -> NotAttempted {
        let now = (self.now)();
        let retry_after = match reason {
            StopReason::BreakerOpen => self
                .breaker
                .and_then(|breaker| breaker.reopens_in(self.now)),
            _ => self.pushback.and_then(|pushback| pushback.remaining(now)),
        };
        let error = NotAttempted::new(reason, retry_after);
        site.gave_up(Progress::NONE, &error, (Classified, Displayed), reason);
        error
    }
}
