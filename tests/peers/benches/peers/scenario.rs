//! What is measured.

use clap::ValueEnum;

/// A column of the table, or the table of contention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// The size of the future.
    Future,
    /// Success of an operation that is ready.
    Success,
    /// Success of an operation that may suspend.
    Suspendable,
    /// An error that is not retried.
    Refused,
    /// One failure, then success, without delay.
    AtOnce,
    /// The same with a delay of 1 ms.
    Briefly,
    /// 10,000 calls at the same time, each failing three times.
    Crowd,
    /// The most memory that these take.
    Peak,
    /// Allocations of a call.
    Allocations,
    /// The next jittered delay.
    Delay,
    /// Two threads that share a budget or a breaker.
    Contention,
}

/// A scenario whose instructions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Counted {
    Success,
    Suspendable,
    Refused,
    AtOnce,
    Briefly,
    Crowd,
    Delay,
}

impl Counted {
    pub(crate) const ALL: [Self; 7] = [
        Self::Success,
        Self::Suspendable,
        Self::Refused,
        Self::AtOnce,
        Self::Briefly,
        Self::Crowd,
        Self::Delay,
    ];

    pub(crate) const fn scenario(self) -> Scenario {
        match self {
            Self::Success => Scenario::Success,
            Self::Suspendable => Scenario::Suspendable,
            Self::Refused => Scenario::Refused,
            Self::AtOnce => Scenario::AtOnce,
            Self::Briefly => Scenario::Briefly,
            Self::Crowd => Scenario::Crowd,
            Self::Delay => Scenario::Delay,
        }
    }
}
