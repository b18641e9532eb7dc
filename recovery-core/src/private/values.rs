//! The values of options, as far as only run time knows them.

use crate::retry::{Backoff, Jitter, RetryConfig, RetryConfigBuilder};

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
