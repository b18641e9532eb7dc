//! The closure API: the same engine for whom an attribute does not fit.

pub mod parts;

use std::pin::pin;
use std::time::Duration;

#[cfg(feature = "botrs")]
use self::parts::JudgedBy;
pub use self::parts::Stopped;
#[cfg(feature = "tokio")]
use self::parts::{AsyncFallback, Limit, Within};
use self::parts::{
    Blocking, ByKind, Decide, FallBack, Fallback, Hook, Never, NoFallback, NoHook, NoLimit,
    OnRetry, OnlyWhen, When,
};
use super::brakes::{Admission, Brakes};
use super::breaker::CircuitBreaker;
use super::budget::RetryBudget;
use super::config::RetryConfig;
use super::history::History;
use super::machine::Site;
#[cfg(feature = "botrs")]
use super::machine::Verdict;
use super::outcome::{NotAttempted, StopReason};
use super::progress::Progress;
use super::pushback::Pushback;
#[cfg(feature = "tokio")]
use super::timed_out::TimedOut;
#[cfg(feature = "tokio")]
use super::wait::wait;
use super::wait::wait_blocking;
use crate::classify::{Classify, ErrorKind};

/// Retries a closure under a [`RetryConfig`].
///
/// It is the machine of [`#[retry]`](macro@crate::retry), and each option of the attribute is a method
/// here. The order in which the parts work, the outermost first: fallback, retries, cancellation,
/// budget and push-back, breaker, time limit, the operation.
///
/// # Examples
/// ```
/// use std::io;
/// use std::time::Duration;
/// use recovery_core::{Retry, RetryBudget, RetryConfig};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> io::Result<()> {
/// let budget = RetryBudget::new(20).with_refund(0.0); // shared by all calls to one server
/// let answer = Retry::new(RetryConfig::default())
///     .name("greet")
///     .timeout(Duration::from_secs(5))
///     .deadline(Duration::from_secs(60))
///     .budget(&budget)
///     .on_retry(|failed| eprintln!("{}; again in {:?}", failed.error, failed.delay))
///     .run(async |attempt| match attempt {
///         1 => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
///         _ => Ok("hello"),
///     })
///     .await?;
/// assert_eq!(answer, "hello");
/// assert_eq!(budget.available(), 19);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is called until `run` or `run_blocking`"]
pub struct Retry<'a, E, P = ByKind, H = NoHook, F = NoFallback, C = Never, L = NoLimit> {
    call: Call<'a, E>,
    decide: P,
    hook: H,
    fallback: F,
    cancelled: C,
    limit: L,
}

/// The parts that are values.
struct Call<'a, E> {
    site: Site,
    refused: fn(NotAttempted) -> E,
    deadline: Option<Duration>,
    budget: Option<&'a RetryBudget>,
    breaker: Option<&'a CircuitBreaker>,
    pushback: Option<&'a Pushback>,
    is_cancellable: bool,
    keeps_history: bool,
}

impl<E: Classify> Retry<'_, E> {
    /// Retries the errors that call themselves transient ([`Classify::is_transient`]).
    pub fn new(config: RetryConfig) -> Self {
        Self::of(config, ByKind)
    }
}

impl<E, P: Fn(&E) -> bool> Retry<'_, E, OnlyWhen<P>> {
    /// Retries the errors for which `is_retryable` holds; for errors that do not implement
    /// [`Classify`], so that a `retry_after` they may carry is unknown.
    pub fn unclassified(config: RetryConfig, is_retryable: P) -> Self {
        Self::of(config, OnlyWhen(is_retryable))
    }
}

impl<E, P> Retry<'_, E, P> {
    fn of(config: RetryConfig, decide: P) -> Self {
        Self {
            call: Call {
                site: Site::new("retry", config),
                refused: |_| unreachable!("only a breaker and a push-back refuse a first attempt"),
                deadline: None,
                budget: None,
                breaker: None,
                pushback: None,
                is_cancellable: false,
                keeps_history: false,
            },
            decide,
            hook: NoHook,
            fallback: NoFallback,
            cancelled: std::future::pending(),
            limit: NoLimit,
        }
    }
}

