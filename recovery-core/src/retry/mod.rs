//! The retry engine: the policy, its schedule of delays, the decision after each failure, and the
//! closure API. The attributes expand into the same machine.

mod breaker;
mod budget;
mod clock;
mod config;
mod event;
mod machine;
mod pushback;
mod run;
mod schedule;
#[cfg(feature = "tokio")]
mod timed_out;

pub use breaker::{BreakerState, CircuitBreaker, CircuitBreakerBuilder, InvalidBreaker};
pub use budget::RetryBudget;
pub use config::{InvalidConfig, Jitter, RetryConfig, RetryConfigBuilder};
pub use machine::{Attempt, Failure, Machine, Progress};
pub use pushback::Pushback;
pub use run::Retry;
#[cfg(feature = "tokio")]
pub use run::{
    exponential_backoff_retry, handle_rate_limit, retry_with_extended_timeout, smart_retry,
};
#[cfg(feature = "tokio")]
pub use timed_out::TimedOut;
