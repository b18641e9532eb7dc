//! Policies of all sorts.

use std::time::Duration;

use proptest::prelude::*;
use recovery_core::{Backoff, Jitter, RetryAfter, RetryConfig};

/// Failing cases are printed; nothing is written beside the tests.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// In thousandths, which every format reads back exactly.
fn fractions() -> impl Strategy<Value = f64> {
    (0..=1000u32).prop_map(|thousandths| f64::from(thousandths) / 1000.0)
}

/// Every policy that the builder accepts.
pub(crate) fn policies() -> impl Strategy<Value = RetryConfig> {
    let backoffs = prop_oneof![
        Just(Backoff::None),
        Just(Backoff::Constant),
        Just(Backoff::Linear),
        Just(Backoff::Fibonacci),
        Just(Backoff::Decorrelated),
        (1000..1_000_000u32).prop_map(|factor| Backoff::Exponential(f64::from(factor) / 1000.0)),
        Just(Backoff::Exponential(2.0)),
        Just(Backoff::Exponential(f64::MAX)),
    ];
    let jitters = prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        fractions().prop_map(Jitter::Proportional),
        fractions().prop_map(Jitter::Around),
        any::<u32>().prop_map(|millis| Jitter::Added(Duration::from_millis(millis.into()))),
    ];
    let rules = prop_oneof![
        Just(RetryAfter::AtLeast),
        Just(RetryAfter::Capped),
        Just(RetryAfter::Exact)
    ];
    let attempts = prop_oneof![1..=1_000_000u32, Just(u32::MAX)];
    let delays = (0..=u64::MAX / 2, 0..=u64::MAX / 2);
    (attempts, delays, backoffs, jitters, rules).prop_map(
        |(attempts, (one, other), backoff, jitter, rule)| {
            RetryConfig::builder()
                .max_attempts(attempts)
                .initial_delay(Duration::from_nanos(one.min(other)))
                .max_delay(Duration::from_nanos(one.max(other)))
                .backoff(backoff)
                .jitter(jitter)
                .retry_after(rule)
                .build()
                .expect("valid")
        },
    )
}