impl<'a, E, P, H, F, C, L> Retry<'a, E, P, H, F, C, L> {
    /// The name in events, metrics and counts. Default `"retry"`.
    pub fn name(mut self, name: &'static str) -> Self {
        self.call.site = self.call.site.with_name(name);
        self
    }

    /// Retries errors of these kinds alone, unless the call surely took effect.
    pub fn retryable_on(mut self, kinds: &[ErrorKind]) -> Self {
        self.call.site = self.call.site.retry_on(kinds);
        self
    }

    /// Retries no error of these kinds, and tells no breaker of them.
    pub fn except(mut self, kinds: &[ErrorKind]) -> Self {
        self.call.site = self.call.site.except(kinds);
        self
    }

    /// Never retries a failure after which the call may already have been carried out.
    pub fn at_most_once(mut self) -> Self {
        self.call.site = self.call.site.at_most_once();
        self
    }

    /// Retries the errors for which `is_retryable` holds instead.
    ///
    /// What the error says of `retry_after` and of its effect is honoured as before.
    pub fn when<Q>(self, is_retryable: Q) -> Retry<'a, E, When<Q>, H, F, C, L>
    where
        Q: Fn(&E) -> bool,
    {
        self.decided_by(When(is_retryable))
    }

    /// As [`when`](Self::when), by a judge who knows why there is to be no retry.
    #[cfg(feature = "botrs")]
    pub(crate) fn judged_by<Q>(self, judge: Q) -> Retry<'a, E, JudgedBy<Q>, H, F, C, L>
    where
        Q: Fn(&E) -> Verdict,
    {
        self.decided_by(JudgedBy(judge))
    }

