//! Spring 7: `RetryTemplateTests` (its timeouts are our deadlines) and `ExponentialBackOffTests`.

use std::time::Duration;

use recovery_core::{Jitter, StopReason, retry, retryable_on};
use tokio::time::{Instant, sleep};

use crate::support::{Failure, NETWORK};
use crate::{doubling, drawn, first};

/// What is seen of a call: how often it was made, why it ended, how long it slept between.
type Seen = (u32, Option<StopReason>, u64);

/// Makes a call under `deadline` with waits of `delay`, all in milliseconds. Attempt number `slow` takes
/// 100 ms; all fail, or all succeed.
async fn seen(deadline: u64, delay: u64, slow: u32, failure: Option<Failure>) -> Seen {
    struct Call {
        deadline: Duration,
        delay: Duration,
        slow: u32,
        failure: Option<Failure>,
    }
    impl Call {
        #[retry(
            max = 10,
            initial = self.delay,
            backoff = constant,
            jitter = none,
            deadline = self.deadline,
            attempt = attempt,
            fallback = |error, why| {
                *reason = Some(why);
                Err(error)
            },
        )]
        #[retryable_on(Network)]
        async fn make(
            &self,
            calls: &mut u32,
            reason: &mut Option<StopReason>,
        ) -> Result<(), Failure> {
            *calls += 1;
            if attempt == self.slow {
                sleep(Duration::from_millis(100)).await;
            }
            self.failure.clone().map_or(Ok(()), Err)
        }
    }
    let call = Call {
        deadline: Duration::from_millis(deadline),
        delay: Duration::from_millis(delay),
        slow,
        failure,
    };
    let (mut calls, mut reason) = (0, None);
    let start = Instant::now();
    let _ = call.make(&mut calls, &mut reason).await;
    let slow = Duration::from_millis(if slow <= calls { 100 } else { 0 });
    let slept = start.elapsed().saturating_sub(slow);
    (calls, reason, u64::try_from(slept.as_millis()).unwrap())
}

const NEVER: u32 = 99;
const PAST: Option<StopReason> = Some(StopReason::WouldExceedDeadline);

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_no_attempt_and_begins_no_wait() {
    assert_eq!(seen(10, 0, 1, None).await, (1, None, 0));
    assert_eq!(seen(10, 0, 1, Some(NETWORK)).await, (1, PAST, 0));
    assert_eq!(seen(20, 100, NEVER, Some(NETWORK)).await, (1, PAST, 0));
    assert_eq!(seen(20, 0, 2, Some(NETWORK)).await, (2, PAST, 0));
    assert_eq!(seen(20, 0, 3, Some(NETWORK)).await, (3, PAST, 0));
    // The policy has the first word.
    let permanent = Failure::of(recovery_core::ErrorKind::NotFound);
    let stopped = Some(StopReason::NotRetryable);
    assert_eq!(seen(10, 0, 1, Some(permanent)).await, (1, stopped, 0));
}

#[test]
fn delays_grow_as_theirs() {
    let config = doubling(2.0, 30.0).backoff_factor(1.5).build().unwrap();
    assert_eq!(first(3, &config), [2.0, 3.0, 4.5]);
    let config = doubling(0.1, 30.0).build().unwrap();
    assert_eq!(first(4, &config), [0.1, 0.2, 0.4, 0.8]);
    let config = doubling(1.0, 10.0).build().unwrap();
    assert_eq!(first(6, &config), [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]);
}

#[tokio::test(start_paused = true)]
async fn a_first_delay_above_the_longest_is_cut() {
    // The builder refuses it; values that only run time knows are cut.
    #[retry(max = 3, initial = initial, max_delay = max, jitter = none)]
    async fn call(initial: Duration, max: Duration) -> Result<(), Failure> {
        Err(NETWORK)
    }
    let start = Instant::now();
    let milli = Duration::from_millis(1);
    call(1000 * milli, 50 * milli).await.unwrap_err();
    assert_eq!(start.elapsed(), 2 * 50 * milli);
}

#[test]
fn jitter_is_around_the_delay() {
    fastrand::seed(7);
    let config = doubling(2.0, 30.0)
        .backoff_factor(1.5)
        .jitter(Jitter::Around(0.05));
    let config = config.build().unwrap();
    // Theirs is never below the first delay: of the first range they keep the upper half.
    for (attempt, low, high) in [(1, 1.9, 2.1), (2, 2.85, 3.15), (3, 4.275, 4.725)] {
        let (shortest, longest, _) = drawn(attempt, &config);
        assert!(low <= shortest && shortest < low * 1.001, "{shortest}");
        assert!(high * 0.999 < longest && longest <= high, "{longest}");
    }
}
