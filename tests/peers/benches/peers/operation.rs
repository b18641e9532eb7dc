//! What is called: an operation that fails as often as its plan says, and its error.

use std::fmt;
use std::future::poll_fn;
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use recovery_core::Classify;

/// Attempts in all that every policy allows.
pub(crate) const ATTEMPTS: u32 = 5;
/// The first delay; it doubles.
pub(crate) const INITIAL: Duration = Duration::from_millis(100);
/// The first delay where one retry and its timer are measured alone: tokio's shortest.
pub(crate) const BRIEF: Duration = Duration::from_millis(1);
/// The longest delay.
pub(crate) const LONGEST: Duration = Duration::from_secs(10);

#[derive(Debug, Classify)]
pub(crate) enum ApiError {
    #[classify(Network)]
    Lost,
    #[classify(Timeout)]
    #[expect(dead_code, reason = "no plan says so; every policy is prepared for it")]
    Slow,
    #[classify(RateLimited, retry_after = wait)]
    #[expect(
        dead_code,
        reason = "no plan says so; the careful loop is prepared for it"
    )]
    TooMany { wait: Duration },
    /// Says why; a real error has something to drop.
    #[classify(InvalidInput)]
    Refused(String),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("the connection was lost"),
            Self::Slow => f.write_str("no answer in time"),
            Self::TooMany { wait } => write!(f, "too many calls; again in {wait:?}"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

impl std::error::Error for ApiError {}

/// The predicate of whoever takes one.
pub(crate) fn is_listed(error: &ApiError) -> bool {
    matches!(error, ApiError::Lost | ApiError::Slow)
}

/// The hook of whoever takes one that hears the error and the delay.
pub(crate) fn note(error: &ApiError, delay: Duration) {
    black_box((error, delay));
}

/// How often one call fails before it succeeds.
pub(crate) struct Plan {
    failures: AtomicU32,
    /// Attempts that have failed.
    failed: AtomicU32,
}

impl Plan {
    /// Every attempt is refused.
    pub(crate) const REFUSED: u32 = u32::MAX;
    /// The attempt gives way once, and succeeds.
    pub(crate) const SUSPENDS: u32 = u32::MAX - 1;

    pub(crate) const fn new(failures: u32) -> Self {
        Self {
            failures: AtomicU32::new(failures),
            failed: AtomicU32::new(0),
        }
    }

    pub(crate) fn set(&self, failures: u32) {
        self.failures.store(failures, Ordering::Relaxed);
    }

    /// Attempts that have failed since this was asked.
    pub(crate) fn take_failed(&self) -> u32 {
        self.failed.swap(0, Ordering::Relaxed)
    }

    #[inline]
    fn outcome(&self) -> Result<u64, ApiError> {
        match self.failures.load(Ordering::Relaxed) {
            0 => Ok(7),
            failures => Err(self.failure(failures)),
        }
    }

    #[cold]
    #[inline(never)]
    fn failure(&self, failures: u32) -> ApiError {
        self.failed.fetch_add(1, Ordering::Relaxed);
        if failures == Self::REFUSED {
            return ApiError::Refused(String::new());
        }
        self.failures.store(failures - 1, Ordering::Relaxed);
        ApiError::Lost
    }

    #[inline]
    fn suspends(&self) -> bool {
        self.failures.load(Ordering::Relaxed) == Self::SUSPENDS
    }

    #[cold]
    #[inline(never)]
    fn pause(&self, context: &Context<'_>) -> Poll<()> {
        if self.failures.swap(0, Ordering::Relaxed) == 0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Done at the first poll, and inlined.
#[inline]
pub(crate) async fn ready(plan: &'static Plan) -> Result<u64, ApiError> {
    plan.outcome()
}

/// May have to wait, which it seldom does: the realistic case, which is not inlined. 32 bytes.
#[inline(never)]
pub(crate) async fn suspendable(plan: &'static Plan) -> Result<u64, ApiError> {
    if plan.suspends() {
        poll_fn(move |context| plan.pause(context)).await;
    }
    plan.outcome()
}
