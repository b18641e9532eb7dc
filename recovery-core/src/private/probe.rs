//! Asks an error what it can say of itself, without demanding that it can.

use std::fmt::Display;
use std::ops::Deref;

use crate::classify::Classify;
use crate::retry::Failure;

/// Asks an error what it can say of itself, without demanding that it can.
///
/// A method of `Probe` itself is found first, if its bound holds; else the one of `Mute`, to
/// which `Probe` dereferences. Their names are unlikely: a user's trait for all types, with a method
/// of that name, would come before.
pub struct Probe<'e, E>(Mute<'e, E>);

pub struct Mute<'e, E>(&'e E);

impl<'e, E> Probe<'e, E> {
    pub const fn new(error: &'e E) -> Self {
        Self(Mute(error))
    }
}

impl<'e, E> Deref for Probe<'e, E> {
    type Target = Mute<'e, E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E: Classify> Probe<'_, E> {
    #[inline]
    pub fn recovery_failure(&self) -> Failure {
        Failure::classified(self.0.0)
    }
}

impl<'e, E: Display> Probe<'e, E> {
    pub fn recovery_display(&self) -> Option<&'e dyn Display> {
        Some(self.0.0)
    }
}

impl<E> Mute<'_, E> {
    pub fn recovery_failure(&self) -> Failure {
        Failure::unclassified()
    }

    pub fn recovery_display(&self) -> Option<&'static dyn Display> {
        None
    }
}
