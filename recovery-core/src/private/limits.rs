//! The time limit of an attempt, and the errors that the engine makes in a caller's name.

#[cfg(feature = "tokio")]
use std::time::Duration;

use crate::retry::NotAttempted;
#[cfg(feature = "tokio")]
use crate::retry::TimedOut;

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
