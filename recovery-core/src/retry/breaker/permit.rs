//! The leave to make one call.

use std::mem;
use std::time::Instant;

use super::CircuitBreaker;
use super::word::Word;

/// A call that may be made. Dropped without a verdict, it gives its place back and is not counted.
#[must_use = "a permit that is dropped gives its place back"]
pub(crate) struct Permit<'a> {
    pub(super) breaker: &'a CircuitBreaker,
    /// The state in which it was given.
    pub(super) word: Word,
    /// When the call began, in nanoseconds of the clock's epoch; 0 where nobody wants to know.
    pub(super) began: u64,
}

impl Permit<'_> {
    /// The call was answered at `now`.
    #[inline]
    pub(crate) fn succeeded(self, now: impl FnOnce() -> Instant) {
        self.settle(false, now);
    }

    /// The call failed at `now`.
    #[inline]
    pub(crate) fn failed(self, now: impl FnOnce() -> Instant) {
        self.settle(true, now);
    }

    #[inline]
    fn settle(self, failed: bool, now: impl FnOnce() -> Instant) {
        let Self {
            breaker,
            word,
            began,
        } = self;
        // The verdict gives the place back, or there is none to give.
        mem::forget(self);
        breaker.record(word, began, failed, now);
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.word.is_closed() {
            self.breaker.release(self.word);
        }
    }
}