    fn decided_by<D>(self, decide: D) -> Retry<'a, E, D, H, F, C, L> {
        Retry {
            call: self.call,
            decide,
            hook: self.hook,
            fallback: self.fallback,
            cancelled: self.cancelled,
            limit: self.limit,
        }
    }

    /// No wait begins that would end later than `limit` after the call's start. An attempt that runs
    /// is not cut off.
    pub const fn deadline(mut self, limit: Duration) -> Self {
        self.call.deadline = Some(limit);
        self
    }

    /// Each retry takes from `budget`.
    pub const fn budget(mut self, budget: &'a RetryBudget) -> Self {
        self.call.budget = Some(budget);
        self
    }

    /// Each attempt needs the leave of `breaker`, and is recorded by it. A call that it refuses ends
    /// with the error that is made of [`NotAttempted`].
    pub fn breaker(mut self, breaker: &'a CircuitBreaker) -> Self
    where
        E: From<NotAttempted>,
    {
        self.call.breaker = Some(breaker);
        self.call.refused = E::from;
        self
    }

    /// What a server asks of one call, its siblings with the same `pushback` wait too. A call that
    /// would have to wait for longer than its deadline, or is cancelled before its first attempt, ends
    /// with the error that is made of [`NotAttempted`].
    pub fn pushback(mut self, pushback: &'a Pushback) -> Self
    where
        E: From<NotAttempted>,
    {
        self.call.pushback = Some(pushback);
        self.call.refused = E::from;
        self
    }

    /// When `cancelled` is ready, a wait ends and no further attempt begins: the call returns its last
    /// error. For tokio-util's token, give `token.cancelled()`.
    pub fn cancel<D>(mut self, cancelled: D) -> Retry<'a, E, P, H, F, D, L>
    where
        D: Future<Output = ()>,
    {
        self.call.is_cancellable = true;
        Retry {
            call: self.call,
            decide: self.decide,
            hook: self.hook,
            fallback: self.fallback,
            cancelled,
            limit: self.limit,
        }
    }

    /// Cuts off each attempt that takes longer than `limit`; its error is made of [`TimedOut`]. Only
    /// for [`run`](Self::run).
    #[cfg(feature = "tokio")]
    pub fn timeout(self, limit: Duration) -> Retry<'a, E, P, H, F, C, Within<E>>
    where
        E: From<TimedOut>,
    {
        Retry {
            call: self.call,
            decide: self.decide,
            hook: self.hook,
            fallback: self.fallback,
            cancelled: self.cancelled,
            limit: Within {
                limit,
                timed_out: E::from,
            },
        }
    }

    /// Calls `hook` before each wait.
    pub fn on_retry<G>(self, hook: G) -> Retry<'a, E, P, OnRetry<G>, F, C, L>
    where
        G: FnMut(&super::Attempt<'_, E>),
    {
        Retry {
            call: self.call,
            decide: self.decide,
            hook: OnRetry(hook),
            fallback: self.fallback,
            cancelled: self.cancelled,
            limit: self.limit,
        }
    }

    /// Keeps the failed attempts for the hook ([`Attempt::history`](super::Attempt::history)) and the
    /// fallback ([`Stopped::history`]).
    pub const fn history(mut self) -> Self {
        self.call.keeps_history = true;
        self
    }

    /// Calls `fallback` once when no attempt is to follow; what it returns is the call's result. For
    /// [`run`](Self::run) it returns a future of that.
    ///
    /// ```
    /// use std::io;
    /// use recovery_core::{Retry, RetryConfig, StopReason};
    ///
    /// let config = RetryConfig::builder().max_attempts(1).build().unwrap();
    /// let page = Retry::new(config)
    ///     .fallback(|stopped| match stopped.reason {
    ///         StopReason::Exhausted => Ok("yesterday's page"),
    ///         _ => Err(stopped.error),
    ///     })
    ///     .run_blocking(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))?;
    /// assert_eq!(page, "yesterday's page");
    /// # io::Result::Ok(())
    /// ```
    pub fn fallback<G, R>(self, fallback: G) -> Retry<'a, E, P, H, FallBack<G>, C, L>
    where
        G: FnOnce(Stopped<E>) -> R,
    {
        Retry {
            call: self.call,
            decide: self.decide,
            hook: self.hook,
            fallback: FallBack(fallback),
            cancelled: self.cancelled,
            limit: self.limit,
        }
    }

    /// Calls `operation` with the attempt's number (from 1) until it succeeds or the policy ends.
    ///
    /// # Errors
    /// The last error, unchanged; or what the fallback returns.
    ///
    /// # Cancel safety
    /// Dropping the future drops the attempt or the wait that is under way; nothing stays behind, and
    /// a breaker's probe is free again.
    #[cfg(feature = "tokio")]
    pub async fn run<T, O, A>(mut self, mut operation: O) -> Result<T, E>
    where
        O: FnMut(u32) -> A,
        A: Future<Output = Result<T, E>>,
        P: Decide<E>,
        H: Hook<E>,
        F: AsyncFallback<T, E>,
        C: Future<Output = ()>,
        L: Limit<E>,
    {
        let mut cancelled = pin!(self.cancelled);
        let mut run = Run::new(&self.call, &self.decide, &mut self.hook, Brakes::NONE);
        let (error, reason) = 'stopped: {
            let mut admission = match run.brakes.admit_at_once() {
                Some(admission) => admission,
                None => match run.brakes.admit(&run.call.site, cancelled.as_mut()).await {
                    Ok(admission) => admission,
                    Err(refused) => {
                        break 'stopped ((run.call.refused)(refused), refused.reason());
                    }
                },
            };
            loop {
                let attempt = operation(run.progress.attempt());
                let error = match self.limit.attempt(attempt).await {
                    Ok(value) => {
                        run.succeeded(admission);
                        return Ok(value);
                    }
                    Err(error) => error,
                };
                let delay = match run.failed(&error, admission) {
                    Ok(delay) => delay,
                    Err(reason) => break 'stopped (error, reason),
                };
                if !run.is_gated() {
                    drop(error);
                    wait(delay).await;
                    admission = Admission::FREE;
                    continue;
                }
                admission = match run.brakes.wait(delay, cancelled.as_mut()).await {
                    Ok(admission) => admission,
                    Err(reason) => {
                        run.ended(&error, delay, reason);
                        break 'stopped (error, reason);
                    }
                };
            }
        };
        let history = run.history;
        let stopped = Stopped {
            error,
            reason,
            history,
        };
        self.fallback.fall_back(stopped).await
    }

    /// The same for a blocking operation: the thread sleeps between the attempts.
    ///
    /// # Errors
    /// The last error, unchanged; or what the fallback returns.
    pub fn run_blocking<T, O>(mut self, mut operation: O) -> Result<T, E>
    where
        O: FnMut(u32) -> Result<T, E>,
        P: Decide<E>,
        H: Hook<E>,
        F: Fallback<T, E>,
        C: Future<Output = ()>,
        L: Blocking,
    {
        let mut cancelled = pin!(self.cancelled);
        let mut run = Run::new(&self.call, &self.decide, &mut self.hook, Brakes::BLOCKING);
        let (error, reason) = 'stopped: {
            let admitted = run
                .brakes
                .admit_blocking(&run.call.site, cancelled.as_mut());
            let mut admission = match admitted {
                Ok(admission) => admission,
                Err(refused) => {
                    break 'stopped ((run.call.refused)(refused), refused.reason());
                }
            };
            loop {
                let error = match operation(run.progress.attempt()) {
                    Ok(value) => {
                        run.succeeded(admission);
                        return Ok(value);
                    }
                    Err(error) => error,
                };
                let delay = match run.failed(&error, admission) {
                    Ok(delay) => delay,
                    Err(reason) => break 'stopped (error, reason),
                };
                if !run.is_gated() {
                    drop(error);
                    wait_blocking(delay);
                    admission = Admission::FREE;
                    continue;
                }
                admission = match run.brakes.wait_blocking(delay, cancelled.as_mut()) {
                    Ok(admission) => admission,
                    Err(reason) => {
                        run.ended(&error, delay, reason);
                        break 'stopped (error, reason);
                    }
                };
            }
        };
        let history = run.history;
        self.fallback.fall_back(Stopped {
            error,
            reason,
            history,
        })
    }
}

