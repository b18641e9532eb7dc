//! The calls that everybody writes, by name: [`Retry`] with a policy.

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::config::RetryConfig;
use super::run::Retry;
use super::timed_out::TimedOut;
use crate::classify::{Classify, ErrorKind};

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
pub async fn exponential_backoff_retry<T, E, F, Fut>(
    mut operation: F,
    max_attempts: u32,
) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Classify + Display,
{
    let config = RetryConfig::builder().max_attempts(max_attempts).clamped();
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
pub async fn handle_rate_limit<T, E, F, Fut>(mut operation: F, max_retries: u32) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Classify + Display,
{
    let attempts = max_retries.saturating_add(1);
    let config = RetryConfig::builder().max_attempts(attempts).clamped();
    Retry::new(config)
        .name("handle_rate_limit")
        .when(|error: &E| error.kind() == ErrorKind::RateLimited)
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
