//! What is retried: an operation that fails as its caller wants.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};

use recovery_core::Classify;

/// Why it failed.
#[derive(Debug, Classify)]
pub(crate) enum Failure {
    #[classify(Network)]
    Lost,
    #[classify(NotFound)]
    Unknown,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        })
    }
}

impl std::error::Error for Failure {}

/// What every predicate asks.
pub(crate) const fn is_transient(failure: &Failure) -> bool {
    matches!(failure, Failure::Lost)
}

/// How often every hook has been called.
pub(crate) static HOOKED: AtomicU32 = AtomicU32::new(0);

/// How an operation goes on: so many failures, then success.
pub(crate) struct Plan(AtomicU32);

impl Plan {
    pub(crate) const fn failing(times: u32) -> Self {
        Self(AtomicU32::new(times))
    }

    /// Fails in a way that no retry mends.
    pub(crate) const fn hopeless() -> Self {
        Self(AtomicU32::new(u32::MAX))
    }

    pub(crate) fn set(&self, other: &Self) {
        self.0.store(other.0.load(Relaxed), Relaxed);
    }

    /// For good, so that what is measured need not own it.
    pub(crate) fn leaked(self) -> &'static Self {
        Box::leak(Box::new(self))
    }

    #[inline]
    fn outcome(&self) -> Result<u64, Failure> {
        match self.0.load(Relaxed) {
            0 => Ok(7),
            u32::MAX => Err(Failure::Unknown),
            left => {
                self.0.store(left - 1, Relaxed);
                Err(Failure::Lost)
            }
        }
    }
}

/// An operation that can be awaited.
pub(crate) trait Operation: Send + 'static {
    fn begin(plan: &'static Plan) -> impl Future<Output = Result<u64, Failure>> + Send;
}

/// One that never waits, and that the compiler sees through.
pub(crate) struct Ready;

impl Operation for Ready {
    async fn begin(plan: &'static Plan) -> Result<u64, Failure> {
        plan.outcome()
    }
}

/// One that might wait, in a future of 32 bytes that the compiler does not see through: what awaits it
/// is a real suspension point, as with all that is worth a retry.
pub(crate) struct Suspendable;

impl Operation for Suspendable {
    fn begin(plan: &'static Plan) -> impl Future<Output = Result<u64, Failure>> + Send {
        Suspending {
            plan,
            _request: [1, 2, 3],
        }
    }
}

pub(crate) struct Suspending {
    plan: &'static Plan,
    _request: [u64; 3],
}

impl Future for Suspending {
    type Output = Result<u64, Failure>;

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(self.plan.outcome())
    }
}
