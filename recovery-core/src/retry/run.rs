//! The closure API: the same engine for whom an attribute does not fit.

use std::fmt::Display;
use std::time::Duration;

use super::config::RetryConfig;
use super::machine::{Attempt, Failure, Site, Verdict};
use super::progress::Progress;
#[cfg(feature = "tokio")]
use super::timed_out::TimedOut;
#[cfg(feature = "tokio")]
use super::wait::wait;
use super::wait::wait_blocking;
use crate::classify::Classify;

/// Retries a closure under a [`RetryConfig`].
///
/// ```
/// use std::io;
/// use recovery_core::{Retry, RetryConfig};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> io::Result<()> {
/// let answer = Retry::new(RetryConfig::default())
///     .name("greet")
///     .on_retry(|failed| eprintln!("{}; again in {:?}", failed.error, failed.delay))
///     .run(async |attempt| match attempt {
///         1 => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
///         _ => Ok("hello"),
///     })
///     .await?;
/// assert_eq!(answer, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is called until `run` or `run_blocking`"]
pub struct Retry<D = ByClass, H = NoHook> {
    site: Site,
    decide: D,
    hook: H,
}

/// Decides by [`Classify::is_transient`].
#[derive(Clone, Copy, Debug)]
pub struct ByClass;

/// Decides by a predicate, and honours what [`Classify`] says besides.
#[derive(Clone, Copy, Debug)]
pub struct When<F>(F);

/// Decides by a predicate alone.
#[derive(Clone, Copy, Debug)]
pub struct Unclassified<F>(F);

/// No hook.
#[derive(Clone, Copy, Debug)]
pub struct NoHook;

/// A hook that is called before each wait.
#[derive(Clone, Copy, Debug)]
pub struct OnRetry<F>(F);

/// What tells a [`Retry`] which errors deserve another try.
pub trait Decide<E> {
    #[doc(hidden)]
    fn judge(&self, error: &E) -> (Failure, Verdict);
}

impl<E: Classify> Decide<E> for ByClass {
    fn judge(&self, error: &E) -> (Failure, Verdict) {
        (Failure::classified(error), Verdict::ByKind)
    }
}

impl<E: Classify, F: Fn(&E) -> bool> Decide<E> for When<F> {
    fn judge(&self, error: &E) -> (Failure, Verdict) {
        let verdict = Verdict::when((self.0)(error));
        (Failure::classified(error), verdict)
    }
}

impl<E, F: Fn(&E) -> bool> Decide<E> for Unclassified<F> {
    fn judge(&self, error: &E) -> (Failure, Verdict) {
        let verdict = Verdict::when((self.0)(error));
        (Failure::unclassified(), verdict)
    }
}

/// What a [`Retry`] calls before each wait.
pub trait Hook<E> {
    #[doc(hidden)]
    fn before_wait(&mut self, attempt: &Attempt<'_, E>);
}

impl<E> Hook<E> for NoHook {
    fn before_wait(&mut self, _: &Attempt<'_, E>) {}
}

impl<E, F: FnMut(&Attempt<'_, E>)> Hook<E> for OnRetry<F> {
    fn before_wait(&mut self, attempt: &Attempt<'_, E>) {
        (self.0)(attempt);
    }
}

impl Retry {
    /// Retries the errors that call themselves transient ([`Classify::is_transient`]).
    pub const fn new(config: RetryConfig) -> Self {
        Self {
            site: Site::new("retry", config),
            decide: ByClass,
            hook: NoHook,
        }
    }

    /// Retries, by `config`, the errors for which `is_retryable` holds; for errors that do not
    /// implement [`Classify`], so that a `retry_after` they may carry is unknown.
    pub const fn unclassified<E, F>(config: RetryConfig, is_retryable: F) -> Retry<Unclassified<F>>
    where
        F: Fn(&E) -> bool,
    {
        Retry {
            site: Site::new("retry", config),
            decide: Unclassified(is_retryable),
            hook: NoHook,
        }
    }

