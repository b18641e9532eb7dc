//! What the attributes emit beside the public types of policies and shared objects. Not part of the
//! public interface: they change with the macros, which are pinned to this very version.

mod classify;
mod fallback;
mod limits;
mod probe;
mod values;

use crate::retry::Attempt;

pub use self::classify::{AskedWait, asked, kind_of, said_no};
pub use self::fallback::{
    Answer, Fallback, Later, LaterResult, NoHistory, fall_back, fall_back_by_history,
    fall_back_by_path, fall_back_by_reason,
};
pub use self::limits::{TellsNotAttempted, not_attempted};
#[cfg(feature = "tokio")]
pub use self::limits::{TellsTimeout, timed_out, within};
pub use self::probe::{Mute, Probe, classified};
pub use self::values::{IntoBackoff, IntoJitter, backoff, jitter, policy};
pub use crate::observe::SiteStats;
#[cfg(feature = "tokio")]
pub use crate::retry::wait;
pub use crate::retry::{Admission, Brakes, Progress, Site, StopReason, Verdict, wait_blocking};

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

/// Stands in for `wait` where there is no clock to wait on, to say so. The other stand-ins ask for
/// nothing: one mistake, one error.
#[cfg(not(feature = "tokio"))]
pub fn wait<D: AsyncDelay>(_: D) -> std::future::Ready<()> {
    std::future::ready(())
}

/// Stands in for the time limit of an attempt.
#[cfg(not(feature = "tokio"))]
pub fn within<L, A, E>(_: L, attempt: A, _: fn(std::convert::Infallible) -> E) -> A {
    attempt
}

/// Stands in for the error of an attempt that was cut off.
#[cfg(not(feature = "tokio"))]
pub fn timed_out(_: std::convert::Infallible) {}

#[cfg(not(feature = "tokio"))]
#[diagnostic::on_unimplemented(
    message = "an async function is retried on tokio's clock, and the feature `tokio` of `recovery-core` is off",
    note = "enable it: `cargo add recovery-core --features tokio`"
)]
pub trait AsyncDelay {}
