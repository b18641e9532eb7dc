//! tenacity: `TestWaitConditions` of its `tests/test_tenacity.py`.

use std::time::Duration;

use recovery_core::{Backoff, Jitter, Retry, RetryConfig};

use crate::support::asked;
use crate::{doubling, drawn, first};

#[test]
fn wait_exponential() {
    let config = doubling(1.0, 1000.0).build().unwrap();
    assert_eq!(
        first(8, &config),
        [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    );
    let config = doubling(1.0, 40.0).build().unwrap();
    assert_eq!(
        first(8, &config),
        [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 40.0, 40.0]
    );
}

/// Its `min` is a floor under every delay, as a server's wish is with us.
async fn with_floor(config: &RetryConfig, floor: u64, delays: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut left = delays;
    let call = Retry::new(config.clone())
        .on_retry(|failed| seen.push(failed.delay.as_secs()))
        .run(|_| {
            let failed = left > 0;
            left = left.saturating_sub(1);
            std::future::ready(if failed { Err(asked(floor)) } else { Ok(()) })
        });
    call.await.unwrap();
    seen
}

#[tokio::test(start_paused = true)]
async fn wait_exponential_with_a_floor() {
    let config = doubling(2.0, 1000.0).build().unwrap();
    let delays = with_floor(&config, 20, 8).await;
    assert_eq!(delays, [20, 20, 20, 20, 32, 64, 128, 256]);
    let config = doubling(1.0, 100.0).build().unwrap();
    let delays = with_floor(&config, 10, 9).await;
    assert_eq!(delays, [10, 10, 10, 10, 16, 32, 64, 100, 100]);
}

#[test]
fn wait_random_exponential() {
    fastrand::seed(1);
    let config = doubling(0.5, 60.0).jitter(Jitter::Full).build().unwrap();
    let uppers = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0];
    let means = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0];
    for (attempt, (upper, mean)) in (1..).zip(uppers.into_iter().zip(means)) {
        let (shortest, longest, drawn_mean) = drawn(attempt, &config);
        assert!(shortest < upper * 0.01 && longest <= upper && longest > upper * 0.99);
        assert!(
            (drawn_mean - mean).abs() <= mean * 0.08,
            "{drawn_mean} and {mean}"
        );
    }
}

#[test]
fn wait_exponential_jitter() {
    fastrand::seed(2);
    let config = doubling(1.0, 60.0).jitter(Jitter::Added(Duration::from_secs(1)));
    let config = config.build().unwrap();
    let lows = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0];
    for (attempt, low) in (1..).zip(lows) {
        let high = f64::min(low + 1.0, 60.0);
        let (shortest, longest, _) = drawn(attempt, &config);
        assert!(
            low <= shortest && shortest <= low + 0.01,
            "{shortest} and {low}"
        );
        assert!(
            high - 0.01 <= longest && longest <= high,
            "{longest} and {high}"
        );
    }
}

#[test]
fn wait_chain() {
    // 1, 2, 3 and then always 3.
    let config = doubling(1.0, 3.0).backoff(Backoff::Linear).build().unwrap();
    assert_eq!(first(4, &config), [1.0, 2.0, 3.0, 3.0]);
}
