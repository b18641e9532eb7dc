//! Asks an error what it can say of itself, without demanding that it can.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::classify::Classify;
use crate::retry::Failure;

/// The function that asks an error of a type that is known to be classified.
#[inline]
pub fn classified<E: Classify>(_: &E) -> fn(&E) -> Failure<'_> {
    |error| Failure::classified(error)
}

/// Gives the functions that ask an error of type `E`.
///
/// A method of `Probe` itself is found first, if its bound holds; else the one of `Mute`, to
/// which `Probe` dereferences. Their names are unlikely: a user's trait for all types, with a
/// method of that name, would come before.
pub struct Probe<E>(Mute<E>);

pub struct Mute<E>(PhantomData<fn(&E)>);

impl<E> Probe<E> {
    #[inline]
    pub const fn new(_: &E) -> Self {
        Self(Mute(PhantomData))
    }
}

impl<E> Deref for Probe<E> {
    type Target = Mute<E>;
    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E: Classify> Probe<E> {
    #[inline]
    pub fn recovery_failure(&self) -> fn(&E) -> Failure<'_> {
        |error| Failure::classified(error)
    }
}

impl<E: Display> Probe<E> {
    #[inline]
    pub fn recovery_display(&self) -> Option<fn(&E) -> &dyn Display> {
        Some(|error| error)
    }
}

impl<E> Mute<E> {
    #[inline]
    pub fn recovery_failure(&self) -> fn(&E) -> Failure<'_> {
        |error| Failure::unclassified(error)
    }

    #[inline]
    pub fn recovery_display(&self) -> Option<fn(&E) -> &dyn Display> {
        None
    }
}
