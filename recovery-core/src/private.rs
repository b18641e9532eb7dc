//! The only names that the attributes emit. Not part of the public interface: they change with
//! the macros, which are pinned to this very version.

use std::cell::Cell;
use std::fmt::Display;
use std::future::Ready;
use std::ops::Deref;
#[cfg(feature = "tokio")]
use std::time::Duration;

use crate::classify::Classify;
#[cfg(feature = "tokio")]
use crate::retry::TimedOut;
use crate::retry::{Attempt, Backoff, Jitter, NotAttempted, RetryConfig, RetryConfigBuilder};

#[cfg(feature = "tokio")]
pub use crate::retry::wait;
pub use crate::retry::{
    Admission, Brakes, Failure, Progress, Site, StopReason, Verdict, wait_blocking,
};

/// A policy from an attribute's values. Those that come at run time cannot be refused any more,
/// so they are taken to the nearest that can be meant.
pub const fn policy(builder: RetryConfigBuilder) -> RetryConfig {
    builder.clamped()
}

/// A growth that is known at run time.
pub fn backoff(value: impl IntoBackoff) -> Backoff {
    value.into_backoff()
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no growth of the delay",
    label = "`backoff` takes a number, an expression of `f64` or one of `recovery_core::Backoff`"
)]
pub trait IntoBackoff {
    fn into_backoff(self) -> Backoff;
}

impl IntoBackoff for f64 {
    fn into_backoff(self) -> Backoff {
        Backoff::Exponential(self)
    }
}

impl IntoBackoff for Backoff {
    fn into_backoff(self) -> Backoff {
        self
    }
}

/// A jitter that is known at run time.
pub fn jitter(value: impl IntoJitter) -> Jitter {
    value.into_jitter()
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no jitter",
    label = "`jitter` takes a fraction, an expression of `f64` or one of `recovery_core::Jitter`"
)]
pub trait IntoJitter {
    fn into_jitter(self) -> Jitter;
}

impl IntoJitter for f64 {
    fn into_jitter(self) -> Jitter {
        Jitter::Proportional(self)
    }
}

impl IntoJitter for Jitter {
    fn into_jitter(self) -> Jitter {
        self
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

/// The error of a call that was refused before its first attempt.
pub fn not_attempted<E: TellsNotAttempted>(error: NotAttempted) -> E {
    E::not_attempted(error)
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a call was not made",
    label = "`breaker` and `pushback` need `From<recovery_core::NotAttempted>` for the error type",
    note = "implement `From<recovery_core::NotAttempted>` for an error of your own",
    note = "or put a function that calls this one between, with an error type that can"
)]
pub trait TellsNotAttempted {
    fn not_attempted(error: NotAttempted) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<NotAttempted>> TellsNotAttempted for E {
    fn not_attempted(error: NotAttempted) -> Self {
        error.into()
    }
}

/// The error of a result that is known to be one.
pub fn error_of<T, E>(result: Result<T, E>) -> E {
    match result {
        Err(error) => error,
        Ok(_) => unreachable!("a call ends by its error"),
    }
}

/// Gives a closure literal of one argument its signature.
pub fn fall_back<E, R>(error: E, _: StopReason, fallback: impl FnOnce(E) -> R) -> R {
    fallback(error)
}

/// Gives a closure literal of two arguments its signature.
pub fn fall_back_by_reason<E, R>(
    error: E,
    reason: StopReason,
    fallback: impl FnOnce(E, StopReason) -> R,
) -> R {
    fallback(error, reason)
}

/// Calls a function that takes the error, or the error and the reason.
pub fn fall_back_by_path<E, R, A>(
    error: E,
    reason: StopReason,
    fallback: impl Fallback<E, R, A>,
) -> R {
    fallback.call(error, reason)
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no fallback of this function",
    label = "`fallback` takes a function of the error `{E}`, or of the error and the `recovery_core::StopReason`"
)]
pub trait Fallback<E, R, A> {
    fn call(self, error: E, reason: StopReason) -> R;
}

impl<E, R, F: FnOnce(E) -> R> Fallback<E, R, (E,)> for F {
    fn call(self, error: E, _: StopReason) -> R {
        self(error)
    }
}

impl<E, R, F: FnOnce(E, StopReason) -> R> Fallback<E, R, (E, StopReason)> for F {
    fn call(self, error: E, reason: StopReason) -> R {
        self(error, reason)
    }
}

/// What a fallback of an async function has answered: a `Result`, or a future of one.
///
/// A method of `Answer` itself is found first, if its type fits; else the one of `Later`, to
/// which `Answer` dereferences.
pub struct Answer<R>(Later<R>);

pub struct Later<R>(Cell<Option<R>>);

impl<R> Answer<R> {
    pub const fn new(answer: R) -> Self {
        Self(Later(Cell::new(Some(answer))))
    }
}

impl<R> Deref for Answer<R> {
    type Target = Later<R>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R> Later<R> {
    fn take(&self) -> R {
        self.0.take().expect("an answer is taken once")
    }

    pub fn get(&self) -> R
    where
        R: LaterResult,
    {
        self.take()
    }
}

impl<T, E> Answer<Result<T, E>> {
    pub fn get(&self) -> Ready<Result<T, E>> {
        std::future::ready(self.take())
    }
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer of a fallback",
    label = "`fallback` returns what the function returns, or a future of it"
)]
pub trait LaterResult: Future {}

impl<F: Future> LaterResult for F {}

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
    #[inline]
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
