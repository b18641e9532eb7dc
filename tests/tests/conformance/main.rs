//! The rules of other systems, by the numbers of their own tests.

#[path = "../support/mod.rs"]
mod support;

mod aws;
mod grpc;
mod polly;
mod script;
mod spring;
mod tenacity;
mod urllib3;

use std::time::Duration;

use recovery_core::{Backoff, Jitter, RetryConfig, RetryConfigBuilder};

/// Doubling delays without jitter, in seconds.
fn doubling(initial: f64, max: f64) -> RetryConfigBuilder {
    RetryConfig::builder()
        .unlimited()
        .initial_delay(Duration::from_secs_f64(initial))
        .max_delay(Duration::from_secs_f64(max))
        .backoff(Backoff::Exponential(2.0))
        .jitter(Jitter::None)
}

/// The first delays, in seconds.
fn first(delays: u32, config: &RetryConfig) -> Vec<f64> {
    let delays = (1..=delays).map(|attempt| config.next_delay(attempt).as_secs_f64());
    delays.collect()
}

/// The shortest and the longest of many delays, and their mean, in seconds.
fn drawn(attempt: u32, config: &RetryConfig) -> (f64, f64, f64) {
    const DRAWS: u32 = 4000;
    let (mut shortest, mut longest, mut sum) = (f64::MAX, 0.0, 0.0);
    for _ in 0..DRAWS {
        let delay = config.next_delay(attempt).as_secs_f64();
        shortest = delay.min(shortest);
        longest = delay.max(longest);
        sum += delay;
    }
    (shortest, longest, sum / f64::from(DRAWS))
}
