//! How an error is asked what it says of itself. The answers are found at compile time, so that a
//! decision costs no more than the questions it needs.

use std::fmt::Display;
use std::time::Duration;

use crate::classify::{Classify, Effect, ErrorKind};

/// Asks an error of type `E`.
pub trait Ask<E>: AskClass<E> {
    /// Its text, if it has one.
    fn text(self, error: &E) -> Option<&dyn Display>;
}

/// The part of the questions that [`Classify`] answers.
pub trait AskClass<E>: Copy {
    /// The kind of the failure.
    fn kind(self, error: &E) -> ErrorKind;
    /// Whether the call may have been carried out.
    fn effect(self, error: &E) -> Effect;
    /// How long the other side asks to wait.
    fn retry_after(self, error: &E) -> Option<Duration>;
    /// Whether the other side forbids another try.
    fn forbids_retry(self, error: &E) -> bool;
    /// Whether another try may succeed.
    fn is_transient(self, error: &E) -> bool;
}

/// The part of the questions that [`Display`] answers.
pub trait AskText<E>: Copy {
    /// Its text, if it has one.
    fn text(self, error: &E) -> Option<&dyn Display>;
}

/// Errors that say what [`Classify`] says.
#[derive(Clone, Copy, Debug)]
pub struct Classified;

impl<E: Classify> AskClass<E> for Classified {
    #[inline]
    fn kind(self, error: &E) -> ErrorKind {
        error.kind()
    }
    #[inline]
    fn effect(self, error: &E) -> Effect {
        error.effect()
    }
    #[inline]
    fn retry_after(self, error: &E) -> Option<Duration> {
        error.retry_after()
    }
    #[inline]
    fn forbids_retry(self, error: &E) -> bool {
        error.forbids_retry()
    }
    #[inline]
    fn is_transient(self, error: &E) -> bool {
        error.is_transient()
    }
}

/// Errors of which nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct Unclassified;

impl<E> AskClass<E> for Unclassified {
    fn kind(self, _: &E) -> ErrorKind {
        ErrorKind::Other
    }
    fn effect(self, _: &E) -> Effect {
        Effect::Unknown
    }
    fn retry_after(self, _: &E) -> Option<Duration> {
        None
    }
    fn forbids_retry(self, _: &E) -> bool {
        false
    }
    fn is_transient(self, _: &E) -> bool {
        false
    }
}

/// Errors with a text.
#[derive(Clone, Copy, Debug)]
pub struct Displayed;

impl<E: Display> AskText<E> for Displayed {
    #[inline]
    fn text(self, error: &E) -> Option<&dyn Display> {
        Some(error)
    }
}

/// Errors without.
#[derive(Clone, Copy, Debug)]
pub struct Undisplayed;

impl<E> AskText<E> for Undisplayed {
    fn text(self, _: &E) -> Option<&dyn Display> {
        None
    }
}

impl<E, C: AskClass<E>, T: AskText<E>> AskClass<E> for (C, T) {
    #[inline]
    fn kind(self, error: &E) -> ErrorKind {
        self.0.kind(error)
    }
    #[inline]
    fn effect(self, error: &E) -> Effect {
        self.0.effect(error)
    }
    #[inline]
    fn retry_after(self, error: &E) -> Option<Duration> {
        self.0.retry_after(error)
    }
    #[inline]
    fn forbids_retry(self, error: &E) -> bool {
        self.0.forbids_retry(error)
    }
    #[inline]
    fn is_transient(self, error: &E) -> bool {
        self.0.is_transient(error)
    }
}

impl<E, C: AskClass<E>, T: AskText<E>> Ask<E> for (C, T) {
    #[inline]
    fn text(self, error: &E) -> Option<&dyn Display> {
        self.1.text(error)
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub(super) const fn of(mut kinds: &[ErrorKind]) -> Self {
        let mut bits = 0;
        while let [kind, others @ ..] = kinds {
            bits |= 1 << *kind as u16;
            kinds = others;
        }
        Self(bits)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn contain(self, kind: ErrorKind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        let all = ErrorKind::ALL;
        for &kind in all {
            assert!(Kinds::of(all).contain(kind));
            assert!(!Kinds::of(&[]).contain(kind));
            for &other in all {
                assert_eq!(Kinds::of(&[kind]).contain(other), kind == other);
            }
        }
    }
}
