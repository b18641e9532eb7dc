//! The delays of a policy, and the values it refuses.

use std::time::Duration;

use recovery_core::{Backoff, InvalidConfig, Jitter, RetryConfig, RetryConfigBuilder};

const SECOND: Duration = Duration::from_secs(1);

fn config(edit: impl FnOnce(RetryConfigBuilder) -> RetryConfigBuilder) -> RetryConfig {
    edit(RetryConfig::builder())
        .build()
        .expect("a valid policy")
}

#[test]
fn default_is_three_attempts_from_half_a_second_to_thirty_doubling_with_jitter() {
    let config = RetryConfig::default();
    assert_eq!(config.max_attempts(), 3);
    assert_eq!(config.initial_delay(), SECOND / 2);
    assert_eq!(config.max_delay(), 30 * SECOND);
    assert_eq!(config.backoff(), Backoff::Exponential(2.0));
    assert_eq!(config.jitter(), Jitter::Proportional(0.25));
}

#[test]
fn delays_double_up_to_the_cap_and_stay_there() {
    let config = config(|policy| policy.jitter(Jitter::None));
    let seconds: Vec<f64> = (1..=9)
        .map(|n| config.next_delay(n).as_secs_f64())
        .collect();
    assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
    assert_eq!(config.next_delay(1_000_000), 30 * SECOND);
    assert_eq!(config.next_delay(u32::MAX), 30 * SECOND);
}

#[test]
fn other_factors_grow_by_their_powers() {
    // gRPC's connection backoff: 1 s, times 1.6, up to 120 s.
    let config = config(|policy| {
        policy
            .initial_delay(SECOND)
            .max_delay(120 * SECOND)
            .backoff_factor(1.6)
            .jitter(Jitter::None)
    });
    let expected = [
        1.0, 1.6, 2.56, 4.096, 6.554, 10.486, 16.777, 26.844, 42.95, 68.719, 109.951, 120.0, 120.0,
    ];
    for (attempt, seconds) in (1..).zip(expected) {
        let delay = config.next_delay(attempt).as_secs_f64();
        assert!(
            (delay - seconds).abs() < 0.000_6,
            "attempt {attempt}: {delay} and not {seconds}"
        );
    }
}

#[test]
fn a_factor_of_one_keeps_the_delay() {
    let config = config(|policy| policy.backoff_factor(1.0).jitter(Jitter::None));
    assert_eq!(config.next_delay(1), config.next_delay(1_000_000));
}

/// The shortest and the longest of many draws.
fn drawn(config: &RetryConfig, attempt: u32) -> (Duration, Duration) {
    fastrand::seed(u64::from(attempt));
    let draws: Vec<Duration> = (0..20_000).map(|_| config.next_delay(attempt)).collect();
    (
        *draws.iter().min().expect("drawn"),
        *draws.iter().max().expect("drawn"),
    )
}

#[test]
fn jitter_fills_its_range_and_never_leaves_it() {
    let capped = 30 * SECOND;
    let cases: [(Jitter, u32, Duration, Duration); 7] = [
        (
            Jitter::Proportional(0.25),
            1,
            SECOND / 2,
            Duration::from_millis(625),
        ),
        // At the cap the spread is kept by starting lower: 30 / 1.25.
        (Jitter::Proportional(0.25), 20, 24 * SECOND, capped),
        (Jitter::Proportional(1.0), 1_000_000, 15 * SECOND, capped),
        (Jitter::Full, 1, Duration::ZERO, SECOND / 2),
        (Jitter::Full, 1_000_000, Duration::ZERO, capped),
        (Jitter::Equal, 1, SECOND / 4, SECOND / 2),
        (Jitter::Equal, 1_000_000, 15 * SECOND, capped),
    ];
    for (jitter, attempt, low, high) in cases {
        let config = config(|policy| policy.jitter(jitter));
        let (shortest, longest) = drawn(&config, attempt);
        let near = high.saturating_sub(low) / 100;
        assert!(
            shortest >= low && shortest < low + near,
            "{jitter:?} {attempt}: {shortest:?}"
        );
        assert!(
            longest <= high && longest + near > high,
            "{jitter:?} {attempt}: {longest:?}"
        );
    }
}

#[test]
fn one_seed_gives_one_sequence() {
    let config = RetryConfig::default();
    let sequence = || {
        fastrand::seed(42);
        (1..=50)
            .map(|attempt| config.next_delay(attempt))
            .collect::<Vec<_>>()
    };
    assert_eq!(sequence(), sequence());
}

#[test]
fn builder_refuses_what_cannot_be_meant() {
    let build = |edit: fn(RetryConfigBuilder) -> RetryConfigBuilder| {
        edit(RetryConfig::builder())
            .build()
            .expect_err("an impossible policy")
    };
    assert_eq!(
        build(|policy| policy.max_attempts(0)),
        InvalidConfig::NoAttempts
    );
    for factor in [0.99, 0.0, -2.0, f64::INFINITY] {
        let refused = RetryConfig::builder().backoff_factor(factor).build();
        assert_eq!(refused, Err(InvalidConfig::BackoffFactor(factor)));
    }
    assert!(matches!(
        build(|policy| policy.backoff_factor(f64::NAN)),
        InvalidConfig::BackoffFactor(factor) if factor.is_nan()
    ));
    for fraction in [-0.1, 1.1, f64::INFINITY] {
        let refused = RetryConfig::builder()
            .jitter(Jitter::Proportional(fraction))
            .build();
        assert_eq!(refused, Err(InvalidConfig::JitterFraction(fraction)));
    }
    let refused = build(|policy| policy.initial_delay(SECOND).max_delay(SECOND / 2));
    assert_eq!(
        refused,
        InvalidConfig::InitialAboveMax {
            initial: SECOND,
            max: SECOND / 2
        }
    );
    assert_eq!(
        refused.to_string(),
        "initial_delay (1s) is longer than max_delay (500ms)"
    );
}
