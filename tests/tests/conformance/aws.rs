//! AWS's standard retries, as they were until 2026: the cases of botocore's
//! `tests/unit/retries/test_standard.py` and of smithy-rs's `strategy/standard.rs`.

use std::iter::repeat_n;
use std::time::Duration;

use recovery_core::{ErrorKind, RetryAfter, RetryBudget, RetryConfig, StopReason};

use crate::script::{Seen, call};
use crate::support::{Failure, asked};
use crate::{doubling, first};

const SERVER: Failure = Failure::of(ErrorKind::Server);
const TIMEOUT: Failure = Failure::of(ErrorKind::Timeout);

/// Their policy, with the jitter pinned to its longest.
fn policy(attempts: u32, max_backoff: f64) -> RetryConfig {
    let config = doubling(1.0, max_backoff).max_attempts(attempts);
    config.retry_after(RetryAfter::Capped).build().unwrap()
}

/// The quota in tokens, of which a retry takes 5.
fn tokens(budget: &RetryBudget) -> u32 {
    5 * budget.available()
}

/// The delays in seconds and the quota left by then.
fn steps(seen: &Seen) -> Vec<(u64, u32)> {
    let steps = seen.delays.iter();
    steps
        .map(|(delay, retries)| (delay.as_secs(), 5 * retries))
        .collect()
}

#[test]
fn delays_double_to_twenty_seconds() {
    let delays = first(9, &policy(100, 20.0));
    assert_eq!(delays, [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0, 20.0]);
}

#[test]
fn late_attempts_overflow_nothing() {
    let twenty = Duration::from_secs(20);
    assert_eq!(policy(100, 20.0).next_delay(33), twenty);
    let from_ten = doubling(10.0, 20.0).build().unwrap();
    assert_eq!(from_ten.next_delay(100_000), twenty);
}

#[tokio::test(start_paused = true)]
async fn eventual_success() {
    let budget = RetryBudget::aws_standard();
    let seen = call(policy(5, 20.0), &budget, repeat_n(SERVER, 2)).await;
    assert_eq!(steps(&seen), [(1, 495), (2, 490)]);
    assert_eq!((seen.stopped, tokens(&budget)), (None, 495));
}

#[tokio::test(start_paused = true)]
async fn no_more_attempts() {
    let budget = RetryBudget::aws_standard();
    let seen = call(policy(3, 20.0), &budget, repeat_n(SERVER, 3)).await;
    assert_eq!(steps(&seen), [(1, 495), (2, 490)]);
    assert_eq!(seen.stopped, Some(StopReason::Exhausted));
    assert_eq!(tokens(&budget), 490);
}

#[tokio::test(start_paused = true)]
async fn no_quota() {
    let budget = RetryBudget::aws_standard_with_capacity(5);
    let seen = call(policy(5, 20.0), &budget, repeat_n(SERVER, 2)).await;
    assert_eq!(steps(&seen), [(1, 0)]);
    assert_eq!(seen.stopped, Some(StopReason::BudgetEmpty));
    assert_eq!(tokens(&budget), 0);
}

#[tokio::test(start_paused = true)]
async fn backoff_timing() {
    let budget = RetryBudget::aws_standard();
    let seen = call(policy(5, 20.0), &budget, repeat_n(SERVER, 5)).await;
    assert_eq!(steps(&seen), [(1, 495), (2, 490), (4, 485), (8, 480)]);
    assert_eq!(
        (seen.stopped, tokens(&budget)),
        (Some(StopReason::Exhausted), 480)
    );
}

#[tokio::test(start_paused = true)]
async fn max_backoff() {
    let budget = RetryBudget::aws_standard();
    let seen = call(policy(5, 3.0), &budget, repeat_n(SERVER, 5)).await;
    assert_eq!(steps(&seen), [(1, 495), (2, 490), (3, 485), (3, 480)]);
    assert_eq!(
        (seen.stopped, tokens(&budget)),
        (Some(StopReason::Exhausted), 480)
    );
}

#[tokio::test(start_paused = true)]
async fn quota_replenish_timeouts() {
    let budget = RetryBudget::aws_standard_with_capacity(100);
    let asked = Failure {
        retry_after: Some(Duration::from_secs(1)),
        ..TIMEOUT
    };
    let seen = call(policy(5, 20.0), &budget, [TIMEOUT, asked]).await;
    assert_eq!(steps(&seen), [(1, 90), (1, 80)]);
    assert_eq!((seen.stopped, tokens(&budget)), (None, 90));
}

#[tokio::test(start_paused = true)]
async fn first_try_refill() {
    let budget = RetryBudget::aws_standard_with_capacity(20);
    let seen = call(policy(3, 20.0), &budget, repeat_n(TIMEOUT, 3)).await;
    assert_eq!((seen.attempts, tokens(&budget)), (3, 0));
    for success in 1..=20u32 {
        call(policy(3, 20.0), &budget, []).await;
        assert_eq!(budget.available(), success / 5);
    }
    call(policy(3, 20.0), &budget, []).await;
    assert_eq!(tokens(&budget), 20, "never more than full");
}

#[tokio::test(start_paused = true)]
async fn single_failure_no_refund() {
    let budget = RetryBudget::aws_standard();
    // Ten retries that fail bring it to 450.
    call(policy(11, 20.0), &budget, repeat_n(SERVER, 11)).await;
    assert_eq!(tokens(&budget), 450);
    call(policy(1, 20.0), &budget, [SERVER]).await;
    assert_eq!(tokens(&budget), 450);
}

#[tokio::test(start_paused = true)]
async fn exhaust_default() {
    let budget = RetryBudget::aws_standard();
    for _ in 0..50 {
        let seen = call(policy(3, 20.0), &budget, repeat_n(SERVER, 3)).await;
        assert_eq!(
            (seen.attempts, seen.stopped),
            (3, Some(StopReason::Exhausted))
        );
    }
    let seen = call(policy(3, 20.0), &budget, [SERVER]).await;
    assert_eq!(
        (seen.attempts, seen.stopped),
        (1, Some(StopReason::BudgetEmpty))
    );
}

#[tokio::test(start_paused = true)]
async fn a_servers_wish_is_capped() {
    let budget = RetryBudget::aws_standard();
    let seen = call(policy(3, 20.0), &budget, [asked(30)]).await;
    assert_eq!(steps(&seen), [(20, 495)]);
}
