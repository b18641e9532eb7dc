//! The retry engine: the policy, its schedule of delays, the decision after each failure, and the
//! closure API. The attributes expand into the same machine.

mod brakes;
mod breaker;
mod budget;
mod clock;
mod config;
mod event;
mod keyed;
mod machine;
mod outcome;
mod pushback;
mod run;
mod schedule;
#[cfg(feature = "tokio")]
mod timed_out;
mod wait;

pub use brakes::{Admission, Brakes};
pub use breaker::{BreakerState, CircuitBreaker, CircuitBreakerBuilder, InvalidBreaker};
pub use budget::{InvalidBudget, RetryBudget};
pub use config::{Backoff, InvalidConfig, Jitter, RetryConfig, RetryConfigBuilder};
pub use keyed::{Idle, Keyed};
pub use machine::{Attempt, Failure, Progress, Site, Verdict};
pub use outcome::{NotAttempted, StopReason};
pub use pushback::Pushback;
pub use run::Retry;
#[cfg(feature = "tokio")]
pub use run::{
    exponential_backoff_retry, handle_rate_limit, retry_with_extended_timeout, smart_retry,
};
#[cfg(feature = "tokio")]
pub use timed_out::TimedOut;
#[cfg(feature = "tokio")]
pub use wait::wait;
pub use wait::wait_blocking;
