//! The call of a fallback, whatever its form.

use std::cell::Cell;
use std::future::Ready;
use std::ops::Deref;

use crate::retry::{History, StopReason};

/// Stands for a history that nobody has asked for.
pub struct NoHistory;

/// Gives a closure literal of one argument its signature.
pub fn fall_back<E, R, H>(error: E, _: StopReason, _: H, fallback: impl FnOnce(E) -> R) -> R {
    fallback(error)
}

/// Gives a closure literal of two arguments its signature.
pub fn fall_back_by_reason<E, R, H>(
    error: E,
    reason: StopReason,
    _: H,
    fallback: impl FnOnce(E, StopReason) -> R,
) -> R {
    fallback(error, reason)
}

/// Gives a closure literal of three arguments its signature.
pub fn fall_back_by_history<E, R, H>(
    error: E,
    reason: StopReason,
    history: H,
    fallback: impl FnOnce(E, StopReason, H) -> R,
) -> R {
    fallback(error, reason, history)
}

/// Calls a function that takes the error, and perhaps the reason and the history.
pub fn fall_back_by_path<E, R, H, A>(
    error: E,
    reason: StopReason,
    history: H,
    fallback: impl Fallback<E, R, H, A>,
) -> R {
    fallback.call(error, reason, history)
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no fallback of this function",
    label = "`fallback` takes a function of the error `{E}`, or of the error and the `recovery_core::StopReason`",
    note = "with `history` beside it, a `recovery_core::History` may be the third"
)]
pub trait Fallback<E, R, H, A> {
    fn call(self, error: E, reason: StopReason, history: H) -> R;
}

impl<E, R, H, F: FnOnce(E) -> R> Fallback<E, R, H, (E,)> for F {
    fn call(self, error: E, _: StopReason, _: H) -> R {
        self(error)
    }
}

impl<E, R, H, F: FnOnce(E, StopReason) -> R> Fallback<E, R, H, (E, StopReason)> for F {
    fn call(self, error: E, reason: StopReason, _: H) -> R {
        self(error, reason)
    }
}

impl<E, R, F> Fallback<E, R, History, (E, StopReason, History)> for F
where
    F: FnOnce(E, StopReason, History) -> R,
{
    fn call(self, error: E, reason: StopReason, history: History) -> R {
        self(error, reason, history)
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
