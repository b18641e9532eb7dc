//! The type parameters of a [`Retry`](crate::Retry), for whom has to write one down: what decides,
//! what is called before each wait, what is called in the end, what cancels, what cuts off.
//!
//! In its order: [`Decide`], [`Hook`], [`Fallback`] or [`AsyncFallback`], any future, [`Limit`].

use std::fmt::Display;
use std::future::Pending;
#[cfg(feature = "tokio")]
use std::time::Duration;

use super::super::ask::{Ask, Classified, Displayed, Unclassified};
use super::super::history::History;
use super::super::machine::{Attempt, Verdict};
use super::super::outcome::StopReason;
#[cfg(feature = "tokio")]
use super::super::timed_out::TimedOut;
use crate::classify::Classify;

/// Decides by what [`Classify`] says.
#[derive(Clone, Copy, Debug)]
pub struct ByKind;

/// Decides by a predicate, and honours what [`Classify`] says besides.
#[derive(Clone, Copy, Debug)]
pub struct When<P>(pub(super) P);

/// Decides by a predicate alone.
#[derive(Clone, Copy, Debug)]
pub struct OnlyWhen<P>(pub(super) P);

/// Decides by whoever knows why there is to be no retry.
#[cfg(feature = "botrs")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct JudgedBy<P>(pub(super) P);

/// What tells which errors deserve another try.
pub trait Decide<E> {
    #[doc(hidden)]
    fn verdict(&self, error: &E) -> Verdict;
    #[doc(hidden)]
    fn ask(&self) -> impl Ask<E>;
}

impl<E: Classify + Display> Decide<E> for ByKind {
    fn verdict(&self, _: &E) -> Verdict {
        Verdict::ByKind
    }
    fn ask(&self) -> impl Ask<E> {
        (Classified, Displayed)
    }
}

impl<E: Classify + Display, P: Fn(&E) -> bool> Decide<E> for When<P> {
    fn verdict(&self, error: &E) -> Verdict {
        Verdict::when((self.0)(error))
    }
    fn ask(&self) -> impl Ask<E> {
        (Classified, Displayed)
    }
}

#[cfg(feature = "botrs")]
impl<E: Classify + Display, P: Fn(&E) -> Verdict> Decide<E> for JudgedBy<P> {
    fn verdict(&self, error: &E) -> Verdict {
        (self.0)(error)
    }
    fn ask(&self) -> impl Ask<E> {
        (Classified, Displayed)
    }
}

impl<E: Display, P: Fn(&E) -> bool> Decide<E> for OnlyWhen<P> {
    fn verdict(&self, error: &E) -> Verdict {
        Verdict::when((self.0)(error))
    }
    fn ask(&self) -> impl Ask<E> {
        (Unclassified, Displayed)
    }
}

/// No hook.
#[derive(Clone, Copy, Debug)]
pub struct NoHook;

/// A hook that is called before each wait.
#[derive(Clone, Copy, Debug)]
pub struct OnRetry<H>(pub(super) H);

/// What is called before each wait.
pub trait Hook<E> {
    #[doc(hidden)]
    fn before_wait(&mut self, attempt: &Attempt<'_, E>);
}

impl<E> Hook<E> for NoHook {
    fn before_wait(&mut self, _: &Attempt<'_, E>) {}
}

impl<E, H: FnMut(&Attempt<'_, E>)> Hook<E> for OnRetry<H> {
    fn before_wait(&mut self, attempt: &Attempt<'_, E>) {
        (self.0)(attempt);
    }
}

/// A call that ended without success, as its fallback is given it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stopped<E> {
    /// The last error; that of [`NotAttempted`](crate::NotAttempted) where there was no attempt.
    pub error: E,
    /// Why no further attempt was made.
    pub reason: StopReason,
    /// The failed attempts; empty unless [`Retry::history`](crate::Retry::history) asks for them.
    pub history: History,
}

/// No fallback: the last error is the call's.
#[derive(Clone, Copy, Debug)]
pub struct NoFallback;

/// A function that is called when no attempt is to follow.
#[derive(Clone, Copy, Debug)]
pub struct FallBack<F>(pub(super) F);

/// The fallback of a blocking call.
pub trait Fallback<T, E> {
    #[doc(hidden)]
    fn fall_back(self, stopped: Stopped<E>) -> Result<T, E>;
}

impl<T, E> Fallback<T, E> for NoFallback {
    fn fall_back(self, stopped: Stopped<E>) -> Result<T, E> {
        Err(stopped.error)
    }
}

impl<T, E, F: FnOnce(Stopped<E>) -> Result<T, E>> Fallback<T, E> for FallBack<F> {
    fn fall_back(self, stopped: Stopped<E>) -> Result<T, E> {
        (self.0)(stopped)
    }
}

/// The fallback of an async call.
pub trait AsyncFallback<T, E> {
    #[doc(hidden)]
    type Answer: Future<Output = Result<T, E>>;
    #[doc(hidden)]
    fn fall_back(self, stopped: Stopped<E>) -> Self::Answer;
}

impl<T, E> AsyncFallback<T, E> for NoFallback {
    type Answer = std::future::Ready<Result<T, E>>;

    fn fall_back(self, stopped: Stopped<E>) -> Self::Answer {
        std::future::ready(Err(stopped.error))
    }
}

impl<T, E, F, A> AsyncFallback<T, E> for FallBack<F>
where
    F: FnOnce(Stopped<E>) -> A,
    A: Future<Output = Result<T, E>>,
{
    type Answer = A;

    fn fall_back(self, stopped: Stopped<E>) -> A {
        (self.0)(stopped)
    }
}

/// What never comes: a call that nobody cancels.
pub type Never = Pending<()>;

/// What a blocking call can have: its attempts cannot be cut off.
#[diagnostic::on_unimplemented(
    message = "a blocking attempt cannot be cut off",
    note = "leave `timeout` out and give what the operation calls a time limit of its own, or use `run`"
)]
pub trait Blocking {}

impl Blocking for NoLimit {}

/// Attempts that take as long as they take.
#[derive(Clone, Copy, Debug)]
pub struct NoLimit;

/// Attempts that are cut off.
#[cfg(feature = "tokio")]
#[derive(Debug)]
pub struct Within<E> {
    pub(super) limit: Duration,
    pub(super) timed_out: fn(TimedOut) -> E,
}

/// The time limit of each attempt.
#[cfg(feature = "tokio")]
pub trait Limit<E> {
    #[doc(hidden)]
    fn attempt<T>(
        &self,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>>;
}

#[cfg(feature = "tokio")]
impl<E> Limit<E> for NoLimit {
    fn attempt<T>(
        &self,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>> {
        attempt
    }
}

#[cfg(feature = "tokio")]
impl<E> Limit<E> for Within<E> {
    fn attempt<T>(
        &self,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>> {
        crate::__private::within(self.limit, attempt, self.timed_out)
    }
}
