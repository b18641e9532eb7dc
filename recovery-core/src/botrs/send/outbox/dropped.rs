//! What became of a reply that had to be given up.

use std::fmt;
use std::time::Duration;

use super::super::journal::SendKey;
use crate::classify::ErrorKind;

/// Why a kept reply was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The platform takes no reply to that message any more.
    WindowClosed,
    /// An attempt was begun, and nobody knows whether it arrived; the place would not recognise another.
    MayHaveArrived,
    /// The platform refuses it, and would again.
    Refused,
}

impl DropReason {
    /// The name as events give it, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WindowClosed => "window_closed",
            Self::MayHaveArrived => "may_have_arrived",
            Self::Refused => "refused",
        }
    }

    /// What kind of failure it is.
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::WindowClosed => ErrorKind::Timeout,
            Self::MayHaveArrived => ErrorKind::Network,
            Self::Refused => ErrorKind::InvalidInput,
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WindowClosed => "its window has closed",
            Self::MayHaveArrived => "it may have arrived, and is not sent twice",
            Self::Refused => "the platform refuses it",
        })
    }
}

/// A kept reply that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedReply {
    /// Which one.
    pub key: SendKey,
    /// Why.
    pub reason: DropReason,
    /// How long it waited; as far as the wall clock can tell, where it was kept by an earlier process.
    pub kept_for: Duration,
}
