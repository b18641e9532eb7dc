//! The retry engine: the policy, its schedule of delays, the decision after each failure, and the
//! closure API. The attributes expand into the same machine.

mod ask;
mod brakes;
mod breaker;
mod budget;
pub(crate) mod clock;
mod config;
mod history;
mod keyed;
mod machine;
mod outcome;
mod progress;
mod pushback;
mod run;
mod schedule;
#[cfg(feature = "tokio")]
mod shorthands;
#[cfg(feature = "tokio")]
mod timed_out;
mod wait;

pub(crate) use ask::{Classified, Displayed, Unclassified, Undisplayed};
pub use brakes::{Admission, Brakes};
#[cfg(feature = "botrs")]
pub(crate) use breaker::Permit;
pub use breaker::{
    BreakerChange, BreakerState, CircuitBreaker, CircuitBreakerBuilder, InvalidBreaker,
};
pub use budget::{InvalidBudget, RetryBudget};
pub use config::{Backoff, InvalidConfig, Jitter, RetryAfter, RetryConfig, RetryConfigBuilder};
pub use history::{History, PastAttempt};
pub use keyed::{Idle, Keyed};
pub use machine::{Attempt, Site, Verdict};
pub use outcome::{NotAttempted, StopReason};
pub use progress::Progress;
pub use pushback::Pushback;
pub use run::{Retry, Stopped, parts};
#[cfg(feature = "tokio")]
pub use shorthands::{
    exponential_backoff_retry, handle_rate_limit, retry_with_extended_timeout, smart_retry,
};
#[cfg(feature = "tokio")]
pub use timed_out::TimedOut;
#[cfg(feature = "tokio")]
pub use wait::wait;
pub use wait::wait_blocking;
