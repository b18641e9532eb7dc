//! The call of a fallback, whatever its form.

use std::cell::Cell;
use std::future::Ready;
use std::ops::Deref;

use crate::retry::StopReason;

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

    pub fn recovery_answer(&self) -> R
    where
        R: LaterResult,
    {
        self.take()
    }
}

impl<T, E> Answer<Result<T, E>> {
    pub fn recovery_answer(&self) -> Ready<Result<T, E>> {
        std::future::ready(self.take())
    }
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer of a fallback",
    label = "`fallback` returns what the function returns, or a future of it"
)]
pub trait LaterResult: Future {}

impl<F: Future> LaterResult for F {}
