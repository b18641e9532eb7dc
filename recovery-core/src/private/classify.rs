//! What `#[derive(Classify)]` emits.

use std::time::Duration;

use crate::classify::ErrorKind;

/// Gives a closure literal its signature.
pub fn kind_of<E: ?Sized>(error: &E, kind: impl FnOnce(&E) -> ErrorKind) -> ErrorKind {
    kind(error)
}

/// What the field named by `retry_after` holds.
pub fn asked<W: AskedWait>(wait: &W) -> Option<Duration> {
    wait.asked()
}

/// What the field named by `forbids_retry` holds.
pub fn said_no(forbids: &bool) -> bool {
    *forbids
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