/// One call under way.
struct Run<'r, 'a, E, P, H> {
    call: &'r Call<'a, E>,
    decide: &'r P,
    hook: &'r mut H,
    brakes: Brakes<'a>,
    progress: Progress,
    history: History,
}

impl<'r, 'a, E, P: Decide<E>, H: Hook<E>> Run<'r, 'a, E, P, H> {
    fn new(call: &'r Call<'a, E>, decide: &'r P, hook: &'r mut H, mut brakes: Brakes<'a>) -> Self {
        if let Some(limit) = call.deadline {
            brakes = brakes.deadline(limit);
        }
        if let Some(budget) = call.budget {
            brakes = brakes.budget(budget);
        }
        if let Some(breaker) = call.breaker {
            brakes = brakes.breaker(breaker);
        }
        if let Some(pushback) = call.pushback {
            brakes = brakes.pushback(pushback);
        }
        Self {
            call,
            decide,
            hook,
            brakes,
            progress: Progress::START,
            history: History::new(),
        }
    }

    /// Whether a wait may end the call, so that the error is kept meanwhile.
    fn is_gated(&self) -> bool {
        let Call {
            breaker,
            pushback,
            is_cancellable,
            ..
        } = self.call;
        breaker.is_some() || pushback.is_some() || *is_cancellable
    }

    fn succeeded(&self, admission: Admission<'_>) {
        self.brakes.succeeded(admission);
        self.progress.succeeded(&self.call.site);
    }

    /// The wait before the next attempt, if there is to be one.
    fn failed(&mut self, error: &E, admission: Admission<'_>) -> Result<Duration, StopReason> {
        let site = &self.call.site;
        let failed = self.progress;
        let verdict = self.decide.verdict(error);
        let ask = self.decide.ask();
        let progress = &mut self.progress;
        let decision = self
            .brakes
            .after_failure(site, progress, error, verdict, ask, admission);
        if self.call.keeps_history {
            self.history.record(failed, error, ask, &decision);
        }
        let delay = decision?;
        let history = Some(&self.history);
        self.hook
            .before_wait(&site.attempt(failed, error, ask, delay, history));
        Ok(delay)
    }

    /// No attempt follows the wait.
    fn ended(&self, error: &E, delay: Duration, reason: StopReason) {
        let (site, ask) = (&self.call.site, self.decide.ask());
        self.brakes
            .ended(site, self.progress, delay, error, ask, reason);
    }
}
