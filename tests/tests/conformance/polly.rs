//! Polly: `RetryHelperTests`. Its delays for given random numbers are tested beside the schedule itself.

use std::time::Duration;

use recovery_core::{Backoff, Jitter};

use crate::{doubling, drawn, first};

#[test]
fn exponential() {
    let config = doubling(1.0, 30.0).build().unwrap();
    assert_eq!(first(3, &config), [1.0, 2.0, 4.0]);
}

#[test]
fn jitter_is_a_quarter_around() {
    fastrand::seed(3);
    let config = doubling(1.0, 30.0).jitter(Jitter::Around(0.25));
    let constant = config.clone().backoff(Backoff::Constant).build().unwrap();
    let linear = config.backoff(Backoff::Linear).build().unwrap();
    // Polly counts from 0: its second linear delay is our third.
    for (config, attempt, low, high) in [(constant, 1, 0.75, 1.25), (linear, 3, 2.25, 3.75)] {
        let (shortest, longest, _) = drawn(attempt, &config);
        assert!(low <= shortest && shortest < low * 1.01, "{shortest}");
        assert!(high * 0.99 < longest && longest <= high, "{longest}");
    }
}

#[test]
fn nothing_overflows() {
    let day = Duration::from_secs(86_400);
    let forever = doubling(86_400.0, 86_400.0)
        .max_delay(Duration::MAX)
        .build()
        .unwrap();
    let capped = doubling(86_400.0, 86_400.0)
        .max_delay(3 * day)
        .build()
        .unwrap();
    assert!(forever.next_delay(1000) > 292 * 365 * day);
    assert_eq!(capped.next_delay(1000), 3 * day);
    for jitter in [
        Jitter::Full,
        Jitter::Equal,
        Jitter::Around(0.25),
        Jitter::Proportional(1.0),
    ] {
        for attempt in [1, 2, 3, 4, 10, 100, 1000, 1024, 1025] {
            let base = 2f64.powi(attempt);
            let config = doubling(1.0, 1.0).max_delay(Duration::MAX).jitter(jitter);
            let delay = config.build().unwrap().next_delay(attempt.cast_unsigned());
            assert!(delay.as_secs_f64() <= base * 4.0, "{jitter:?} {attempt}");
        }
    }
}
