//! What no breaker can be made of.

/// Why a breaker was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBreaker {
    /// No outcome would count.
    #[error("window is 0: give the number of outcomes that count, at least 1")]
    NoWindow,
    /// No outcome would count, or it would be forgotten at once.
    #[error("window_time is below 10 nanoseconds: give the time for which an outcome counts")]
    NoWindowTime,
    /// Only one of the two can be the window.
    #[error("window and window_time are both given: give the one that is meant")]
    TwoWindows,
    /// A ratio of nothing.
    #[error("minimum_calls is 0: a ratio needs at least 1 outcome")]
    NoMinimum,
    /// The window can never hold as many outcomes as must be known.
    #[error("minimum_calls ({minimum}) is more than the window holds ({window})")]
    MinimumAboveWindow {
        /// The outcomes that must be known.
        minimum: u32,
        /// The outcomes that count.
        window: u32,
    },
    /// A ratio that every call or none would reach, or no number.
    #[error("failure_ratio is {0}: give a number above 0 and at most 1")]
    FailureRatio(f64),
    /// Every call would be slow.
    #[error("slow_call is zero: give the time that a good call stays below")]
    AllSlow,
    /// No call would be slow.
    #[error("slow_ratio without slow_call: say how long a call takes that is slow")]
    NoneSlow,
    /// A ratio that every call or none would reach, or no number.
    #[error("slow_ratio is {0}: give a number above 0 and at most 1")]
    SlowRatio(f64),
    /// It would refuse no call.
    #[error("open_for is zero: give the time for which calls are refused")]
    NotOpen,
    /// It would never close again.
    #[error("probes is 0: at least 1 call must find out whether it works again")]
    NoProbes,
}