    /// Retries the errors for which `is_retryable` holds instead.
    ///
    /// What the error says of `retry_after` and of its effect is honoured as before.
    pub fn when<E, F>(self, is_retryable: F) -> Retry<When<F>>
    where
        F: Fn(&E) -> bool,
    {
        Retry {
            site: self.site,
            decide: When(is_retryable),
            hook: self.hook,
        }
    }
}

impl<D, H> Retry<D, H> {
    /// The name in events. Default `"retry"`.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.site = self.site.with_name(name);
        self
    }

    /// Never retries a failure after which the call may already have been carried out.
    pub const fn at_most_once(mut self) -> Self {
        self.site = self.site.at_most_once();
        self
    }

    /// Calls `hook` before each wait.
    pub fn on_retry<E, F>(self, hook: F) -> Retry<D, OnRetry<F>>
    where
        F: FnMut(&Attempt<'_, E>),
    {
        Retry {
            site: self.site,
            decide: self.decide,
            hook: OnRetry(hook),
        }
    }

    /// Calls `operation` with the attempt's number (from 1) until it succeeds or the policy ends.
    ///
    /// # Errors
    /// The last error, unchanged.
    ///
    /// # Cancel safety
    /// Dropping the future drops the attempt or the wait that is under way; nothing stays behind.
    #[cfg(feature = "tokio")]
    pub async fn run<T, E, F, Fut>(mut self, mut operation: F) -> Result<T, E>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Display,
        D: Decide<E>,
        H: Hook<E>,
    {
        let mut progress = Progress::START;
        loop {
            let result = operation(progress.attempt()).await;
            let Some(delay) = self.after(&mut progress, &result) else {
                return result;
            };
            drop(result);
            wait(delay).await;
        }
    }

    /// The same for a blocking operation: the thread sleeps between the attempts.
    ///
    /// # Errors
    /// The last error, unchanged.
    pub fn run_blocking<T, E, F>(mut self, mut operation: F) -> Result<T, E>
    where
        F: FnMut(u32) -> Result<T, E>,
        E: Display,
        D: Decide<E>,
        H: Hook<E>,
    {
        let mut progress = Progress::START;
        loop {
            let result = operation(progress.attempt());
            let Some(delay) = self.after(&mut progress, &result) else {
                return result;
            };
            drop(result);
            wait_blocking(delay);
        }
    }

    /// The delay before the next attempt, if there is to be one.
    fn after<T, E>(&mut self, progress: &mut Progress, result: &Result<T, E>) -> Option<Duration>
    where
        E: Display,
        D: Decide<E>,
        H: Hook<E>,
    {
        let Err(error) = result else {
            progress.succeeded(&self.site);
            return None;
        };
        let failed = *progress;
        let (failure, verdict) = self.decide.judge(error);
        let decision = self
            .site
            .after_failure(progress, failure, verdict, Some(error));
        let delay = decision.ok()?;
        self.hook
            .before_wait(&self.site.attempt(failed, failure, error, delay, None));
        Some(delay)
    }
}

/// Calls `operation` until it succeeds, at most `config.max_attempts()` times, as long as
/// `is_retryable` holds for its error. For an error that does not implement [`Classify`] there is
/// [`Retry::unclassified`].
///
/// # Errors
/// The last error, unchanged.
///
/// # Cancel safety
/// As [`Retry::run`].
///
/// ```
/// use std::io;
/// use recovery_core::{Classify, RetryConfig, smart_retry};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let mut calls = 0;
/// let result: Result<(), _> = smart_retry(
///     || {
///         calls += 1;
///         async { Err(io::Error::from(io::ErrorKind::TimedOut)) }
///     },
///     RetryConfig::default(),
///     |error: &io::Error| error.is_transient(),
/// )
/// .await;
/// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::TimedOut);
/// assert_eq!(calls, 3);
/// # }
/// ```
#[cfg(feature = "tokio")]
pub async fn smart_retry<T, E, F, Fut>(
    mut operation: F,
    config: RetryConfig,
    is_retryable: impl Fn(&E) -> bool,
) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Classify + Display,
{
    Retry::new(config)
        .name("smart_retry")
        .when(is_retryable)
        .run(|_| operation())
        .await
}

/// Calls `operation` at most `max_attempts` times, with the default policy's doubling delays, as
/// long as its error is transient.
///
/// `max_attempts` counts the first call; 0 is taken as 1.
///
/// # Errors
/// The last error, unchanged.
///
/// # Cancel safety
/// As [`Retry::run`].
#[cfg(feature = "tokio")]
pub async fn exponential_backoff_retry<T, E, F, Fut>(
    mut operation: F,
    max_attempts: u32,
) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Classify + Display,
{
    let config = RetryConfig {
        max_attempts: max_attempts.max(1),
        ..RetryConfig::DEFAULT
    };
    Retry::new(config)
        .name("exponential_backoff_retry")
        .run(|_| operation())
        .await
}

/// Calls `operation` again when the server says that there were too many calls, after the time
/// the server asks for, at most `max_retries` times; any other error returns at once. Where the
/// server names no time the default policy's delays are waited; a long time is waited in full.
///
/// # Errors
/// The last error, unchanged.
///
/// # Cancel safety
/// As [`Retry::run`].
#[cfg(feature = "tokio")]
pub async fn handle_rate_limit<T, E, F, Fut>(mut operation: F, max_retries: u32) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Classify + Display,
{
    let config = RetryConfig {
        max_attempts: max_retries.saturating_add(1),
        ..RetryConfig::DEFAULT
    };
    Retry::new(config)
        .name("handle_rate_limit")
        .when(|error: &E| error.kind() == crate::ErrorKind::RateLimited)
        .run(|_| operation())
        .await
}

/// Calls `operation` under a time limit that doubles each time it was too short.
///
/// Each attempt is given its limit, to hand on to whatever it calls, and is cut off at it; the
/// error is then the caller's own, made from [`TimedOut`]. Other transient
/// errors are retried under the same limit.
///
/// # Errors
/// The last error, unchanged.
///
/// # Cancel safety
/// As [`Retry::run`].
///
/// ```
/// use std::{io, time::Duration};
/// use recovery_core::{RetryConfig, retry_with_extended_timeout};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> io::Result<()> {
/// let given = retry_with_extended_timeout(
///     async |limit| {
///         tokio::time::sleep(Duration::from_secs(7)).await; // slower than the first two limits
///         io::Result::Ok(limit)
///     },
///     Duration::from_secs(2),
///     RetryConfig::default(),
/// )
/// .await?;
/// assert_eq!(given, Duration::from_secs(8));
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "tokio")]
pub async fn retry_with_extended_timeout<T, E, F, Fut>(
    mut operation: F,
    timeout: Duration,
    config: RetryConfig,
) -> Result<T, E>
where
    F: FnMut(Duration) -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Classify + Display + From<TimedOut>,
{
    use std::sync::atomic::{AtomicU32, Ordering};

    // Atomic so that the future can be spawned; the attempts run one after the other.
    let timeouts = AtomicU32::new(0);
    Retry::new(config)
        .name("retry_with_extended_timeout")
        .run(|_| {
            let doubled = 2u32.saturating_pow(timeouts.load(Ordering::Relaxed));
            let limit = timeout.saturating_mul(doubled);
            let attempt = tokio::time::timeout(limit, operation(limit));
            let timeouts = &timeouts;
            async move {
                attempt.await.unwrap_or_else(|_| {
                    timeouts.fetch_add(1, Ordering::Relaxed);
                    Err(TimedOut::after(limit).into())
                })
            }
        })
        .await
}
