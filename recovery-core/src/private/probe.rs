//! Finds out what can be asked of an error, without demanding that anything can.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::classify::Classify;
use crate::retry::{Classified, Displayed, Unclassified, Undisplayed};

/// Demands that an error be classified.
#[inline]
pub fn classified<E: Classify>(_: &E) {}

/// Tells how to ask an error of type `E`.
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
    pub fn recovery_class(&self) -> Classified {
        Classified
    }
}

impl<E: Display> Probe<E> {
    #[inline]
    pub fn recovery_text(&self) -> Displayed {
        Displayed
    }
}

impl<E> Mute<E> {
    #[inline]
    pub fn recovery_class(&self) -> Unclassified {
        Unclassified
    }

    #[inline]
    pub fn recovery_text(&self) -> Undisplayed {
        Undisplayed
    }
}
