//! The only names that the attributes emit. Not part of the public interface: they change with
//! the macros, which are pinned to this very version.

use std::fmt::Display;
use std::ops::Deref;
#[cfg(feature = "tokio")]
use std::task::Poll;
use std::time::Duration;

use crate::classify::{Classify, ErrorKind};
#[cfg(feature = "tokio")]
use crate::retry::TimedOut;
use crate::retry::{Attempt, RetryConfig, RetryConfigBuilder};

pub use crate::retry::{Failure, Machine, Progress};

/// A policy from an attribute's values. Those that come at run time cannot be refused any more,
/// so they are taken to the nearest that can be meant.
pub const fn policy(builder: RetryConfigBuilder) -> RetryConfig {
    builder.clamped()
}

/// A policy at its place of use.
pub const fn machine<'a>(
    name: &'a str,
    config: &'a RetryConfig,
    at_most_once: bool,
) -> Machine<'a> {
    Machine {
        name,
        config,
        at_most_once,
    }
}

/// Gives a closure literal its signature.
pub fn holds<E>(error: &E, predicate: impl FnOnce(&E) -> bool) -> bool {
    predicate(error)
}

/// Gives a closure literal its signature.
pub fn call_hook<E>(attempt: &Attempt<'_, E>, hook: impl FnOnce(&Attempt<'_, E>)) {
    hook(attempt);
}

/// Runs one attempt of a blocking function. `FnOnce`, so that the body may return what it
/// borrows from its surroundings.
#[inline]
pub fn attempt<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// The wait between two attempts. A zero delay touches no timer; it lets others run, so that a
/// call which fails at once and for ever can be cancelled.
#[cfg(feature = "tokio")]
pub async fn wait(delay: Duration) {
    if delay.is_zero() {
        yield_once().await;
    } else {
        tokio::time::sleep(delay).await;
    }
}

/// Gives an attempt its time limit.
#[cfg(feature = "tokio")]
pub async fn within<T, E>(
    limit: Duration,
    attempt: impl Future<Output = Result<T, E>>,
    timed_out: fn(TimedOut) -> E,
) -> Result<T, E> {
    match tokio::time::timeout(limit, attempt).await {
        Ok(result) => result,
        Err(_) => Err(timed_out(TimedOut::after(limit))),
    }
}

/// The error of an attempt that was cut off.
#[cfg(feature = "tokio")]
pub fn timed_out<E: TellsTimeout>(error: TimedOut) -> E {
    E::timed_out(error)
}

#[cfg(feature = "tokio")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that an attempt took too long",
    label = "`timeout` needs `From<recovery_core::TimedOut>` for the error type",
    note = "implement `From<recovery_core::TimedOut>` for an error of your own",
    note = "or put `tokio::time::timeout` into the body, and return an error of your choice"
)]
pub trait TellsTimeout {
    fn timed_out(error: TimedOut) -> Self;
}

#[cfg(feature = "tokio")]
#[diagnostic::do_not_recommend]
impl<E: From<TimedOut>> TellsTimeout for E {
    fn timed_out(error: TimedOut) -> Self {
        error.into()
    }
}

#[cfg(feature = "tokio")]
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Stands in for `wait` where there is no clock to wait on, to say so.
#[cfg(not(feature = "tokio"))]
pub fn wait<D: AsyncDelay>(_: D) -> std::future::Ready<()> {
    std::future::ready(())
}

#[cfg(not(feature = "tokio"))]
#[diagnostic::on_unimplemented(
    message = "an async function is retried on tokio's clock, and the feature `tokio` of `recovery-core` is off",
    note = "enable it: `cargo add recovery-core --features tokio`"
)]
pub trait AsyncDelay {}

/// The wait between two attempts of a blocking function.
pub fn wait_blocking(delay: Duration) {
    if !delay.is_zero() {
        std::thread::sleep(delay);
    }
}

/// Gives a closure literal its signature.
pub fn kind_of<E: ?Sized>(error: &E, kind: impl FnOnce(&E) -> ErrorKind) -> ErrorKind {
    kind(error)
}

/// What the field named by `retry_after` holds.
pub fn asked<W: AskedWait>(wait: &W) -> Option<Duration> {
    wait.asked()
}

#[diagnostic::on_unimplemented(
    message = "`retry_after` names a field of type `{Self}`, which is no wait",
    label = "neither `Duration` nor `Option<Duration>`",
    note = "keep the wait as a `Duration` (`Duration::from_secs(seconds)`), or as an `Option<Duration>` where it may be missing"
)]
pub trait AskedWait {
    fn asked(&self) -> Option<Duration>;
}

impl AskedWait for Duration {
    fn asked(&self) -> Option<Duration> {
        Some(*self)
    }
}

impl AskedWait for Option<Duration> {
    fn asked(&self) -> Option<Duration> {
        *self
    }
}

/// Asks an error what it can say of itself, without demanding that it can.
///
/// A method of `Probe` itself is found first, if its bound holds; else the one of `Mute`, to
/// which `Probe` dereferences.
pub struct Probe<'e, E>(Mute<'e, E>);

pub struct Mute<'e, E>(&'e E);

impl<'e, E> Probe<'e, E> {
    pub const fn new(error: &'e E) -> Self {
        Self(Mute(error))
    }
}

impl<'e, E> Deref for Probe<'e, E> {
    type Target = Mute<'e, E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E: Classify> Probe<'_, E> {
    pub fn failure(&self) -> Failure {
        Failure::classified(self.0.0)
    }
}

impl<'e, E: Display> Probe<'e, E> {
    pub fn display(&self) -> Option<&'e dyn Display> {
        Some(self.0.0)
    }
}

impl<E> Mute<'_, E> {
    pub fn failure(&self) -> Failure {
        Failure::unclassified()
    }

    pub fn display(&self) -> Option<&'static dyn Display> {
        None
    }
}

/// What a `mut` argument starts the next attempt with: what it was called with.
pub fn again<T: Again>(value: T) -> T {
    value
}

#[diagnostic::on_unimplemented(
    message = "a `mut` argument of type `{Self}` cannot start each attempt as it was passed",
    label = "each attempt would need its own",
    note = "give each attempt a clone: `#[retry(clone(argument))]`"
)]
pub trait Again {}

#[diagnostic::do_not_recommend]
impl<T: Copy> Again for T {}

/// Never called; gives an attempt's early return its type.
pub fn never<R>() -> R {
    unreachable!("stands behind `if false`")
}
