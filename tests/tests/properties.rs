//! What holds for every policy, every attempt and every wish of a server.

mod support;

use std::time::Duration;

use proptest::prelude::*;
use recovery_core::{
    Backoff, BreakerState, CircuitBreaker, Jitter, Retry, RetryAfter, RetryConfig,
};
use support::policies::policies;
use support::{Failure, NETWORK, Outcome, asked};
use tokio::time::{Instant, sleep, timeout};

/// The longest delay there is.
const LONGEST: Duration = Duration::from_nanos(u64::MAX / 2);

/// How long a call waits whose first attempt fails, after which the server asks for a wait.
fn waited(config: &RetryConfig, seconds: u64) -> Duration {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        let call = Retry::new(config.clone()).run(async |attempt| match attempt {
            1 => Err(asked(seconds)),
            _ => Ok::<_, Failure>(()),
        });
        call.await.unwrap();
        start.elapsed()
    })
}

proptest! {
    #![proptest_config(support::policies::config())]

    /// No delay is ever outside its bounds, whatever the policy and the attempt.
    #[test]
    fn delays_stay_within_their_bounds(config in policies(), attempt: u32) {
        for attempt in [1, 2, attempt % 100 + 1, attempt.max(1), u32::MAX] {
            let delay = config.next_delay(attempt);
            prop_assert!(delay <= config.max_delay());
            if config.backoff() == Backoff::None && !matches!(config.jitter(), Jitter::Added(_)) {
                prop_assert_eq!(delay, Duration::ZERO);
            }
            let grows = !matches!(config.backoff(), Backoff::None);
            if grows && matches!(config.jitter(), Jitter::None) {
                prop_assert!(delay >= config.initial_delay().min(LONGEST));
            }
        }
    }

    /// What a server asks for is obeyed as the policy says, to the millisecond of the timer.
    #[test]
    fn a_server_is_obeyed(config in policies(), max in 0..100u64, seconds in 0..1_000_000u64) {
        let max = Duration::from_secs(max);
        let config = config.to_builder().max_attempts(2).max_delay(max);
        let config = config.initial_delay(max / 7).build().unwrap();
        let asked = Duration::from_secs(seconds);
        let waited = waited(&config, seconds);
        let milli = Duration::from_millis(1);
        match config.retry_after() {
            RetryAfter::Capped => prop_assert_eq!(waited, asked.min(max)),
            RetryAfter::Exact => prop_assert_eq!(waited, asked),
            _ => {
                prop_assert!(waited >= asked);
                prop_assert!(waited <= asked.max(max) + max + milli);
            }
        }
    }

    /// However many calls are dropped, and whenever: each probe that they held is free again.
    #[test]
    fn dropped_calls_keep_no_probe(
        probes in 1..4u32,
        calls in proptest::collection::vec((0..3000u64, 0..3000u64, any::<bool>()), 1..40),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let passed = runtime.block_on(async {
            let breaker = CircuitBreaker::builder().window(4).minimum_calls(2).probes(probes);
            let breaker = breaker.open_for(Duration::from_secs(1)).build().unwrap();
            let config = RetryConfig::builder().max_attempts(9).build().unwrap();
            let call = |takes: u64, works: bool| {
                Retry::<Outcome>::new(config.clone()).breaker(&breaker).run(move |_| async move {
                    sleep(Duration::from_millis(takes)).await;
                    if works { Ok(()) } else { Err(NETWORK.into()) }
                })
            };
            let dropped = calls.into_iter().map(|(takes, patience, works)| {
                timeout(Duration::from_millis(patience), call(takes, works))
            });
            futures_util::future::join_all(dropped).await;
            // Unless it is closed: after its pause, so many successes close it.
            sleep(Duration::from_secs(2)).await;
            if breaker.state() == BreakerState::Closed {
                return (probes, BreakerState::Closed);
            }
            let mut passed = 0;
            for _ in 0..probes {
                passed += u32::from(call(0, true).await.is_ok());
            }
            (passed, breaker.state())
        });
        prop_assert_eq!(passed, (probes, BreakerState::Closed));
    }
}
